"""What features say of an interaction: who, what, in which circumstances, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int, Int32, Int64

from attnrec.data.interactions import Interactions
from attnrec.data.parts import PARTS, RowSplit, Split
from attnrec.data.report import Report
from attnrec.data.sequences import Sequences
from attnrec.errors import AttnrecError, DataError, did_you_mean
from attnrec.features import history
from attnrec.features.encoders import Encoder
from attnrec.features.fields import FeatureSchema, History, Inputs, Levels

Label = Literal["click", "rating", "choice"]


class Examples(NamedTuple):
    """Rows to learn from, or to judge by.

    Attributes:
        rows: int64[batch], rows of the data.
        users, items: int32[batch], their indices.
        labels: float32[batch]: 0 or 1 of a click, a rating, or 1 of a choice.
    """

    rows: Int64[np.ndarray, " batch"]
    users: Int32[np.ndarray, " batch"]
    items: Int32[np.ndarray, " batch"]
    labels: Float32[np.ndarray, " batch"]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Features:
    """Users, items and circumstances as levels of fields, fitted on the train part.

    Made by `attnrec.features.build`.

    Attributes:
        split: the data, and which part of it is what.
        schema: the fields.
        encoders: of each field but those of ids, what turns values into levels.
        users: of each user, row i being that of index i; row 0 is nothing.
        items: of each item, likewise.
        context: of each row of the data.
        labels: float32[row]: what is predicted; NaN where a row says nothing of it.
        label: `"click"` (0 or 1), `"rating"` or `"choice"`, where every row is one and
            what was not chosen has to be drawn.
        settings: what `build` was given, as JSON holds it.
        report: what was found and done.
    """

    split: Split | RowSplit
    schema: FeatureSchema
    encoders: Mapping[str, Encoder]
    users: Levels
    items: Levels
    context: Levels
    labels: Float32[np.ndarray, " row"]
    label: Label
    settings: Mapping[str, Any] = field(default_factory=dict)
    report: Report = field(default_factory=Report)

    @property
    def data(self) -> Interactions:
        assert isinstance(self.split.data, Interactions)
        return self.split.data

    @cached_property
    def _examples(self) -> dict[str, Examples]:
        data, found = self.data, {}
        for name, code in PARTS.items():
            rows = np.flatnonzero((self.split.part == code) & ~np.isnan(self.labels))
            found[name] = Examples(
                rows, data.user_indices[rows], data.item_indices[rows], self.labels[rows]
            )
        return found

    def examples(self, part: Literal["train", "validation", "test"]) -> Examples:
        """The rows of one part that have a label."""
        if part not in PARTS:
            raise DataError(
                f"part: expected one of {', '.join(PARTS)}, got {part!r}{did_you_mean(part, PARTS)}"
            )
        return self._examples[part]

    @cached_property
    def before(self) -> Sequences:
        """Of each row, what its user had before it; see `attnrec.features.history`."""
        return history.before(self.split, self._counts)

    @cached_property
    def now(self) -> Sequences:
        """Of each user, what they have, but for the test part."""
        return history.now(self.split, self._counts)

    @property
    def _counts(self) -> np.ndarray:
        """Of clicks, only what was clicked makes a history."""
        return self.labels == 1 if self.label == "click" else np.ones(len(self.labels), bool)

    def of(
        self,
        users: Int[np.ndarray, " batch"],
        items: Int[np.ndarray, " batch"],
        context: Levels,
        history: Sequences | None = None,
    ) -> Inputs:
        """Users, items and circumstances, as models read them.

        Args:
            users, items: indices.
            context: levels of the circumstances.
            history: what came before each; `now` unless given.
        """
        past = None
        if self.schema.history:
            history = self.now.take(users - 1) if history is None else history
            past = History(history.padded(self.schema.history), self.items)
        return Inputs(self.users.take(users), self.items.take(items), context, history=past)

    def of_rows(self, rows: Int[np.ndarray, " batch"]) -> Inputs:
        """Rows of the data, as models read them."""
        data = self.data
        users, items = data.user_indices[rows], data.item_indices[rows]
        return self.of(users, items, self.context.take(rows), self.before.take(rows))

    def encode_context(self, values: pd.DataFrame) -> Levels:
        """Circumstances by their names, a row each; what is not named says nothing.

        Raises:
            AttnrecError: a column that is no field of the context.
        """
        fields = self.schema.of("context")
        names = [self.schema.names[field] for field in fields]
        for name in values.columns:
            if name not in names:
                raise AttnrecError(f"context: no {name!r} among {names}{did_you_mean(name, names)}")
        parts = []
        for place, name in zip(fields, names, strict=True):
            if name in values:
                parts.append(self.encoders[name].encode(values[name]))
            else:
                nothing = (len(values), self.schema.fields[place].num_columns)
                parts.append(Levels(np.zeros(nothing, np.int32), np.zeros(nothing, np.float32)))
        return self.schema.joint(fields, parts) if fields else nothing_of(len(values))

    def values(self, levels: Int[np.ndarray, " column"]) -> list[str]:
        """What each field says in one example, in words; empty where it says nothing."""
        words = []
        for field_, columns, offset in zip(
            self.schema.fields, self.schema.columns, self.schema.offsets, strict=False
        ):
            here = levels[columns]
            said = [field_.labels[level - offset - 1] for level in here[here > 0]]
            if field_.kind == "vector" and said:  # its numbers are no words
                said = [f"vector of {len(said)}"]
            words.append(", ".join(said))
        return words

    def describe(self) -> pd.DataFrame:
        """A row a field: side, kind, levels, and the share of train examples that have it."""
        train = self.examples("train")
        given = np.asarray(self.of_rows(train.rows).flat().levels) > 0
        return pd.DataFrame(
            {
                "field": self.schema.names,
                "side": [one.side for one in self.schema.fields],
                "kind": [one.kind for one in self.schema.fields],
                "levels": [len(one.labels) for one in self.schema.fields],
                "known": [given[:, columns].any(1).mean() for columns in self.schema.columns],
            }
        ).set_index("field")

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(found):,} {part}" for part, found in self._examples.items())
        return f"Features({', '.join(self.schema.names)} of {self.data.name!r}: {counts})"


def nothing_of(rows: int) -> Levels:
    """Examples without a column."""
    return Levels(np.zeros((rows, 0), np.int32), np.zeros((rows, 0), np.float32))
