"""Shapley values of fields: closed forms, the axioms, and the definition by hand."""

from __future__ import annotations

from itertools import permutations as all_orders

import numpy as np
import pandas as pd
import pytest
import scipy.special

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations.features import FeatureShapley, Players, background_of, shapley_values
from attnrec.models.features import AFM, DIN, FM, AutoInt, DeepFM
from tests.explanations.feature_shop import choices, clicks, linear, run_of, table_of

CASES = {"user": [3, 4, 5], "item": [5, 7, 8], "context": {"hour": "day", "noise": 0.3}}
RECIPES = [
    FM(embedding_size=3),
    AutoInt(embedding_size=4, attention_size=8, num_layers=2),
    AFM(embedding_size=3),
]


@pytest.fixture(scope="module")
def shop():
    return clicks(600)


def test_of_a_linear_model_they_are_known(shop):
    r"""$w_f (x_f - \mathrm{E}\, x_f)$, of a set the sum over its levels."""
    weights = {
        "taste": [1.0, -2.0],
        "colour": [0.5, 0.25],
        "tags": [3.0, -1.0, 0.7],
        "noise": list(np.linspace(-1, 1, 10)),
    }
    run = linear(shop, weights)
    found = run.shapley(**CASES, background=80, seed=4)
    table = table_of(shop.schema, weights)
    lent = background_of(shop, 80, seed=4).flat()
    inputs, _ = run._inputs(CASES["user"], CASES["item"], CASES["context"], None)

    def worth(flat):
        each = table[np.asarray(flat.levels)] * np.asarray(flat.weights)
        return np.stack([each[:, columns].sum(1) for columns in shop.schema.columns], axis=1)

    expected = worth(inputs.flat()) - worth(lent).mean(0)
    np.testing.assert_allclose(found.shapley, expected, atol=1e-5)
    assert (found.standard_error == 0).all()
    assert np.abs(expected).max() > 1


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: type(recipe).__name__)
def test_they_sum_to_what_the_score_is_above_the_background(shop, recipe):
    run = run_of(recipe, shop)
    found = run.shapley(**CASES, background=30)
    lent = background_of(shop, 30, 0)
    assert found.base == pytest.approx(run.scorer.scores(lent).mean(dtype=float), abs=1e-6)
    inputs, _ = run._inputs(CASES["user"], CASES["item"], CASES["context"], None)
    np.testing.assert_allclose(found.scores, run.scorer.scores(inputs), atol=1e-6)
    np.testing.assert_allclose(found.shapley.sum(1), found.scores - found.base, atol=1e-5)
    assert np.abs(found.shapley).max() > 0.05


def test_they_are_the_mean_over_all_orders_of_arrival(shop):
    """The definition, with mixtures put together by hand."""
    groups = {"item": ["colour", "tags"], "when": ["hour", "noise"]}
    run = run_of(FM(embedding_size=3), shop)
    found = run.shapley(**CASES, background=7, groups=groups)
    assert found.names == ("taste", "item", "when")
    schema, lent = shop.schema, background_of(shop, 7, 0).flat()
    inputs, _ = run._inputs(CASES["user"], CASES["item"], CASES["context"], None)
    case = inputs.flat()
    fields = {"taste": ["taste"], **groups}

    def worth(names):
        total = 0.0
        for b in range(7):
            levels, weights = (np.array(part[b : b + 1]) for part in lent)
            for name in names:
                for field in fields[name]:
                    columns = schema.columns[schema.index(field)]
                    levels[:, columns] = case.levels[1, columns]
                    weights[:, columns] = case.weights[1, columns]
            mixture = schema.apart(type(lent)(levels, weights))
            total += float(run.scorer.scores(mixture)[0]) / 7
        return total

    expected = dict.fromkeys(found.names, 0.0)
    orders = list(all_orders(found.names))
    for order in orders:
        for place, name in enumerate(order):
            gain = worth(order[: place + 1]) - worth(order[:place])
            expected[name] += gain / len(orders)
    np.testing.assert_allclose(found.shapley[1], list(expected.values()), atol=1e-5)


