"""How work is cut to keep processors busy: calls side by side, batches that stay in a cache."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import chain, islice
from typing import TypeVar

import jax

IN_CACHE = 1600  # positions, of 64 numbers each, whose activations a core's cache holds

Part = TypeVar("Part")
Found = TypeVar("Found")


@cache
def calls_at_once() -> int:
    """One for each core that this process may use; one alone where an accelerator computes."""
    if jax.default_backend() != "cpu":
        return 1
    available = getattr(os, "sched_getaffinity", None)  # which some systems lack
    return len(available(0)) if available else os.cpu_count() or 1


def parts_in_cache(rows: int, length: int, positions: int = IN_CACHE) -> int:
    """Into how many parts `rows` of `length` positions go, of so many positions at most or one row.

    One where an accelerator computes.
    """
    if jax.default_backend() != "cpu":
        return 1
    return -(-rows // max(1, positions // length))


def side_by_side(function: Callable[[Part], Found], parts: Iterable[Part]) -> Iterator[Found]:
    """`function` of each part, in their order.

    Parts are made as their turn comes, so that memory holds only a few.

    Args:
        function: one that may run in other threads than the caller's.
        parts: what it is called with.
    """
    turn = iter(parts)
    first = list(islice(turn, 2))
    if len(first) < 2:  # to wake a thread would take longer
        yield from map(function, first)
        return
    waiting: deque[Future[Found]] = deque()
    for part in chain(first, turn):
        waiting.append(_threads().submit(function, part))
        if len(waiting) > calls_at_once():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(calls_at_once(), thread_name_prefix="attnrec")
