"""How good the predictions of a model of features are."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

import numpy as np

from attnrec.errors import AttnrecError
from attnrec.evaluation.prediction_metrics import prediction_metrics
from attnrec.features.examples import Examples, Features
from attnrec.features.fields import Inputs

Part = Literal["validation", "test"]


@runtime_checkable
class Predictor(Protocol):
    """What gives a probability or a rating for each example."""

    def predict(self, inputs: Inputs) -> np.ndarray: ...


def figures(predictor: Predictor, features: Features, part: Part) -> dict[str, float]:
    """The metrics of clicks, or of ratings, over the rows of one part."""
    rows = _rows(features, part)
    return _of(predictor.predict(features.of_rows(rows.rows)), features, rows)


def figures_of_mean(features: Features, part: Part) -> dict[str, float]:
    """The same of what predicts the train part's mean label for every row."""
    rows = _rows(features, part)
    mean = features.examples("train").labels.mean(dtype=np.float64)
    return _of(np.full(len(rows), mean), features, rows)


def _rows(features: Features, part: Part) -> Examples:
    if part not in ("validation", "test"):
        raise AttnrecError(f"part: expected 'validation' or 'test', got {part!r}")
    rows = features.examples(part)
    if not len(rows):
        raise AttnrecError(f"part: no row of {part!r} has a label")
    return rows


def _of(found: np.ndarray, features: Features, rows: Examples) -> dict[str, float]:
    if features.label == "rating":
        return prediction_metrics(rows.labels, found, task="rating")
    return prediction_metrics(rows.labels, found, rows.users, task="click")
