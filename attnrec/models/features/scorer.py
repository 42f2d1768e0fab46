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

from attnrec.data.sequences import Sequences
from attnrec.errors import AttnrecError
from attnrec.features.examples import Features
from attnrec.features.fields import Inputs, Levels
from attnrec.models.features.protocol import FeatureModel
from attnrec.typing import Array, Items, Scores

AT_ONCE = 8192  # examples worked on together


@partial(jax.jit, static_argnums=0)
def _scores(graphdef: nnx.GraphDef, state: nnx.State, inputs: Inputs) -> Float[Array, " batch"]:
    return nnx.merge(graphdef, state).score(inputs)


@partial(jax.jit, static_argnums=0)
def _of_candidates(
    graphdef: nnx.GraphDef, state: nnx.State, cases: Inputs
) -> Float[Array, "batch candidate"]:
    assert cases.chosen is not None
    model = nnx.merge(graphdef, state)
    count, candidates = len(cases.users.levels), cases.chosen.shape[1]
    size = min(count, max(1, AT_ONCE // candidates))
    parts = math.ceil(count / size)
    rows = jnp.minimum(jnp.arange(parts * size), count - 1).reshape(parts, size)
    found = jax.lax.map(lambda some: model.score(cases.take(some)).reshape(size, candidates), rows)
    return found.reshape(-1, candidates)[:count]


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

    def scores(self, inputs: Inputs) -> Float[np.ndarray, " batch"]:
        """The score of each example, each with its one candidate."""
        count = len(inputs.users.levels)
        size = min(AT_ONCE, 1 << max(count - 1, 0).bit_length())
        found = np.empty(count, np.float32)
        for start in range(0, count, size):
            rows = np.arange(start, min(start + size, count))
            filled = inputs.take(np.pad(rows, (0, size - len(rows)), mode="edge"))
            scores = _scores(self._graphdef, self._state, filled)
            found[rows] = np.asarray(scores)[: len(rows)]
        return found

    def predict(self, inputs: Inputs) -> Float[np.ndarray, " batch"]:
        """The probability, or the rating, of each example.

        Of a choice, the probability beside items that are drawn evenly.
        """
        return self.as_predictions(self.scores(inputs))

    def as_predictions(self, scores: Float[np.ndarray, " batch"]) -> Float[np.ndarray, " batch"]:
        """Scores as probabilities, or as ratings within the range of those in train."""
        scores = scores.astype(np.float64)
        if self._features.label == "rating":
            return np.clip(scores + centre_of(self._features), *range_of(self._features))
        return scipy.special.expit(scores)

    @property
    def rating_scale(self) -> dict[str, float]:
        """Of ratings: what is added to a score (`centre`), and the range they lie in."""
        least, most = range_of(self._features)
        return {"centre": centre_of(self._features), "least": least, "most": most}

    def of_cases(
        self,
        users: Int[np.ndarray, " batch"],
        context: Levels,
        history: Sequences | None = None,
        candidates: Int[np.ndarray, "#batch candidate"] | None = None,
    ) -> Float[Array, "batch candidate"]:
        """The scores of some items for each user in some circumstances.

        Args:
            users, context, history: as for `Features.of`.
            candidates: indices of items; unless given the whole catalogue, column 0 being
                padding.
        """
        cases = self._features.of(users, np.zeros_like(users), context, history)
        if candidates is None:
            candidates = np.arange(len(self._items.levels))[None]
        past = cases.history and cases.history._replace(catalogue=self._items)
        return self.of_candidates(
            cases._replace(items=self._items, chosen=candidates, history=past)
        )

    def of_candidates(self, cases: Inputs) -> Float[Array, "batch candidate"]:
        """The score of each candidate of each case; `cases.chosen` says which they are."""
        return _of_candidates(self._graphdef, self._state, cases)

    def of_rows(
        self,
        users: Int[np.ndarray, " batch"],
        rows: Int[np.ndarray, " batch"],
        candidates: Int[np.ndarray, "#batch candidate"] | None = None,
    ) -> Float[Array, "batch candidate"]:
        """The same in the circumstances of these rows of the data."""
        features = self._features
        context, before = features.context.take(rows), features.before.take(rows)
        return self.of_cases(users, context, before, candidates)

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


def range_of(features: Features) -> tuple[float, float]:
    """The least and the greatest rating of the train part."""
    labels = features.examples("train").labels
    return float(labels.min()), float(labels.max())
