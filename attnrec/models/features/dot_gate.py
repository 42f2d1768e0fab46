r"""A gate on every feature, by how it fits the other side.

Which features of a user matter for *this* item, and which of the item for this
user? With $\bar e_U$ and $\bar e_I$ the means of the vectors of both sides,

$$g_f = \sigma\Big(\frac{\langle W_Q\, \bar e_I,\, W_K\, e_f\rangle}{\sqrt d}\Big),\qquad
  u = \sum_{f \in U} g_f\, e_f,$$

likewise an item's $i$, with other matrices and the user's mean, and the score is
$s = \langle u, i \rangle + w_0 + \sum_c x_c w_{l_c}$. The circumstances stand on the
user's side; a field that says nothing is in no mean, and its gate is shut.

A dot product through a sigmoid is the weight of sigmoid attention (Ramapuram et
al., 2025), here without the bias that paper gives it. That the mean of one side asks
the fields of the other is this library's own plain form. [ramapuram2025sigmoid]_

Each side records a map of one row. Gates are not shared out: each is between 0 and 1
on its own, and half open where nothing is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import weighted_values
from attnrec.models.dropout import Dropout
from attnrec.models.features.embedding import FeatureEmbedding, Linear
from attnrec.typing import Array


@dataclass(frozen=True)
class DotGate:
    """Hyperparameters of the dot-product gate.

    Args:
        embedding_size: width of the vectors.
        dropout_rate: share of the vectors' components dropped in training.
    """

    embedding_size: int = 16
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "embedding_size", whole_number("embedding_size", self.embedding_size)
        )
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> DotGateModule:
        """The model for some fields, with fresh weights."""
        return DotGateModule(self, schema, rngs=rngs)


class Gate(nnx.Module):
    """One gate for each field of a side, and their sum through it."""

    normalisation = "gate"

    def __init__(self, size: int, asking: str, keys: tuple[str, ...], *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_uniform()
        self.query = nnx.Linear(size, size, use_bias=False, kernel_init=init, rngs=rngs)
        self.key = nnx.Linear(size, size, use_bias=False, kernel_init=init, rngs=rngs)
        self.axes = (asking, "feature")
        self.keys = keys
        self.weigh_fn = weighted_values

    def __call__(
        self,
        vectors: Float[Array, "batch feature embedding"],
        mask: Bool[Array, "batch feature"],
        other: Float[Array, "batch embedding"],
    ) -> Float[Array, "batch embedding"]:
        logits = (self.key(vectors) * self.query(other)[:, None]).sum(-1)
        gates = nnx.sigmoid(logits / math.sqrt(other.shape[-1]))
        gates = jnp.where(mask, gates, 0)[:, None, None]
        return self.weigh_fn(gates, vectors[:, :, None], mask=mask[:, None, None])[:, 0, 0]


class DotGateModule(nnx.Module):
    """The dot-product gate with its weights.

    Raises:
        AttnrecError: no field of the item, or none of the user and the circumstances.
    """

    def __init__(self, config: DotGate, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.user_fields = schema.of("user", "context")
        self.item_fields = schema.of("item")
        if not self.user_fields or not self.item_fields:
            raise AttnrecError(
                "fields: this model needs some of the item and some of the user or the "
                f"circumstances, got {list(schema.names)}"
            )
        self.linear = Linear(schema, rngs=rngs)
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        self.dropout = Dropout(config.dropout_rate)

        def gate(asking: str, fields: tuple[int, ...]) -> Gate:
            names = tuple(schema.names[field] for field in fields)
            return Gate(config.embedding_size, asking, names, rngs=rngs)

        self.user_gate = gate("candidate", self.user_fields)
        self.item_gate = gate("user", self.item_fields)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The product of both sides through their gates, and first order."""
        vectors = self.embedding(inputs)
        vectors = self.dropout(vectors, deterministic=rngs is None, rngs=rngs)
        present = self.embedding.present(inputs)
        user, item = (
            (vectors[:, fields], present[:, fields])
            for fields in map(np.array, (self.user_fields, self.item_fields))
        )
        gated = self.user_gate(*user, mean_of(*item)) * self.item_gate(*item, mean_of(*user))
        return gated.sum(-1) + self.linear(inputs)


def mean_of(
    vectors: Float[Array, "batch feature embedding"], mask: Bool[Array, "batch feature"]
) -> Float[Array, "batch embedding"]:
    """The mean over the fields that say something; zero where none does."""
    count = jnp.maximum(mask.sum(1, keepdims=True), 1)
    return (vectors * mask[..., None]).sum(1) / count
