"""The parts of a split, and the cases that are ranked in it.

Each part is a stretch of every user's rows. A case is one user in one part:
the targets are the rows of that stretch, the history is everything of that
user before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int8, Int32, Int64

from attnrec.data.histories import Histories
from attnrec.data.interactions import Interactions
from attnrec.data.sequences import Sequences
from attnrec.errors import DataError, did_you_mean

TRAIN, VALIDATION, TEST, LEFT_OUT = 0, 1, 2, -1
PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, eq=False)
class Cases:
    """What is ranked: after each history, where do the true next items stand?

    Attributes:
        users: int32[n], the user index of each case.
        histories: all that precedes the targets; never empty.
        targets: the true next items, one or more.
    """

    users: Int32[np.ndarray, " batch"]
    histories: Sequences
    targets: Sequences

    def __len__(self) -> int:
        return len(self.users)

    def __repr__(self) -> str:
        return f"Cases({len(self):,} users, {self.targets.total:,} targets)"


class Stretches(NamedTuple):
    """Of each user, in the order of their indices, the rows from `starts` to before `stops`."""

    starts: Int64[np.ndarray, " user"]
    stops: Int64[np.ndarray, " user"]


@dataclass(frozen=True, eq=False)
class Split:
    """A division of the rows of `data`.

    Attributes:
        data: the interactions that are divided.
        stretches: by part, those of each user; rows in none of them are left out.
        kind: `"leave_one_out"`, `"temporal"`, `"by_user"` or `"time_series"`.
        parameters: what the split was made with, for provenance.
    """

    data: Histories
    stretches: Mapping[str, Stretches]
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_rows(
        cls,
        data: Histories,
        part: Int8[np.ndarray, " row"],
        kind: str,
        parameters: dict[str, Any],
    ) -> Split:
        """The split in which each row belongs to a part; see `part`.

        Raises:
            DataError: rows of one part do not stand together.
        """
        starts, stops = data.sequences.starts, data.sequences.stops
        users = np.zeros(len(part), bool)
        users[starts] = True
        stretches = {}
        for name, code in PARTS.items():
            inside = part == code
            counts = np.add.reduceat(inside, starts, dtype=np.int64)
            firsts = np.flatnonzero(inside & (users | np.r_[True, ~inside[:-1]]))
            begins = np.append(firsts, len(part))[np.searchsorted(firsts, starts)]
            begins = np.where(counts > 0, begins, stops)
            stretches[name] = Stretches(begins, begins + counts)
        made = cls(data, stretches, kind, parameters)
        if not np.array_equal(made.part, part):
            raise DataError("part: a user's rows of one part do not stand together")
        return made

    @cached_property
    def part(self) -> Int8[np.ndarray, " row"]:
        """int8[rows]: 0 train, 1 validation, 2 test, -1 left out."""
        part = np.full(len(self.data), LEFT_OUT, np.int8)
        for name, code in PARTS.items():
            starts, stops = self.stretches[name]
            some = starts < stops
            edge = np.zeros(len(part) + 1, np.int8)
            edge[starts[some]] += 1
            edge[stops[some]] -= 1
            part[np.cumsum(edge[:-1], dtype=np.int8) > 0] = code
        return part

    @property
    def train(self) -> pd.DataFrame:
        """The rows that a model may learn from."""
        return self._frame(TRAIN)

    @property
    def validation(self) -> pd.DataFrame:
        """The target rows of validation."""
        return self._frame(VALIDATION)

    @property
    def test(self) -> pd.DataFrame:
        """The target rows of the test."""
        return self._frame(TEST)

    def _frame(self, code: int) -> pd.DataFrame:
        if not isinstance(self.data, Interactions):
            raise DataError(f"{self.data.name} stays on disk and has no table; see `sequences`")
        return self.data.frame[self.part == code]

    def sequences(self, part: str) -> Sequences:
        """The rows of one part, of each user that has any."""
        starts, stops = self.stretches[part]
        some = np.flatnonzero(starts < stops)
        whole = self.data.sequences
        return whole.slices(starts[some], stops[some], whole.users[some])

    @cached_property
    def train_sequences(self) -> Sequences:
        """The train rows of each user that has any."""
        return self.sequences("train")

    def cases(self, part: Literal["validation", "test"]) -> Cases:
        """The cases of one part; users with nothing before their targets make none."""
        if part not in ("validation", "test"):
            raise DataError(
                f"part: expected 'validation' or 'test', got {part!r}"
                + did_you_mean(part, ("validation", "test"))
            )
        return self._cases[part]

    @cached_property
    def _cases(self) -> dict[str, Cases]:
        return {name: self._make_cases(name) for name in ("validation", "test")}

    def _make_cases(self, part: str) -> Cases:
        targets = self.sequences(part)
        first = self.data.sequences.starts[targets.users - 1]
        warm = np.flatnonzero(targets.starts > first)
        targets = targets.take(warm)
        histories = targets.slices(first[warm], targets.starts, targets.users)
        return Cases(targets.users, histories, targets)

    def describe(self) -> pd.DataFrame:
        """Each part in figures.

        Returns:
            A row a part: interactions, users, items, cases (users ranked),
            new_items (how many of its interactions are with items that train
            never shows), and first and last time where there are times.
        """
        whole, num_items, times = self.data.sequences, len(self.data.items), self.data.times
        parts = {name: self.sequences(name) for name in PARTS}
        counts = {name: rows.counts(num_items) for name, rows in parts.items()}
        users = {name: len(rows) for name, rows in parts.items()}
        known = counts["train"] > 0
        inside = sum(stretch.stops - stretch.starts for stretch in self.stretches.values())
        counts["left out"] = whole.counts(num_items) - sum(counts.values())
        users["left out"] = int((whole.lengths > inside).sum())
        table = []
        for name, found in counts.items():
            line = {
                "part": name,
                "interactions": int(found.sum()),
                "users": users[name],
                "items": int((found > 0).sum()),
                "cases": len(self._cases[name]) if name in self._cases else 0,
                "new_items": int(found[~known].sum()),
            }
            if times is not None:
                if name in parts:
                    ends = times[parts[name].starts], times[parts[name].stops - 1]
                else:
                    ends = (times[self.part == LEFT_OUT],) * 2
                line |= {"first": pd.Series(ends[0]).min(), "last": pd.Series(ends[1]).max()}
            table.append(line)
        return pd.DataFrame(table).set_index("part")

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{int((stretch.stops - stretch.starts).sum()):,} {name}"
            for name, stretch in self.stretches.items()
        )
        return f"Split({self.kind} of {self.data.name!r}: {counts})"


@dataclass(frozen=True, eq=False)
class RowSplit:
    """A division of the rows of `data` in which a user's past may come after their future.

    Fit for ratings and clicks that are predicted one by one; nothing can be
    ranked after a history.

    Attributes:
        data: the interactions that are divided.
        part: int8[rows]: 0 train, 1 validation, 2 test.
        kind: `"at_random"` or `"k_fold"`.
        parameters: what the division was made with, for provenance.
    """

    data: Interactions
    part: Int8[np.ndarray, " row"]
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def train(self) -> pd.DataFrame:
        """The rows that a model may learn from."""
        return self.data.frame[self.part == TRAIN]

    def __repr__(self) -> str:
        counts = ", ".join(f"{(self.part == code).sum():,} {name}" for name, code in PARTS.items())
        return f"RowSplit({self.kind} of {self.data.name!r}: {counts})"
