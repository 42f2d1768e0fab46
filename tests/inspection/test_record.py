"""Records as tables, and the best of some scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.inspection import (
    AttentionMap,
    AttentionRecord,
    Inspection,
    Request,
    top_indices,
)

CATALOGUE = Catalogue(pd.DataFrame({"title": ["Heat", "Alien", "Speed"]}, index=["a", "b", "c"]))


def inspection(*, causal: bool = True, hidden: bool = False) -> Inspection:
    """Alien, Heat, Speed in four columns; one map of two heads."""
    items = np.array([[0, 2, 1, 3]])
    mask = items > 0
    if hidden:
        mask[0, 2] = False  # Heat
    weights = np.random.default_rng(0).random((1, 2, 4, 4))
    weights *= (np.tri(4) if causal else 1) * mask[:, None, :, None] * mask[:, None, None, :]
    weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-9)
    map_ = AttentionMap("only", weights, causal=causal)
    scores = np.array([[-np.inf, 0.5, 2.0, 0.5]])
    return Inspection(Request(items, mask), scores, AttentionRecord((map_,), mask), CATALOGUE)


def test_the_last_row_is_the_default():
    found = inspection()
    table = found.to_frame()
    assert table["title"].tolist() == ["Alien", "Heat", "Speed"]
    assert table["item"].tolist() == ["b", "a", "c"]
    assert table["position"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(
        table["attention"], found.record.maps[0].weights[0, :, 3, 1:].mean(0)
    )


@pytest.mark.parametrize("causal", [True, False])
def test_the_mean_counts_the_queries_that_may_see_a_key(causal):
    found = inspection(causal=causal)
    table = found.to_frame(head=2, rows="mean")
    sums = found.record.maps[0].weights[0, 1, 1:, 1:].sum(0)
    np.testing.assert_allclose(table["attention"], sums / ([3, 2, 1] if causal else 3))
    assert set(table["query"]) == {"mean"}


def test_a_hidden_item_keeps_its_position_and_has_no_row():
    found = inspection(hidden=True)
    assert found.to_frame()["position"].tolist() == [1, 3]
    every = found.to_frame(rows="all")
    assert list(zip(every["query"], every["position"], strict=True)) == [
        (1, 1),
        (1, 3),
        (3, 1),
        (3, 3),
    ]


def test_top_and_ties():
    found = inspection()
    assert found.top(3).tolist() == [[2, 1, 3]]  # 0.5 twice: catalogue order
    assert found.top(1, exclude_seen=True).shape == (1, 1)
    assert found.scores[0, 2] == 2.0  # asking changes nothing


@pytest.mark.parametrize("topn", [1, 5, 39, 40, 99])
def test_top_indices_equals_a_stable_sort(topn):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 6, (20, 41)).astype(float)  # full of ties
    scores[3:6, 7:] = -np.inf
    scores[:, 0] = 99  # padding is never among the best
    expected = np.argsort(-scores[:, 1:], axis=1, kind="stable")[:, :topn] + 1
    np.testing.assert_array_equal(top_indices(scores, topn), expected)


def test_a_model_without_attention_says_so():
    found = inspection()
    bare = Inspection(
        found.request, found.scores, AttentionRecord((), found.record.real), CATALOGUE
    )
    with pytest.raises(AttnrecError, match="this model records no attention"):
        bare.to_frame()
    assert bare.top(1).tolist() == [[2]]
