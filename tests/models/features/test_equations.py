"""Every model against its equations, written out in NumPy over single fields and pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from flax import nnx
from scipy.special import softmax

from attnrec.features.fields import FeatureSchema, Field, Inputs, Levels
from attnrec.models.features import (
    AFM,
    FM,
    GMF,
    NCF,
    AutoInt,
    DeepFM,
    FeatureAttention,
    LogisticRegression,
    NeuMF,
    XDeepFM,
)

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
]


@pytest.mark.parametrize(
    ("recipe", "by_hand"), MODELS, ids=lambda one: getattr(one, "__name__", repr(one))
)
def test_scores_are_those_of_the_equations(recipe, by_hand):
    model = larger(recipe.build(SCHEMA, nnx.Rngs(0)))
    found = np.asarray(model.score(SCHEMA.apart(Levels(LEVELS, WEIGHTS))))
    expected = [by_hand(model, case) for case in range(3)]
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("recipe", [recipe for recipe, _ in MODELS], ids=repr)
def test_several_candidates_are_as_many_examples(recipe):
    model = larger(recipe.build(SCHEMA, nnx.Rngs(0)))
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
    expected = np.asarray(model.score(SCHEMA.apart(alone)))
    found = np.asarray(model.score(Inputs(user, item, context, chosen)))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    every = np.asarray(model.score(Inputs(user, item, context, np.arange(3)[None]))).reshape(3, 3)
    one_by_one = np.take_along_axis(every, chosen, axis=1).ravel()
    np.testing.assert_allclose(one_by_one, expected, atol=1e-5)
