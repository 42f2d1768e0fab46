"""Models of features from a table to a saved run: planted answers, and the record of attention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from flax import nnx

import attnrec as ar
from attnrec.data import validate
from attnrec.data.datasets import load
from attnrec.data.split import at_random, leave_one_out, temporal
from attnrec.errors import AttnrecError, DataError, UnknownIdError
from attnrec.feature_run import FeatureRun
from attnrec.models.features import (
    AFM,
    FM,
    GMF,
    AutoInt,
    FeatureAttention,
    FeatureDNN,
    LogisticRegression,
    MultiModalAttention,
    NeuMF,
)
from attnrec.models.features.scorer import FeatureScorer

QUIET = {"progress": False}
ATTENTION = [
    AutoInt(embedding_size=4, attention_size=8, num_layers=2),
    AutoInt(embedding_size=4, attention_size=8, num_layers=2, layer="transformer"),
    AFM(embedding_size=4),
    FeatureAttention(embedding_size=4),
    FeatureDNN(embedding_size=4, hidden_sizes=(16,)),
    MultiModalAttention(embedding_size=4),
]


def visits(rows: int = 3000) -> pd.DataFrame:
    """Who likes what is decided by taste and colour together, neither of which tells it alone."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "user": rng.integers(0, 60, rows),
            "item": rng.integers(0, 40, rows),
            "hour": rng.choice(["day", "night"], rows),
            "noise": rng.normal(size=rows),
        }
    )
    likes = (table["user"] % 2 == table["item"] % 2) ^ (rng.random(rows) < 0.05)
    return table.assign(rating=np.where(likes, 5, 1)).drop_duplicates(["user", "item"])


@pytest.fixture(scope="module")
def shop():
    ids = np.arange(60)
    return validate(
        visits(),
        people=pd.DataFrame({"taste": np.where(ids % 2, "red", "blue")}, index=ids),
        catalogue=pd.DataFrame(
            {
                "colour": np.where(np.arange(40) % 2, "red", "blue"),
                "tags": ["a|b", "b", "a", "c|a|b"] * 10,
            },
            index=np.arange(40),
        ),
    )


@pytest.fixture(scope="module")
def clicks(shop):
    """Without ids, which would tell taste and colour by another name."""
    return ar.features.build(
        at_random(shop),
        user=["taste"],
        item=["colour", "tags"],
        context=["hour", "noise"],
        label="rating",
        threshold=3,
        ids=False,
    )


@pytest.fixture(scope="module")
def runs(clicks) -> dict[str, FeatureRun]:
    recipes = [*ATTENTION, FM(embedding_size=4), LogisticRegression()]
    return {
        repr(recipe): ar.fit(recipe, clicks, epochs=12, learning_rate=0.01, batch_size=128, **QUIET)
        for recipe in recipes
    }


@pytest.fixture(params=ATTENTION, ids=lambda recipe: repr(recipe)[:40])
def attends(runs, request) -> FeatureRun:
    return runs[repr(request.param)]


def test_pairs_of_features_are_learned_by_what_can(runs):
    auc = {name: run.evaluate().loc[run.name, "AUC"] for name, run in runs.items()}
    alone = auc.pop(repr(LogisticRegression()))
    assert alone < 0.6  # neither feature tells it alone
    assert min(auc.values()) > 0.9, auc  # one label in twenty is turned round: 0.95 at most
    table = runs[repr(FM(embedding_size=4))].evaluate()
    assert list(table.index) == ["FM", "mean of train"]
    assert table.loc["mean of train", "AUC"] == 0.5


def test_predictions_are_probabilities(runs, clicks):
    run = runs[repr(FM(embedding_size=4))]
    alike, unlike = (run.predict(user=3, item=item, context={"hour": "day"}) for item in (5, 6))
    assert isinstance(alike, float)
    assert alike > 0.85
    assert unlike < 0.15
    several = run.predict(user=3, item=[5, 6], context={"hour": "day"})
    np.testing.assert_allclose(several, [alike, unlike], rtol=1e-6)
    table = pd.DataFrame({"hour": ["day", "night"], "noise": [0.5, None]})
    both = run.predict(user=3, item=5, context=table)
    assert both.shape == (2,)
    assert both[0] != both[1]
    said = run.inspect(user=3, item=[5, 6], context={"hour": "day"})
    np.testing.assert_allclose(said.predictions, several, rtol=1e-5)


def real_cases(run) -> dict:
    return {"user": [1, 2, 3, 4], "item": [0, 3, 7, 9], "context": {"hour": "day"}}


