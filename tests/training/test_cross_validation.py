"""A training a fold, against doing it by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attnrec as ar
from attnrec.data.folds import k_fold, time_series
from attnrec.errors import AttnrecError
from attnrec.features.build import build
from attnrec.training.cross_validation import cross_validate
from attnrec.training.features import Prediction

RECIPE = ar.FM(embedding_size=4)
QUICK = {"epochs": 2, "learning_rate": 0.05, "batch_size": 128}


def ratings():
    """That a user gives an item: the user's mean, the item's, and some noise."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": np.repeat(range(30), 20), "item": np.tile(range(20), 30)})
    frame["rating"] = 3 + frame.user % 3 + frame.item % 2 + rng.normal(0, 0.1, len(frame))
    return ar.datasets.load(frame.sample(frac=0.8, random_state=0))


@pytest.fixture(scope="module")
def folds():
    return k_fold(ratings(), k=3)


def of_ratings(fold):
    return build(fold, label="rating")


def judged(folds, **settings):
    return cross_validate(RECIPE, folds, of_ratings, progress=False, **QUICK | settings)


def test_each_fold_is_trained_and_judged_as_by_hand(folds):
    table = judged(folds, seed=3)
    assert table.index.tolist() == [1, 2, 3]
    assert table.index.name == "fold"
    assert table["rows"].sum() == len(folds[0].data)
    for number, fold in enumerate(folds, 1):
        run = ar.fit(RECIPE, of_ratings(fold), seed=3, progress=False, **QUICK)
        expected = run.evaluate(baselines=False).loc["FM"]
        pd.testing.assert_series_equal(table.loc[number], expected, check_names=False)
    summed = table.agg(["mean", "std"])
    figures = table["RMSE"].tolist()
    assert summed.loc["mean", "RMSE"] == pytest.approx(sum(figures) / 3)
    apart = [(figure - sum(figures) / 3) ** 2 for figure in figures]
    assert summed.loc["std", "RMSE"] == pytest.approx((sum(apart) / 2) ** 0.5)


def test_baselines_stand_beside_in_every_fold(folds):
    table = judged(folds[:2], baselines=True, part="validation")
    assert table.index.tolist() == [(n, m) for n in (1, 2) for m in ("FM", "mean of train")]
    assert table.index.names == ["fold", "model"]
    rows = np.array([(fold.part == 1).sum() for fold in folds[:2]])
    assert table["rows"].tolist() == np.repeat(rows, 2).tolist()
    by_model = table.groupby("model")["RMSE"].mean()
    labels = [fold.data.frame["rating"].to_numpy() for fold in folds[:2]]
    pairs = zip(folds[:2], labels, strict=True)
    spread = [np.sqrt(np.mean((y[f.part == 1] - y[f.part == 0].mean()) ** 2)) for f, y in pairs]
    assert by_model["mean of train"] == pytest.approx(np.mean(spread), rel=1e-5)  # float32 labels


def test_histories_that_are_known_are_told_in_every_period(chain):
    recipe = ar.SASRec(embedding_size=16, num_layers=1, max_length=8, dropout_rate=0.0)
    settings = {"epochs": 12, "batch_size": 8, "learning_rate": 3e-2, "progress": False}
    table = cross_validate(
        recipe, time_series(chain, k=2, test=0.2), cutoffs=[1], baselines=[], **settings
    )
    assert table.index.tolist() == [(1, "SASRec"), (2, "SASRec")]
    assert table["HR@1"].min() > 0.8  # chance: 1 / 12
    assert set(table) == {f"{m}@1" for m in ("HR", "NDCG", "MRR", "Recall", "Precision", "F1")} | {
        *("MAP@1", "MRR", "cases")
    }


def test_checkpoints_of_each_fold_stand_apart_and_are_gone_on_from(folds, tmp_path):
    table = judged(folds[:2], checkpoint_dir=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fold-1", "fold-2"]
    again = judged(folds[:2], checkpoint_dir=tmp_path)
    pd.testing.assert_frame_equal(table, again)


def test_ctrl_c_leaves_the_folds_before_it(folds, monkeypatch):
    real, epochs = Prediction.validate, []

    def interrupted(self, params):
        epochs.append(1)
        if len(epochs) == 4:  # the second fold's second epoch
            raise KeyboardInterrupt
        return real(self, params)

    monkeypatch.setattr(Prediction, "validate", interrupted)
    with pytest.warns(UserWarning, match="interrupted in fold 2 of 3: only those before it"):
        table = judged(folds)
    assert table.index.tolist() == [1]
    epochs[:] = [1, 1]
    with pytest.raises(KeyboardInterrupt):
        judged(folds)


def test_an_error_says_in_which_fold(folds):
    def features(fold):
        return build(fold, label="rating" if fold is folds[0] else "stars")

    with pytest.raises(AttnrecError, match="label: no column 'stars'") as caught:
        cross_validate(RECIPE, folds, features, progress=False, **QUICK)
    assert caught.value.__notes__ == ["in fold 2 of 3"]


def test_features_are_those_of_the_fold(folds):
    once = of_ratings(folds[0])
    with pytest.raises(AttnrecError, match="build makes of the fold .* got those of another split"):
        cross_validate(RECIPE, folds[1:], lambda _: once, progress=False, **QUICK)
    with pytest.raises(AttnrecError, match="features: .* that is given, got NoneType"):
        cross_validate(RECIPE, folds, lambda _: None, progress=False, **QUICK)
    with pytest.raises(AttnrecError, match="features: expected a function of a fold.*got Features"):
        cross_validate(RECIPE, folds, once, progress=False, **QUICK)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([], "folds: expected a list of splits.*got list$"),
        (7, "got int$"),
        ("folds", "got str of str"),
        ([3, 4], "got list of int"),
        (pd.DataFrame({"user": [1]}), "got DataFrame of str"),
    ],
)
def test_folds_are_a_list_of_splits(wrong, told):
    with pytest.raises(AttnrecError, match=told):
        cross_validate(RECIPE, wrong, of_ratings)


def test_what_else_is_refused(folds):
    with pytest.raises(AttnrecError, match="got RowSplit$"):
        judged(folds[0])
    with pytest.raises(AttnrecError, match="features: needed for folds of rows"):
        cross_validate(ar.SASRec(), folds)
    with pytest.raises(AttnrecError, match="epoch: no argument of fit; did you mean 'epochs'?"):
        judged(folds, epoch=3)
    with pytest.raises(AttnrecError, match="data: no argument of fit"):
        judged(folds, data=3)
    with pytest.raises(AttnrecError, match="part: expected 'validation' or 'test', got 'train'"):
        judged(folds[:1], part="train")