def test_a_field_that_is_not_read_has_none(shop):
    run = linear(shop, {"taste": [1, -1], "tags": [1, 2, 3]})
    found = run.shapley(**CASES)
    silent = [found.names.index(name) for name in ("hour", "noise", "colour")]
    np.testing.assert_allclose(found.shapley[:, silent], 0, atol=1e-6)
    assert (np.abs(found.shapley[:, found.names.index("taste")]) > 0.1).all()


def test_fields_that_do_alike_have_alike():
    """Two columns that are one, and a model that treats them alike."""
    rng = np.random.default_rng(0)
    kind = rng.choice(["x", "y", "z"], 300)
    table = pd.DataFrame(
        {"user": np.arange(300) % 9, "item": np.arange(300) % 7, "one": kind, "two": kind}
    ).assign(rating=rng.normal(size=300))
    features = ar.features.build(
        at_random(validate(table)), context=["one", "two"], item=[], label="rating", ids=True
    )
    run = run_of(FM(embedding_size=3), features)
    schema = features.schema
    for part in (run.model.embedding, run.model.linear.weight):
        rows = np.array(part.table.embedding[...])
        one, two = (schema.offsets[schema.index(name)] + 1 for name in ("one", "two"))
        rows[two : two + 3] = rows[one : one + 3]
        part.table.embedding[...] = rows
    run = type(run)(run.model, run.config, features, run.history)
    found = run.shapley(user=1, item=2, context={"one": "y", "two": "y"})
    values = dict(zip(found.names, found.shapley[0], strict=True))
    assert values["one"] == pytest.approx(values["two"], abs=1e-5)
    assert abs(values["one"]) > 0.01


def test_what_a_pair_adds_is_halved():
    """s = [taste red][colour red]: of a red pair in a half red shop each gets 3/8."""

    def scores(inputs):
        taste, colour = (np.asarray(part.levels)[:, 0] for part in (inputs.users, inputs.items))
        return 1.0 * (taste == 2) * (colour == 4)

    schema = ar.features.FeatureSchema(
        (
            ar.features.Field("taste", "user", "category", ("blue", "red")),
            ar.features.Field("colour", "item", "category", ("blue", "red")),
        )
    )
    four = np.array([[1, 3], [1, 4], [2, 3], [2, 4]], np.int32)
    background = schema.apart(ar.features.Levels(four, np.ones((4, 2), np.float32)))
    case = background.take(np.array([3]))
    values, errors = shapley_values(scores, Players.of(schema), case, background)
    # v(nobody) = 1/4, v(either) = 1/2, v(both) = 1
    np.testing.assert_allclose(values, [[3 / 8, 3 / 8]], atol=1e-12)
    assert (errors == 0).all()


