"""The parts of a split, and the cases that are ranked in it.

Every split marks each row of `data.frame` with a part. A case is one user in
one part: the targets are the rows of that part, the history is everything of
that user before the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Int8, Int32

from attnrec.columns import Columns
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
    part: Int8[np.ndarray, " row"]
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
        return Sequences.from_sorted_rows(
            self.data.user_indices[rows], self.data.item_indices[rows]
        )

    def cases(self, part: Literal["validation", "test"]) -> Cases:
        """The cases of one part; users with nothing before their targets make none."""
        if part not in ("validation", "test"):
            raise DataError(
                f"part: expected 'validation' or 'test', got {part!r}{did_you_mean(part, PARTS)}"
            )
        return self._cases[part]

    @cached_property
    def _cases(self) -> dict[str, Cases]:
        return {name: self._make_cases(PARTS[name]) for name in ("validation", "test")}

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
        for name, code in [*PARTS.items(), ("left out", LEFT_OUT)]:
            rows = self.part == code
            items = self.data.item_indices[rows]
            line = {
                "part": name,
                "interactions": int(rows.sum()),
                "users": len(np.unique(self.data.user_indices[rows])),
                "items": len(np.unique(items)),
                "cases": len(self._cases[name]) if name in self._cases else 0,
                "new_items": int((~known[items]).sum()),
            }
            if Columns.TIMESTAMP in self.data.frame:
                times = self.data.frame.loc[rows, Columns.TIMESTAMP]
                line |= {"first": times.min(), "last": times.max()}
            table.append(line)
        return pd.DataFrame(table).set_index("part")

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{int((self.part == code).sum()):,} {name}" for name, code in PARTS.items()
        )
        return f"Split({self.kind} of {self.data.name!r}: {counts})"
