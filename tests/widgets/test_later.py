"""Work in the kernel's loop: after the last change, beside it, and only the latest is told."""

from __future__ import annotations

import asyncio
import threading

from attnrec_widgets.later import Later


def test_without_a_loop_it_is_done_at_once():
    told = []
    Later().run(
        lambda tell: told.append(tell(lambda: told.append("done"))), meanwhile=lambda: 1 / 0
    )
    assert told == ["done", True]


def test_of_many_changes_only_the_last_is_worked_on():
    worked, told, meanwhile = [], [], []

    async def main():
        later = Later()
        for number in range(5):
            later.run(
                lambda tell, number=number: (
                    worked.append((number, threading.current_thread().name)),
                    tell(lambda: told.append((number, threading.current_thread().name))),
                ),
                pause=0.02,
                meanwhile=lambda number=number: meanwhile.append(number),
            )
            assert not worked
            assert not meanwhile  # a change is not kept waiting by what it sets off
        await asyncio.sleep(0)
        assert meanwhile == [4]
        while not told:
            await asyncio.sleep(0.005)
        later.close()

    asyncio.run(asyncio.wait_for(main(), 10))
    [(number, thread)] = worked
    assert number == 4
    assert thread.startswith("attnrec-later")
    assert told == [(4, threading.main_thread().name)]


def test_what_a_newer_change_overtakes_is_not_told():
    begun, go_on, told, answers = threading.Event(), threading.Event(), [], []

    def slow(tell):
        begun.set()
        assert go_on.wait(10)
        answers.append(tell(lambda: told.append("old")))

    async def main():
        later = Later()
        later.run(slow, pause=0)
        while not begun.is_set():
            await asyncio.sleep(0.001)
        later.run(lambda tell: tell(lambda: told.append("new")), pause=0)
        go_on.set()
        while not told:
            await asyncio.sleep(0.005)
        later.close()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert told == ["new"]
    assert answers == [False]


def test_after_the_end_nothing_is_begun_or_told():
    told = []

    async def main():
        later = Later()
        later.run(
            lambda tell: told.append("worked"), pause=0.001, meanwhile=lambda: told.append("m")
        )
        later.close()
        await asyncio.sleep(0.05)

    asyncio.run(main())
    assert told == []