def test_maps_sum_to_one_over_what_is_there(attends):
    said = attends.inspect(**real_cases(attends))
    schema = attends.features.schema
    noise = schema.index("noise")  # not among the circumstances given
    assert not said.record.real[:, noise].any()
    assert said.record.real.sum(1).tolist() == [4] * 4
    for map_ in said.record.maps:
        total = map_.weights.sum(-1)
        if map_.query_axis == "feature":
            np.testing.assert_allclose(
                total, said.record.real[:, None] * np.ones_like(total), atol=1e-5
            )
            assert (map_.weights[..., noise] == 0).all()
        else:
            np.testing.assert_allclose(total, 1, atol=1e-5)
        assert len(map_.keys) == map_.weights.shape[-1]


def test_what_is_recorded_is_what_was_used(attends):
    """Put in its own place it changes nothing; others in its place change the score."""
    cases = real_cases(attends)
    said = attends.inspect(**cases)
    names = said.record.names
    own = {map_.name: map_.weights for map_ in said.record.maps}
    again = attends.inspect(**cases, interventions=ar.Interventions(attention=own))
    np.testing.assert_allclose(again.scores, said.scores, atol=1e-5)
    for name in names:
        even = attends.inspect(**cases, interventions=ar.Interventions(attention={name: "uniform"}))
        assert np.abs(even.scores - said.scores).max() > 1e-4
        weights = even.record.layer(name).weights
        there = weights[weights > 0]
        assert len(np.unique(there.round(5))) == 1
    with pytest.raises(AttnrecError, match="attention: no map 'layer.0'"):
        attends.inspect(**cases, interventions=ar.Interventions(attention={"layer.0": "uniform"}))
    halved = ar.Interventions(attention={names[0]: own[names[0]] / 2})
    with pytest.raises(AttnrecError, match="rows must sum to one"):
        attends.inspect(**cases, interventions=halved)


def test_attention_as_a_table(runs):
    said = runs[repr(ATTENTION[0])].inspect(user=3, item=7, context={"hour": "night"})
    assert said.to_frame()["map"].unique().tolist() == ["layers.0", "layers.1"]
    frame = said.to_frame(layer=2)
    assert frame["feature"].tolist() == ["taste", "colour", "tags", "hour"]
    assert frame["value"].tolist() == ["red", "red", "a, b, c", "night"]
    assert frame["attention"].sum() == pytest.approx(1, abs=1e-5)
    pairs = runs[repr(ATTENTION[2])].inspect(user=3, item=7, context={"hour": "night"}).to_frame()
    assert len(pairs) == 6
    assert pairs["feature"][0] == "taste × colour"
    assert pairs["value"][0] == "red × red"
    assert pairs["attention"].sum() == pytest.approx(1, abs=1e-5)


def test_afm_attends_to_the_pair_that_tells(runs):
    run = runs[repr(ATTENTION[2])]
    said = run.inspect(user=list(range(20)), item=list(range(20)), context={"hour": "day"})
    mean = said.to_frame().groupby("feature")["attention"].mean()
    assert mean.idxmax() == "taste × colour"


@pytest.mark.parametrize("recipe", [*ATTENTION, LogisticRegression()], ids=repr)
def test_saved_and_loaded_it_says_the_same(runs, recipe, tmp_path):
    run = runs[repr(recipe)]
    again = ar.load_run(run.save(tmp_path / "run"))
    assert isinstance(again, FeatureRun)
    assert again.config == recipe
    cases = real_cases(run)
    np.testing.assert_array_equal(again.predict(**cases), run.predict(**cases))
    assert again.features.schema == run.features.schema
    pd.testing.assert_frame_equal(again.evaluate(), run.evaluate())
    assert again.provenance == run.provenance


def test_ratings_are_predicted_around_their_mean(shop):
    features = ar.features.build(
        at_random(shop), user=["taste"], item=["colour"], label="rating", ids=False
    )
    mean = features.examples("train").labels.mean()
    run = ar.fit(
        FM(embedding_size=4), features, epochs=10, learning_rate=0.03, batch_size=64, **QUIET
    )
    assert run.provenance["fit"]["metric"] == "RMSE"
    assert run.provenance["best_epoch"] == run.history["RMSE"].idxmin() + 1
    table = run.evaluate()
    # 5 or 1, one in twenty turned round: 4 * sqrt(.05 * .95) = 0.87 at best, and 2 by the mean
    assert table.loc["FM", "RMSE"] < 1.1
    assert table.loc["mean of train", "RMSE"] == pytest.approx(2, abs=0.05)
    assert run.predict(user=3, item=5) == pytest.approx(4.8, abs=0.3)
    assert run.predict(user=3, item=6) == pytest.approx(1.2, abs=0.3)
    assert 2.5 < mean < 3.5
    rows = features.of_rows(features.examples("test").rows)
    scores = run.scorer.scores(rows)
    run.model.linear.bias[...] += 3  # some would be more than anybody gave
    moved = FeatureScorer(run.model, features, "moved").predict(rows)
    assert {(scores + mean + 3 > 5).any(), (scores + mean + 3 < 5).any()} == {True}
    np.testing.assert_allclose(moved, np.clip(scores + mean + 3, 1, 5), atol=1e-5)


