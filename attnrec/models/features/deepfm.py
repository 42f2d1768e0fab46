r"""DeepFM: a factorisation machine beside a network (Guo et al., IJCAI 2017).

$$s(x) = s_{\mathrm{FM}}(x) + \mathrm{MLP}([v_1; \dots; v_F])$$

on the same vectors (eqs. 1 to 4); FM is that of `attnrec.models.features.fm`.
[guo2017deepfm]_
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flax import nnx
from jaxtyping import Float

from attnrec.errors import share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.features.embedding import MLP, FeatureEmbedding, Linear, sizes
from attnrec.models.features.fm import pairwise
from attnrec.typing import Array


@dataclass(frozen=True)
class DeepFM:
    """Hyperparameters of DeepFM.

    Args:
        embedding_size: width of the vectors.
        hidden_sizes: widths of the network's layers.
        dropout_rate: share of activations dropped in training before each of them.
    """

    embedding_size: int = 16
    hidden_sizes: Sequence[int] = (128, 128)
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "embedding_size", whole_number("embedding_size", self.embedding_size)
        )
        object.__setattr__(self, "hidden_sizes", sizes("hidden_sizes", self.hidden_sizes, least=1))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> DeepFMModule:
        """The model for some fields, with fresh weights."""
        return DeepFMModule(self, schema, rngs=rngs)


class DeepFMModule(nnx.Module):
    """DeepFM with its weights."""

    def __init__(self, config: DeepFM, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.linear = Linear(schema, rngs=rngs)
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        self.network = MLP(
            len(schema) * config.embedding_size,
            config.hidden_sizes,
            dropout_rate=config.dropout_rate,
            rngs=rngs,
        )

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """Both sides, summed."""
        vectors = self.embedding(inputs)
        deep = self.network(vectors.reshape(vectors.shape[0], -1), rngs)[:, 0]
        return self.linear(inputs) + pairwise(vectors) + deep
