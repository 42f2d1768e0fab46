"""Searches: what is tried, what is found, what goes wrong and is told."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from itertools import product
from types import SimpleNamespace

import jax
import numpy as np
import optuna
import pandas as pd
import pytest
from flax import nnx

import attnrec as ar
from attnrec.data.folds import k_fold
from attnrec.data.split import at_random
from attnrec.errors import AttnrecError
from attnrec.features.build import build
from attnrec.training import tuning
from attnrec.training.features import Prediction
from attnrec.training.tuning import search

RECIPE = ar.FM(embedding_size=4)
QUICK = {"epochs": 2, "batch_size": 128, "progress": False}
RATES = {"learning_rate": [1e-3, 5e-2]}


@pytest.fixture(scope="module")
def features():
    """Ratings: the user's mean, the item's, and some noise."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": np.repeat(range(30), 20), "item": np.tile(range(20), 30)})
    frame["rating"] = 3 + frame.user % 3 + frame.item % 2 + rng.normal(0, 0.1, len(frame))
    return build(at_random(ar.datasets.load(frame)), label="rating")


@pytest.fixture
def imagined(monkeypatch):
    """Trainings that are not made: `figure(settings)` is what would come of one."""

    def replaced_by(figure):
        made = []

        def instead(model, data, place, **settings):
            made.append((model, place, settings))
            told = figure(model, settings)
            rows = {"epoch": [1, 2], settings["metric"]: [told, math.nan]}
            return SimpleNamespace(
                history=pd.DataFrame(rows), provenance={"best_epoch": 1}, name="FM", data=data.data
            )

        monkeypatch.setattr(tuning, "fit_one", instead)
        return made

    return replaced_by


def test_a_grid_is_what_training_each_by_hand_gives(features):
    space = {"embedding_size": [1, 4], "learning_rate": [5e-2]}
    found = search(ar.FM, features, space, seed=5, **QUICK)
    assert found.metric == "RMSE"
    assert list(found.table) == [
        *("embedding_size", "learning_rate", "RMSE", "best_epoch", "seconds", "error")
    ]
    assert found.table.index.name == "trial"
    assert found.table["RMSE"].is_monotonic_increasing  # lower is better
    for trial, row in found.table.iterrows():
        size = {1: 1, 2: 4}[trial]
        assert (row["embedding_size"], row["learning_rate"], row["error"]) == (size, 5e-2, "")
        alone = ar.fit(ar.FM(size), features, seed=5, learning_rate=5e-2, **QUICK)
        expected = alone.evaluate("validation", baselines=False).loc["FM", "RMSE"]
        assert row["RMSE"] == pytest.approx(expected, rel=1e-6)
        assert row["best_epoch"] == alone.history["RMSE"].idxmin() + 1
    first = found.table.iloc[0]
    assert found.settings == {name: first[name] for name in space}
    assert found.best.config == ar.FM(found.settings["embedding_size"])
    assert found.best.history["RMSE"].min() == first["RMSE"]
    assert found.stopped is None
    assert repr(found) == (
        f"Search(FM on 'data': 2 trials; best RMSE on validation {first['RMSE']:.4f} with "
        f"embedding_size={found.settings['embedding_size']}, learning_rate=0.05)"
    )


def test_the_test_part_is_not_looked_at(features):
    other = features.labels.copy()
    test = features.split.part == 2
    other[test] = np.random.default_rng(1).permutation(other[test]) + 100
    tables = [
        search(RECIPE, f, RATES, **QUICK) for f in (features, replace(features, labels=other))
    ]
    one, same = (found.table.drop(columns="seconds") for found in tables)
    pd.testing.assert_frame_equal(one, same)
    one, same = (found.best.evaluate(baselines=False)["RMSE"].item() for found in tables)
    assert same > one + 90


def test_histories_are_judged_by_their_ranking(chain_split):
    recipe = ar.SASRec(embedding_size=16, num_layers=1, max_length=8, dropout_rate=0.0)
    space = {"learning_rate": list(np.array([1e-4, 3e-2])), "batch_size": np.array([8])}
    found = search(recipe, chain_split, space, epochs=6, progress=False)
    assert found.settings == {"learning_rate": 3e-2, "batch_size": 8}
    assert repr(found).endswith("with learning_rate=0.03, batch_size=8)")
    assert found.table["NDCG@10"].is_monotonic_decreasing
    assert found.table.index.tolist() == [2, 1]
    assert found.best.evaluate(baselines=False).loc["SASRec", "NDCG@10"] > 0.9  # chance: 0.37


def test_what_diverges_or_is_refused_is_a_row_and_the_search_goes_on(features):
    space = {"num_heads": [2, 3], "learning_rate": [1e30, 1e-2]}
    recipe = ar.AutoInt(embedding_size=4, attention_size=4, num_layers=1)
    found = search(recipe, features, space, **QUICK)
    assert found.table.index.tolist() == [2, 1, 3, 4]
    assert found.table["RMSE"].isna().tolist() == [False, True, True, True]
    assert found.table["best_epoch"].isna().tolist() == [False, True, True, True]
    errors = found.table["error"]
    assert errors[2] == ""
    assert "training diverged; learning_rate 1e+30 is probably too large" in errors[1]
    assert set(errors[[3, 4]]) == {"num_heads: 3 does not divide attention_size 4"}
    assert "4 trials, 3 failed; best RMSE" in repr(found)


