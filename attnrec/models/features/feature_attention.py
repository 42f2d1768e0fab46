r"""Attention over the features of each side, by a learned query.

Which of its features make a user, which make an item? On each side the vectors
of the fields are weighed by a learned query, as words are in Yang et al.
(2016, eqs. 5 to 7),

$$a_f = \mathrm{softmax}_f\; q^\top \tanh(W e_f + b),\qquad
  u = \sum_{f \in \mathrm{user}} a_f e_f,$$

likewise an item's $i$, and the score is $s = \langle u, i \rangle + w_0 + \sum_c x_c w_{l_c}$.
The circumstances stand on the user's side. [yang2016hierarchical]_

Each side that attends records one row, which sums to one over the fields that
say something. The query is the same for all: that the weights differ between
cases is due to what the fields say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, did_you_mean, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import masked_softmax, weighted_values
from attnrec.models.dropout import Dropout
from attnrec.models.features.embedding import FeatureEmbedding, Linear
from attnrec.typing import Array

Attends = Literal["user", "item", "both"]


@dataclass(frozen=True)
class FeatureAttention:
    """Hyperparameters of attention over features.

    Args:
        embedding_size: width of the vectors.
        attention_size: width of the layer that attends.
        sides: which side attends: `"user"`, `"item"` or `"both"`; the other takes the mean.
        dropout_rate: share of the vectors' components dropped in training.
    """

    embedding_size: int = 16
    attention_size: int = 16
    sides: Attends = "both"
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("embedding_size", "attention_size"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.sides not in get_args(Attends):
            raise AttnrecError(
                f"sides: expected one of {get_args(Attends)}, got {self.sides!r}"
                + did_you_mean(self.sides, get_args(Attends))
            )
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> FeatureAttentionModule:
        """The model for some fields, with fresh weights."""
        return FeatureAttentionModule(self, schema, rngs=rngs)


class QueryAttention(nnx.Module):
    """One weight for each field, and their sum by it."""

    normalisation = "softmax"
    axes = ("learned query", "feature")

    def __init__(self, config: FeatureAttention, keys: tuple[str, ...], *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_uniform()
        size = config.attention_size
        self.inner = nnx.Linear(config.embedding_size, size, kernel_init=init, rngs=rngs)
        self.query = nnx.Linear(size, 1, use_bias=False, kernel_init=init, rngs=rngs)
        self.keys = keys
        self.weigh_fn = weighted_values

    def __call__(
        self, vectors: Float[Array, "batch feature embedding"], mask: Bool[Array, "batch feature"]
    ) -> Float[Array, "batch embedding"]:
        logits = self.query(jnp.tanh(self.inner(vectors)))[..., 0]
        weights = masked_softmax(logits, mask)[:, None, None]
        return self.weigh_fn(weights, vectors[:, :, None], mask=mask[:, None, None])[:, 0, 0]


class FeatureAttentionModule(nnx.Module):
    """Attention over features with its weights.

    Raises:
        AttnrecError: no field of the item, or none of the user and the circumstances.
    """

    def __init__(self, config: FeatureAttention, schema: FeatureSchema, *, rngs: nnx.Rngs):
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

        def attention(fields: tuple[int, ...]) -> QueryAttention:
            return QueryAttention(config, tuple(schema.names[i] for i in fields), rngs=rngs)

        self.user_attention = None if config.sides == "item" else attention(self.user_fields)
        self.item_attention = None if config.sides == "user" else attention(self.item_fields)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The product of both sides, and first order."""
        vectors = self.embedding(inputs)
        vectors = self.dropout(vectors, deterministic=rngs is None, rngs=rngs)
        present = self.embedding.present(inputs)

        def side(attention: QueryAttention | None, fields: tuple[int, ...]) -> Array:
            of, there = vectors[:, np.array(fields)], present[:, np.array(fields)]
            if attention is not None:
                return attention(of, there)
            count = jnp.maximum(there.sum(1, keepdims=True), 1)
            return (of * there[..., None]).sum(1) / count

        user = side(self.user_attention, self.user_fields)
        item = side(self.item_attention, self.item_fields)
        return (user * item).sum(-1) + self.linear(inputs)
