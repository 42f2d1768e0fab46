r"""Attention over the modalities of an item.

An item is known by who took it, which its id stands for, by its title, its picture, its
price. Each field of the item is a modality with a vector $m_f$ of the same width: of
an id its embedding, of `Vectors` from outside their projection. The user, who is the mean
$u$ of the vectors of their own side, the circumstances among them, looks at
the modalities,

$$a_f = \mathrm{softmax}_f\; \frac{\langle W u,\, m_f\rangle}{\sqrt d},\qquad
  s = \Big\langle u,\, \sum_f a_f\, m_f \Big\rangle + w_0 + \sum_c x_c w_{l_c},$$

by the attention of Vaswani et al. (2017, eq. 1) with one query. That the user asks
and the modalities answer is this library's own plain form of what the field calls
attention over modalities; its papers differ. [vaswani2017attention]_

The map recorded is $a$: one row, which sums to one over the modalities that an
item has. A large weight does not yet say that the user goes by that modality:
$\langle u, m_f \rangle$ counts as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import masked_softmax, weighted_values
from attnrec.models.dropout import Dropout
from attnrec.models.features.dot_gate import mean_of
from attnrec.models.features.embedding import FeatureEmbedding, Linear
from attnrec.typing import Array


@dataclass(frozen=True)
class MultiModalAttention:
    """Hyperparameters of attention over modalities.

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

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> MultiModalAttentionModule:
        """The model for some fields, with fresh weights."""
        return MultiModalAttentionModule(self, schema, rngs=rngs)


class ModalityAttention(nnx.Module):
    """One weight for each modality, by the user, and their sum by it."""

    normalisation = "softmax"
    axes = ("user", "feature")

    def __init__(self, size: int, keys: tuple[str, ...], *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_uniform()
        self.query = nnx.Linear(size, size, use_bias=False, kernel_init=init, rngs=rngs)
        self.keys = keys
        self.weigh_fn = weighted_values

    def __call__(
        self,
        user: Float[Array, "batch embedding"],
        modalities: Float[Array, "batch feature embedding"],
        mask: Bool[Array, "batch feature"],
    ) -> Float[Array, "batch embedding"]:
        logits = (modalities * self.query(user)[:, None]).sum(-1) / math.sqrt(user.shape[-1])
        weights = masked_softmax(logits, mask)[:, None, None]
        return self.weigh_fn(weights, modalities[:, :, None], mask=mask[:, None, None])[:, 0, 0]


class MultiModalAttentionModule(nnx.Module):
    """Attention over modalities with its weights.

    Raises:
        AttnrecError: fewer than two fields of the item, which leave nothing to choose
            between, or none of the user and the circumstances.
    """

    def __init__(self, config: MultiModalAttention, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.user_fields = schema.of("user", "context")
        self.item_fields = schema.of("item")
        if not self.user_fields or len(self.item_fields) < 2:
            raise AttnrecError(
                "fields: this model needs two or more of the item and some of the user or the "
                f"circumstances, got {list(schema.names)}"
            )
        self.linear = Linear(schema, rngs=rngs)
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        names = tuple(schema.names[field] for field in self.item_fields)
        self.attention = ModalityAttention(config.embedding_size, names, rngs=rngs)
        self.dropout = Dropout(config.dropout_rate)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The product of the user and of what they see of the item, and first order."""
        vectors = self.embedding(inputs)
        vectors = self.dropout(vectors, deterministic=rngs is None, rngs=rngs)
        present = self.embedding.present(inputs)
        of_user, of_item = np.array(self.user_fields), np.array(self.item_fields)
        user = mean_of(vectors[:, of_user], present[:, of_user])
        item = self.attention(user, vectors[:, of_item], present[:, of_item])
        return (user * item).sum(-1) + self.linear(inputs)