@pytest.fixture(scope="module")
def choices():
    """Everybody takes the items of their own colour, each once."""
    rng = np.random.default_rng(1)
    rows = [
        (user, item, step)
        for user in range(40)
        for step, item in enumerate(rng.permutation(np.arange(user % 2, 40, 2))[:12])
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return ar.features.build(leave_one_out(validate(table)))


@pytest.mark.parametrize("loss", ["bce", "bpr", "softmax"])
def test_choices_are_learned_from_what_was_not_chosen(choices, loss):
    run = ar.fit(
        GMF(embedding_size=8),
        choices,
        epochs=60,
        loss=loss,
        learning_rate=0.02,
        batch_size=64,
        **QUIET,
    )
    table = run.evaluate(cutoffs=[10])
    # Nine items of the own colour are left; any of them may be the one.
    assert table.loc["GMF", "HR@10"] > 0.9
    assert table.loc["Popularity", "HR@10"] < 0.6
    best = run.recommend(user=0, topn=8)
    assert (best["item"] % 2 == 0).all()
    seen = choices.data.history(0)[:-2]
    assert not set(best["item"]) & set(seen)
    assert best["score"].is_monotonic_decreasing


def test_equal_seeds_give_equal_weights_also_when_gone_on(clicks, tmp_path):
    options = {"learning_rate": 0.01, "batch_size": 128} | QUIET
    recipe = FM(embedding_size=4, dropout_rate=0.2)
    run = ar.fit(recipe, clicks, epochs=3, seed=5, **options)
    again = ar.fit(recipe, clicks, epochs=3, seed=5, **options)
    ar.fit(recipe, clicks, epochs=1, seed=5, checkpoint_dir=tmp_path / "c", **options)
    resumed = ar.fit(recipe, clicks, epochs=3, seed=5, checkpoint_dir=tmp_path / "c", **options)
    cases = real_cases(run)
    np.testing.assert_array_equal(run.predict(**cases), again.predict(**cases))
    np.testing.assert_array_equal(run.predict(**cases), resumed.predict(**cases))
    with pytest.raises(AttnrecError, match="seed: 5 there, 6 here"):
        ar.fit(recipe, clicks, epochs=1, seed=6, checkpoint_dir=tmp_path / "c", **options)


@pytest.mark.parametrize("side", ["user", "context"])
def test_the_label_is_no_feature(shop, side):
    with pytest.warns(UserWarning, match="rating: is the label itself"):
        ar.features.build(at_random(shop), label="rating", threshold=3, **{side: ["rating"]})


def test_validation_with_one_outcome_tells_nothing(shop):
    split = at_random(shop)
    rating = np.where(split.part == 1, 5, shop.frame["rating"])
    only_good = replace(split, data=replace(shop, frame=shop.frame.assign(rating=rating)))
    features = ar.features.build(only_good, label="rating", threshold=3)
    run = ar.fit(FM(embedding_size=2), features, epochs=2, **QUIET)
    assert list(run.history) == ["epoch", "loss", "seconds", "targets_per_second"]
    with pytest.raises(AttnrecError, match="patience: needs validation cases"):
        ar.fit(FM(), features, patience=1, **QUIET)


def test_a_leak_is_named(shop):
    frame = shop.frame.assign(stars=np.where(shop.frame["rating"] > 3, "five", "one"))
    leaky = validate(frame, catalogue=shop.catalogue.frame)
    with pytest.warns(UserWarning, match="stars: tells 100.0% of the label's variance"):
        ar.features.build(at_random(leaky), context=["stars"], label="rating", threshold=3)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"item": ["color"]}, "item: no column 'color' among .*; did you mean 'colour'"),
        ({"user": ["taste", "spend"]}, "user: no column 'spend'"),
        ({"context": ["weekday"]}, "context: no column 'weekday'"),  # there are no times
        ({"item": "colour"}, r"item: expected a list of features, such as .*, got 'colour'"),
        ({"item": [ar.features.Number]}, "item: expected names of columns, or Categorical"),
        ({"item": 5}, "item: expected a list of features"),
        ({"item": ["colour", "colour", "colour"]}, "item: 'colour' stands there more than once"),
        ({"label": ["rating"]}, "label: no column"),
        ({"ids": "no"}, "ids: expected True or False, got 'no'"),
        ({"label": "stars"}, "label: no column 'stars'"),
        ({"label": "hour"}, "label: expected a column of numbers, got 'hour'"),
        ({"label": "rating", "threshold": 9}, "every row of the train part is 0"),
        ({"label": None, "threshold": 3}, "source: without a label"),
        ({"label": "rating", "ids": False}, "no features, and ids=False"),
        ({}, "source: without a label, choices are ranked after a past"),
    ],
)
def test_what_cannot_be_built_is_refused(shop, options, told):
    given = {} if options == {} else {"label": "rating"} | options
    with pytest.raises(DataError, match=told):
        ar.features.build(at_random(shop), **given)


