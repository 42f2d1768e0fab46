"""Paths through layers: by hand, and as the product of matrices."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.inspection.field_map import field_map
from attnrec.inspection.field_paths import field_paths
from attnrec.inspection.record import AttentionMap, AttentionRecord
from attnrec.models.features import AFM, AutoInt, ContextAttention
from tests.explanations.feature_shop import clicks, run_of
from tests.inspection.test_field_map import AXES, NAMES, SCHEMA

FIRST = np.array([[0.2, 0.8, 0], [0, 0, 1], [1, 0, 0]])
SECOND = np.array([[0, 0.5, 0.5], [0.6, 0.4, 0], [0, 1, 0]])


def paths_of(*layers, real=(1, 1, 1)):
    maps = [AttentionMap(f"layers.{i}", np.array([[a]]), **AXES) for i, a in enumerate(layers)]
    record = AttentionRecord(tuple(maps), np.array([real], bool))
    return field_paths(field_map([record], SCHEMA))


def test_rollout_is_the_product_of_half_kept_steps():
    found = paths_of(FIRST, SECOND)
    np.testing.assert_allclose(
        found.rollout[0], [[0.6, 0.4, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]], atol=1e-12
    )
    # a holds half of itself, and a quarter of each of what b and c hold by then.
    expected = 0.5 * np.array([0.6, 0.4, 0]) + 0.25 * np.array([0.5, 0.5, 1.0])
    np.testing.assert_allclose(found.rollout[1, 0], expected, atol=1e-12)
    np.testing.assert_allclose(found.rollout.sum(-1), 1)
    row = found.to_frame().set_index(["layer", "looks", "at"]).loc[("layer 2", "a", "c")]
    assert row.tolist() == pytest.approx([0.5, 1, 0.25])


def test_what_runs_into_a_field():
    found = paths_of(FIRST, SECOND)
    runs = found.into("a")
    np.testing.assert_allclose(runs[1], [[0.5, 0.25, 0.25], [0] * 3, [0] * 3], atol=1e-12)
    # Of b's quarter half is kept and half comes from c; of c's quarter half comes from a.
    np.testing.assert_allclose(
        runs[0], [[0.3, 0.2, 0], [0, 0.125, 0.125], [0.125, 0, 0.125]], atol=1e-12
    )
    np.testing.assert_allclose(runs[0].sum(0), found.rollout[1, 0])
    np.testing.assert_allclose(runs.sum((1, 2)), 1)
    lower = found.into("c", layer=1)
    np.testing.assert_allclose(lower[0], [[0] * 3, [0] * 3, [0.5, 0, 0.5]])
    assert not lower[1].any()
    with pytest.raises(AttnrecError, match=r"field: no 'd' among \['a', 'b', 'c'\]"):
        found.into("d")
    with pytest.raises(AttnrecError, match=r"layer: expected one of \[1, 2\], got 3"):
        found.into("a", layer=3)


def test_the_strongest_carry_the_share_of_each_layer():
    found = paths_of(FIRST, SECOND)
    few = found.strongest(0.5)
    np.testing.assert_array_equal(np.argwhere(few[0]), [[1, 2], [2, 0]])  # 2 of 3
    np.testing.assert_array_equal(np.argwhere(few[1]), [[1, 0], [2, 1]])  # 1 + 0.6 of 3
    np.testing.assert_array_equal(found.strongest(1), found.weights > 0)
    assert found.strongest(1e-9).sum() == 2  # one a layer at least
    for share in (0, 1.1, -1):
        with pytest.raises(AttnrecError, match="share: expected above 0 to 1"):
            found.strongest(share)


def test_a_field_that_says_nothing_is_not_there():
    alone = np.array([[0.5, 0, 0.5], [0, 0, 0], [0.25, 0, 0.75]])
    found = paths_of(alone, alone, real=(1, 0, 1))
    assert found.fields == ("a", "c")
    step = np.array([[0.75, 0.25], [0.125, 0.875]])
    np.testing.assert_allclose(found.rollout[1], step @ step)
    one = paths_of(FIRST)
    np.testing.assert_allclose(one.rollout[0], 0.5 * FIRST + 0.5 * np.eye(3))
    assert one.told.startswith("one case · from what is looked at")


@pytest.fixture(scope="module")
def shop():
    return clicks(300)


def test_of_a_model_it_is_the_rollout_of_the_mean(shop):
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=3), shop, spread=1)
    found = field_paths(run.field_map(head=2))
    _, record = run.recorder.inspect(shop.of_rows(shop.examples("test").rows))
    rolled = np.eye(len(NAMES) + 2)
    for layer in (1, 2, 3):
        mean = record.weights(layer, 2).astype(float).mean(0)
        rolled = (mean + np.eye(5)) / 2 @ rolled
        np.testing.assert_allclose(found.rollout[layer - 1], rolled, atol=1e-6)
    for field in found.fields:
        arrived = found.into(field)[0].sum(0)
        np.testing.assert_allclose(arrived, rolled[found.fields.index(field)], atol=1e-6)


def test_where_some_look_and_others_are_looked_at(shop):
    run = run_of(ContextAttention(embedding_size=4), shop, spread=1)
    found = field_paths(run.field_map())
    looks = dict(zip(found.fields, found.looks[0], strict=True))
    assert {name for name, one in looks.items() if one} == {"hour", "noise"}
    taste = found.fields.index("taste")
    assert found.rollout[0, taste, taste] == 1  # stays what it is
    np.testing.assert_allclose(found.rollout.sum(-1), 1, atol=1e-6)


def test_pairs_have_no_paths(shop):
    with pytest.raises(AttnrecError, match="weighs pairs of fields, .* field_heatmap draws"):
        field_paths(run_of(AFM(embedding_size=3), shop).field_map())