def test_beyond_twelve_fields_permutations_are_drawn():
    rng = np.random.default_rng(0)
    names = [f"n{i}" for i in range(14)]
    table = pd.DataFrame(rng.normal(size=(200, 14)), columns=names).assign(
        user=np.arange(200) % 9, item=np.arange(200) % 7, rating=rng.normal(size=200)
    )
    features = ar.features.build(
        at_random(validate(table)),
        context=[ar.features.Number(name, scale="standard") for name in names],
        label="rating",
        ids=False,
    )
    weights = {name: [float(i)] for i, name in enumerate(names)}
    context = dict.fromkeys(names, 0.5)
    exact = linear(features, weights)
    inputs, _ = exact._inputs(1, 1, context, None)
    x = np.asarray(inputs.flat().weights)[0]
    mean = np.asarray(background_of(features, 20).flat().weights).mean(0)
    found = exact.shapley(user=1, item=1, context=context, background=20, samples=64)
    # Of a sum every permutation gives what it is.
    np.testing.assert_allclose(found.shapley[0], np.arange(14) * (x - mean), atol=1e-4)
    np.testing.assert_allclose(found.standard_error, 0, atol=1e-4)
    mixed = run_of(DeepFM(embedding_size=2, hidden_sizes=(4,)), features)
    several = [
        mixed.shapley(user=1, item=1, context=context, background=20, samples=280, seed=seed)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(several[0].shapley, several[1].shapley)
    assert not np.array_equal(several[0].shapley, several[2].shapley)
    assert (several[0].standard_error > 0).any()
    for one in several:
        np.testing.assert_allclose(one.shapley.sum(1), one.scores - one.base, atol=1e-4)
    with pytest.raises(AttnrecError, match="samples: expected a whole number from 28"):
        mixed.shapley(user=1, item=1, context=context, samples=27)


def test_in_the_scale_of_probabilities(shop):
    run = run_of(FM(embedding_size=3), shop)
    found = run.shapley(**CASES, background=25, scale="prediction")
    lent = scipy.special.expit(run.scorer.scores(background_of(shop, 25)).astype(float))
    np.testing.assert_allclose(found.scores, run.predict(**CASES), atol=1e-6)
    np.testing.assert_allclose(found.shapley.sum(1), found.scores - lent.mean(), atol=1e-6)


def test_the_history_is_a_player():
    run = run_of(DIN(embedding_size=3), choices(history=5))
    found = run.shapley(user=[1, 2], item=3, background=20)
    assert found.names == ("taste", "colour", "size", "history")
    np.testing.assert_allclose(found.shapley.sum(1), found.scores - found.base, atol=1e-4)
    other = run.shapley(user=[1, 2], item=3, history=[5, 7], background=20)
    assert other.words[0][-1] == "2 items"
    assert not np.allclose(found.shapley[:, -1], other.shapley[:, -1])


def test_as_a_table(shop):
    run = run_of(FM(embedding_size=3), shop)
    found = run.shapley(user=3, item=5, context={"hour": "night"})
    assert isinstance(found, FeatureShapley)
    table = found.to_frame()
    assert list(table.columns) == ["case", "field", "side", "value", "shapley", "standard_error"]
    assert table["shapley"].abs().is_monotonic_decreasing
    of = table.set_index("field")
    assert of.loc[["taste", "hour", "noise"], "value"].tolist() == ["red", "night", ""]
    assert sorted(of.loc["tags", "value"].split(", ")) == ["a", "b", "c"]
    assert of["shapley"].sum() == pytest.approx(found.scores[0] - found.base, abs=1e-5)
    assert run.shapley(**CASES).to_frame()["case"].tolist() == [1] * 5 + [2] * 5 + [3] * 5
    assert "3 cases of taste" in repr(run.shapley(**CASES))


def test_a_background_of_all_there_is(shop):
    run = run_of(FM(embedding_size=3), shop)
    whole = run.shapley(**CASES, background=10**6)
    mean = run.scorer.scores(shop.of_rows(shop.examples("train").rows)).mean(dtype=float)
    assert whole.base == pytest.approx(mean, abs=1e-5)
    one, again, other = (run.shapley(**CASES, background=20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.shapley, again.shapley)
    assert one.base != other.base


@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_asked_is_refused(shop):
    run = run_of(FM(embedding_size=3), shop)
    with pytest.raises(UnknownIdError):
        run.shapley(user=999, item=5)
    with pytest.raises(AttnrecError, match="background: expected a whole number from 1, got 0"):
        run.shapley(user=3, item=5, background=0)
    with pytest.raises(AttnrecError, match="scale: expected 'score' or 'prediction', got 'logit'"):
        run.shapley(user=3, item=5, scale="logit")
    with pytest.raises(AttnrecError, match="no 'tast' among"):
        run.shapley(user=3, item=5, groups={"a": ["tast"]})
    ranks = run_of(FM(embedding_size=3), choices())
    with pytest.raises(AttnrecError, match="scale: scores of this model only rank"):
        ranks.shapley(user=1, item=3, scale="prediction")