@pytest.mark.usefixtures("unchecked")  # for models of the other kind
def test_what_cannot_be_asked_is_refused(runs, clicks, shop, chain_split):
    run = runs[repr(FM(embedding_size=4))]
    with pytest.raises(UnknownIdError):
        run.predict(user=999, item=5)
    with pytest.raises(AttnrecError, match="context: no 'our' among .*; did you mean 'hour'"):
        run.predict(user=3, item=5, context={"our": "day"})
    with pytest.raises(AttnrecError, match="item: expected 1 or 3 of them, got 2"):
        run.predict(user=[1, 2, 3], item=[1, 2])
    with pytest.raises(AttnrecError, match="item: expected an id, or several, got none"):
        run.predict(user=3, item=[])
    with pytest.raises(AttnrecError, match="context: expected a row or more, got none"):
        run.predict(user=3, item=5, context=pd.DataFrame({"hour": []}))
    with pytest.raises(AttnrecError, match="context: expected names and values"):
        run.predict(user=3, item=5, context="day")
    with pytest.raises(AttnrecError, match="needs 'user' and 'item'"):
        ar.fit(NeuMF(), clicks, **QUIET)
    with pytest.raises(AttnrecError, match="loss: expected one of .'bce',. for a click, got 'mse'"):
        ar.fit(FM(), clicks, loss="mse", **QUIET)
    with pytest.raises(AttnrecError, match="metric: expected one of .* did you mean 'AUC'"):
        ar.fit(FM(), clicks, metric="AUD", **QUIET)
    with pytest.raises(AttnrecError, match="SASRec is not built from features"):
        ar.fit(ar.SASRec(), clicks, **QUIET)
    with pytest.raises(AttnrecError, match="FM is not built for histories"):
        ar.fit(FM(), chain_split, **QUIET)
    with pytest.raises(AttnrecError, match="expected 'validation' or 'test', got 'train'"):
        run.evaluate("train")
    with pytest.raises(AttnrecError, match="rows divided at random have nothing to rank"):
        run.beyond_accuracy()
    with pytest.raises(AttnrecError, match="context: expected one row, got 2"):
        run.recommend(user=3, context=pd.DataFrame({"hour": ["day", "night"]}))
    with pytest.raises(AttnrecError, match=r"seed: expected less than 2\*\*32"):
        ar.fit(FM(), clicks, seed=2**70, **QUIET)
    with pytest.raises(AttnrecError, match="mesh, stream: of histories only"):
        ar.fit(FM(), clicks, stream=True, **QUIET)


def test_an_unseen_category_says_nothing_and_is_told(runs):
    run = runs[repr(FM(embedding_size=4))]
    with pytest.warns(UserWarning, match="hour was never 'nights' in train, .* mean 'night'"):
        unseen = run.predict(user=3, item=5, context={"hour": "nights"})
    assert unseen == run.predict(user=3, item=5)


def test_a_threshold_leaves_out_what_equals_it_whatever_its_type(shop):
    for equal in (0.1, 16777217.0):  # the second is 16777216 as float32
        values = np.array([equal / 2, equal, equal * 2])[np.arange(len(shop.frame)) % 3]
        data = validate(shop.frame.assign(score=values))
        for threshold in (equal, np.float64(equal)):
            made = ar.features.build(at_random(data), label="score", threshold=threshold)
            assert np.isnan(made.labels).sum() == (values == equal).sum()
            np.testing.assert_array_equal(made.labels == 1, values == equal * 2)
            assert (
                made.report.count("score: labels equal to the threshold") == (values == equal).sum()
            )
    for wrong in (float("nan"), True, "3", [3]):
        with pytest.raises(DataError, match="threshold: expected a number"):
            ar.features.build(at_random(shop), label="rating", threshold=wrong)