def test_a_trial_that_memory_does_not_suffice_for_is_a_row(features, imagined):
    def figure(model, settings):
        if settings["batch_size"] > 100:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")
        return 1.0

    imagined(figure)
    found = search(RECIPE, features, {"batch_size": [200, 50]}, progress=False)
    assert found.table["error"].tolist() == ["", "RESOURCE_EXHAUSTED: out of memory"]


def test_a_search_of_which_nothing_succeeds_is_an_error(features):
    with pytest.raises(AttnrecError, match="none of 2 trials succeeded; the first: metric: expec"):
        search(RECIPE, features, RATES, metric="NDCG@10", **QUICK)


def test_a_mistake_of_python_is_no_failed_trial(features, imagined):
    def figure(model, settings):
        raise ZeroDivisionError

    imagined(figure)
    with pytest.raises(ZeroDivisionError):
        search(RECIPE, features, RATES, progress=False)


def test_nothing_to_judge_by(features):
    fold = k_fold(features.data, k=2, validation=0)[0]
    with pytest.raises(AttnrecError, match="data: its validation part has nothing to judge by"):
        search(RECIPE, build(fold, label="rating"), RATES, **QUICK)


def test_of_equals_the_first_is_best_and_the_metrics_direction_is_known(features, imagined):
    figures = {1e-1: 0.3, 1e-2: 0.7, 1e-3: 0.3, 1e-4: 0.7}
    space = {"learning_rate": list(figures)}
    imagined(lambda model, settings: figures[settings["learning_rate"]])
    found = search(RECIPE, features, space, metric="RMSE", progress=False)
    assert found.table.index.tolist() == [1, 3, 2, 4]
    assert found.settings == {"learning_rate": 1e-1}
    found = search(RECIPE, features, space, metric="AUC", progress=False)
    assert found.table.index.tolist() == [2, 4, 1, 3]
    assert found.settings == {"learning_rate": 1e-2}


def test_hyperparameters_go_to_the_recipe_and_the_rest_to_fit(features, imagined, tmp_path):
    made = imagined(lambda model, settings: 1.0)
    space = {"hidden_sizes": [(8, 4), ()], "patience": [None, 3], "seed": [7]}
    recipe = ar.AutoInt(num_layers=1)
    found = search(recipe, features, space, epochs=9, checkpoint_dir=tmp_path, progress=False)
    assert [model for model, _, _ in made] == [
        replace(recipe, hidden_sizes=sizes) for sizes in ((8, 4), (8, 4), (), ())
    ]
    assert [place for _, place, _ in made] == [f"trial-{number}" for number in (1, 2, 3, 4)]
    told = {"epochs": 9, "metric": "RMSE", "seed": 7, "checkpoint_dir": tmp_path}
    assert [settings for _, _, settings in made] == [
        told | {"patience": patience} for patience in (None, 3, None, 3)
    ]
    assert found.table["hidden_sizes"].tolist() == [(8, 4), (8, 4), (), ()]
    assert found.table["patience"].tolist() == [None, 3, None, 3]
    search(recipe, features, {"epochs": [1]}, seed=4, progress=False)
    assert made[-1] == (recipe, "trial-1", {"seed": 4, "metric": "RMSE", "epochs": 1})


def test_a_module_of_ones_own_is_searched_by_arguments_of_fit(features):
    @dataclass
    class Mine(nnx.Module):
        size: int = 2

        def __post_init__(self):
            self.users = nnx.Embed(100, 1, rngs=nnx.Rngs(0))

        def score(self, inputs, *, rngs=None):
            return self.users(inputs.flat()[0][:, 0])[:, 0]

    found = search(Mine(), features, RATES, **QUICK)
    assert found.best.name == "Mine"
    assert len(found.table) == 2
    with pytest.raises(AttnrecError, match="space: neither Mine nor fit has 'size'"):
        search(Mine(), features, {"size": [3]})
    with pytest.raises(AttnrecError, match="model: expected a recipe or its class.*class Mine"):
        search(Mine, features, RATES)


def tried(found, space):
    return [tuple(row) for row in found.table.sort_index()[list(space)].itertuples(index=False)]


def test_random_trials_are_all_different_and_those_of_the_seed(features, imagined):
    imagined(lambda model, settings: 1.0)
    space = {"embedding_size": list(range(1, 11)), "batch_size": list(range(1, 11))}
    quick = {"sampler": "random", "progress": False}
    one, same, other = (
        tried(search(RECIPE, features, space, trials=30, seed=seed, **quick), space)
        for seed in (1, 1, 2)
    )
    assert one == same != other
    assert len(set(one)) == 30
    assert set(one) <= set(product(range(1, 11), range(1, 11)))
    assert {size for size, _ in one} == set(range(1, 11))  # a grid of 30 would know 3
    assert len(tried(search(RECIPE, features, space, **quick), space)) == 20
    every = tried(search(RECIPE, features, space, trials=999, **quick), space)
    assert sorted(every) == list(product(range(1, 11), range(1, 11)))


