r"""xDeepFM: crossing fields vector by vector, to a bounded order (Lian et al., KDD 2018).

A compressed interaction network beside a feed-forward one. With $X^0$ the
fields' vectors as rows, row $h$ of the next layer is

$$X^k_h = \sum_{i, j} W^{k,h}_{ij}\, \big(X^{k-1}_i \circ X^0_j\big)$$

(eq. 6), each row is summed over its components (eq. 7), and all these sums, of all
layers, are weighed (eq. 8) and added to the network's output and to first order
(eq. 9). No activation follows eq. 6, as the paper finds best; so the sum of a row is
$\sum_{i, j} W^{k,h}_{ij} \langle X^{k-1}_i, X^0_j \rangle$, and the rows of the last layer,
the costliest, need not be worked out. [lian2018xdeepfm]_
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Float

from attnrec.errors import share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.features.embedding import MLP, FeatureEmbedding, Linear, sizes
from attnrec.typing import Array


@dataclass(frozen=True)
class XDeepFM:
    """Hyperparameters of xDeepFM.

    Args:
        embedding_size: width of the vectors.
        cross_sizes: rows of each crossing layer.
        hidden_sizes: widths of the network's layers.
        dropout_rate: share of activations dropped in training before each of these.
    """

    embedding_size: int = 16
    cross_sizes: Sequence[int] = (64, 64)
    hidden_sizes: Sequence[int] = (128, 128)
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "embedding_size", whole_number("embedding_size", self.embedding_size)
        )
        for name in ("cross_sizes", "hidden_sizes"):
            object.__setattr__(self, name, sizes(name, getattr(self, name), least=1))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> XDeepFMModule:
        """The model for some fields, with fresh weights."""
        return XDeepFMModule(self, schema, rngs=rngs)


class XDeepFMModule(nnx.Module):
    """xDeepFM with its weights."""

    def __init__(self, config: XDeepFM, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.linear = Linear(schema, rngs=rngs)
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        init = nnx.initializers.xavier_normal()
        rows = [len(schema), *config.cross_sizes]
        # [row, previous row, field]: W of eq. 6
        self.crosses = nnx.List(
            nnx.Param(
                init(rngs.params(), (size, before * len(schema))).reshape(size, before, len(schema))
            )
            for before, size in pairwise(rows)
        )
        self.out = nnx.Linear(
            sum(config.cross_sizes), 1, use_bias=False, kernel_init=init, rngs=rngs
        )
        self.network = MLP(
            len(schema) * config.embedding_size,
            config.hidden_sizes,
            dropout_rate=config.dropout_rate,
            rngs=rngs,
        )

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The three parts, summed (eq. 9)."""
        first = self.embedding(inputs)
        x, pooled = first, []
        for layer, cross in enumerate(self.crosses, 1):
            # Of a row's sum over components only the products of whole vectors are wanted.
            products = x @ first.swapaxes(1, 2)  # [batch, previous row, field]
            pooled.append(jnp.einsum("hij,bij->bh", cross[...], products))
            if layer < len(self.crosses):
                x = jnp.einsum("hij,bid,bjd->bhd", cross[...], x, first)
        crossed = self.out(jnp.concatenate(pooled, axis=1))[:, 0]
        deep = self.network(first.reshape(first.shape[0], -1), rngs)[:, 0]
        return self.linear(inputs) + crossed + deep
