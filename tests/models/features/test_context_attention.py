"""Attention by circumstances, with a history, against its equations; and what its maps say."""

from __future__ import annotations

import jax
import numpy as np
import pandas as pd
import pytest
from flax import nnx
from scipy.special import softmax

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import temporal
from attnrec.errors import AttnrecError
from attnrec.features.fields import FeatureSchema, Field, History, Inputs, Levels
from attnrec.inspection import Interventions
from attnrec.models.features import ContextAttention
from attnrec.models.features.recorder import FeatureRecorder
from attnrec.models.views import Tape, recording_view

SCHEMA = FeatureSchema(
    (
        Field("age", "user", "number", ("age",)),
        Field("item", "item", "category", tuple("vwxyz")),
        Field("genres", "item", "set", ("comedy", "drama", "war"), num_columns=2),
        Field("hour", "context", "category", ("day", "night")),
        Field("place", "context", "category", ("home", "work")),
    ),
    history=4,
)
CATALOGUE = Levels(  # rows of the table: age 1, items 2 to 6, genres 7 to 9, hours 10, places 12
    np.array([[0, 0, 0], [2, 7, 8], [3, 9, 0], [4, 0, 0], [5, 8, 9], [6, 7, 0]], np.int32),
    np.array([[0, 0, 0], [1, 0.5, 0.5], [1, 1, 0], [1, 0, 0], [1, 0.5, 0.5], [1, 1, 0]], "f"),
)
USERS = Levels(np.array([[1], [1], [0]], np.int32), np.array([[0.7], [-1.2], [0]], "f"))
CONTEXT = Levels(
    np.array([[10, 13], [11, 0], [10, 12]], np.int32), np.array([[1, 1], [1, 0], [1, 1]], "f")
)
ASKS = CONTEXT.levels > 0  # the second case does not say where
HISTORY = np.array([[0, 1, 3, 5], [2, 2, 4, 1], [0, 0, 0, 0]], np.int32)
CHOSEN = np.array([[2, 1], [4, 3], [5, 3]], np.int32)  # item 3 is of no genre
CASES = Inputs(USERS, CATALOGUE, CONTEXT, CHOSEN, History(HISTORY, CATALOGUE))
ALONE = CASES._replace(items=CATALOGUE.take(CHOSEN[:, 1]), chosen=None)
RECIPE = ContextAttention(embedding_size=6, num_heads=3, hidden_sizes=(7, 4))


def filled(schema=SCHEMA):
    """With every weight far from zero."""
    model = RECIPE.build(schema, nnx.Rngs(0))
    rng = np.random.default_rng(0)
    for _, leaf in nnx.iter_graph(model):
        if isinstance(leaf, nnx.Param):
            leaf[...] = rng.normal(0, 0.7, leaf[...].shape)
    return model


@pytest.fixture(scope="module")
def model():
    return filled()


@pytest.fixture(scope="module")
def recorder(model):
    return FeatureRecorder(model, SCHEMA)


def scores_of(model, inputs):
    return np.asarray(jax.jit(model.score)(inputs))


def layer(linear, x):
    found = x @ np.asarray(linear.kernel[...])
    return found if linear.bias is None else found + np.asarray(linear.bias[...])


def looks(attention, query, keys):
    """The weights of one query, [head, key], and what it finds."""
    if not len(keys):
        return np.zeros((3, 0)), np.zeros(len(query))
    q, k, v = (
        np.split(layer(part, x), attention.num_heads, axis=-1)
        for part, x in ((attention.query, query), (attention.key, keys), (attention.value, keys))
    )
    weights = [softmax(k[h] @ q[h] / np.sqrt(len(q[h]))) for h in range(attention.num_heads)]
    heads = [weights[h] @ v[h] for h in range(attention.num_heads)]
    return np.array(weights), layer(attention.out, np.concatenate(heads))


