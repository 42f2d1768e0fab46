"""What fields get case by case: out of records made by hand, and of models."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.explanations.features.spread import spread_of, spread_of_records
from attnrec.features import FeatureSchema, Field
from attnrec.inspection import AttentionMap, AttentionRecord
from attnrec.models.features import AFM, FM, AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of

NAMES = ("a", "b", "c")
SCHEMA = FeatureSchema(tuple(Field(name, "user", "category", ("x",)) for name in NAMES))
AXES = {"query_axis": "feature", "key_axis": "feature", "queries": NAMES, "keys": NAMES}


def row(*cases, keys=NAMES, name="attention", **options) -> AttentionMap:
    """One query that looks, in each case."""
    axes = {"query_axis": "learned query", "key_axis": "feature"}
    weights = np.array(cases, float)[:, None, None]
    return AttentionMap(name, weights, keys=keys, **axes | options)


def record(map_: AttentionMap, real) -> AttentionRecord:
    return AttentionRecord((map_,), np.array(real, bool))


def test_means_and_quantiles_over_the_cases_in_which_a_field_says_something():
    cases = [[0.1, 0.9, 0], [0.3, 0.7, 0], [0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]
    real = [[1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]
    found = spread_of_records([record(row(*cases), real)], SCHEMA)
    assert found.fields == ("b", "c", "a")  # 2.05 / 4, 0.85 / 2, 1.1 / 4
    np.testing.assert_allclose(found.mean, [2.05 / 4, 0.85 / 2, 1.1 / 4], rtol=1e-6)
    assert found.counts.tolist() == [4, 2, 4]
    np.testing.assert_allclose(found.quantile(0.5), [0.475, 0.425, 0.25], rtol=1e-6)
    np.testing.assert_allclose(found.quantile(0.1)[1], 0.25 + 0.1 * 0.35, rtol=1e-6)
    # Two of four cases have two fields, and those in which c is there have three.
    np.testing.assert_allclose(found.even, [(1 / 2 + 1 / 2 + 1 / 3 + 1 / 3) / 4, 1 / 3, 5 / 12])
    assert found.told == (
        "mean of 4 cases, layer 1 · line: 10th to 90th percentile of cases, tick: median · "
        "dashed: even attention, 33.3 to 41.7%"
    )
    table = found.to_frame().set_index("field")
    assert table.loc["c", "cases"] == 2
    assert table.loc["c", "attention"] == pytest.approx(0.425)
    apart = [record(row(one), [there]) for one, there in zip(cases, real, strict=True)]
    np.testing.assert_array_equal(spread_of_records(apart, SCHEMA).every, found.every)


def test_every_layer_and_head_beside_their_means_in_one_order():
    first = AttentionMap("layers.0", np.array([[np.eye(3), np.full((3, 3), 1 / 3)]]), **AXES)
    only_a = np.array([[1.0, 0, 0]] * 3)
    second = AttentionMap("layers.1", np.array([[only_a, only_a]]), **AXES)
    both = AttentionRecord((first, second), np.ones((1, 3), bool))
    found = spread_of_records([both], SCHEMA)
    assert found.every.shape == (3, 3, 1, 3)
    assert (found.layers, found.numbers, found.num_heads) == (("layer 1", "layer 2"), (1, 2), 2)
    np.testing.assert_allclose(found.mean, [2 / 3, 1 / 6, 1 / 6])
    assert found.told == "one case, mean of layers and heads · dashed: even attention, 33.3%"
    upper = found.of(layer=2, head=1)
    assert upper.mean.tolist() == [1, 0, 0]
    assert upper.fields == found.fields == NAMES
    assert upper.told.startswith("one case, layer 2, head 1 · dashed")
    assert upper.told.endswith("sorted by the mean of layers and heads")
    np.testing.assert_allclose(found.of(head=2).mean, [2 / 3, 1 / 6, 1 / 6])
    assert found.of(head=2).which == "mean of layers, head 2"
    np.testing.assert_allclose(found.of(layer=1).mean, 1 / 3)
    with pytest.raises(AttnrecError, match=r"layer: expected one of \[1, 2\], got 3"):
        found.of(layer=3)
    with pytest.raises(AttnrecError, match="head: expected 1 to 2, got 0"):
        found.of(head=0)


def test_where_nobody_looks_nothing_is_told():
    silent = spread_of_records([record(row([0, 0, 0], [0.5, 0.5, 0]), [[1, 1, 1]] * 2)], SCHEMA)
    assert silent.counts.tolist() == [1, 1, 1]
    assert silent.num_cases == 2
    np.testing.assert_allclose(silent.mean, [0.5, 0.5, 0])
    with pytest.raises(AttnrecError, match="attention: no case tells anything"):
        spread_of_records([record(row([0, 0, 0]), [[0, 0, 0]])], SCHEMA)
    with pytest.raises(AttnrecError, match="cases: expected one or more"):
        spread_of_records([], SCHEMA)


def test_gates_have_no_even_share():
    gates = row([0.9, 0.2, 0.7], normalisation="gate")
    found = spread_of_records([record(gates, [[1, 1, 1]])], SCHEMA)
    assert np.isnan(found.even).all()
    assert found.told.endswith("weights that need not sum to 100%")
    np.testing.assert_allclose(found.mean, [0.9, 0.7, 0.2], rtol=1e-6)


def test_a_layer_of_one_side_is_named_and_shares_among_its_own():
    user = row([1.0], keys=("a",), name="user_attention")
    item = row([0.25, 0.75], keys=("b", "c"), name="item_attention")
    found = spread_of_records([AttentionRecord((user, item), np.ones((1, 3), bool))], SCHEMA)
    assert found.layers == ("user attention", "item attention")
    of_item = found.of(layer=2)
    by_name = dict(zip(of_item.fields, zip(of_item.mean, of_item.even, strict=True), strict=True))
    assert by_name["c"] == (0.75, 0.5)
    assert np.isnan(by_name["a"]).all()
    assert of_item.counts.sum() == 2


@pytest.fixture(scope="module")
def shop():
    return clicks(300)


def test_of_a_model_it_is_what_the_record_says(shop):
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), shop, spread=1)
    found = run.attention_spread(layer=2, head=1)
    _, told = run.recorder.inspect(shop.of_rows(shop.examples("test").rows))
    weights, real = told.maps[1].weights[:, 0].astype(float), told.real
    gets = (weights * real[:, :, None]).sum(1) / real.sum(1)[:, None]
    for field, mean, median in zip(found.fields, found.mean, found.quantile(0.5), strict=True):
        place = shop.schema.index(field)
        mine = gets[real[:, place], place]
        assert mean == pytest.approx(mine.mean(), rel=1e-5)
        assert median == pytest.approx(np.median(mine), rel=1e-5)
    assert run.attention_spread(rows=7, seed=3).num_cases == 7


def test_of_an_inspection(shop):
    run = run_of(AFM(embedding_size=3), shop, spread=1)
    asked = run.inspect(user=[3, 4], item=[5, 6], context={"hour": "day"})
    found = spread_of(asked)
    pairs = dict(zip(asked.record.maps[0].keys, asked.record.maps[0].weights[0, 0, 0], strict=True))
    taste = sum(float(w) for pair, w in pairs.items() if "taste" in pair) / 2
    assert found.shares[0, found.fields.index("taste")] == pytest.approx(taste, rel=1e-5)
    assert "noise" not in found.fields  # nothing is said of it
    np.testing.assert_allclose(np.nansum(found.shares, 1), 1, rtol=1e-5)


def test_models_that_attend_to_no_field_are_refused(shop):
    with pytest.raises(AttnrecError, match="this model attends to nothing"):
        run_of(FM(embedding_size=3), shop).attention_spread()
    sides = run_of(FeatureAttention(embedding_size=3), shop)
    with pytest.raises(AttnrecError, match="head: expected 1 to 1, got 2"):
        sides.attention_spread(head=2)
