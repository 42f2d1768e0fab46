"""What predictions lose where the fields that attention passes over are left out."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, whole_number
from attnrec.explanations.features.attention import field_attention
from attnrec.explanations.features.judged import Part, judged
from attnrec.explanations.features.players import Players, Scores, silent
from attnrec.explanations.features.shapley import shapley_values
from attnrec.features.examples import Features
from attnrec.models.features.recorder import FeatureRecorder

Wanted = float | Sequence[float] | None


def drop_low_attention(
    scores: Scores,
    predictions: Scores,
    recorder: FeatureRecorder,
    features: Features,
    part: Part = "test",
    *,
    threshold: Wanted = None,
    share: Wanted = None,
    layer: int | str | None = None,
    rows: int = 500,
    samples: int | None = 256,
    repeats: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Predictions without the fields of low attention, case by case.

    A field that is dropped says nothing: level 0, weight 0, as where its value is missing.
    If attention is importance, little should be lost by that, and less than by other fields,
    so two more ways to drop as many in each case stand beside: fields drawn at random,
    and those of the smallest Shapley values without their sign. These are values of the
    game that is played here, with nothing in place of a background. A
    prediction may change and be no worse: with a field goes the weight of its level, which
    moves many rows alike, and their AUC little.

    Args:
        scores: what a model gives examples, `run.scorer.scores`.
        predictions: of the same as probabilities or ratings; scores, where these only rank.
        recorder: the model's.
        features: the data.
        part: which rows.
        threshold: drop the fields of a case whose attention is below it, as `field_attention`
            tells it; one or several.
        share: or drop this share of the fields of a case that say something, rounded down,
            those of the lowest attention. A quarter, half and three quarters unless one of
            both is given.
        layer: of attention, as for `attention_importance`.
        rows: so many at most, drawn.
        samples: coalitions asked about in each case; Shapley values are exact where there are
            no more. None leaves out that way to drop, which takes longest.
        repeats: of dropping at random, of which means are taken.
        seed: of all draws.

    Returns:
        Indexed by the threshold or share and by what was `dropped` ("nothing" first):
        `fields`, the mean number of fields dropped, `change`, the mean absolute change of the
        prediction, and the figure of the part as in `importance`.

    Raises:
        AttnrecError: both or neither number in range, a model that attends to no field, or a
            part that cannot be judged.
    """
    name, levels = _levels(threshold, share)
    repeats = whole_number("repeats", repeats)
    given = judged(features, part, whole_number("rows", rows), seed)
    players, inputs = Players.of(features.schema), given.inputs
    gets = field_attention(recorder, features.schema, inputs, layer=layer)
    attended = ~np.isnan(gets).all(0)
    able = players.present(inputs)[:, : gets.shape[1]] & attended
    before = np.asarray(predictions(inputs), float)
    rng = np.random.default_rng(seed)
    orders = {
        "lowest attention": [gets],
        "at random": [rng.random(gets.shape) for _ in range(repeats)],
    }
    if samples is not None:
        nothing = silent(inputs.take(np.zeros(1, int)))
        values, _ = shapley_values(scores, players, inputs, nothing, samples=samples, seed=seed)
        orders["lowest Shapley"] = [np.abs(values[:, : gets.shape[1]])]
    found: dict[tuple[float, str], tuple[float, float, float]] = {}
    found[0.0, "nothing"] = (0.0, 0.0, given.figure(scores(inputs)))
    for level in levels:
        if name == "threshold":
            counts = (able & (np.nan_to_num(gets) < level)).sum(1)
        else:
            counts = np.floor(level * able.sum(1) + 1e-9).astype(int)
        for dropped, each in orders.items():
            told = []
            for order in each:
                out = np.zeros((len(able), len(players)), bool)
                out[:, : gets.shape[1]] = lowest(order, able, counts)
                left = players.without(inputs, out)
                change = np.abs(predictions(left) - before).mean()
                told.append((out.sum(1).mean(), change, given.figure(scores(left))))
            found[level, dropped] = tuple(np.mean(told, axis=0).tolist())
    return pd.DataFrame(
        list(found.values()),
        index=pd.MultiIndex.from_tuples(found, names=[name, "dropped"]),
        columns=["fields", "change", given.name],
    )


def lowest(
    values: Float[np.ndarray, "case field"],
    able: Bool[np.ndarray, "case field"],
    counts: Int[np.ndarray, " case"],
) -> Bool[np.ndarray, "case field"]:
    """So many fields of each case, among those able, with the lowest values; ties in order."""
    order = np.argsort(np.where(able, values, np.inf), axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    return able & (place < counts[:, None])


def _levels(threshold: Any, share: Any) -> tuple[str, list[float]]:
    if threshold is not None and share is not None:
        raise AttnrecError("threshold, share: expected one of them, got both")
    if threshold is None and share is None:
        share = (0.25, 0.5, 0.75)
    name, given = ("share", share) if threshold is None else ("threshold", threshold)
    levels = list(given) if isinstance(given, Sequence | np.ndarray) else [given]
    for level in levels:
        fits = isinstance(level, Real) and not isinstance(level, bool) and 0 <= float(level) <= 1
        if not fits:
            raise AttnrecError(f"{name}: expected numbers from 0 to 1, got {given!r}")
    if not levels or isinstance(given, str):
        raise AttnrecError(f"{name}: expected a number from 0 to 1, or several, got {given!r}")
    return name, [float(level) for level in levels]