@pytest.mark.parametrize(("metric", "sign"), [("RMSE", -1), ("AUC", 1)])
def test_optuna_goes_where_it_is_better(features, imagined, metric, sign):
    space = {"embedding_size": list(range(1, 31)), "batch_size": list(range(1, 31))}

    def figure(model, settings):
        if model.embedding_size > 15:
            raise AttnrecError("too wide")
        return sign * -abs(model.embedding_size - 7)

    made = imagined(figure)
    asked = {"metric": metric, "trials": 80, "sampler": "optuna", "seed": 3, "progress": False}
    before = optuna.logging.get_verbosity()
    found = search(RECIPE, features, space, **asked)
    assert optuna.logging.get_verbosity() == before
    assert found.settings["embedding_size"] == 7
    pairs = tried(found, space)
    late = np.array(pairs[-30:])[:, 0]
    assert (late == 7).sum() >= 6  # drawn evenly: 1
    assert (late > 15).sum() < 15  # drawn evenly: 15; where failures are forgotten: 23 and more
    assert len(made) == len(set(pairs)) == len(pairs) <= 80
    assert tried(search(RECIPE, features, space, **asked), space) == pairs


def test_what_optuna_proposes_again_is_not_trained_again(features, imagined, capfd):
    made = imagined(lambda model, settings: settings["learning_rate"])
    space = {"learning_rate": [1e-1, 1e-2, 1e-3], "batch_size": [8, 16]}
    found = search(RECIPE, features, space, sampler="optuna", trials=99, seed=1, progress=False)
    assert 2 <= len(made) == len(found.table) <= 6
    assert len(set(tried(found, space))) == len(made)
    assert capfd.readouterr() == ("", "")


def test_without_optuna_it_is_named(features, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(AttnrecError, match="needs Optuna: pip install optuna"):
        search(RECIPE, features, RATES, sampler="optuna", progress=False)


def test_ctrl_c_leaves_the_trials_before_it(features, monkeypatch):
    real, epochs = Prediction.validate, []

    def interrupted(self, params):
        epochs.append(1)
        if len(epochs) == 4:  # the second trial's second epoch
            raise KeyboardInterrupt
        return real(self, params)

    monkeypatch.setattr(Prediction, "validate", interrupted)
    found = search(RECIPE, features, {"learning_rate": [5e-2, 1e-3, 1e-2]}, **QUICK)
    assert found.stopped == "interrupted in trial 2 of 3"
    assert found.table["learning_rate"].tolist() == [5e-2]
    assert found.best.history["RMSE"].min() == found.table["RMSE"].item()
    assert "1 trial, interrupted in trial 2 of 3; best RMSE" in repr(found)
    epochs[:] = [1, 1]
    with pytest.raises(KeyboardInterrupt):
        search(RECIPE, features, RATES, **QUICK)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"data": "bazaar"}, "data: expected a split from attnrec.split, or features.* got str"),
        ({"space": {}}, "space: expected names and values.* got {}"),
        ({"space": ["seed"]}, r"space: expected names and values.* got \['seed'\]"),
        (
            {"space": {"embeding_size": [1]}},
            "has 'embeding_size'; did you mean 'embedding_size'?",
        ),
        ({"space": {"learning_rat": [1]}}, "has 'learning_rat'; did you mean 'learning_rate'?"),
        ({"space": {"metric": ["MAE"]}}, "space: metric is one for all trials; give it beside"),
        ({"space": {"data": [1]}}, "neither FM nor fit has 'data'"),
        ({"space": {"seed": 3}}, "space: expected a list of values of seed, got 3"),
        ({"space": {"loss": "mse"}}, "space: expected a list of values of loss, got 'mse'"),
        ({"space": {"seed": []}}, "space: expected a value of seed, or several, got none"),
        ({"learning_rate": 1}, "learning_rate: stands in the space, and beside it"),
        ({"epoch": 3}, "epoch: no argument of fit; did you mean 'epochs'?"),
        ({"sampler": "rando"}, "sampler: expected one of .* got 'rando'; did you mean 'random'?"),
        ({"trials": 3}, "trials: this grid has 2, and all are made; for 3 of them expected"),
        ({"trials": 0, "sampler": "random"}, "trials: expected a whole number from 1, got 0"),
        ({"seed": -1}, "seed: expected 0 to 4294967295, got -1"),
        ({"model": nnx.Linear}, "model: expected a recipe or its class.* got the class Linear"),
    ],
)
def test_wrong_arguments_are_named(features, wrong, told):
    with pytest.raises(AttnrecError, match=told):
        search(**{"model": RECIPE, "data": features, "space": RATES, "progress": False, **wrong})
