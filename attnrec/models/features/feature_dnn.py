r"""A network of all features, which attention weighs before they enter it.

Each field's vector $e_f$ is compared with the mean $q$ of all $n$ that say
something, by a product (Luong et al., 2015, the score they call general) or by a
sum (Bahdanau et al., 2015, appendix A.1.2),

$$a_f = \mathrm{softmax}_f\; e_f^\top W q \qquad\text{or}\qquad
  a_f = \mathrm{softmax}_f\; v^\top \tanh(W_1 e_f + W_2\, q),$$

$$s(x) = \mathrm{MLP}\big([\,n\, a_1 e_1;\, \dots;\, n\, a_F e_F\,]\big).$$

In those papers the weighted vectors are added up. Here they stand side by
side: the network still knows which field said what, and where all weights are
equal it is the network without attention, `fusion="none"`, to which attention can
so be compared, also by `"uniform"` in its place. [luong2015effective]_
[bahdanau2015neural]_

The map recorded is $a$: one row, which sums to one over the fields that say
something; without attention there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, did_you_mean, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import masked_softmax, weighted_values
from attnrec.models.features.dot_gate import mean_of
from attnrec.models.features.embedding import MLP, FeatureEmbedding, sizes
from attnrec.typing import Array

Fusion = Literal["multiplicative", "additive", "none"]


@dataclass(frozen=True)
class FeatureDNN:
    """Hyperparameters of the network of features.

    Args:
        embedding_size: width of the vectors.
        fusion: how fields are compared with all of them: `"multiplicative"`,
            `"additive"`, or `"none"`, not at all.
        attention_size: width of the layer that attends, of `"additive"`.
        hidden_sizes: widths of the network's layers.
        dropout_rate: share of activations dropped in training before each of them.
    """

    embedding_size: int = 16
    fusion: Fusion = "multiplicative"
    attention_size: int = 16
    hidden_sizes: Sequence[int] = (128, 64)
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("embedding_size", "attention_size"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.fusion not in get_args(Fusion):
            raise AttnrecError(
                f"fusion: expected one of {get_args(Fusion)}, got {self.fusion!r}"
                + did_you_mean(self.fusion, get_args(Fusion))
            )
        object.__setattr__(self, "hidden_sizes", sizes("hidden_sizes", self.hidden_sizes, least=1))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> FeatureDNNModule:
        """The model for some fields, with fresh weights."""
        return FeatureDNNModule(self, schema, rngs=rngs)


class FusionAttention(nnx.Module):
    """One weight for each field, by how it compares with all, and each times its weight."""

    normalisation = "softmax"
    axes = ("candidate", "feature")

    def __init__(self, config: FeatureDNN, *, rngs: nnx.Rngs):
        def linear(size: int, out: int) -> nnx.Linear:
            init = nnx.initializers.xavier_uniform()
            return nnx.Linear(size, out, use_bias=False, kernel_init=init, rngs=rngs)

        size, additive = config.embedding_size, config.fusion == "additive"
        self.query = linear(size, config.attention_size if additive else size)
        self.key = linear(size, config.attention_size) if additive else None
        self.out = linear(config.attention_size, 1) if additive else None
        self.weigh_fn = weighted_values

    def __call__(
        self, vectors: Float[Array, "batch feature embedding"], mask: Bool[Array, "batch feature"]
    ) -> Float[Array, "batch feature embedding"]:
        query = self.query(mean_of(vectors, mask))[:, None]
        if self.key is None or self.out is None:
            logits = (vectors * query).sum(-1)
        else:
            logits = self.out(jnp.tanh(self.key(vectors) + query))[..., 0]
        weights = masked_softmax(logits, mask)[:, None, None]
        # A sum of unit vectors by the weights gives the weights that are used, whosever they are.
        batch, count = mask.shape
        units = jnp.broadcast_to(jnp.eye(count)[None, :, None], (batch, count, 1, count))
        used = self.weigh_fn(weights, units, mask=mask[:, None, None])[:, 0, 0]
        return vectors * (used * mask.sum(1, keepdims=True))[..., None]


class FeatureDNNModule(nnx.Module):
    """The network of features with its weights."""

    def __init__(self, config: FeatureDNN, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        self.attention = None if config.fusion == "none" else FusionAttention(config, rngs=rngs)
        self.network = MLP(
            len(schema) * config.embedding_size,
            config.hidden_sizes,
            dropout_rate=config.dropout_rate,
            rngs=rngs,
        )

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The network's, of all vectors by their weights."""
        vectors = self.embedding(inputs)
        if self.attention is not None:
            vectors = self.attention(vectors, self.embedding.present(inputs))
        return self.network(vectors.reshape(vectors.shape[0], -1), rngs)[:, 0]
