"""Histograms of attention: every case is in a bin, and bins are the same for all fields."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.explanations.features.spread import spread_of, spread_of_records
from attnrec.models.features import AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of
from tests.explanations.test_feature_spread import SCHEMA, record, row

REAL = [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1]]
CASES = [[0.5, 0.25, 0.25], [0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0, 1]]


def test_bins_by_hand():
    spread = spread_of_records([record(row(*CASES), REAL)], SCHEMA)
    found = spread.bins(4, end=1.0)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.fields == ("c", "a", "b")  # 1.25 / 3, 1.5 / 4, 1.25 / 4
    assert found.counts[0, 0].tolist() == [[1, 1, 0, 1], [1, 1, 1, 1], [1, 2, 0, 1]]
    assert found.cases.tolist() == [[3, 4, 4]]
    np.testing.assert_allclose(found.shares[0, 0], [1 / 3, 1 / 3, 0, 1 / 3])
    np.testing.assert_allclose(found.means[0, 0], [1.25 / 3, 0.375, 1.25 / 4])
    np.testing.assert_allclose(found.even[0, 0], [1 / 3, 0.375, 0.375])
    assert found.top == pytest.approx(0.5)  # of 1/3, 1/4, 1/2 the highest is below twice 1/3
    table = found.to_frame()
    assert table["cases"].sum() == 11
    assert table.iloc[0].tolist() == ["layer 1", "c", 0.0, 0.25, 1]


def test_what_lies_beyond_is_counted():
    spread = spread_of_records([record(row(*CASES), REAL)], SCHEMA)
    found = spread.bins(2, end=0.5)
    assert found.beyond[0, 0].tolist() == [1, 1, 1]
    assert found.counts[0, 0].tolist() == [[1, 1], [1, 2], [1, 2]]
    np.testing.assert_allclose(found.means, spread.bins(4, end=1.0).means)
    assert found.to_frame()["to"].tolist().count(np.inf) == 3
    assert found.cases.tolist() == [[3, 4, 4]]
    values = [0.5, 0.25, 0.25, 0.75, 0.25, 0, 0.25, 0.75, 0, 0, 1]
    assert spread.bins().edges[-1] == pytest.approx(np.quantile(values, 0.995))
    assert len(spread.bins().edges) == 41
    told = spread.bins(4, end=1.0).told
    assert told.startswith(
        "4 cases · 4 bins from 0 to 100.0%, the 99.5th percentile of all · witho"
    )


def test_what_is_much_higher_than_the_others_is_cut():
    spiky = [[0.5, x, 0.5 - x] for x in np.linspace(0.01, 0.49, 20)]
    found = spread_of_records([record(row(*spiky), [[1, 1, 1]] * 20)], SCHEMA).bins(20, end=1.0)
    peaks = found.shares.max(-1).ravel()
    assert peaks.max() == 1
    assert found.top == pytest.approx(2 * np.median(peaks))
    assert found.told.endswith("% of the cases are cut")


@pytest.fixture(scope="module")
def shop():
    return clicks(300)


def test_of_a_model_by_layer_and_head(shop):
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), shop, spread=1)
    found = run.attention_spread().bins(10).of(head=2)
    _, told = run.recorder.inspect(shop.of_rows(shop.examples("test").rows))
    for layer in (1, 2):
        gets = told.weights(layer, 2).astype(float).sum(1) / told.real.sum(1)[:, None]
        for field, counts in zip(found.fields, found.counts[2, layer - 1], strict=True):
            mine = gets[:, shop.schema.index(field)]
            expected = np.histogram(mine, found.edges)[0]
            assert np.abs(counts - expected).sum() <= 2  # a value at an edge, in float32
            assert counts.sum() + (mine > found.edges[-1]).sum() == pytest.approx(len(mine), abs=1)
    assert found.told.startswith("30 cases, head 2 · 10 bins from 0 to ")
    with pytest.raises(AttnrecError, match="head: expected 1 to 2, got 3"):
        found.of(head=3)


def test_layers_that_tell_of_other_fields(shop):
    run = run_of(FeatureAttention(embedding_size=3), shop, spread=1)
    found = run.attention_spread().bins()
    assert found.layers == ("user attention", "item attention")
    assert sorted((found.cases > 0).sum(1).tolist()) == [2, 3]
    assert found.cases.max() == 30


def test_one_case_is_no_distribution(shop):
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=1), shop)
    with pytest.raises(AttnrecError, match="cases: expected two or more to be distributed"):
        spread_of(run.inspect(user=0, item=0)).bins()
    with pytest.raises(AttnrecError, match="bins: expected a whole number from 1, got 0"):
        run.attention_spread().bins(0)
