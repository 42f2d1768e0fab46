"""Work beside a widget: after the last change, in a thread, and the latest alone is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

PAUSE = 0.2  # seconds without a change before work begins

Done = Callable[[], None]  # on the loop
Tell = Callable[[Done], bool]
Job = Callable[[Tell], None]


class Later:
    """Runs jobs where they keep nobody waiting.

    In a kernel, whose event loop runs, a job begins `PAUSE` after it was asked
    for, in the one thread that is kept for it, unless another took its place
    by then. What it has to tell is done on the loop, if it still is the
    latest. Without a running loop, in scripts and tests, it is done at once.
    """

    def __init__(self) -> None:
        self._latest = 0
        self._timer: asyncio.TimerHandle | None = None
        self._pool: ThreadPoolExecutor | None = None

    def run(self, job: Job, *, pause: float = PAUSE, meanwhile: Done | None = None) -> None:
        """Takes the place of every earlier job.

        Args:
            job: gets `tell`, to which it hands what is to be done on the loop;
                the answer is whether anybody still wants to hear more.
            pause: before it begins, in seconds.
            meanwhile: done on the loop's next turn, where there is one.
        """
        self.drop()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            job(_at_once)
            return
        ticket = self._latest
        if meanwhile is not None:
            loop.call_soon(self._apply, ticket, meanwhile)
        self._timer = loop.call_later(pause, self._begin, loop, ticket, job)

    def drop(self) -> None:
        """Whatever was asked for is no longer wanted."""
        self._latest += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """As `drop`, for good."""
        self.drop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, loop: asyncio.AbstractEventLoop, ticket: int, job: Job) -> None:
        self._timer = None
        self._pool = self._pool or ThreadPoolExecutor(1, "attnrec-later")

        def tell(what: Done) -> bool:
            loop.call_soon_threadsafe(self._apply, ticket, what)
            return ticket == self._latest

        self._pool.submit(self._work, ticket, partial(job, tell))

    def _work(self, ticket: int, job: Callable[[], None]) -> None:
        from attnrec.export import tracing  # held by whatever may compile in a thread

        if ticket == self._latest:
            with tracing:
                job()

    def _apply(self, ticket: int, what: Done) -> None:
        if ticket == self._latest:
            what()


def _at_once(what: Done) -> bool:
    what()
    return True
