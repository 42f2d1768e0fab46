"""What the explorer shows, and the checks that every part of it passes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnrec.errors import AttnrecError, did_you_mean

VIEWS = ("ribbons", "matrix")


@dataclass(frozen=True)
class State:
    """One picture, in full: equal states have equal answers.

    Attributes:
        history: item ids, oldest first.
        now: how many of them the model is shown.
        layer, head, query: what is read; None is the last layer, the mean of
            the heads, the last position.
        topn: length of the ranking.
        view: `"ribbons"` or `"matrix"`.
        left_out: ids that are not recommended.
    """

    history: tuple
    now: int
    layer: int | None = None
    head: int | None = None
    query: int | None = None
    topn: int = 10
    view: str = "ribbons"
    left_out: frozenset = frozenset()

    @property
    def visible(self) -> tuple:
        """The part of the history that the model is shown."""
        return self.history[: self.now]

    @property
    def position(self) -> int:
        """The position that is read from; 0 where there is none."""
        return self.now if self.query is None else min(self.query, self.now)


def taken_out(history: list, past: list[list], bases: list[list]) -> frozenset:
    """Items that a hand took out of a history.

    They are counted from the last history on the way here that is a base: one
    that a script set, and not a hand.

    Args:
        history: item ids, oldest first.
        past: the histories before it, oldest first.
        bases: the start, and what was set since.
    """
    base = next((one for one in (history, *reversed(past)) if one in bases), bases[0])
    return frozenset(base).difference(history)


def without(history: list, now: int | None, position: int) -> tuple[list, int | None]:
    """History and `now` after the item at a position, from 1, is taken out.

    `now` stays on the item that it stood on, or goes to the one before.
    """
    left = history[: position - 1] + history[position:]
    if now is not None and position <= now:
        now = max(min(1, len(left)), now - 1)
    return left, None if now is None or now >= len(left) else now


def check_history(explorer: Any, value: Any) -> list:
    """Item ids as the catalogue writes them."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"history: expected a sequence of item ids, got {value!r}")
    coming = explorer._coming  # from the page, and checked when it came
    if coming is not None and isinstance(value, list) and value == coming:
        return coming
    return [explorer.sources[0].known(id) for id in value]


def check_now(explorer: Any, value: Any) -> int | None:
    return _position("now", value, explorer.num_positions)


def check_query(explorer: Any, value: Any) -> int | None:
    return _position("query", value, explorer.num_positions)


def check_layer(explorer: Any, value: Any) -> int | None:
    return _part("layer", value, explorer.num_layers)


def check_head(explorer: Any, value: Any) -> int | None:
    return _part("head", value, explorer.num_heads)


def check_topn(explorer: Any, value: Any) -> int:
    return whole("topn", value, None)


def check_view(explorer: Any, value: Any) -> str:
    if value not in VIEWS:
        hint = did_you_mean(value, VIEWS)
        raise AttnrecError(f"view: expected 'ribbons' or 'matrix', got {value!r}{hint}")
    return value


def check_item(explorer: Any, value: Any) -> Any:
    return None if value is None else explorer.sources[0].known(value)


def whole(name: str, value: Any, most: int | None) -> int:
    """A whole number from 1 to `most`."""
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or value < 1 or (most is not None and value > most):
        expected = "a whole number from 1" if most is None else f"1 to {most}"
        raise AttnrecError(f"{name}: expected {expected}, got {value!r}")
    return int(value)


def number(name: str, value: Any, count: int) -> int:
    """Which of `count` things, which count from 0."""
    if type(value) is not int or not 0 <= value < count:
        raise AttnrecError(f"{name}: expected 0 to {count - 1}, got {value!r}")
    return value


def _position(name: str, value: Any, length: int) -> int | None:
    if value is not None and not length:
        raise AttnrecError(f"{name}: the history is empty, so there is no position {value!r}")
    return None if value is None else whole(name, value, length)


def _part(name: str, value: Any, number: int | None) -> int | None:
    if value is not None and number == 0:
        raise AttnrecError(f"{name}: expected None, since no attention is recorded; got {value!r}")
    return None if value is None else whole(name, value, number)