def by_hand(model, case, item):
    """Of each circumstance that asks, its weights over history and fields; and the score."""
    table = np.asarray(model.embedding.table.embedding[...], np.float64)

    def each(of, row):
        pairs = zip(of.levels[row], of.weights[row], strict=True)
        return [weight * table[level] for level, weight in pairs]

    def of_item(row):
        one, *genres = each(CATALOGUE, row)
        return [one, sum(genres)]

    real = [i for i in HISTORY[case] if i > 0]
    places = np.asarray(model.places[...])
    past = [sum(of_item(i)) + places[len(real) - 1 - t] for t, i in enumerate(real)]
    others, context = [*each(USERS, case), *of_item(item)], each(CONTEXT, case)
    said = [USERS.levels[case, 0] > 0, True, CATALOGUE.levels[item, 1] > 0]
    there = np.array([one for one, says in zip(others, said, strict=True) if says])
    maps, found = [], []
    for c, asks in zip(context, ASKS[case], strict=True):
        if not asks:
            maps.append(None)
            found.append(c)
            continue
        over_past, of_past = looks(model.history_attention, c, np.array(past))
        over_fields, of_fields = looks(model.field_attention, c, there)
        maps.append((over_past, over_fields, np.array(said)))
        found.append(c + of_past + of_fields)
    x = np.concatenate([*others, *context, *found])
    for one in model.network.layers:
        x = np.maximum(layer(one, x), 0)
    return maps, layer(model.network.out, x)[0]


def test_scores_are_those_of_the_equations(model):
    expected = [by_hand(model, case, item)[1] for case in range(3) for item in CHOSEN[case]]
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(scores_of(model, CASES), expected, atol=1e-5, rtol=1e-5)
    every = scores_of(model, CASES._replace(chosen=np.arange(6, dtype=np.int32)[None]))
    chosen = np.take_along_axis(every.reshape(3, 6), CHOSEN, axis=1).ravel()
    np.testing.assert_allclose(chosen, expected, atol=1e-5, rtol=1e-5)


def test_maps_are_those_of_each_circumstance(model, recorder):
    scores, record = recorder.inspect(ALONE)
    assert record.names == ("history_attention", "field_attention")
    of_past, of_fields = record.maps
    assert (of_past.query_axis, of_past.key_axis) == ("context", "position")
    assert (of_fields.query_axis, of_fields.key_axis) == ("context", "feature")
    assert of_past.queries == of_fields.queries == ("hour", "place")
    assert (of_past.keys, of_fields.keys) == ((), ("age", "item", "genres"))
    assert of_past.weights.shape == (3, 3, 2, 4)
    assert of_fields.weights.shape == (3, 3, 2, 3)
    for case in range(3):
        maps, score = by_hand(model, case, CHOSEN[case, 1])
        np.testing.assert_allclose(scores[case], score, atol=1e-5, rtol=1e-5)
        for query, told in enumerate(maps):
            past, fields = of_past.weights[case, :, query], of_fields.weights[case, :, query]
            if told is None:
                assert not past.any()
                assert not fields.any()
                continue
            over_past, over_fields, said = told
            expected = np.pad(over_past, ((0, 0), (4 - over_past.shape[1], 0)))
            np.testing.assert_allclose(past, expected, atol=1e-5)
            np.testing.assert_allclose(fields[:, said], over_fields, atol=1e-5)
            assert not fields[:, ~said].any()
    for map_, any_key in ((of_past, HISTORY.any(1)), (of_fields, np.ones(3, bool))):
        sums = np.repeat((ASKS & any_key[:, None])[:, None], 3, axis=1)
        np.testing.assert_allclose(map_.weights.sum(-1), sums, atol=1e-6)


def test_weights_in_their_own_place_change_nothing_and_others_do(recorder):
    scores, record = recorder.inspect(ALONE)
    own = {map_.name: map_.weights for map_ in record.maps}

    def scores_with(given):
        return recorder.inspect(ALONE, Interventions(attention=own | given))[0]

    np.testing.assert_allclose(scores_with({}), scores, atol=1e-6)
    for name, weights in own.items():
        there = (weights > 0).sum(-1, keepdims=True)
        even = np.where(weights > 0, 1 / np.maximum(there, 1), 0)
        other = scores_with({name: even})
        assert (np.abs(other - scores)[:2] > 1e-4).all()
        if name == "history_attention":
            assert other[2] == pytest.approx(scores[2], abs=1e-6)  # nothing to look at


