"""From what a caller says of a shopper to what the model of the shop must know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Int

from attnrec.data.bazaar import personas
from attnrec.data.bazaar.intensity import SECONDS, Situation, calendar
from attnrec.errors import DataError

if TYPE_CHECKING:
    from attnrec.data.bazaar.truth import Truth

TYPICAL_GAP = 7  # days between purchases, where nothing is said of their times


def of_users(
    truth: Truth, users: Int[np.ndarray, " batch"], before: Int[np.ndarray, " batch"]
) -> Situation:
    """Users (indices) about to make the purchase that really followed their first `before`."""
    starts = truth.sequences.offsets[users - 1]
    longest = int(before.max(initial=0))
    items = truth.sequences.slices(starts, starts + before, users).padded(longest)
    at = truth.times[starts + before]
    rows = (starts + before - longest)[:, None] + np.arange(longest)
    seconds = np.where(items > 0, at[:, None] - truth.times[np.maximum(rows, 0)], SECONDS)
    rates = personas.rates(truth.shoppers.persona[users - 1])
    category = truth.shoppers.category[users - 1]
    return Situation(items, seconds / SECONDS, rates, category, *calendar(at))


def of_one(
    truth: Truth,
    user: object,
    position: int | None,
    history: Iterable[object] | None,
    times: Iterable[object] | None,
    at: object,
    without: int | Iterable[int],
) -> Situation:
    """A batch of one; arguments as for `Truth.probabilities`."""
    index = None if user is None else truth.user_vocabulary.index(user)
    moment = None if at is None else int(seconds_of("at", [at])[0])
    if history is not None:
        if position is not None:
            raise DataError("position: expected without a history; to take one out, say without=")
        items = truth.item_vocabulary.indices(history)
        seconds = None if times is None else seconds_of("times", times)
        if seconds is not None and len(seconds) != len(items):
            raise DataError(
                f"times: expected one for each of {len(items)} items, got {len(seconds)}"
            )
    elif index is None:
        raise DataError("user, history: expected one of them, got neither")
    elif times is not None:
        raise DataError("times: expected together with a history, got them alone")
    else:
        items = truth.sequences[index - 1]
        seconds = truth.times[slice(*truth.sequences.offsets[index - 1 : index + 1])]
        if position is not None:
            before = checked("position", position, len(items) + 1) - 1
            if moment is None and before < len(items):
                moment = int(seconds[before])
            items, seconds = items[:before], seconds[:before]

    if moment is None and seconds is not None and len(seconds):
        moment = int(seconds[-1]) + TYPICAL_GAP * SECONDS
    if seconds is None or moment is None:
        ages = TYPICAL_GAP * np.arange(len(items), 0, -1.0)
    else:
        if (np.diff(seconds, append=moment) <= 0).any():
            raise DataError("times: expected each after the one before, and `at` after them all")
        ages = (moment - seconds) / SECONDS

    without = [without] if isinstance(without, (int, np.integer)) else without
    removed = [checked("without", one, len(items)) - 1 for one in without]
    who = 0 if index is None else truth.shoppers.persona[index - 1]
    category = 0 if index is None else truth.shoppers.category[index - 1]
    zero = np.zeros(1, dtype=np.int64)
    month, part = (zero, zero) if moment is None else calendar(np.array([moment]))
    return Situation(
        items=np.delete(items, removed)[None],
        ages=np.delete(ages, removed)[None],
        rates=personas.rates(np.array([who])),
        category=np.array([category]),
        month=month,
        part=part,
    )


def checked(name: str, position: int, last: int) -> int:
    """The position, if it is a whole number from 1 to `last`."""
    whole = isinstance(position, (int, np.integer)) and not isinstance(position, bool)
    if not whole or not 1 <= position <= last:
        raise DataError(f"{name}: expected a position from 1 to {last}, got {position!r}")
    return int(position)


def seconds_of(name: str, moments: Iterable[object]) -> Int[np.ndarray, " key"]:
    """Moments as seconds since 1970."""
    moments = list(moments)
    try:
        stamps = pd.DatetimeIndex(pd.to_datetime(moments, utc=True)).tz_localize(None)
    except (ValueError, TypeError) as error:
        raise DataError(f"{name}: expected moments like '2024-05-01 10:30'; {error}") from error
    if stamps.hasnans:
        raise DataError(f"{name}: expected a moment for each purchase, got missing ones")
    return stamps.to_numpy().astype("datetime64[s]").astype(np.int64)
