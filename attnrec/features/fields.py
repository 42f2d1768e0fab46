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
    """Examples, as models read them.

    Attributes:
        levels: int32[batch, column], rows of the table of all levels, 0 where there is nothing.
        weights: float32[batch, column], 0 where there is nothing.
    """

    levels: Int[Array, "batch column"]
    weights: Float[Array, "batch column"]

    def take(self, rows: Int[Array, " batch"]) -> Levels:
        """These rows."""
        return Levels(self.levels[rows], self.weights[rows])

    def flat(self) -> Levels:
        """As they are; see `Crossed.flat`."""
        return self


class Crossed(NamedTuple):
    """Several candidates for each of several users in their circumstances.

    What models read as one example for each user and candidate, a user's
    candidates one after the other; what repeats is looked up once.

    Attributes:
        users, context: of each case, only the columns of their own side.
        items: of some items, likewise.
        chosen: int32[case, candidate], which of `items` each candidate is; all of
            them for every case unless given.
    """

    users: Levels
    items: Levels
    context: Levels
    chosen: Int[Array, "case candidate"] | None = None

    def flat(self) -> Levels:
        """One row for each user and candidate, all columns side by side."""
        sides = zip(self.users, self.items, self.context, strict=True)
        return Levels(*(self.joined(*parts) for parts in sides))

    def joined(
        self,
        user: Shaped[Array, "case user *more"],
        item: Shaped[Array, "item column *more"],
        context: Shaped[Array, "case context *more"],
    ) -> Shaped[Array, "batch joined *more"]:
        """What is known of users, items and circumstances, side by side for each candidate."""
        item = item[None] if self.chosen is None else item[self.chosen]
        cases, candidates = len(user), item.shape[1]
        parts = (user[:, None], item, context[:, None])
        rows = [jnp.broadcast_to(x, (cases, candidates, *x.shape[2:])) for x in parts]
        side_by_side = jnp.concatenate(rows, axis=2)
        return side_by_side.reshape(cases * candidates, *side_by_side.shape[2:])


Inputs = Levels | Crossed


@dataclass(frozen=True)
class Field:
    """One feature.

    Attributes:
        name: how it is called.
        side: of whom it tells: user, item, or the circumstances of the choice.
        kind: `"category"`, `"number"`, `"bins"`, `"set"` or `"text"`.
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
    """

    fields: tuple[Field, ...]

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

    def joint(self, fields: Sequence[int], parts: Sequence[Levels]) -> Levels:
        """Several fields side by side, each with its own levels, as rows of the one table."""
        levels = [
            np.where(part.levels > 0, part.levels + self.offsets[field], 0).astype(np.int32)
            for field, part in zip(fields, parts, strict=True)
        ]
        weights = [np.asarray(part.weights, np.float32) for part in parts]
        return Levels(np.concatenate(levels, axis=1), np.concatenate(weights, axis=1))
