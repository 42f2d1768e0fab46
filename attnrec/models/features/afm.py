r"""AFM: attentional factorisation machine (Xiao et al., IJCAI 2017).

Not every pair of fields matters alike: a small network attends to pairs.

$$a_{fg} = \mathrm{softmax}_{f<g}\; h^\top \mathrm{ReLU}\big(W (v_f \circ v_g) + b\big),\qquad
  s(x) = w_0 + \sum_c x_c w_{l_c} + p^\top \sum_{f<g} a_{fg}\,(v_f \circ v_g)$$

(eqs. 5 and 6.) The map recorded is $a$: one row over all pairs of fields, which
sums to one; a pair with a field that says nothing takes no part. [xiao2017afm]_
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import masked_softmax, weighted_values
from attnrec.models.dropout import Dropout
from attnrec.models.features.embedding import FeatureEmbedding, Linear
from attnrec.typing import Array


@dataclass(frozen=True)
class AFM:
    """Hyperparameters of AFM.

    Args:
        embedding_size: width of the vectors.
        attention_size: width of the layer that attends.
        dropout_rate: share of the pooled vector's components dropped in training.
    """

    embedding_size: int = 16
    attention_size: int = 16
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("embedding_size", "attention_size"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> AFMModule:
        """The model for some fields, with fresh weights."""
        return AFMModule(self, schema, rngs=rngs)


class PairAttention(nnx.Module):
    """One weight for each pair of fields, and their sum by it (eqs. 5 and 6)."""

    normalisation = "softmax"
    axes = ("learned query", "feature pair")

    def __init__(self, config: AFM, schema: FeatureSchema, *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_normal()
        size = config.attention_size
        self.inner = nnx.Linear(config.embedding_size, size, kernel_init=init, rngs=rngs)
        self.out = nnx.Linear(size, 1, use_bias=False, kernel_init=init, rngs=rngs)
        pairs = list(combinations(schema.names, 2))
        self.keys = tuple(f"{one} × {other}" for one, other in pairs)
        self.weigh_fn = weighted_values

    def __call__(
        self, pairs: Float[Array, "batch pair embedding"], mask: Bool[Array, "batch pair"]
    ) -> Float[Array, "batch embedding"]:
        logits = self.out(nnx.relu(self.inner(pairs)))[..., 0]
        weights = masked_softmax(logits, mask)[:, None, None]
        return self.weigh_fn(weights, pairs[:, :, None], mask=mask[:, None, None])[:, 0, 0]


class AFMModule(nnx.Module):
    """AFM with its weights.

    Raises:
        AttnrecError: fewer than two fields, which make no pair.
    """

    def __init__(self, config: AFM, schema: FeatureSchema, *, rngs: nnx.Rngs):
        if len(schema) < 2:
            raise AttnrecError(f"fields: AFM pairs them, expected two or more, got {len(schema)}")
        self.config = config
        self.linear = Linear(schema, rngs=rngs)
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        self.attention = PairAttention(config, schema, rngs=rngs)
        self.dropout = Dropout(config.dropout_rate)
        init = nnx.initializers.normal(1.0)
        self.out = nnx.Param(init(rngs.params(), (config.embedding_size,)))

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """First order, and the pooled pairs (eq. 6)."""
        vectors = self.embedding(inputs)
        one, other = np.triu_indices(vectors.shape[1], k=1)
        present = self.embedding.present(inputs)
        pooled = self.attention(
            vectors[:, one] * vectors[:, other], present[:, one] & present[:, other]
        )
        pooled = self.dropout(pooled, deterministic=rngs is None, rngs=rngs)
        return self.linear(inputs) + pooled @ self.out[...]
