"""Every model against its equations, written out in NumPy over single fields and pairs."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import jax
import numpy as np
import pytest
from flax import nnx
from scipy.special import expit, softmax

from attnrec.errors import AttnrecError
from attnrec.features.fields import FeatureSchema, Field, Inputs, Levels
from attnrec.inspection import Interventions
from attnrec.models.features import (
    AFM,
    FM,
    GMF,
    NCF,
    AutoInt,
    ContextAttention,
    DeepFM,
    DotGate,
    FeatureAttention,
    FeatureDNN,
    LogisticRegression,
    MultiModalAttention,
    NeuMF,
    XDeepFM,
)
from attnrec.models.features.recorder import FeatureRecorder

SCHEMA = FeatureSchema(
    (
        Field("user", "user", "category", tuple("abcd")),
        Field("age", "user", "number", ("age",)),
        Field("item", "item", "category", tuple("vwxyz")),
        Field("genres", "item", "set", ("comedy", "drama", "war"), num_columns=2),
        Field("hour", "context", "category", ("day", "night")),
    )
)
OFFSETS = (0, 4, 5, 10, 13)
LEVELS = np.array(  # the columns of genres are the fourth and the fifth
    [
        [1, 5, 6, 11, 12, 14],
        [4, 5, 10, 13, 0, 15],
        [2, 5, 8, 0, 0, 14],  # without genres
    ],
    np.int32,
)
WEIGHTS = np.array(
    [[1, 0.7, 1, 0.5, 0.5, 1], [1, -1.2, 1, 1, 0, 1], [1, 0.1, 1, 0, 0, 1]], np.float32
)
CASES = SCHEMA.apart(Levels(LEVELS, WEIGHTS))
PRESENT = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 1]], bool)


def relu(x):
    return np.maximum(x, 0)


def layer(linear, x):
    found = x @ np.asarray(linear.kernel[...])
    return found if linear.bias is None else found + np.asarray(linear.bias[...])


def network(mlp, x):
    for one in mlp.layers:
        x = relu(layer(one, x))
    return x if mlp.out is None else layer(mlp.out, x)


def vectors(embedding, case):
    """One vector for each field of a case."""
    table = np.asarray(embedding.table.embedding[...], np.float64)
    each = table[LEVELS[case]] * WEIGHTS[case][:, None]
    return np.array([each[0], each[1], each[2], each[3] + each[4], each[5]])


def first_order(linear, case):
    return vectors(linear.weight, case).sum() + float(linear.bias[...])


def larger(model):
    """With weights large enough that softmax is far from even, and biases that are not zero."""
    rng = np.random.default_rng(0)
    for _, param in nnx.iter_graph(model):
        if isinstance(param, nnx.Param):
            param[...] = rng.normal(0, 0.6, param[...].shape)
    return model


@cache
def filled(recipe):
    return larger(recipe.build(SCHEMA, nnx.Rngs(0)))


def scores_of(model, inputs):
    return np.asarray(jax.jit(model.score)(inputs))


def logistic_regression(model, case):
    return first_order(model.linear, case)


def fm(model, case):
    v = vectors(model.embedding, case)
    return first_order(model.linear, case) + sum(a @ b for a, b in combinations(v, 2))


def deepfm(model, case):
    return fm(model, case) + network(model.network, vectors(model.embedding, case).ravel())[0]


def xdeepfm(model, case):
    v = vectors(model.embedding, case)
    x, sums = v, []
    for cross in model.crosses:
        w = np.asarray(cross[...])
        x = np.array(
            [
                sum(w[h, i, j] * x[i] * v[j] for i in range(len(x)) for j in range(len(v)))
                for h in range(len(w))
            ]
        )
        sums += x.sum(1).tolist()
    crossed = layer(model.out, np.array(sums))[0]
    return first_order(model.linear, case) + crossed + network(model.network, v.ravel())[0]


def afm(model, case):
    v = vectors(model.embedding, case)
    attention = model.attention
    pairs = [
        v[f] * v[g] for f, g in combinations(range(5), 2) if PRESENT[case, f] and PRESENT[case, g]
    ]
    weights = softmax([layer(attention.out, relu(layer(attention.inner, p)))[0] for p in pairs])
    pooled = sum(w * p for w, p in zip(weights, pairs, strict=True))
    return first_order(model.linear, case) + pooled @ np.asarray(model.out[...])


def autoint(model, case):
    x = vectors(model.embedding, case)
    there = np.flatnonzero(PRESENT[case])
    for one in model.layers:
        query, key, value = (
            np.split(layer(part, x), one.num_heads, axis=1)
            for part in (one.query, one.key, one.value)
        )
        found = np.zeros((len(x), query[0].shape[1] * one.num_heads))
        for f in there:
            heads = []
            for q, k, v in zip(query, key, value, strict=True):
                weights = softmax([q[f] @ k[g] / np.sqrt(q.shape[1]) for g in there])
                heads.append(sum(w * v[g] for w, g in zip(weights, there, strict=True)))
            found[f] = np.concatenate(heads)
        x = relu(found + layer(one.residual, x))
    score = layer(model.out, x.ravel())[0]
    if model.network is not None:
        score += network(model.network, vectors(model.embedding, case).ravel())[0]
    return score if model.linear is None else score + first_order(model.linear, case)


def feature_attention(model, case):
    v = vectors(model.embedding, case)

    def side(attention, fields):
        fields = [f for f in fields if PRESENT[case, f]]
        if attention is None:
            return v[fields].mean(0)
        weights = softmax(
            [layer(attention.query, np.tanh(layer(attention.inner, v[f])))[0] for f in fields]
        )
        return weights @ v[fields]

    user, item = side(model.user_attention, (0, 1, 4)), side(model.item_attention, (2, 3))
    return user @ item + first_order(model.linear, case)


def neumf(model, case):
    parts = []
    if model.product is not None:
        user, _, item, *_ = vectors(model.product.embedding, case)
        parts.append(user * item)
    if model.pair is not None:
        user, _, item, *_ = vectors(model.pair.embedding, case)
        parts.append(network(model.network, np.concatenate([user, item])))
    return layer(model.out, np.concatenate(parts))[0]


def dot_gate(model, case):
    v = vectors(model.embedding, case)
    user, item = ([f for f in fields if PRESENT[case, f]] for fields in ((0, 1, 4), (2, 3)))

    def through(gate, own, other):
        query = layer(gate.query, v[other].mean(0))
        return sum(expit(query @ layer(gate.key, v[f]) / np.sqrt(len(query))) * v[f] for f in own)

    product = through(model.user_gate, user, item) @ through(model.item_gate, item, user)
    return product + first_order(model.linear, case)


def context_attention(model, case):
    v, attention = vectors(model.embedding, case), model.field_attention
    there = [f for f in range(4) if PRESENT[case, f]]
    parts = (attention.query, attention.key, attention.value)
    query, key, value = (np.split(layer(part, v), attention.num_heads, axis=1) for part in parts)
    heads = []
    for q, k, w in zip(query, key, value, strict=True):
        weights = softmax([q[4] @ k[f] / np.sqrt(q.shape[1]) for f in there])
        heads.append(sum(a * w[f] for a, f in zip(weights, there, strict=True)))
    hour = v[4] + layer(attention.out, np.concatenate(heads))
    return network(model.network, np.concatenate([v.ravel(), hour]))[0]


def feature_dnn(model, case):
    v, attention = vectors(model.embedding, case), model.attention
    if attention is not None:
        there = [f for f in range(5) if PRESENT[case, f]]
        query = layer(attention.query, v[there].mean(0))
        if attention.key is None:
            logits = [v[f] @ query for f in there]
        else:
            hidden = [np.tanh(layer(attention.key, v[f]) + query) for f in there]
            logits = [layer(attention.out, one)[0] for one in hidden]
        for f, weight in zip(there, softmax(logits), strict=True):
            v[f] *= len(there) * weight
    return network(model.network, v.ravel())[0]


def multi_modal(model, case):
    v = vectors(model.embedding, case)
    user, item = v[[0, 1, 4]].mean(0), [f for f in (2, 3) if PRESENT[case, f]]
    query = layer(model.attention.query, user)
    weights = softmax([query @ v[f] / np.sqrt(len(user)) for f in item])
    return user @ (weights @ v[item]) + first_order(model.linear, case)


MODELS = [
    (LogisticRegression(), logistic_regression),
    (FM(embedding_size=3), fm),
    (DeepFM(embedding_size=3, hidden_sizes=(7, 5)), deepfm),
    (XDeepFM(embedding_size=3, cross_sizes=(4, 2), hidden_sizes=(6,)), xdeepfm),
    (AFM(embedding_size=3, attention_size=4), afm),
    (AutoInt(embedding_size=3, attention_size=6, num_layers=2), autoint),
    (
        AutoInt(
            embedding_size=3, attention_size=4, num_heads=4, hidden_sizes=(5,), first_order=True
        ),
        autoint,
    ),
    (FeatureAttention(embedding_size=3, attention_size=4), feature_attention),
    (FeatureAttention(embedding_size=3, sides="user"), feature_attention),
    (FeatureAttention(embedding_size=3, sides="item"), feature_attention),
    (GMF(embedding_size=3), neumf),
    (NCF(embedding_size=3, hidden_sizes=(4, 2)), neumf),
    (NeuMF(embedding_size=3, network_embedding_size=5, hidden_sizes=(4, 2)), neumf),
    (DotGate(embedding_size=3), dot_gate),
    (ContextAttention(embedding_size=4, num_heads=2, hidden_sizes=(6, 5)), context_attention),
    (FeatureDNN(embedding_size=3, hidden_sizes=(6, 5)), feature_dnn),
    (FeatureDNN(embedding_size=3, fusion="additive", attention_size=4), feature_dnn),
    (FeatureDNN(embedding_size=3, fusion="none", hidden_sizes=(6,)), feature_dnn),
    (MultiModalAttention(embedding_size=3), multi_modal),
]
RECORDED = {  # of each recipe, its maps, and the fields that they look at
    DotGate(embedding_size=3): {"user_gate": (0, 1, 4), "item_gate": (2, 3)},
    ContextAttention(embedding_size=4, num_heads=2): {"field_attention": (0, 1, 2, 3)},
    FeatureDNN(embedding_size=3): {"attention": (0, 1, 2, 3, 4)},
    FeatureDNN(embedding_size=3, fusion="additive"): {"attention": (0, 1, 2, 3, 4)},
    MultiModalAttention(embedding_size=3): {"attention": (2, 3)},
}


@pytest.mark.parametrize(
    ("recipe", "by_hand"), MODELS, ids=lambda one: getattr(one, "__name__", repr(one))
)
def test_scores_are_those_of_the_equations(recipe, by_hand):
    model = filled(recipe)
    found = scores_of(model, CASES)
    expected = [by_hand(model, case) for case in range(3)]
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("recipe", [recipe for recipe, _ in MODELS], ids=repr)
def test_several_candidates_are_as_many_examples(recipe):
    model = filled(recipe)
    given = Levels(LEVELS, WEIGHTS)
    user, item, context, *_ = SCHEMA.apart(given)
    chosen = np.array([[2, 0], [0, 1], [1, 2]])
    alone = Levels(
        *(
            np.array(
                [
                    np.concatenate([part[i, :2], part[j, 2:5], part[i, 5:]])
                    for i in range(3)
                    for j in chosen[i]
                ]
            )
            for part in given
        )
    )
    expected = scores_of(model, SCHEMA.apart(alone))
    found = scores_of(model, Inputs(user, item, context, chosen))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    every = scores_of(model, Inputs(user, item, context, np.arange(3)[None])).reshape(3, 3)
    one_by_one = np.take_along_axis(every, chosen, axis=1).ravel()
    np.testing.assert_allclose(one_by_one, expected, atol=1e-5)


@pytest.fixture(scope="module", params=RECORDED, ids=lambda recipe: repr(recipe)[:40])
def recorded(request):
    """A recorder, the maps that it is to have, and the scores without one."""
    model = filled(request.param)
    return FeatureRecorder(model, SCHEMA), RECORDED[request.param], scores_of(model, CASES)


def test_weights_are_of_what_is_there(recorded):
    recorder, fields, plain = recorded
    scores, record = recorder.inspect(CASES)
    np.testing.assert_allclose(scores, plain, atol=1e-6)
    assert record.names == tuple(fields)
    for map_, places in zip(record.maps, fields.values(), strict=True):
        assert map_.keys == tuple(SCHEMA.names[place] for place in places)
        there = PRESENT[:, places]
        assert ((map_.weights > 0) == there[:, None, None]).all()
        if map_.normalisation == "softmax":
            np.testing.assert_allclose(map_.weights.sum(-1), 1, atol=1e-6)
        else:
            assert map_.normalisation == "gate"
            assert (map_.weights < 1).all()
            assert np.ptp(map_.weights.sum(-1)) > 0.01


def test_weights_in_their_own_place_change_nothing_and_others_do(recorded):
    recorder, fields, plain = recorded
    own = {map_.name: map_.weights for map_ in recorder.inspect(CASES)[1].maps}

    def scores_with(given):
        return recorder.inspect(CASES, Interventions(attention=own | given))[0]

    np.testing.assert_allclose(scores_with({}), plain, atol=1e-6)
    for name, places in fields.items():
        there = PRESENT[:, None, None, places]
        even = there * own[name].sum(-1, keepdims=True) / there.sum(-1, keepdims=True)
        change = np.abs(scores_with({name: even}) - plain)
        assert change.max() > 1e-4
        assert (change[there.sum((1, 2, 3)) == 1] < 1e-6).all()  # the only one has all
        turned = np.roll(own[name], 1, axis=-1)
        assert np.abs(scores_with({name: turned}) - plain).max() > 1e-3


def test_with_equal_weights_fusion_is_the_network_alone():
    model = larger(FeatureDNN(embedding_size=3).build(SCHEMA, nnx.Rngs(0)))
    recorder = FeatureRecorder(model, SCHEMA)
    even, _ = recorder.inspect(CASES, Interventions(attention={"attention": "uniform"}))
    model.attention = None
    np.testing.assert_allclose(even, scores_of(model, CASES), atol=1e-6)


def test_open_gates_are_the_product_of_sums():
    model = filled(DotGate(embedding_size=3))
    wide = {name: np.ones((1, 1, 1, n)) for name, n in (("user_gate", 3), ("item_gate", 2))}
    scores, _ = FeatureRecorder(model, SCHEMA).inspect(CASES, Interventions(attention=wide))
    for case in range(3):
        v = vectors(model.embedding, case)
        expected = v[[0, 1, 4]].sum(0) @ v[[2, 3]].sum(0) + first_order(model.linear, case)
        np.testing.assert_allclose(scores[case], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("recipe", "wrong", "told"),
    [
        (DotGate, {"embedding_size": 0}, "embedding_size: expected a whole number from 1, got 0"),
        (DotGate, {"dropout_rate": 1}, "dropout_rate: expected 0 to below 1, got 1"),
        (MultiModalAttention, {"embedding_size": 2.5}, "embedding_size: expected a whole number"),
        (MultiModalAttention, {"dropout_rate": "0.1"}, "dropout_rate: expected 0 to below 1"),
        (FeatureDNN, {"fusion": "additve"}, "fusion: expected one of .* did you mean 'additive'"),
        (FeatureDNN, {"attention_size": -1}, "attention_size: expected a whole number from 1"),
        (FeatureDNN, {"hidden_sizes": ()}, "hidden_sizes: expected a sequence of widths"),
        (FeatureDNN, {"dropout_rate": -0.1}, "dropout_rate: expected 0 to below 1, got -0.1"),
        (ContextAttention, {"num_heads": 3}, "num_heads: 3 does not divide embedding_size 16"),
        (ContextAttention, {"hidden_sizes": 64}, "hidden_sizes: expected a sequence of widths"),
        (ContextAttention, {"dropout_rate": 2}, "dropout_rate: expected 0 to below 1, got 2"),
    ],
)
@pytest.mark.usefixtures("unchecked")  # for values of another type
def test_hyperparameters_are_checked(recipe, wrong, told):
    with pytest.raises(AttnrecError, match=told):
        recipe(**wrong)


@pytest.mark.parametrize(
    ("recipe", "fields", "told"),
    [
        (DotGate(), (2, 3), "fields: this model needs some of the item and some of the user"),
        (DotGate(), (0, 1, 4), "fields: .* got .'user', 'age', 'hour'."),
        (MultiModalAttention(), (2, 3), "fields: this model needs two or more of the item"),
        (MultiModalAttention(), (0, 2), "fields: .* two or more of the item .* got .'user', 'ite"),
        (ContextAttention(), (0, 2), "fields: this model needs some of the circumstances .*hour"),
        (ContextAttention(), (0, 4), "fields: this model needs .* and some of the item, got"),
    ],
)
def test_fields_that_are_needed(recipe, fields, told):
    some = FeatureSchema(tuple(SCHEMA.fields[field] for field in fields))
    with pytest.raises(AttnrecError, match=told):
        recipe.build(some, nnx.Rngs(0))