def test_the_history_is_read_once_for_all_candidates_of_a_case(model):
    tape = Tape()
    view = recording_view(nnx.merge(*nnx.split(model)), tape)
    jax.eval_shape(view.score, CASES)
    assert tape.layers["history_attention"].weights.shape == (3, 3, 2, 4)  # cases
    assert tape.layers["field_attention"].weights.shape == (6, 3, 2, 3)  # examples


def test_places_count_from_the_recent_end_and_padding_says_nothing(model):
    scores = scores_of(model, CASES)
    longer = np.pad(HISTORY, ((0, 0), (3, 0)))
    padded = CASES._replace(history=History(longer, CATALOGUE))
    np.testing.assert_allclose(scores_of(model, padded), scores, atol=1e-6)
    turned = HISTORY.copy()
    turned[0, 1:] = HISTORY[0, :0:-1]
    other = scores_of(model, CASES._replace(history=History(turned, CATALOGUE)))
    assert (np.abs(other - scores)[:2] > 1e-3).all()  # the order counts
    np.testing.assert_allclose(other[2:], scores[2:], atol=1e-6)


def test_without_a_history_the_fields_are_left_to_look_at():
    model = filled(FeatureSchema(SCHEMA.fields))
    assert FeatureRecorder(model, FeatureSchema(SCHEMA.fields)).names == ("field_attention",)
    scores = scores_of(model, CASES._replace(history=None))
    np.testing.assert_array_equal(scores_of(model, CASES), scores)


def test_a_history_that_was_promised_is_missed(model):
    with pytest.raises(AttnrecError, match="looks at a history, and these have none"):
        jax.eval_shape(model.score, CASES._replace(history=None))


@pytest.fixture(scope="module")
def run():
    """By day people rate highly what they had last, by night what they had three before."""
    users, length = 100, 40
    rng = np.random.default_rng(0)
    items, night = rng.integers(0, 3, (users, length)), rng.random((users, length)) < 0.5
    back = np.where(night, np.roll(items, 3, axis=1), np.roll(items, 1, axis=1))
    rating = np.where(items == back, 5, 1)
    rating[:, :3] = 1
    table = pd.DataFrame(
        {
            "user": np.repeat(np.arange(users), length),
            "item": [f"i{item}" for item in items.ravel()],
            "timestamp": np.tile(np.arange(length), users),
            "hour": np.where(night, "night", "day").ravel(),
            "rating": rating.ravel(),
        }
    )
    split = temporal(validate(table))
    features = ar.features.build(split, context=["hour"], label="rating", history=4)
    recipe = ContextAttention(embedding_size=8, hidden_sizes=(32,))
    options = {"epochs": 30, "batch_size": 128, "learning_rate": 0.01, "progress": False}
    return ar.fit(recipe, features, **options)


def test_circumstances_look_where_the_answer_is(run):
    table = run.evaluate()
    assert table.loc["mean of train", "RMSE"] > 1.5
    assert table.loc["ContextAttention", "RMSE"] < 0.5
    asked = {"user": 3, "item": "i2", "history": ["i1", "i2", "i0", "i1"]}
    for hour, place, rating in (("day", "history 4", 1), ("night", "history 2", 5)):
        said = run.inspect(**asked, context={"hour": hour})
        assert said.predictions[0] == pytest.approx(rating, abs=0.5)
        frame = said.to_frame()
        assert frame["map"].tolist() == ["history_attention"] * 4 + ["field_attention"] * 2
        assert frame["feature"].tolist()[4:] == ["user", "item"]
        assert frame["value"].tolist() == ["i1", "i2", "i0", "i1", "3", "i2"]
        np.testing.assert_allclose(frame.groupby("map")["attention"].sum(), 1, atol=1e-6)
        past = frame[:4].set_index("feature")["attention"]
        assert past[place] > 0.4
        assert past.idxmax() == place
    silent = run.inspect(**asked).to_frame()  # of circumstances that are not told, nothing looks
    assert (silent["attention"] == 0).all()


def test_saved_and_loaded_it_says_the_same(run, tmp_path):
    again = ar.load_run(run.save(tmp_path / "run"))
    assert again.config == run.config
    asked = {"user": 3, "item": "i2", "context": {"hour": "night"}, "history": ["i1", "i2"]}
    assert again.predict(**asked) == run.predict(**asked)
