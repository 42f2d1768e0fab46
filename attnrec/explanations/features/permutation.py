"""How much worse a model predicts once it is not told a field."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from jaxtyping import Float

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.explanations.features.judged import Judged, Part, judged
from attnrec.explanations.features.players import Groups, Players, Scores
from attnrec.features.examples import Features

Method = Literal["permutation", "ablation"]


def importance(
    scores: Scores,
    features: Features,
    part: Part = "test",
    method: Method = "permutation",
    *,
    groups: Groups | None = None,
    rows: int | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    r"""By how much the figure of a part worsens without each field.

    `"permutation"` gives every row the field of another: what the field says
    stays as frequent as it was, and tells nothing of the row (Breiman, 2001
    [breiman2001random]_; for any model and figure Fisher, Rudin and Dominici, 2019
    [fisher2019all]_, whose difference $e_{\mathrm{switch}} - e_{\mathrm{orig}}$ it is, over
    `repeats` permutations). `"ablation"` lets it say nothing in every row.

    The figure is AUC, RMSE, or log-loss among drawn items; see `judged`. There, what
    tells of items is permuted among all candidates, and else among cases.

    Two cautions. Where fields tell the same, either can be missed without harm, and
    both seem to count little: `groups` takes them together. And a permuted row may be
    one that never was, such as a costly item of a cheap brand.

    Args:
        scores: what a model gives examples, as `run.scorer.scores`.
        features: the data.
        part: which rows.
        method: what is done to a field.
        groups: fields to be taken as one, by name.
        rows: so many at most, drawn; all unless given.
        repeats: permutations of each field.
        seed: of the permutations, the same for every field, and of what is drawn.

    Returns:
        A row for each field, the history being one, the most important first: `side`,
        `importance` in units of the figure (negative, where the field harms) and `deviation`,
        the standard deviation over repeats (NaN of one, and of an ablation). The attributes
        of the table tell the `figure`, its `value` with all fields, and the number of `rows`.

    Raises:
        AttnrecError: an unknown method or group, or a part that cannot be judged.
    """
    if method not in get_args(Method):
        raise AttnrecError(
            f"method: expected one of {get_args(Method)}, got {method!r}"
            + did_you_mean(method, get_args(Method))
        )
    players = Players.of(features.schema, groups)
    given = judged(features, part, rows, seed)
    before = given.figure(scores(given.inputs))
    if method == "ablation":
        found = _ablated(scores, given, players, before)
    else:
        found = _permuted(scores, given, players, before, whole_number("repeats", repeats), seed)
    table = pd.DataFrame(
        {
            "side": players.sides,
            "importance": found.mean(0),
            "deviation": found.std(0, ddof=1) if len(found) > 1 else np.nan,
        },
        index=pd.Index(players.names, name="field"),
    )
    table.attrs.update(figure=given.name, value=before, rows=len(given), method=method)
    return table.sort_values("importance", ascending=False, kind="stable")


def _permuted(
    scores: Scores, given: Judged, players: Players, before: float, repeats: int, seed: int
) -> Float[np.ndarray, "repeat player"]:
    rng, count = np.random.default_rng(seed), given.candidates
    found = np.empty((repeats, len(players)))
    for repeat in range(repeats):
        by_example = rng.permutation(len(given) * count)
        cases = rng.permutation(len(given))
        by_case = (cases[:, None] * count + np.arange(count)).ravel()
        for player in range(len(players)):
            order = by_example if players.of_candidate[player] else by_case
            own = np.ones((len(order), len(players)), bool)
            own[:, player] = False
            mixed = players.mixed(given.inputs, given.inputs.take(order), own)
            found[repeat, player] = given.worse(before, given.figure(scores(mixed)))
    return found


def _ablated(
    scores: Scores, given: Judged, players: Players, before: float
) -> Float[np.ndarray, "1 player"]:
    found = np.empty((1, len(players)))
    for player in range(len(players)):
        dropped = np.zeros((len(given) * given.candidates, len(players)), bool)
        dropped[:, player] = True
        after = given.figure(scores(players.without(given.inputs, dropped)))
        found[0, player] = given.worse(before, after)
    return found
