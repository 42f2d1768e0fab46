"""Permutation importance: known answers, and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.errors import AttnrecError, DataError
from attnrec.evaluation.prediction_metrics import auc as by_evaluation
from attnrec.explanations.features.judged import auc, judged
from attnrec.models.features import DIN, FM
from attnrec.models.features.scorer import centre_of, range_of
from tests.explanations.feature_shop import choices, clicks, linear, run_of


@pytest.fixture(scope="module")
def shop():
    return clicks()


@pytest.fixture(scope="module")
def trained(shop):
    return ar.fit(
        FM(embedding_size=4), shop, epochs=15, learning_rate=0.02, batch_size=128, progress=False
    )


def test_what_was_planted_counts_and_what_was_not_does_not(trained):
    table = trained.importance(repeats=3)
    assert table.index.name == "field"
    assert list(table.columns) == ["side", "importance", "deviation"]
    assert set(table.index[:2]) == {"taste", "colour"}
    assert table["importance"].is_monotonic_decreasing
    assert table["importance"].iloc[1] > 0.25  # from almost .95 to .5
    assert table["importance"].iloc[2:].abs().max() < 0.05
    assert table.attrs["figure"] == "AUC"
    assert table.attrs["rows"] == len(trained.features.examples("test"))
    assert table.attrs["value"] == pytest.approx(trained.evaluate().loc["FM", "AUC"], abs=1e-6)


def test_a_field_that_the_model_does_not_read_counts_for_nothing(shop):
    run = linear(shop, {"taste": [1, -1], "tags": [0.5, 1, 2]})
    for method in ("permutation", "ablation"):
        table = run.importance("train", method)
        assert (table.loc[["hour", "noise", "colour"], "importance"] == 0).all()
        assert (table.loc[["taste", "tags"], "importance"] != 0).all()
    assert (run.importance().loc["hour", "deviation"]) == 0


def test_taken_together_two_that_tell_the_same_are_missed(shop):
    """Noise as a second taste: as a group both count, each alone half as much at most."""
    run = linear(shop, {"colour": [1, -1], "taste": [1, -1]})
    table = run.importance("train", groups={"all of it": ["taste", "colour"]}, repeats=2)
    assert table.loc["all of it", "side"] == "user, item"
    assert set(table.index) == {"all of it", "tags", "hour", "noise"}


@pytest.fixture(scope="module")
def numbers():
    """Ratings that are a sum of numbers, and a run that knows it; and its matrix."""
    rng = np.random.default_rng(0)
    rows = 800
    table = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"]).assign(
        user=np.arange(rows) % 20, item=np.arange(rows) % 30
    )
    table["rating"] = 2 * table["a"] - table["b"] + rng.normal(0, 0.5, rows)
    features = ar.features.build(
        at_random(validate(table), test=0.5),
        context=[ar.features.Number(name, scale="standard") for name in "abc"],
        label="rating",
        ids=False,
    )
    return linear(features, {"a": [2.0], "b": [-1.0], "c": [0.3]})


class Linear(RegressorMixin, BaseEstimator):
    """What scikit-learn asks of the same model."""

    def __init__(self, weights, centre, within):
        self.weights, self.centre, self.within = weights, centre, within
        self.is_fitted_ = True

    def fit(self, x, y):
        return self

    def predict(self, x):
        return np.clip(x @ self.weights + self.centre, *self.within)


def test_it_is_scikit_learns(numbers):
    features, test = numbers.features, numbers.features.examples("test")
    x = np.asarray(features.of_rows(test.rows).flat().weights, float)
    model = Linear(np.array([2.0, -1.0, 0.3]), centre_of(features), range_of(features))
    repeats = 60
    theirs = permutation_importance(
        model,
        x,
        test.labels.astype(float),
        scoring="neg_root_mean_squared_error",
        n_repeats=repeats,
        random_state=0,
    )
    ours = numbers.importance(repeats=repeats, seed=1).loc[list("abc")]
    assert ours.index.tolist() == ["a", "b", "c"]
    # Two means of as many draws: five standard errors of their difference.
    error = np.sqrt(2 / repeats) * theirs.importances_std
    assert (np.abs(ours["importance"] - theirs.importances_mean) < 5 * error).all()
    np.testing.assert_allclose(ours["deviation"], theirs.importances_std, rtol=0.5)
    assert (theirs.importances_mean[:2] > 20 * error[:2]).all()  # and not by chance
    whole = numbers.importance(repeats=1)
    assert whole["deviation"].isna().all()
    assert whole.attrs["figure"] == "RMSE"
    assert whole.attrs["value"] == pytest.approx(numbers.evaluate().iloc[0]["RMSE"], rel=1e-6)


def test_an_ablation_by_hand(numbers):
    features, test = numbers.features, numbers.features.examples("test")
    x = np.asarray(features.of_rows(test.rows).flat().weights, float)
    weights, centre = np.array([2.0, -1.0, 0.3]), centre_of(features)

    def rmse(of):
        predicted = np.clip(x @ of + centre, *range_of(features))
        return np.sqrt(np.square(predicted - test.labels).mean())

    table = numbers.importance(method="ablation").loc[list("abc")]
    expected = [rmse(weights * (np.arange(3) != i)) - rmse(weights) for i in range(3)]
    np.testing.assert_allclose(table["importance"], expected, atol=1e-5)
    assert table["deviation"].isna().all()


def test_auc_counts_pairs():
    rng = np.random.default_rng(0)
    labels, scores = rng.random(200) < 0.3, rng.integers(0, 9, 200).astype(float)  # with ties
    pairs = np.sign(scores[labels][:, None] - scores[~labels])
    found = auc(labels, scores)
    assert found == pytest.approx((pairs.mean() + 1) / 2, abs=1e-12)
    assert found == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert found == pytest.approx(by_evaluation(labels, scores), abs=1e-12)


def test_choices_are_judged_among_others():
    features = choices()
    run = linear(features, {"size": [0.0, 5.0], "taste": [1, -1]})
    given = judged(features, "test")
    assert (given.candidates, len(given)) == (21, len(features.examples("test")))
    items = np.asarray(given.inputs.items.levels).reshape(len(given), 21, -1)
    scores = run.scorer.scores(given.inputs).reshape(len(given), 21).astype(float)
    log_loss = -(scores[:, 0] - np.log(np.exp(scores).sum(1))).mean()
    table = run.importance(repeats=3)
    assert table.attrs["figure"] == "LogLoss"
    assert table.attrs["value"] == pytest.approx(log_loss, abs=1e-6)
    # What is said of the user is the same for all candidates, in whichever case it is put.
    assert table.loc["taste", "importance"] == pytest.approx(0, abs=1e-6)
    assert table.loc["taste", "deviation"] == pytest.approx(0, abs=1e-6)
    assert abs(table.loc["size", "importance"]) > 0.01
    assert table.loc["colour", "importance"] == 0
    chosen = features.items.levels[features.examples("test").items]
    np.testing.assert_array_equal(items[:, 0], chosen)
    uniform = linear(features, {})
    assert uniform.importance().attrs["value"] == pytest.approx(np.log(21), abs=1e-6)


def test_drawn_items_are_not_the_chosen_one():
    """Five thousand draws among 24 items would hit it two hundred times."""
    features = choices(ids=True)
    told = []
    for seed in (0, 0, 1):
        given = judged(features, "train", seed=seed)
        items = np.asarray(given.inputs.items.levels)[:, 0].reshape(len(given), 21)
        assert not (items[:, 1:] == items[:, :1]).any()
        users = np.asarray(given.inputs.users.levels)[:, 0].reshape(len(given), 21)
        assert (users == users[:, :1]).all()
        told.append(items)
    np.testing.assert_array_equal(told[0], told[1])
    assert (told[0][:, 1:] != told[2][:, 1:]).any()
    np.testing.assert_array_equal(told[0][:, 0], told[2][:, 0])
    counts = np.bincount(told[0][:, 1:].ravel())[-24:]
    assert len(features.data.items) == 24
    assert counts.min() > 0.7 * counts.mean()  # evenly: 150 of each, by a deviation of 12


def test_the_history_is_one_more_field():
    run = run_of(DIN(embedding_size=4), choices(history=5))
    table = run.importance(repeats=2)
    assert table.loc["history", "side"] == "history"
    assert table.loc["history", "importance"] != 0


def test_equal_seeds_give_equal_tables(trained):
    one, again, other = (trained.importance(seed=seed, repeats=2) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, again)
    assert not one.equals(other)
    few = trained.importance(rows=50, repeats=2)
    assert few.attrs["rows"] == 50
    pd.testing.assert_frame_equal(few, trained.importance(rows=50, repeats=2))
    assert trained.importance(rows=10**6, repeats=1).attrs["rows"] == len(
        trained.features.examples("test")
    )


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "permutatoin"}, "method: expected one of .*; did you mean 'permutation'"),
        ({"repeats": 0}, "repeats: expected a whole number from 1, got 0"),
        ({"rows": 0}, "rows: expected a whole number from 1, got 0"),
        ({"rows": 1}, "part: AUC needs both outcomes, and 1 rows of 'test' are all"),
        ({"groups": {"a": ["tset"]}}, "groups"),
    ],
)
def test_what_cannot_be_asked_is_refused(trained, options, told):
    with pytest.raises(AttnrecError, match=told):
        trained.importance(**options)


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_part_is_refused(trained):
    with pytest.raises(DataError, match="part: expected one of .*; did you mean 'test'"):
        trained.importance("tset")


def test_a_part_without_a_row_is_refused():
    features = clicks(400)
    whole = at_random(features.data, validation=0.1, test=0.1)
    whole.part[whole.part == 2] = 0
    run = linear(ar.features.build(whole, user=["taste"], label="rating", ids=False), {})
    with pytest.raises(AttnrecError, match="part: no row of 'test' has a label"):
        run.importance()
