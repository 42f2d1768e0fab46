"""Splits into train, validation and test: leave-one-out, by time, by user."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.interactions import Interactions
from attnrec.data.parts import LEFT_OUT, PARTS, TEST, TRAIN, VALIDATION, Cases, Split
from attnrec.errors import DataError

__all__ = ["Cases", "Split", "by_user", "leave_one_out", "temporal"]


def leave_one_out(data: Interactions) -> Split:
    """The last item of every user is the test, the one before it the validation.

    Of data with baskets, the last basket whole and the basket before it. Users
    with fewer than three items (baskets) stay in train, as in Kang & McAuley,
    2018. The order is the data's: stable, so that items of one moment keep the
    order of the source.

    Example:
        >>> from attnrec.data.validation import validate
        >>> data = validate(pd.DataFrame({"user": ["ann"] * 3, "item": ["tea", "jam", "oil"]}))
        >>> leave_one_out(data).test["item"].tolist()
        ['oil']
    """
    step, steps = _steps(data)
    from_end = steps - step
    enough = steps >= 3
    part = np.zeros(len(data), dtype=np.int8)
    part[enough & (from_end == 2)] = VALIDATION
    part[enough & (from_end == 1)] = TEST
    return Split(data, part, "leave_one_out")


def temporal(
    data: Interactions,
    validation: float | str | pd.Timestamp = 0.1,
    test: float | str | pd.Timestamp = 0.1,
    targets: Literal["first", "all"] = "first",
) -> Split:
    """The past is train, what follows is validation, the latest is the test, for all users alike.

    No model sees, in train, anything that happened after what it must predict.

    Args:
        data: interactions with timestamps.
        validation, test: the share of interactions in each, or the moment at
            which each begins. Interactions of one moment are never divided.
        targets: `"first"` ranks each user's first item (basket) in the part
            and leaves the rest of that period out; `"all"` ranks all of them.

    Raises:
        DataError: no timestamps, shares that leave nothing to train on, or
            moments in the wrong order.
    """
    if targets not in ("first", "all"):
        raise DataError(f"targets: expected 'first' or 'all', got {targets!r}")
    if Columns.TIMESTAMP not in data.frame:
        raise DataError(f"{data.name}: a temporal split needs timestamps, and this data has none")
    times = data.frame[Columns.TIMESTAMP]
    starts = _boundaries(times, validation, test)
    part = np.zeros(len(data), dtype=np.int8)
    part[(times >= starts["validation"]).to_numpy()] = VALIDATION
    part[(times >= starts["test"]).to_numpy()] = TEST
    for name, code in PARTS.items():
        if not (part == code).any():
            raise DataError(
                f"temporal split of {data.name}: no interactions in {name}; starts: {starts}"
            )
    if targets == "first":
        step, _ = _steps(data)
        for code in (VALIDATION, TEST):
            rows = np.flatnonzero(part == code)
            _, place, inverse = np.unique(
                data.user_indices[rows], return_index=True, return_inverse=True
            )
            part[rows[step[rows] != step[rows[place]][inverse]]] = LEFT_OUT
    parameters = {"targets": targets} | {
        f"{name}_from": str(start) for name, start in starts.items()
    }
    return Split(data, part, "temporal", parameters)


def by_user(data: Interactions, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Some users are held out whole: the model has never met them.

    The last item (basket) of a held-out user is the target; what precedes it
    is the history, and is left out of train. Users with a single item (basket)
    stay in train.

    Args:
        data: interactions.
        validation, test: the share of users held out for each.
        seed: of the draw.
    """
    _check_shares(validation, test)
    step, steps = _steps(data)
    lengths = steps[data.sequences.offsets[:-1]]
    eligible = np.flatnonzero(lengths >= 2)
    drawn = np.random.default_rng(seed).permutation(eligible)
    counts = [round(share * len(eligible)) for share in (validation, test)]
    if min(counts) == 0 or sum(counts) >= len(data.users):
        raise DataError(
            f"by_user split of {data.name}: {len(eligible)} users have two items or more, too few"
        )
    role = np.zeros(len(data.users), dtype=np.int8)
    role[drawn[: counts[0]]] = VALIDATION
    role[drawn[counts[0] : sum(counts)]] = TEST
    of_row = role[data.user_indices - 1]
    part = np.where((of_row == TRAIN) | (step == steps - 1), of_row, LEFT_OUT).astype(np.int8)
    return Split(data, part, "by_user", {"validation": validation, "test": test, "seed": seed})


def _steps(data: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """For each row: its step (item or basket) within its user, from 0; the user's steps."""
    users = data.user_indices
    new_user = np.r_[True, users[1:] != users[:-1]]
    new_step = np.ones(len(users), dtype=bool)
    if Columns.BASKET in data.frame:
        basket = pd.factorize(data.frame[Columns.BASKET])[0]
        new_step = new_user | np.r_[True, basket[1:] != basket[:-1]]
    running = np.cumsum(new_step)
    offsets = data.sequences.offsets
    before = np.repeat(running[offsets[:-1]], data.sequences.lengths)
    steps = np.repeat(running[offsets[1:] - 1], data.sequences.lengths) - before + 1
    return running - before, steps


def _boundaries(times: pd.Series, validation: Any, test: Any) -> dict[str, Any]:
    """The moments at which validation and test begin, from shares or as given."""
    given = {"validation": validation, "test": test}
    dated = pd.api.types.is_datetime64_dtype(times)
    numbers = sum(_is_number(value) for value in given.values())
    if numbers == 2 and (dated or all(0 < value < 1 for value in given.values())):
        _check_shares(validation, test)
        ordered = times.sort_values(kind="stable", ignore_index=True)
        after = {"validation": validation + test, "test": test}
        return {name: ordered[round((1 - share) * len(ordered))] for name, share in after.items()}
    if dated and numbers:
        raise DataError(
            f"validation, test: expected two shares or two moments, got {validation!r} and {test!r}"
        )
    try:
        read = pd.Timestamp if dated else float
        starts = {name: read(value) for name, value in given.items()}
    except (ValueError, TypeError) as error:
        raise DataError(
            f"validation, test: cannot read {validation!r} and {test!r} as moments"
        ) from error
    if not starts["validation"] < starts["test"]:
        raise DataError(
            f"validation: starts at {starts['validation']}, expected before the test's "
            f"start, {starts['test']}"
        )
    return starts


def _check_shares(validation: Any, test: Any) -> None:
    for name, share in (("validation", validation), ("test", test)):
        if not _is_number(share) or not 0 < share < 1:
            raise DataError(f"{name}: expected a share between 0 and 1, got {share!r}")
    if validation + test >= 1:
        raise DataError(f"validation + test: {validation} + {test} leaves nothing to train on")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
