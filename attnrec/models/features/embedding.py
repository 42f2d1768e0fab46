"""Vectors of feature fields, and the layers that feature models share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, whole_number
from attnrec.features.fields import SIDES, FeatureSchema, Inputs, Levels, Side
from attnrec.models.dropout import Dropout
from attnrec.typing import Array

ITEM = SIDES.index("item")


class FeatureEmbedding(nnx.Module):
    """Of each field one vector: the sum of its levels' embeddings, each times its weight.

    Levels are looked up; the dimensions of a field of vectors, which stand side by side in
    every example, are one product with their rows of the table.

    Args:
        schema: the fields.
        size: width of a vector.
        rngs: for the initial embeddings (normal, deviation 0.01).
    """

    def __init__(self, schema: FeatureSchema, size: int, *, rngs: nnx.Rngs):
        init = nnx.initializers.normal(0.01)
        self.table = nnx.Embed(schema.num_levels, size, embedding_init=init, rngs=rngs)
        self.stretches = tuple(_stretches(schema, side) for side in SIDES)

    def __call__(self, inputs: Inputs) -> Float[Array, "batch feature embedding"]:
        """The vectors of all fields."""
        return self._of_all(inputs, self._vectors)

    def present(self, inputs: Inputs) -> Bool[Array, "batch feature"]:
        """Which fields say anything."""

        def there(of: Levels, side: int) -> Array:
            counts = [count for stretch in self.stretches[side] for count in stretch.counts]
            return _by_field(of.levels > 0, counts, lambda columns: jnp.any(columns, axis=1))

        return self._of_all(inputs, there)

    def candidates(self, inputs: Inputs) -> Float[Array, "#case candidate feature embedding"]:
        """The vectors of the candidates' own fields."""
        return inputs.candidates(self.of_items(inputs.items))

    def of_items(self, items: Levels) -> Float[Array, "item feature embedding"]:
        """The vectors of items' own fields."""
        return self._vectors(items, ITEM)

    def history(
        self, inputs: Inputs
    ) -> tuple[Float[Array, "case position feature embedding"], Bool[Array, "case position"]]:
        """The same of what came before, zeros where there is nothing; and where there is an item.

        Raises:
            AttnrecError: inputs without a history.
        """
        if inputs.history is None:
            raise AttnrecError("inputs: this model looks at a history, and these have none")
        items, catalogue = inputs.history
        # Fewer are asked about than there are; or nobody knows how many, as in an exported graph.
        if not isinstance(items.size, int) or items.size < len(catalogue.levels):
            found = self.of_items(catalogue.take(items.ravel()))
            vectors = found.reshape(*items.shape, *found.shape[1:])
        else:
            vectors = self.of_items(catalogue)[items]
        return vectors, items > 0

    def _vectors(self, of: Levels, side: int) -> Float[Array, "batch feature embedding"]:
        parts = [self._of_stretch(of, stretch) for stretch in self.stretches[side]]
        return jnp.concatenate(parts, axis=1) if parts else self.table(of.levels)

    def _of_stretch(self, of: Levels, stretch: _Stretch) -> Float[Array, "batch feature embedding"]:
        first, row, width = stretch.column, stretch.row, stretch.width
        levels, weights = (part[:, first : first + width] for part in of)
        if row is not None:
            return (weights @ self.table.embedding[row : row + width])[:, None]
        each = self.table(levels) * weights[..., None]
        return _by_field(each, stretch.counts, lambda columns: columns.sum(1))

    def _of_all(self, inputs: Inputs, of: Callable[[Levels, int], Array]) -> Array:
        """What `of` says of each field, for each example."""
        sides = (inputs.users, inputs.items, inputs.context)
        return inputs.joined(*map(of, sides, range(len(SIDES))))


class _Stretch(NamedTuple):
    """Fields that stand side by side: one of vectors, or several of which none is.

    Attributes:
        counts: how many columns each has.
        column: the first of these, among those of their side.
        row: of a field of vectors, the first of its levels in the table.
    """

    counts: tuple[int, ...]
    column: int
    row: int | None

    @property
    def width(self) -> int:
        """Columns of all its fields."""
        return sum(self.counts)


def _stretches(schema: FeatureSchema, side: Side) -> tuple[_Stretch, ...]:
    """The fields of a side, as they follow each other."""

    def vectors(field: int) -> int | None:
        return field if schema.fields[field].kind == "vector" else None

    found: list[_Stretch] = []
    column = 0
    for field, fields in groupby(schema.of(side), vectors):
        counts = tuple(schema.fields[one].num_columns for one in fields)
        row = None if field is None else schema.offsets[field] + 1
        found.append(_Stretch(counts, column, row))
        column += found[-1].width
    return tuple(found)


def _by_field(columns: Array, counts: Sequence[int], joined: Callable[[Array], Array]) -> Array:
    """One entry a field of what each of its columns says."""
    if all(count == 1 for count in counts):
        return columns
    edges = np.cumsum([0, *counts])
    return jnp.stack([joined(columns[:, i:j]) for i, j in pairwise(edges.tolist())], axis=1)


class Linear(nnx.Module):
    """A bias and a weight for each level: the part of first order in every model.

    Args:
        schema: the fields.
        rngs: for the initial weights.
    """

    def __init__(self, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.weight = FeatureEmbedding(schema, 1, rngs=rngs)
        self.bias = nnx.Param(jnp.zeros(()))

    def __call__(self, inputs: Inputs) -> Float[Array, " batch"]:
        """The weighted sum of an example's levels, and the bias."""
        return self.weight(inputs).sum((1, 2)) + self.bias[...]


class MLP(nnx.Module):
    """Layers with a ReLU after each and, unless `num_outputs` is None, a last one without.

    Args:
        num_inputs: width of what comes in.
        hidden_sizes: widths of the layers.
        num_outputs: width of the last layer.
        dropout_rate: share of activations dropped before each layer.
        rngs: for the initial weights (Glorot normal, zero bias).
    """

    def __init__(
        self,
        num_inputs: int,
        hidden_sizes: Sequence[int],
        num_outputs: int | None = 1,
        *,
        dropout_rate: float = 0.0,
        rngs: nnx.Rngs,
    ):
        sizes = [num_inputs, *hidden_sizes]
        init = nnx.initializers.xavier_normal()
        self.layers = nnx.List(
            nnx.Linear(*pair, kernel_init=init, rngs=rngs) for pair in pairwise(sizes)
        )
        self.out = (
            None
            if num_outputs is None
            else nnx.Linear(sizes[-1], num_outputs, kernel_init=init, rngs=rngs)
        )
        self.dropout = Dropout(dropout_rate)

    def __call__(
        self, x: Float[Array, "batch input"], rngs: nnx.Rngs | None = None
    ) -> Float[Array, "batch output"]:
        """What the last layer gives."""
        for layer in self.layers:
            x = nnx.relu(layer(self.dropout(x, deterministic=rngs is None, rngs=rngs)))
        return x if self.out is None else self.out(x)


def sizes(name: str, given: Sequence[int], least: int = 0) -> tuple[int, ...]:
    """Widths of layers, as plain numbers.

    Raises:
        AttnrecError: something else, or fewer than `least` of them.
    """
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence) or len(given) < least:
        raise AttnrecError(f"{name}: expected a sequence of widths such as (64, 32), got {given!r}")
    return tuple(whole_number(name, width) for width in given)
