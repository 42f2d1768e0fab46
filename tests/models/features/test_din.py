"""DIN against its equations, and what its attention says."""

from __future__ import annotations

import numpy as np
import pytest
from flax import nnx
from scipy.special import expit, softmax

from attnrec.errors import AttnrecError
from attnrec.features.fields import FeatureSchema, Field, History, Inputs, Levels
from attnrec.inspection import Interventions
from attnrec.models.features import DIN, FeatureEmbedding
from attnrec.models.features.din import Dice
from attnrec.models.features.recorder import FeatureRecorder

SCHEMA = FeatureSchema(
    (
        Field("age", "user", "number", ("age",)),
        Field("item", "item", "category", tuple("vwxyz")),
        Field("genres", "item", "set", ("comedy", "drama", "war"), num_columns=2),
        Field("hour", "context", "category", ("day", "night")),
    ),
    history=4,
)
CATALOGUE = Levels(  # rows of the table: age 1, items 2 to 6, genres 7 to 9, hours 10 and 11
    np.array([[0, 0, 0], [2, 7, 8], [3, 9, 0], [4, 0, 0], [5, 8, 9], [6, 7, 0]], np.int32),
    np.array([[0, 0, 0], [1, 0.5, 0.5], [1, 1, 0], [1, 0, 0], [1, 0.5, 0.5], [1, 1, 0]], "f"),
)
USERS = Levels(np.array([[1], [1], [1]], np.int32), np.array([[0.7], [-1.2], [0.1]], "f"))
HOURS = Levels(np.array([[10], [11], [0]], np.int32), np.array([[1.0], [1.0], [0.0]], "f"))
HISTORY = np.array([[0, 1, 3, 5], [2, 2, 4, 1], [0, 0, 0, 0]], np.int32)
CHOSEN = np.array([[2, 1], [4, 3], [5, 2]], np.int32)
CASES = Inputs(USERS, CATALOGUE, HOURS, CHOSEN, History(HISTORY, CATALOGUE))

RECIPES = [
    DIN(embedding_size=3, attention_sizes=(6, 5), hidden_sizes=(7, 4)),
    DIN(embedding_size=3, attention_sizes=(6,), hidden_sizes=(7,), normalisation="softmax"),
]
BASE = DIN(embedding_size=3, attention_sizes=(), hidden_sizes=(7, 4))
both = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.normalisation)


def filled(recipe):
    """With every weight far from zero, running means and variances too."""
    model = recipe.build(SCHEMA, nnx.Rngs(0))
    rng = np.random.default_rng(0)
    for _, leaf in nnx.iter_graph(model):
        if isinstance(leaf, nnx.Param):
            leaf[...] = rng.normal(0, 0.8, leaf[...].shape)
        elif isinstance(leaf, nnx.BatchStat):
            leaf[...] = rng.uniform(0.2, 2, leaf[...].shape)
    return model


def layer(linear, x):
    return x @ np.asarray(linear.kernel[...]) + np.asarray(linear.bias[...])


def by_hand(model, case, item):
    """The weights of a case's history for one candidate, and the score."""
    table = np.asarray(model.embedding.table.embedding[...], np.float64)

    def vector(levels, row):
        return [
            w * table[level]
            for level, w in zip(levels.levels[row], levels.weights[row], strict=True)
        ]

    def of_item(i):
        one, *genres = vector(CATALOGUE, i)
        return np.concatenate([one, sum(genres)])

    v, logits = of_item(item), []
    real = [i for i in HISTORY[case] if i > 0]
    for e in map(of_item, real if model.attention else []):
        x = np.concatenate([v, e, v - e, v * e])
        for one in model.attention.layers:
            x = expit(layer(one, x))
        logits.append(layer(model.attention.out, x)[0] / np.sqrt(len(v)))
    if model.attention is None:
        weights = [1.0] * len(real)
    else:
        normalised = model.attention.normalisation == "softmax" and real
        weights = softmax(logits) if normalised else logits
    interest = sum((w * of_item(i) for w, i in zip(weights, real, strict=True)), np.zeros(len(v)))
    x = np.concatenate([*vector(USERS, case), v, *vector(HOURS, case), interest, interest * v])
    for one, dice in zip(model.layers, model.activations, strict=True):
        s = layer(one, x)
        mean, var = (np.asarray(part[...]) for part in (dice.norm.mean, dice.norm.var))
        p = expit((s - mean) / np.sqrt(var + 1e-5))
        x = p * s + (1 - p) * np.asarray(dice.alpha[...]) * s
    return weights, layer(model.out, x)[0]


@pytest.mark.parametrize("recipe", [*RECIPES, BASE], ids=["none", "softmax", "base"])
def test_scores_are_those_of_the_equations(recipe):
    model = filled(recipe)
    expected = [by_hand(model, case, item)[1] for case in range(3) for item in CHOSEN[case]]
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(np.asarray(model.score(CASES)), expected, atol=1e-5, rtol=1e-5)


