"""Means of maps: out of records made by hand, and of models."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.features import FeatureSchema, Field
from attnrec.inspection import AttentionMap, AttentionRecord
from attnrec.inspection.field_map import field_map
from attnrec.models.features import AFM, AutoInt, ContextAttention, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of

NAMES = ("a", "b", "c")
SCHEMA = FeatureSchema(tuple(Field(name, "user", "category", ("x",)) for name in NAMES))
AXES = {"query_axis": "feature", "key_axis": "feature", "queries": NAMES, "keys": NAMES}


def record(weights, real, **axes) -> AttentionRecord:
    """Of one layer; `weights` are [case, head, query, key]."""
    map_ = AttentionMap("layers.0", np.array(weights, float), **AXES | axes)
    return AttentionRecord((map_,), np.array(real, bool))


def test_means_over_the_cases_in_which_a_field_looks():
    one = [[0.2, 0.3, 0.5], [1, 0, 0], [0, 0.5, 0.5]]
    two = [[0.4, 0.6, 0], [0, 1, 0], [0, 0, 0]]  # c says nothing
    found = field_map([record([[one], [two]], [[1, 1, 1], [1, 1, 0]])], SCHEMA)
    assert (found.fields, found.layers, found.num_cases) == (NAMES, ("layers.0",), 2)
    np.testing.assert_allclose(
        found.weights[0], [[0.3, 0.45, 0.25], [0.5, 0.5, 0], [0, 0.5, 0.5]], atol=1e-12
    )
    assert found.counts[0].tolist() == [[2] * 3, [2] * 3, [1] * 3]
    apart = [record([[each]], [real]) for each, real in ((one, [1, 1, 1]), (two, [1, 1, 0]))]
    np.testing.assert_allclose(field_map(apart, SCHEMA).weights, found.weights)
    table = found.to_frame().set_index(["looks", "at"])
    assert table.loc[("a", "b"), ["layer", "cases"]].tolist() == ["layers.0", 2]
    assert table.loc[("a", "b"), "attention"] == pytest.approx(0.45)
    assert len(table) == 9


def test_a_head_or_the_mean_of_them():
    one, two = np.eye(3), np.full((3, 3), 1 / 3)
    both = [record([[one, two]], [[1, 1, 1]])]
    np.testing.assert_allclose(field_map(both, SCHEMA).weights[0], (one + two) / 2)
    found = field_map(both, SCHEMA, layer=1, head=2)
    np.testing.assert_allclose(found.weights[0], two)
    assert found.head == 2
    with pytest.raises(AttnrecError, match="head: expected 1 to 2, got 3"):
        field_map(both, SCHEMA, head=3)
    with pytest.raises(AttnrecError, match="layer: expected"):
        field_map(both, SCHEMA, layer=2)


def test_pairs_stand_on_both_sides_of_a_blank_diagonal():
    pairs = {"query_axis": "pooled", "key_axis": "feature pair", "queries": ()}
    keys = ("a × b", "a × c", "b × c")
    weights = [[[[0.5, 0.3, 0.2]]], [[[1.0, 0, 0]]], [[[0.4, 0.6, 0.0]]]]  # underflow counts
    real = [[1, 1, 1], [1, 1, 0], [1, 1, 1]]
    found = field_map([record(weights, real, **pairs, keys=keys)], SCHEMA)
    assert found.of_pairs
    nan = np.nan
    expected = [[nan, 1.9 / 3, 0.45], [1.9 / 3, nan, 0.1], [0.45, 0.1, nan]]
    np.testing.assert_allclose(found.weights[0], expected)
    assert found.counts[0].tolist() == [[0, 3, 2], [3, 0, 2], [2, 2, 0]]
    told = found.to_frame()
    assert told[["looks", "at", "cases"]].values.tolist() == [
        ["a", "b", 3],
        ["a", "c", 2],
        ["b", "c", 2],
    ]


@pytest.fixture(scope="module")
def shop():
    return clicks(300)


@pytest.mark.parametrize(
    "recipe",
    [
        AutoInt(embedding_size=4, attention_size=8, num_layers=2),
        AFM(embedding_size=3),
        ContextAttention(embedding_size=4),
    ],
    ids=lambda recipe: type(recipe).__name__,
)
def test_of_models(shop, recipe):
    run = run_of(recipe, shop, spread=1)
    rows = shop.examples("test").rows
    found = run.field_map()
    _, record = run.recorder.inspect(shop.of_rows(rows))
    assert found.num_cases == len(rows)
    for number, values in enumerate(found.weights, 1):
        map_ = record.layer(found.layers[number - 1])
        mean = map_.weights.mean((0, 1))
        if found.of_pairs:
            one, other = np.triu_indices(len(shop.schema), 1)
            np.testing.assert_allclose(values[one, other], mean[0], atol=1e-5)
            continue
        looks = [shop.schema.index(name) for name in map_.queries]
        at = [shop.schema.index(name) for name in map_.keys]
        np.testing.assert_allclose(values[np.ix_(looks, at)], mean, atol=1e-5)
        assert np.isnan(np.delete(values, looks, axis=0)).all()
    few = run.field_map(rows=7, seed=1)
    assert few.num_cases == 7


def test_where_no_field_looks(shop):
    with pytest.raises(AttnrecError, match="no field looks at another in this model, as in Auto"):
        run_of(FeatureAttention(embedding_size=3), shop).field_map()
    with pytest.raises(AttnrecError, match="cases: expected one or more"):
        field_map([], SCHEMA)
