r"""FM: factorisation machine of second order (Rendle, ICDM 2010).

$$s(x) = w_0 + \sum_c x_c w_{l_c} + \sum_{f < g} \langle v_f, v_g \rangle,\qquad
  v_f = \sum_{c \in f} x_c v_{l_c}$$

over pairs of fields, in the linear time of the paper's lemma 3.1:
$\sum_{f<g} \langle v_f, v_g\rangle = \frac12 \left(\|\sum_f v_f\|^2 - \sum_f \|v_f\|^2\right)$.

Departure: the levels of one field, such as a film's genres, do not meet each
other, as in the models that build upon FM here; eq. 1 of the paper has these
pairs, too. [rendle2010fm]_
"""

from __future__ import annotations

from dataclasses import dataclass

from flax import nnx
from jaxtyping import Float

from attnrec.errors import share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.dropout import Dropout
from attnrec.models.features.embedding import FeatureEmbedding, Linear
from attnrec.typing import Array


@dataclass(frozen=True)
class FM:
    """Hyperparameters of FM.

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

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> FMModule:
        """The model for some fields, with fresh weights."""
        return FMModule(self, schema, rngs=rngs)


class FMModule(nnx.Module):
    """FM with its weights."""

    def __init__(self, config: FM, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.linear = Linear(schema, rngs=rngs)
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        self.dropout = Dropout(config.dropout_rate)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """First and second order."""
        vectors = self.embedding(inputs)
        vectors = self.dropout(vectors, deterministic=rngs is None, rngs=rngs)
        return self.linear(inputs) + pairwise(vectors)


def pairwise(vectors: Float[Array, "batch feature embedding"]) -> Float[Array, " batch"]:
    """The products of all pairs of fields, summed (lemma 3.1)."""
    return 0.5 * ((vectors.sum(1) ** 2).sum(-1) - (vectors**2).sum((1, 2)))
