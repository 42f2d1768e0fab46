"""Attention by field: out of records made by hand, and of models."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.explanations.features import field_attention
from attnrec.explanations.features.attention import of_record
from attnrec.features import FeatureSchema, Field
from attnrec.inspection import AttentionMap, AttentionRecord
from attnrec.models.features import AFM, FM, AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of

NAMES = ("a", "b", "c")
SCHEMA = FeatureSchema(
    (
        Field("a", "user", "category", ("x",)),
        Field("b", "item", "category", ("x",)),
        Field("c", "item", "category", ("x",)),
    )
)
ALL = np.ones((1, 3), bool)


def among(weights, name="layer", **options) -> AttentionMap:
    told = {"query_axis": "feature", "key_axis": "feature", "queries": NAMES, "keys": NAMES}
    return AttentionMap(name, np.array(weights, float)[None], **told | options)


def row(weights, keys, name, **options) -> AttentionMap:
    axes = {"query_axis": "learned query", "key_axis": "feature"}
    return AttentionMap(
        name, np.array(weights, float)[None, None, None], keys=keys, **axes | options
    )


def test_mean_over_heads_queries_and_layers():
    one = [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]]
    two = [[0, 1, 0], [0.25, 0.75, 0], [0.2, 0.3, 0.5]]
    first, second = among([one, two]), among([two, one], "other")
    found = of_record(AttentionRecord((first, second), ALL), SCHEMA)
    expected = (np.mean(one, 0) + np.mean(two, 0)) / 2
    np.testing.assert_allclose(found[0], expected)
    record = AttentionRecord((first, among([one, one], "other")), ALL)
    np.testing.assert_allclose(of_record(record, SCHEMA, layer=2)[0], np.mean(one, 0))
    np.testing.assert_allclose(of_record(record, SCHEMA, layer="layer", head=2)[0], np.mean(two, 0))
    np.testing.assert_allclose(
        of_record(record, SCHEMA)[0], 0.25 * np.mean(two, 0) + 0.75 * np.mean(one, 0)
    )


def test_a_field_that_says_nothing_does_not_look():
    real = np.array([[True, False, True]])
    weights = [[[0.5, 0, 0.5], [0, 0, 0], [0.2, 0, 0.8]]]
    found = of_record(AttentionRecord((among(weights),), real), SCHEMA)
    np.testing.assert_allclose(found, [[0.35, 0, 0.65]])


def test_a_pair_gives_half_to_each():
    keys = ("a × b", "a × c", "b × c")
    pairs = row([0.6, 0.3, 0.1], keys, "pairs", key_axis="feature pair")
    found = of_record(AttentionRecord((pairs,), ALL), SCHEMA)
    np.testing.assert_allclose(found, [[0.45, 0.35, 0.2]])


def test_sides_count_by_their_fields():
    """One field of the user has all of its side; two of the item share theirs."""
    user, item = row([1], ("a",), "user"), row([0.25, 0.75], ("b", "c"), "item")
    found = of_record(AttentionRecord((user, item), ALL), SCHEMA)
    np.testing.assert_allclose(found, [[1 / 3, 0.25 * 2 / 3, 0.75 * 2 / 3]])
    even = row([0.5, 0.5], ("b", "c"), "item")
    np.testing.assert_allclose(of_record(AttentionRecord((user, even), ALL), SCHEMA), 1 / 3)
    missing = np.array([[True, True, False]])
    alone = row([1, 0], ("b", "c"), "item")
    np.testing.assert_allclose(
        of_record(AttentionRecord((user, alone), missing), SCHEMA), [[0.5, 0.5, 0]]
    )
    only = of_record(AttentionRecord((user, item), ALL), SCHEMA, layer="item")
    np.testing.assert_allclose(only, [[np.nan, 0.25, 0.75]])


def test_gates_stay_as_they_are():
    user = row([0.9], ("a",), "user", normalisation="gate")
    item = row([0.2, 0.8], ("b", "c"), "item", normalisation="gate")
    np.testing.assert_allclose(
        of_record(AttentionRecord((user, item), ALL), SCHEMA), [[0.9, 0.2, 0.8]]
    )


def test_other_maps_tell_nothing_of_fields():
    past = AttentionMap("past", np.ones((1, 1, 1, 4)), query_axis="candidate")
    both = AttentionRecord((past, among([np.eye(3)])), ALL)
    np.testing.assert_allclose(of_record(both, SCHEMA), 1 / 3)
    with pytest.raises(AttnrecError, match="attends to what came before, and to no field"):
        of_record(AttentionRecord((past,), ALL), SCHEMA)
    with pytest.raises(AttnrecError, match="attention: this model attends to nothing"):
        of_record(AttentionRecord((), ALL), SCHEMA)
    with pytest.raises(AttnrecError, match="did you mean 'past'"):
        of_record(both, SCHEMA, layer="pest")


@pytest.fixture(scope="module")
def shop():
    return clicks(600)


@pytest.mark.parametrize(
    "recipe",
    [
        AutoInt(embedding_size=4, attention_size=8, num_layers=2),
        AFM(embedding_size=3),
        FeatureAttention(embedding_size=3),
    ],
    ids=lambda recipe: type(recipe).__name__,
)
def test_of_models_it_sums_to_one(shop, recipe):
    run = run_of(recipe, shop, spread=1)
    table = run.attention_importance()
    assert set(table.index) == set(shop.schema.names)
    assert table["attention"].sum() == pytest.approx(1, abs=1e-5)
    assert table["attention"].is_monotonic_decreasing
    assert table["attention"].iloc[0] > 1.1 * table["attention"].iloc[-1]
    assert (table["deviation"] > 0).any()
    assert table.loc["colour", "side"] == "item"
    inputs = shop.of_rows(shop.examples("test").rows)
    each = field_attention(run.recorder, shop.schema, inputs)
    np.testing.assert_allclose(each.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(
        table["attention"], each.mean(0)[[shop.schema.index(name) for name in table.index]]
    )


def test_it_is_what_the_table_of_an_inspection_says(shop):
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), shop, spread=1)
    said = run.inspect(user=[3, 4], item=[5, 6], context={"hour": "day"})
    found = field_attention(run.recorder, shop.schema, said.inputs)
    frame = said.to_frame().groupby(["case", "feature"])["attention"].mean()
    for case in (1, 2):
        for i, name in enumerate(shop.schema.names):
            expected = frame.get((case, name), 0)  # of noise nothing is said
            assert found[case - 1, i] == pytest.approx(expected, abs=1e-6)
    assert (found[:, shop.schema.index("noise")] == 0).all()


def test_many_rows_are_recorded_in_parts(shop, monkeypatch):
    run = run_of(AFM(embedding_size=3), shop)
    inputs = shop.of_rows(shop.examples("test").rows)
    whole = field_attention(run.recorder, shop.schema, inputs)
    module = "attnrec.explanations.features.attention.AT_ONCE"
    monkeypatch.setattr(module, 16)
    assert len(whole) % 16  # the last part is not full
    np.testing.assert_allclose(field_attention(run.recorder, shop.schema, inputs), whole, atol=1e-6)


def test_models_that_do_not_attend_to_fields_are_refused(shop):
    with pytest.raises(AttnrecError, match="attends to nothing"):
        run_of(FM(embedding_size=3), shop).attention_importance()
    side = run_of(FeatureAttention(embedding_size=3, sides="item"), shop)
    assert set(side.attention_importance(rows=20).index) == {"colour", "tags"}
