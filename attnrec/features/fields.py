"""Which features there are, and how an example says them.

A field is one feature: a category, a number, a set of genres. It has levels,
each with an embedding in a model. An example says in a fixed number of columns
which levels it has, and with what weight (Rendle, 2012 [rendle2012libfm]_): one
column of weight 1 for a category, several that sum to one for a set, the
scaled value itself for a number. Level 0 is nothing, and weighs nothing.

All fields share one table, in which the levels of one follow those of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Shaped

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.typing import Array

Side = Literal["user", "item", "context"]
SIDES: tuple[Side, ...] = get_args(Side)


class Levels(NamedTuple):
    """What is said of some users, items, circumstances or examples.

    Attributes:
        levels: int32[batch, column], rows of the table of all levels, 0 where there is nothing.
        weights: float32[batch, column], 0 where there is nothing.
    """

    levels: Int[Array, "batch column"]
    weights: Float[Array, "batch column"]

    def take(self, rows: Int[Array, " batch"]) -> Levels:
        """These rows."""
        return Levels(self.levels[rows], self.weights[rows])


class History(NamedTuple):
    """What users had before, the most recent last.

    Attributes:
        items: int32[case, position], rows of `catalogue`, 0 where there is nothing.
        catalogue: what is said of each item, row 0 being nothing.
    """

    items: Int[Array, "case position"]
    catalogue: Levels


class Inputs(NamedTuple):
    """What models read: users in some circumstances, and for each one candidate or several.

    One example for each case and candidate, the candidates of a case one after
    the other. What repeats is said, and looked up, once.

    Attributes:
        users, context: of each case, only the columns of their own side.
        items: of some items, likewise.
        chosen: int32[case, candidate], which of `items` the candidates are; of one row,
            where all cases have the same; None where item i is the one candidate of case i.
        history: what came before each case; None where the features have no history.
    """

    users: Levels
    items: Levels
    context: Levels
    chosen: Int[Array, "#case candidate"] | None = None
    history: History | None = None

    def take(self, rows: Int[Array, " batch"]) -> Inputs:
        """These cases."""
        chosen = self.chosen
        if chosen is not None and len(chosen) > 1:
            chosen = chosen[rows]
        return Inputs(
            self.users.take(rows),
            self.items.take(rows) if chosen is None else self.items,
            self.context.take(rows),
            chosen,
            None if self.history is None else self.history._replace(items=self.history.items[rows]),
        )

    def flat(self) -> Levels:
        """One row an example, the columns of all sides side by side; history left out."""
        sides = zip(self.users, self.items, self.context, strict=True)
        return Levels(*(self.joined(*parts) for parts in sides))

    def joined(
        self,
        user: Shaped[Array, "case user *more"],
        item: Shaped[Array, "item column *more"],
        context: Shaped[Array, "case context *more"],
    ) -> Shaped[Array, "batch joined *more"]:
        """What is known of users, items and circumstances, side by side for each example."""
        return self._by_example(user[:, None], self.candidates(item), context[:, None])

    def candidates(
        self, item: Shaped[Array, "item *more"]
    ) -> Shaped[Array, "#case candidate *more"]:
        """What is known of items, for each candidate."""
        return item[:, None] if self.chosen is None else item[self.chosen]

    def _by_example(self, *parts: Array) -> Array:
        cases, candidates = parts[0].shape[0], parts[1].shape[1]
        rows = [jnp.broadcast_to(x, (cases, candidates, *x.shape[2:])) for x in parts]
        side_by_side = jnp.concatenate(rows, axis=2)
        return side_by_side.reshape(cases * candidates, *side_by_side.shape[2:])


@dataclass(frozen=True)
class Field:
    """One feature.

    Attributes:
        name: how it is called.
        side: of whom it tells: user, item, or the circumstances of the choice.
        kind: `"category"`, `"number"`, `"bins"`, `"set"`, `"text"` or `"vector"`.
        labels: of each level, from level 1 on.
        num_columns: how many levels an example can have at once.
    """

    name: str
    side: Side
    kind: str
    labels: tuple[str, ...]
    num_columns: int = 1


@dataclass(frozen=True)
class FeatureSchema:
    """All fields: those of users, then those of items, then those of the circumstances.

    Attributes:
        fields: in this order.
        history: how many items before an example models can see, at most; 0, none.
    """

    fields: tuple[Field, ...]
    history: int = 0

    def __post_init__(self) -> None:
        names = self.names
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise AttnrecError(f"fields: {repeated[0]!r} stands there more than once")
        if sorted(self.fields, key=lambda field: SIDES.index(field.side)) != list(self.fields):
            raise AttnrecError(f"fields: expected those of {', '.join(SIDES)} in this order")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where in the table the levels of each field begin: level i of it is row offset + i."""
        counts = np.cumsum([0, *(len(field.labels) for field in self.fields)])
        return tuple(counts.tolist())

    @property
    def num_levels(self) -> int:
        """Rows of the table, row 0, which is nothing, among them."""
        return self.offsets[-1] + 1

    @cached_property
    def columns(self) -> tuple[slice, ...]:
        """The columns of each field."""
        edges = np.cumsum([0, *(field.num_columns for field in self.fields)]).tolist()
        return tuple(slice(*edge) for edge in pairwise(edges))

    def of(self, *sides: Side) -> tuple[int, ...]:
        """Places of the fields of these sides."""
        return tuple(i for i, field in enumerate(self.fields) if field.side in sides)

    def index(self, name: str) -> int:
        """The place of a field.

        Raises:
            AttnrecError: no such field.
        """
        if name not in self.names:
            raise AttnrecError(
                f"field: no {name!r} among {list(self.names)}{did_you_mean(name, self.names)}"
            )
        return self.names.index(name)

    def apart(self, levels: Levels, history: History | None = None) -> Inputs:
        """Examples whose columns stand side by side, each with its one candidate, by side.

        The inverse of `Inputs.flat`.
        """
        counts = [sum(self.fields[field].num_columns for field in self.of(side)) for side in SIDES]
        user, item, context = (
            Levels(*(part[:, start:stop] for part in levels))
            for start, stop in pairwise(np.cumsum([0, *counts]).tolist())
        )
        return Inputs(user, item, context, history=history)

    def joint(self, fields: Sequence[int], parts: Sequence[Levels]) -> Levels:
        """Several fields side by side, each with its own levels, as rows of the one table."""
        levels = [
            np.where(part.levels > 0, part.levels + self.offsets[field], 0).astype(np.int32)
            for field, part in zip(fields, parts, strict=True)
        ]
        weights = [np.asarray(part.weights, np.float32) for part in parts]
        return Levels(np.concatenate(levels, axis=1), np.concatenate(weights, axis=1))
