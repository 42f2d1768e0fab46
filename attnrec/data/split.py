"""Splits into train, validation and test, and the cases that are ranked.

Every split marks each row of `data.frame` with a part. A case is one user in
one part: the targets are the rows of that part, the history is everything of
that user before the first of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.interactions import Interactions
from attnrec.data.sequences import Sequences
from attnrec.errors import DataError, did_you_mean

TRAIN, VALIDATION, TEST, LEFT_OUT = 0, 1, 2, -1
_PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, eq=False)
class Cases:
    """What is ranked: after each history, where do the true next items stand?

    Attributes:
        users: int32[n], the user index of each case.
        histories: all that precedes the targets; never empty.
        targets: the true next items, one or more.
    """

    users: np.ndarray
    histories: Sequences
    targets: Sequences

    def __len__(self) -> int:
        return len(self.users)

    def __repr__(self) -> str:
        return f"Cases({len(self):,} users, {len(self.targets.items):,} targets)"


@dataclass(frozen=True, eq=False)
class Split:
    """A division of the rows of `data.frame`.

    Attributes:
        data: the interactions that are divided.
        part: int8[rows]: 0 train, 1 validation, 2 test, -1 left out.
        kind: `"leave_one_out"`, `"temporal"` or `"by_user"`.
        parameters: what the split was made with, for provenance.
    """

    data: Interactions
    part: np.ndarray
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def train(self) -> pd.DataFrame:
        """The rows that a model may learn from."""
        return self.data.frame[self.part == TRAIN]

    @property
    def validation(self) -> pd.DataFrame:
        """The target rows of validation."""
        return self.data.frame[self.part == VALIDATION]

    @property
    def test(self) -> pd.DataFrame:
        """The target rows of the test."""
        return self.data.frame[self.part == TEST]

    @cached_property
    def train_sequences(self) -> Sequences:
        """The train rows of each user that has any."""
        rows = self.part == TRAIN
        return Sequences.from_sorted_rows(self.data.user_indices[rows], self.data.item_indices[rows])

    def cases(self, part: Literal["validation", "test"]) -> Cases:
        """The cases of one part; users with nothing before their targets make none."""
        if part not in ("validation", "test"):
            raise DataError(f"part: expected 'validation' or 'test', got {part!r}{did_you_mean(part, _PARTS)}")
        return self._cases[part]

    @cached_property
    def _cases(self) -> dict[str, Cases]:
        return {name: self._make_cases(_PARTS[name]) for name in ("validation", "test")}

    def _make_cases(self, code: int) -> Cases:
        rows = np.flatnonzero(self.part == code)
        users, items = self.data.user_indices[rows], self.data.item_indices[rows]
        targets = Sequences.from_sorted_rows(users, items)
        first_target = rows[targets.offsets[:-1]]
        first_row = self.data.sequences.offsets[targets.users - 1]
        warm = np.flatnonzero(first_target > first_row)
        targets = targets.take(warm)
        histories = self.data.sequences.slices(first_row[warm], first_target[warm], targets.users)
        return Cases(targets.users, histories, targets)

    def describe(self) -> pd.DataFrame:
        """Each part in figures.

        Returns:
            A row a part: interactions, users, items, cases (users ranked),
            new_items (how many of its interactions are with items that train
            never shows), and first and last time where there are times.
        """
        known = np.zeros(len(self.data.items) + 1, dtype=bool)
        known[self.data.item_indices[self.part == TRAIN]] = True
        table = []
        for name, code in [*_PARTS.items(), ("left out", LEFT_OUT)]:
            rows = self.part == code
            items = self.data.item_indices[rows]
            line = {
                "part": name,
                "interactions": int(rows.sum()),
                "users": len(np.unique(self.data.user_indices[rows])),
                "items": len(np.unique(items)),
                "cases": len(self.cases(name)) if code in (VALIDATION, TEST) else 0,
                "new_items": int((~known[items]).sum()),
            }
            if Columns.TIMESTAMP in self.data.frame:
                times = self.data.frame.loc[rows, Columns.TIMESTAMP]
                line |= {"first": times.min(), "last": times.max()}
            table.append(line)
        return pd.DataFrame(table).set_index("part")

    def __repr__(self) -> str:
        counts = ", ".join(f"{int((self.part == code).sum()):,} {name}" for name, code in _PARTS.items())
        return f"Split({self.kind} of {self.data.name!r}: {counts})"


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
    for name, code in _PARTS.items():
        if not (part == code).any():
            raise DataError(f"temporal split of {data.name}: no interactions in {name}; starts: {starts}")
    if targets == "first":
        step, _ = _steps(data)
        for code in (VALIDATION, TEST):
            rows = np.flatnonzero(part == code)
            _, place, inverse = np.unique(data.user_indices[rows], return_index=True, return_inverse=True)
            part[rows[step[rows] != step[rows[place]][inverse]]] = LEFT_OUT
    parameters = {"targets": targets} | {f"{name}_from": str(start) for name, start in starts.items()}
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
    for name, share in (("validation", validation), ("test", test)):
        _check_share(name, share)
    if validation + test >= 1:
        raise DataError(f"validation + test: {validation} + {test} leaves no users to train on")
    step, steps = _steps(data)
    lengths = steps[data.sequences.offsets[:-1]]
    eligible = np.flatnonzero(lengths >= 2)
    drawn = np.random.default_rng(seed).permutation(eligible)
    counts = [round(share * len(eligible)) for share in (validation, test)]
    if min(counts) == 0 or sum(counts) >= len(data.users):
        raise DataError(f"by_user split of {data.name}: {len(eligible)} users with two items or more are too few")
    role = np.zeros(len(data.users), dtype=np.int8)
    role[drawn[: counts[0]]] = VALIDATION
    role[drawn[counts[0] : sum(counts)]] = TEST
    of_row = role[data.user_indices - 1]
    part = np.where(of_row == TRAIN, TRAIN, np.where(step == steps - 1, of_row, LEFT_OUT)).astype(np.int8)
    return Split(data, part, "by_user", {"validation": validation, "test": test, "seed": seed})


def _steps(data: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """For each row, its step (item, or basket) within its user from 0, and the user's number of steps."""
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
    """The moments at which validation and test begin."""
    shares = [value for value in (validation, test) if _is_number(value) and not _is_moment(value, times)]
    if len(shares) == 1:
        raise DataError("validation and test: expected two shares or two moments, got one of each")
    if not shares:
        read: Callable[[Any], Any] = pd.Timestamp if pd.api.types.is_datetime64_dtype(times) else float
        try:
            starts = {"validation": read(validation), "test": read(test)}
        except (ValueError, TypeError) as error:
            raise DataError(f"validation, test: cannot read {validation!r}, {test!r} as moments") from error
        if not starts["validation"] < starts["test"]:
            raise DataError(f"validation starts {starts['validation']}: expected before test, {starts['test']}")
        return starts
    for name, share in (("validation", validation), ("test", test)):
        _check_share(name, share)
    if validation + test >= 1:
        raise DataError(f"validation + test: {validation} + {test} leaves nothing to train on")
    ordered = times.sort_values(kind="stable", ignore_index=True)
    at = {"validation": validation + test, "test": test}
    return {name: ordered[round((1 - share) * len(ordered))] for name, share in at.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _is_moment(value: float, times: pd.Series) -> bool:
    return not 0 < value < 1 and not pd.api.types.is_datetime64_dtype(times)


def _check_share(name: str, share: object) -> None:
    if not _is_number(share) or not 0 < share < 1:
        raise DataError(f"{name}: expected a share between 0 and 1, got {share!r}")
