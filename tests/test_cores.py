"""Parts side by side: in order, a few at a time, and errors as they come."""

from __future__ import annotations

import threading

import pytest

from attnrec.cores import calls_at_once, side_by_side


def test_in_order_whichever_ends_first():
    second = threading.Event()

    def slow_first(part: int) -> int:
        if part == 0 and calls_at_once() > 1:
            assert second.wait(30)  # which only another thread can set
        second.set()
        return part * part

    assert list(side_by_side(slow_first, range(9))) == [part * part for part in range(9)]


@pytest.mark.parametrize("parts", [[], [3]])
def test_what_is_alone_stays_in_its_thread(parts):
    def here(part: int) -> tuple[int, threading.Thread]:
        return part, threading.current_thread()

    expected = [(part, threading.current_thread()) for part in parts]
    assert list(side_by_side(here, parts)) == expected


def test_parts_are_made_as_their_turn_comes():
    made = []

    def make(part: int) -> int:
        made.append(part)
        return part

    turns = side_by_side(lambda part: part, map(make, range(100)))
    assert next(turns) == 0
    assert len(made) <= calls_at_once() + 1


def test_an_error_comes_where_its_part_would():
    turns = side_by_side(lambda part: 1 / part, [2, 1, 0, 4])
    assert [next(turns), next(turns)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(turns)
