r"""Shapley values of fields: what each adds to a prediction, beside what is usual.

The players are the fields of an example $x$, and a coalition $S$ is worth

$$v(S) = \frac{1}{B} \sum_{b=1}^{B} s\big(x_S,\, z^{(b)}_{\bar S}\big),$$

the mean score over examples $z^{(b)}$ of the train part that lend all other fields
(Lundberg and Lee, 2017 [lundberg2017unified]_). The values sum to the score less the mean
score of these examples. Fields are set, not observed: that is the expectation under an
intervention, which gives nothing to a field that the model does not read, also where
it tells of others that it does (Janzing, Minorics and Blöbaum, 2020
[janzing2020feature]_). What it costs: some mixtures are examples that never were.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from attnrec.errors import whole_number
from attnrec.explanations.coalitions import every_coalition
from attnrec.explanations.features.judged import some
from attnrec.explanations.features.players import Players, Scores
from attnrec.explanations.shapley import exact_values, permutation_values
from attnrec.features.examples import Features
from attnrec.features.fields import Inputs

SAMPLES = 4096  # all coalitions of 12 fields
AT_ONCE = 1 << 16  # examples made together


@dataclass(frozen=True, eq=False)
class FeatureShapley:
    """Shapley values of some predictions.

    Attributes:
        names, sides: of each player: a field, a group, or the history.
        words: what each says in each case.
        shapley: of each, in the unit of `scores`.
        standard_error: of having drawn coalitions; 0 where all were asked about.
        scores: of each case.
        base: the mean score of the background, to which values add up to the score.
    """

    names: tuple[str, ...]
    sides: tuple[str, ...]
    words: list[list[str]]
    shapley: Float[np.ndarray, "case player"]
    standard_error: Float[np.ndarray, "case player"]
    scores: Float[np.ndarray, " case"]
    base: float

    def to_frame(self) -> pd.DataFrame:
        """A row for each case (from 1) and field, what counts most first."""
        count, size = self.shapley.shape
        table = pd.DataFrame(
            {
                "case": np.repeat(np.arange(1, count + 1), size),
                "field": self.names * count,
                "side": self.sides * count,
                "value": [word for said in self.words for word in said],
                "shapley": self.shapley.ravel(),
                "standard_error": self.standard_error.ravel(),
            }
        )
        order = np.lexsort((-table["shapley"].abs(), table["case"]))
        return table.iloc[order].reset_index(drop=True)

    def __repr__(self) -> str:
        return f"FeatureShapley({len(self.scores)} cases of {', '.join(self.names)})"


def background_of(features: Features, count: int = 100, seed: int = 0) -> Inputs:
    """So many examples of the train part, drawn; all, where there are fewer.

    Of choices these are choices, so that what sells much is usual.
    """
    count = whole_number("background", count)
    return features.of_rows(some(features, "train", count, seed).rows)


def shapley_values(
    scores: Scores,
    players: Players,
    cases: Inputs,
    background: Inputs,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> tuple[Float[np.ndarray, "case player"], Float[np.ndarray, "case player"]]:
    """Shapley values of the players in each case, and their standard errors.

    Args:
        scores: what a model gives examples.
        players: fields, or groups of them.
        cases: examples to be explained, each with its one candidate.
        background: examples that lend what a coalition has not.
        samples: coalitions that may be asked about; where there are no more than these the
            values are exact, else from permutations (`permutation_values`).
        seed: of the permutations.

    Raises:
        AttnrecError: fewer samples than two for each player.
    """
    n, count = len(players), len(cases.users.levels)
    samples = whole_number("samples", samples, least=2 * n)
    values, errors = np.zeros((count, n)), np.zeros((count, n))
    if 1 << n <= samples:
        found = worths(scores, players, cases, background, every_coalition(n))
        for case, of_case in enumerate(found):
            values[case] = exact_values(partial(_known, of_case), n)
        return values, errors
    for case in range(count):
        alone = cases.take(np.array([case]))
        game = partial(_worth, scores, players, alone, background)
        drawn = permutation_values(game, n, samples=samples, seed=seed)
        values[case], errors[case] = drawn.value, drawn.standard_error
    return values, errors


def _known(
    found: Float[np.ndarray, " variant"], keep: Bool[np.ndarray, "variant player"]
) -> Float[np.ndarray, " variant"]:
    """The game of one case whose coalitions have all been asked about, in their order."""
    assert len(found) == len(keep)
    return found


def _worth(
    scores: Scores,
    players: Players,
    case: Inputs,
    background: Inputs,
    keep: Bool[np.ndarray, "variant player"],
) -> Float[np.ndarray, " variant"]:
    """The game of one case."""
    return worths(scores, players, case, background, keep)[0]


def worths(
    scores: Scores,
    players: Players,
    cases: Inputs,
    background: Inputs,
    keep: Bool[np.ndarray, "variant player"],
) -> Float[np.ndarray, "case variant"]:
    """What coalitions are worth in each case: the mean score, mixed with a background."""
    size, count = len(background.users.levels), len(cases.users.levels)
    at_once, found = max(1, AT_ONCE // size), []
    for start in range(0, count * len(keep), at_once):
        pairs = np.arange(start, min(start + at_once, count * len(keep)))
        case, variant = np.divmod(np.repeat(pairs, size), len(keep))
        others = background.take(np.tile(np.arange(size), len(pairs)))
        mixed = players.mixed(cases.take(case), others, keep[variant])
        found.append(np.asarray(scores(mixed), float).reshape(-1, size).mean(1))
    return np.concatenate(found).reshape(count, len(keep))


def explained(
    scores: Scores,
    features: Features,
    players: Players,
    cases: Inputs,
    background: Inputs,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> FeatureShapley:
    """`shapley_values`, with what they are values of."""
    values, errors = shapley_values(scores, players, cases, background, samples=samples, seed=seed)
    return FeatureShapley(
        players.names,
        players.sides,
        players.words(features, cases),
        values,
        errors,
        np.asarray(scores(cases), float),
        float(np.asarray(scores(background), float).mean()),
    )