@both
def test_the_weights_are_those_of_the_candidate(recipe):
    model = filled(recipe)
    recorder = FeatureRecorder(model, SCHEMA)
    for candidate in range(2):
        alone = CASES._replace(items=CATALOGUE.take(CHOSEN[:, candidate]), chosen=None)
        scores, record = recorder.inspect(alone)
        (found,) = record.maps
        assert (found.query_axis, found.key_axis) == ("candidate", "position")
        assert found.normalisation == recipe.normalisation
        for case in range(3):
            weights, score = by_hand(model, case, CHOSEN[case, candidate])
            expected = np.pad(weights, (4 - len(weights), 0))
            np.testing.assert_allclose(found.weights[case, 0, 0], expected, atol=1e-5)
            np.testing.assert_allclose(scores[case], score, atol=1e-5, rtol=1e-5)
        if recipe.normalisation == "softmax":
            sums = found.weights.sum(-1)[:, 0, 0]
            np.testing.assert_allclose(sums, [1, 1, 0], atol=1e-6)  # the last has no history


@both
def test_weights_in_their_own_place_change_nothing_and_others_do(recipe):
    recorder = FeatureRecorder(filled(recipe), SCHEMA)
    alone = CASES._replace(items=CATALOGUE.take(CHOSEN[:, 0]), chosen=None)
    scores, record = recorder.inspect(alone)
    (found,) = record.maps
    again, _ = recorder.inspect(alone, Interventions(attention={"attention": found.weights}))
    np.testing.assert_allclose(again, scores, atol=1e-6)
    even, told = recorder.inspect(alone, Interventions(attention={"attention": "uniform"}))
    weights = told.maps[0].weights
    np.testing.assert_allclose(weights.sum(-1), found.weights.sum(-1), atol=1e-6)
    assert np.ptp(weights[1, 0, 0]) < 1e-6
    assert np.ptp(weights[0, 0, 0, 1:]) < 1e-6
    assert (np.abs(even - scores)[:2] > 1e-4).all()
    assert even[2] == scores[2]  # nothing to look at


def test_the_base_model_attends_to_nothing():
    model = filled(BASE)
    recorder = FeatureRecorder(model, SCHEMA)
    alone = CASES._replace(items=CATALOGUE.take(CHOSEN[:, 0]), chosen=None)
    scores, record = recorder.inspect(alone)
    assert record.maps == ()
    for case in range(3):
        _, expected = by_hand(model, case, CHOSEN[case, 0])
        np.testing.assert_allclose(scores[case], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("recipe", [RECIPES[0], BASE], ids=["DIN", "base"])
def test_padding_says_nothing(recipe):
    model = filled(recipe)
    longer = np.pad(HISTORY, ((0, 0), (3, 0)))
    cases = CASES._replace(history=History(longer, CATALOGUE))
    np.testing.assert_allclose(model.score(cases), model.score(CASES), atol=1e-6)


def test_few_or_many_of_the_catalogue_are_looked_up_alike():
    embedding = FeatureEmbedding(SCHEMA, 3, rngs=nnx.Rngs(0))
    many, there = embedding.history(CASES)  # 12 places, 6 items
    few, _ = embedding.history(CASES.take(np.array([1])))  # 4 places
    np.testing.assert_array_equal(few[0], many[1])
    np.testing.assert_array_equal(there, HISTORY > 0)


def test_dice_goes_by_the_batch_in_training_and_by_what_it_has_seen_in_use():
    dice = Dice(2, rngs=nnx.Rngs(0))
    dice.alpha[...] = np.array([0.5, -1.0], "f")
    x = np.array([[1.0, -4.0], [3.0, 0.0], [5.0, 1.0]], "f")
    mean, var = x.mean(0), x.var(0)
    p = expit((x - mean) / np.sqrt(var + 1e-5))
    expected = p * x + (1 - p) * np.array([0.5, -1.0]) * x
    np.testing.assert_allclose(dice(x, deterministic=False), expected, atol=1e-5)
    # of what was seen, one hundredth is this batch, the rest mean 0 and variance 1
    p = expit((x - 0.01 * mean) / np.sqrt(0.99 + 0.01 * var + 1e-5))
    expected = p * x + (1 - p) * np.array([0.5, -1.0]) * x
    np.testing.assert_allclose(dice(x, deterministic=True), expected, atol=1e-5)


def test_bad_settings():
    with pytest.raises(AttnrecError, match=r"attention_sizes: expected a whole number from 1"):
        DIN(attention_sizes=(8, 0))
    with pytest.raises(AttnrecError, match=r"normalisation: 'softmax' is of the attention unit's"):
        DIN(attention_sizes=(), normalisation="softmax")
    with pytest.raises(AttnrecError, match=r"hidden_sizes: expected a sequence of widths"):
        DIN(hidden_sizes=())
    with pytest.raises(AttnrecError, match=r"build the features with history=50"):
        DIN().build(FeatureSchema(SCHEMA.fields), nnx.Rngs(0))
    with pytest.raises(AttnrecError, match=r"fields: DIN needs some of the item, got \['age'\]"):
        DIN().build(FeatureSchema(SCHEMA.fields[:1], 4), nnx.Rngs(0))
    model = DIN().build(SCHEMA, nnx.Rngs(0))
    with pytest.raises(AttnrecError, match=r"looks at a history, and these have none"):
        model.score(CASES._replace(history=None))
