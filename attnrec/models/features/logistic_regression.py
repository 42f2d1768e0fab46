r"""Logistic regression: every level of every feature adds its own weight.

$$s(x) = w_0 + \sum_c x_c\, w_{l_c}$$

over the columns $c$ of an example, with level $l_c$ and weight $x_c$ (Richardson
et al., 2007 [richardson2007predicting]_). Of a rating, linear regression.
"""

from __future__ import annotations

from dataclasses import dataclass

from flax import nnx
from jaxtyping import Float

from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.features.embedding import Linear
from attnrec.typing import Array


@dataclass(frozen=True)
class LogisticRegression:
    """It has no hyperparameters."""

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> LogisticRegressionModule:
        """The model for some fields, with fresh weights."""
        return LogisticRegressionModule(schema, rngs=rngs)


class LogisticRegressionModule(nnx.Module):
    """Logistic regression with its weights."""

    def __init__(self, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.linear = Linear(schema, rngs=rngs)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The log-odds."""
        del rngs
        return self.linear(inputs)
