"""Do attention, permutation, Shapley values and ablation name the same fields?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError
from attnrec.explanations.agreement import kendall
from attnrec.explanations.features.attention import maps_of_fields, of_record, recorded
from attnrec.explanations.features.judged import Part, some
from attnrec.explanations.features.permutation import importance
from attnrec.explanations.features.players import Players, Scores
from attnrec.explanations.features.shapley import background_of, shapley_values
from attnrec.features.examples import Features
from attnrec.features.fields import Inputs
from attnrec.models.features.recorder import FeatureRecorder

METHODS = ("attention", "permutation", "Shapley", "ablation")


@dataclass(frozen=True, eq=False)
class FeatureAgreement:
    """What methods say of fields, over a part and case by case.

    Attributes:
        importance: a row a field, a column a method: mean attention, permutation importance,
            mean absolute Shapley value, mean absolute change of the score by ablation; the
            field that the first of these puts first stands first.
        by_case: of the methods that speak of single cases, float[case, field], in that order.
        present: which fields say something in each case.
    """

    importance: pd.DataFrame
    by_case: dict[str, Float[np.ndarray, "case field"]]
    present: Bool[np.ndarray, "case field"]

    def table(self) -> pd.DataFrame:
        r"""Two methods a row, and how far they agree.

        Returns:
            `overall`: Kendall's $\tau_b$ [kendall1945ties]_ of the columns of `importance`;
            `by_case`: the mean over cases of that between their fields; `same_first`: the share
            of cases in which both put the same field first; `chance`: what drawing the
            first would give of that. NaN where a method says nothing of cases, or orders nothing.
        """
        found = []
        for one, other in combinations(self.importance, 2):
            pair = self.importance[[one, other]].to_numpy().T
            line = {"overall": kendall(pair[:1], pair[1]).item()}
            if one in self.by_case and other in self.by_case:
                line |= self._of_cases(self.by_case[one], self.by_case[other])
            found.append(line)
        index = pd.MultiIndex.from_tuples(
            combinations(self.importance, 2), names=["method", "other"]
        )
        columns = ["overall", "by_case", "same_first", "chance"]
        return pd.DataFrame(found, index).reindex(columns=columns)

    def _of_cases(self, one: np.ndarray, other: np.ndarray) -> dict[str, float]:
        """Of cases with two fields or more that say something."""
        cases = np.flatnonzero(self.present.sum(1) > 1)
        taus, same = [], []
        for case in cases:
            there = self.present[case]
            mine, theirs = one[case, there], other[case, there]
            taus.append(kendall(mine[None], theirs).item())
            same.append(mine.argmax() == theirs.argmax())
        known = np.array(taus)[~np.isnan(taus)]
        return {
            "by_case": known.mean() if len(known) else np.nan,
            "same_first": np.mean(same) if same else np.nan,
            "chance": (1 / self.present[cases].sum(1)).mean() if same else np.nan,
        }

    @property
    def shares(self) -> pd.DataFrame:
        """`importance` as shares; see `shares_of`."""
        return shares_of(self.importance)

    @property
    def off(self) -> Bool[np.ndarray, " field"]:
        """Where attention is far from the other methods; see `disagreeing`."""
        return disagreeing(self.importance)

    def __repr__(self) -> str:
        return f"FeatureAgreement of {', '.join(self.importance)}: {len(self.present)} cases"


def feature_agreement(
    scores: Scores,
    recorder: FeatureRecorder,
    features: Features,
    part: Part = "test",
    *,
    layer: int | str | None = None,
    rows: int = 200,
    background: int = 50,
    samples: int = 256,
    repeats: int = 5,
    seed: int = 0,
) -> FeatureAgreement:
    """Importance of fields by four methods, to be held against each other.

    None but attention looks inside the model, and none takes gradients. Ablation
    is what the score moves by, up or down, once a field says nothing.

    Args:
        scores, recorder: of a model, `run.scorer.scores` and `run.recorder`.
        features: the data.
        part: which rows.
        layer: of attention, as for `attention_importance`.
        rows: of the part that attention, Shapley values and ablation speak of, at most, drawn;
            permutation takes all, for its figure to be sharp.
        background: examples of train for Shapley values.
        samples: coalitions asked about in each case; exact where there are no more.
        repeats: permutations of each field.
        seed: of all draws.

    Returns:
        Of the fields that attention tells of; of all fields and without attention where
        the model attends to none.

    Raises:
        AttnrecError: fewer than two such fields, or a part that cannot be judged.
    """
    players = Players.of(features.schema)
    cases = features.of_rows(some(features, part, rows, seed).rows)
    by_case: dict[str, np.ndarray] = {}
    fields = np.arange(len(players))
    records = list(recorded(recorder, cases)) if recorder.names else []
    if records and maps_of_fields(records[0], features.schema):
        gets = [of_record(one, features.schema, layer) for one in records]
        by_case["attention"] = np.concatenate(gets)
        fields = np.flatnonzero(~np.isnan(by_case["attention"]).all(0))
    if len(fields) < 2:
        raise AttnrecError(f"fields: expected two or more to put in order, got {len(fields)}")
    lent = background_of(features, background, seed)
    values, _ = shapley_values(scores, players, cases, lent, samples=samples, seed=seed)
    by_case["Shapley"] = np.abs(values)
    by_case["ablation"] = np.abs(ablation(scores, players, cases))
    whole = importance(scores, features, part, repeats=repeats, seed=seed)["importance"]
    columns = {name: each.mean(0)[fields] for name, each in by_case.items()}
    columns["permutation"] = whole.loc[[players.names[i] for i in fields]].to_numpy()
    found = {name: columns[name] for name in METHODS if name in columns}
    order = np.argsort(-next(iter(found.values())), kind="stable")
    fields = fields[order]
    return FeatureAgreement(
        pd.DataFrame(
            {name: column[order] for name, column in found.items()},
            index=pd.Index([players.names[i] for i in fields], name="field"),
        ),
        {name: each[:, fields] for name, each in by_case.items()},
        players.present(cases)[:, fields],
    )


def ablation(scores: Scores, players: Players, cases: Inputs) -> Float[np.ndarray, "case player"]:
    """What the score of each case loses as each player says nothing."""
    whole = np.asarray(scores(cases), float)
    lost = np.empty((len(whole), len(players)))
    for player in range(len(players)):
        dropped = np.zeros(lost.shape, bool)
        dropped[:, player] = True
        lost[:, player] = whole - scores(players.without(cases, dropped))
    return lost


def shares_of(importance: pd.DataFrame) -> pd.DataFrame:
    """Each method's column over its sum, what is below zero being none."""
    positive = importance.clip(lower=0)
    return positive / positive.sum().where(lambda total: total > 0, 1)


def disagreeing(importance: pd.DataFrame) -> Bool[np.ndarray, " field"]:
    """Where attention differs from the median of the other methods.

    In rank by more than a third of all ranks, and in share by more than half an even share.
    """
    count = len(importance)
    if "attention" not in importance or len(importance.columns) < 2:
        return np.zeros(count, bool)

    def off(by: pd.DataFrame) -> pd.Series:
        return (by["attention"] - by.drop(columns="attention").median(axis=1)).abs()

    in_rank = off(importance.rank(ascending=False)) > count / 3
    return (in_rank & (off(shares_of(importance)) > 0.5 / count)).to_numpy()