def test_seen_items_are_left_out_whatever_their_label(shop):
    frame = shop.frame.assign(rating=np.where(shop.frame["item"] % 4 == 0, 3, shop.frame["rating"]))
    features = ar.features.build(at_random(validate(frame)), label="rating", threshold=3)
    run = ar.fit(FM(embedding_size=4), features, epochs=1, **QUIET)
    rows = frame[(features.split.part != 2) & (frame["user"] == 5).to_numpy()]
    assert (rows["rating"] == 3).any()
    assert not set(run.recommend(user=5, topn=40)["item"]) & set(rows["item"])


class OfMyOwn(nnx.Module):
    """As in a notebook cell."""

    def __init__(self, schema, rngs):
        self.table = nnx.Embed(schema.num_levels, 3, rngs=rngs)

    def score(self, inputs, *, rngs=None):
        levels, weights = inputs.flat()
        v = self.table(levels) * weights[..., None]
        return ((v.sum(1) ** 2).sum(-1) - (v**2).sum((1, 2))) / 2


def test_a_module_of_ones_own(clicks, choices):
    for features in (clicks, choices):
        mine = OfMyOwn(features.schema, nnx.Rngs(0))
        run = ar.fit(mine, features, epochs=2, batch_size=64, **QUIET)
        assert run.name == "OfMyOwn"
        assert np.isfinite(run.evaluate(baselines=False)).all(axis=None)
        assert not run.recorder.names

    class WithoutKeys(nnx.Module):
        def score(self, inputs):
            return inputs

    with pytest.raises(AttnrecError, match=r"expected score\(inputs, \*, rngs=None\)"):
        ar.fit(WithoutKeys(), clicks, **QUIET)


@pytest.mark.usefixtures("unchecked")
def test_given_attention_must_fit(runs):
    run = runs[repr(ATTENTION[3])]
    cases = real_cases(run)
    for shape in [(1, 1, 1, 1), (3, 1, 1, 3), (1, 2, 1, 3)]:
        weights = np.full(shape, 1 / shape[-1])
        given = ar.Interventions(attention={"user_attention": weights})
        with pytest.raises(AttnrecError, match=r"user_attention'\]: expected shape \(4, 1, 1, 3\)"):
            run.inspect(**cases, interventions=given)
    with pytest.raises(AttnrecError, match="interventions: expected attnrec.Interventions"):
        run.inspect(**cases, interventions={"user_attention": "uniform"})


def test_scores_that_only_rank_are_no_probabilities(choices):
    run = ar.fit(GMF(embedding_size=4), choices, epochs=1, loss="bpr", **QUIET)
    with pytest.raises(AttnrecError, match="loss='bpr' rank, and are no probabilities"):
        run.predict(user=0, item=2)
    assert run.inspect(user=0, item=2).predictions is None


def test_bazaar_from_times_and_behaviour():
    data = load("bazaar", num_users=60)
    features = ar.features.build(
        temporal(data),
        user=["frequency", "recency"],
        item=["price", "category", "brand", "popularity"],
        context=["hour", "weekday", "season"],
    )
    told = features.describe()
    assert told.loc[["hour", "weekday", "season"], "kind"].tolist() == ["category"] * 3
    assert told.loc["price", "kind"] == "bins"
    assert (told["known"] > 0.99).all()
    run = ar.fit(AutoInt(embedding_size=8, attention_size=16), features, epochs=1, **QUIET)
    assert {"AutoInt", "Popularity"} <= set(run.evaluate().index)
    assert len(run.recommend(user=data.users[0], context={"season": "winter"})) == 10


def test_weight_decay_shrinks_what_has_no_gradient(clicks):
    """Level 0, which is nothing, has no gradient: each step takes learning rate times decay."""
    steps = 2 * -(-len(clicks.examples("train")) // 128)
    recipe = FM(embedding_size=2)
    run = ar.fit(
        recipe, clicks, epochs=2, learning_rate=0.01, weight_decay=0.5, batch_size=128, **QUIET
    )
    fresh = recipe.build(clicks.schema, nnx.Rngs(0)).embedding.table.embedding[0]
    found = run.model.embedding.table.embedding[0]
    assert run.provenance["best_epoch"] == 2
    np.testing.assert_allclose(found, fresh * (1 - 0.01 * 0.5) ** steps, rtol=1e-5)
    with pytest.raises(AttnrecError, match="weight_decay: expected 0 to below 1, got -1"):
        ar.fit(recipe, clicks, weight_decay=-1)
