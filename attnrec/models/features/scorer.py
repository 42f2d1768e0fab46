"""Scores of examples, and of the whole catalogue for a user in some circumstances."""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special
from flax import nnx
from jaxtyping import Float, Int

from attnrec.errors import AttnrecError
from attnrec.features.examples import Features
from attnrec.features.fields import Crossed, Levels
from attnrec.models.features.protocol import FeatureModel
from attnrec.typing import Array, Items, Scores

AT_ONCE = 8192  # examples worked on together


@partial(jax.jit, static_argnums=0)
def _scores(graphdef: nnx.GraphDef, state: nnx.State, levels: Levels) -> Float[Array, " batch"]:
    return nnx.merge(graphdef, state).score(levels)


@partial(jax.jit, static_argnums=0)
def _of_all_items(
    graphdef: nnx.GraphDef, state: nnx.State, users: Levels, items: Levels, context: Levels
) -> Float[Array, "batch item"]:
    model = nnx.merge(graphdef, state)
    cases, num_items = len(users.levels), len(items.levels)
    size = min(cases, max(1, AT_ONCE // num_items))
    parts = math.ceil(cases / size)

    def in_parts(levels: Levels) -> Levels:
        filled = (jnp.pad(part, ((0, parts * size - cases), (0, 0))) for part in levels)
        return Levels(*(part.reshape(parts, size, part.shape[1]) for part in filled))

    def some(part: tuple[Levels, Levels]) -> Array:
        user, context = part
        return model.score(Crossed(user, items, context)).reshape(size, num_items)

    found = jax.lax.map(some, (in_parts(users), in_parts(context)))
    return found.reshape(-1, num_items)[:cases]


class FeatureScorer:
    """A model of features as `attnrec.evaluation` wants it.

    Args:
        model: any `FeatureModel`.
        features: what it was trained on.
        name: how tables call it.
    """

    needs_history = False

    def __init__(self, model: FeatureModel, features: Features, name: str):
        self.name = name
        self._features = features
        self._graphdef, self._state = nnx.split(model)
        self._items = Levels(*map(jnp.asarray, features.items))

    def scores(self, levels: Levels) -> Float[np.ndarray, " batch"]:
        """The score of each example."""
        count = len(levels.levels)
        size = min(AT_ONCE, 1 << max(count - 1, 0).bit_length())
        found = np.empty(count, np.float32)
        for start in range(0, count, size):
            part = levels.take(np.arange(start, min(start + size, count)))
            spare = size - len(part.levels)
            filled = Levels(*(np.pad(x, ((0, spare), (0, 0))) for x in part))
            scores = _scores(self._graphdef, self._state, filled)
            found[start : start + size] = np.asarray(scores)[: size - spare]
        return found

    def predict(self, levels: Levels) -> Float[np.ndarray, " batch"]:
        """The probability, or the rating, of each example.

        Of a choice, the probability beside items that are drawn evenly.
        """
        return self.as_predictions(self.scores(levels))

    def as_predictions(self, scores: Float[np.ndarray, " batch"]) -> Float[np.ndarray, " batch"]:
        """Scores as probabilities, or as ratings."""
        scores = scores.astype(np.float64)
        if self._features.label == "rating":
            return scores + centre_of(self._features)
        return scipy.special.expit(scores)

    def of_cases(
        self, users: Int[np.ndarray, " batch"], context: Levels
    ) -> Float[Array, "batch item"]:
        """The scores of the whole catalogue, column 0 being padding."""
        return _of_all_items(
            self._graphdef, self._state, self._features.users.take(users), self._items, context
        )

    def of_rows(
        self, users: Int[np.ndarray, " batch"], rows: Int[np.ndarray, " batch"]
    ) -> Float[Array, "batch item"]:
        """The same in the circumstances of these rows of the data."""
        return self.of_cases(users, self._features.context.take(rows))

    def __call__(self, histories: Items) -> Scores:
        """Refused: who and when are asked for, not what came before.

        Raises:
            AttnrecError: always.
        """
        raise AttnrecError(f"{self.name} is asked by user and circumstances, not by history")


def centre_of(features: Features) -> float:
    """The mean rating of the train part, from which scores are counted; 0 of all else."""
    if features.label != "rating":
        return 0.0
    return float(features.examples("train").labels.mean(dtype=np.float64))
