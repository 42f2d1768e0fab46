"""Vectors of feature fields, and the layers that feature models share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, whole_number
from attnrec.features.fields import SIDES, FeatureSchema, Inputs, Levels
from attnrec.models.dropout import Dropout
from attnrec.typing import Array

ITEM = SIDES.index("item")


class FeatureEmbedding(nnx.Module):
    """Of each field one vector: the sum of its levels' embeddings, each times its weight.

    Args:
        schema: the fields.
        size: width of a vector.
        rngs: for the initial embeddings (normal, deviation 0.01).
    """

    def __init__(self, schema: FeatureSchema, size: int, *, rngs: nnx.Rngs):
        init = nnx.initializers.normal(0.01)
        self.table = nnx.Embed(schema.num_levels, size, embedding_init=init, rngs=rngs)
        self.counts = tuple(
            tuple(schema.fields[field].num_columns for field in schema.of(side)) for side in SIDES
        )

    def __call__(self, inputs: Inputs) -> Float[Array, "batch feature embedding"]:
        """The vectors of all fields."""
        return self._of_all(inputs, self._vectors)

    def present(self, inputs: Inputs) -> Bool[Array, "batch feature"]:
        """Which fields say anything."""

        def there(of: Levels, counts: Sequence[int]) -> Array:
            return _by_field(of.levels > 0, counts, lambda columns: jnp.any(columns, axis=1))

        return self._of_all(inputs, there)

    def candidates(self, inputs: Inputs) -> Float[Array, "#case candidate feature embedding"]:
        """The vectors of the candidates' own fields."""
        return inputs.candidates(self._vectors(inputs.items, self.counts[ITEM]))

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
            found = self._vectors(catalogue.take(items.ravel()), self.counts[ITEM])
            vectors = found.reshape(*items.shape, *found.shape[1:])
        else:
            vectors = self._vectors(catalogue, self.counts[ITEM])[items]
        return vectors, items > 0

    def _vectors(
        self, of: Levels, counts: Sequence[int]
    ) -> Float[Array, "batch feature embedding"]:
        each = self.table(of.levels) * of.weights[..., None]
        return _by_field(each, counts, lambda columns: columns.sum(1))

    def _of_all(self, inputs: Inputs, of: Callable[[Levels, Sequence[int]], Array]) -> Array:
        """What `of` says of each field, for each example."""
        sides = (inputs.users, inputs.items, inputs.context)
        return inputs.joined(*map(of, sides, self.counts))


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
