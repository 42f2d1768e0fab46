"""Splits into train, validation and test: leave-one-out, by time, by user, at random."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from attnrec.data.folds import k_fold, time_series
from attnrec.data.histories import Histories
from attnrec.data.interactions import Interactions
from attnrec.data.parts import PARTS, TEST, TRAIN, VALIDATION, Cases, RowSplit, Split, Stretches
from attnrec.errors import DataError

__all__ = [
    "Cases",
    "RowSplit",
    "Split",
    "at_random",
    "by_user",
    "k_fold",
    "leave_one_out",
    "temporal",
    "time_series",
]


def leave_one_out(data: Histories) -> Split:
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
    first, end = data.sequences.starts, data.sequences.stops
    steps = Steps(data)
    enough, stop = steps.counts >= 3, steps.offsets[1:]
    validation = np.where(enough, steps.first_row(stop - 2), end)
    test = np.where(enough, steps.first_row(stop - 1), end)
    return Split(
        data,
        {
            "train": Stretches(first, validation),
            "validation": Stretches(validation, test),
            "test": Stretches(test, end),
        },
        "leave_one_out",
    )


def temporal(
    data: Histories,
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
    if data.times is None:
        raise DataError(f"{data.name}: a temporal split needs timestamps, and this data has none")
    begins = _boundaries(data.times, validation, test)
    first, end = data.sequences.starts, data.sequences.stops
    of_validation, of_test = (data.first_rows_from(_plain(moment)) for moment in begins.values())
    stretches = {
        "train": Stretches(first, of_validation),
        "validation": Stretches(of_validation, of_test),
        "test": Stretches(of_test, end),
    }
    for name, (starts, stops) in stretches.items():
        if not (starts < stops).any():
            raise DataError(
                f"temporal split of {data.name}: no interactions in {name}; starts: {begins}"
            )
    if targets == "first":
        steps = Steps(data)
        for name in ("validation", "test"):
            starts, stops = stretches[name]
            next_step = steps.first_row(steps.of_row(starts) + 1)
            stretches[name] = Stretches(starts, np.minimum(stops, next_step).clip(min=starts))
    parameters = {"targets": targets} | {
        f"{name}_from": str(start) for name, start in begins.items()
    }
    return Split(data, stretches, "temporal", parameters)


def by_user(data: Histories, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
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
    steps = Steps(data)
    eligible = np.flatnonzero(steps.counts >= 2)
    drawn = np.random.default_rng(seed).permutation(eligible)
    counts = [round(share * len(eligible)) for share in (validation, test)]
    if min(counts) == 0 or sum(counts) >= len(data.users):
        raise DataError(
            f"by_user split of {data.name}: {len(eligible)} users have two items or more, too few"
        )
    role = np.zeros(len(data.users), dtype=np.int8)
    role[drawn[: counts[0]]] = VALIDATION
    role[drawn[counts[0] : sum(counts)]] = TEST
    first, end = data.sequences.starts, data.sequences.stops
    last = steps.first_row(steps.offsets[1:] - 1)
    stretches = {"train": Stretches(first, np.where(role == TRAIN, end, first))}
    for name in ("validation", "test"):
        stretches[name] = Stretches(np.where(role == PARTS[name], last, end), end)
    return Split(data, stretches, "by_user", {"validation": validation, "test": test, "seed": seed})


def at_random(
    data: Interactions, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> RowSplit:
    """Every row falls into a part by lot, whatever its user or time.

    The usual division where ratings or clicks are predicted one by one (Song et
    al., 2019 [song2019autoint]). Of a user's rows some are learned from that
    came after others that are judged by.

    Args:
        data: interactions.
        validation, test: the share of rows in each.
        seed: of the draw.
    """
    _check_shares(validation, test)
    if not isinstance(data, Interactions):
        raise DataError(f"data: expected interactions in memory, got {type(data).__name__}")
    counts = [round(share * len(data)) for share in (validation, test)]
    if min(counts) == 0 or sum(counts) >= len(data):
        raise DataError(f"at_random split of {data.name}: {len(data)} rows are too few")
    part = np.zeros(len(data), np.int8)
    drawn = np.random.default_rng(seed).permutation(len(data))
    part[drawn[: counts[0]]] = VALIDATION
    part[drawn[counts[0] : sum(counts)]] = TEST
    parameters = {"validation": validation, "test": test, "seed": seed}
    return RowSplit(data, part, "at_random", parameters)


def again(data: Histories, kind: str, parameters: dict[str, Any]) -> Split:
    """The split of that kind, made once more from what `Split.parameters` tell."""
    if kind == "temporal":
        validation, test = (parameters[f"{name}_from"] for name in ("validation", "test"))
        return temporal(data, validation, test, parameters["targets"])
    if kind == "time_series":
        made = {name: parameters[name] for name in ("k", "validation", "test", "targets")}
        return time_series(data, **made)[parameters["fold"] - 1]
    return {"leave_one_out": leave_one_out, "by_user": by_user}[kind](data, **parameters)


class Steps:
    """What is predicted at once: a row, or a basket where there are any.

    Attributes:
        offsets: int64[user + 1]; user i has the steps from `offsets[i]` to before `offsets[i + 1]`.
    """

    def __init__(self, data: Histories):
        self._rows = data.basket_starts
        self._end = len(data)
        edges = np.append(data.sequences.starts, self._end)
        self.offsets = edges if self._rows is None else np.searchsorted(self._rows, edges)

    @property
    def counts(self) -> np.ndarray:
        """int64[user]: the steps of each."""
        return np.diff(self.offsets)

    def first_row(self, step: np.ndarray) -> np.ndarray:
        """The row with which each step begins; beyond the last step, the end."""
        return step if self._rows is None else np.append(self._rows, self._end)[step]

    def of_row(self, row: np.ndarray) -> np.ndarray:
        """The step to which each row belongs."""
        return row if self._rows is None else np.searchsorted(self._rows, row, side="right") - 1


def _boundaries(times: np.ndarray, validation: Any, test: Any) -> dict[str, Any]:
    """The moments at which validation and test begin, from shares or as given."""
    given = {"validation": validation, "test": test}
    dated = pd.api.types.is_datetime64_dtype(times)
    numbers = sum(_is_number(value) for value in given.values())
    if numbers == 2 and (dated or all(0 < value < 1 for value in given.values())):
        _check_shares(validation, test)
        ordered = np.sort(times)
        after = {"validation": validation + test, "test": test}
        return {
            name: pd.Timestamp(moment) if dated else moment.item()
            for name, share in after.items()
            for moment in [ordered[round((1 - share) * len(ordered))]]
        }
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


def _plain(moment: Any) -> Any:
    """As numpy compares it."""
    return moment.to_datetime64() if isinstance(moment, pd.Timestamp) else moment


def _check_shares(validation: Any, test: Any) -> None:
    for name, share in (("validation", validation), ("test", test)):
        if not _is_number(share) or not 0 < share < 1:
            raise DataError(f"{name}: expected a share between 0 and 1, got {share!r}")
    if validation + test >= 1:
        raise DataError(f"validation + test: {validation} + {test} leaves nothing to train on")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
