"""What the items of a history get, summed where an item repeats."""

from __future__ import annotations

import numpy as np
import pytest

import attnrec as ar
from attnrec import plots
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations.item_attention import attention_to_items, counted, of_heads, summed
from attnrec.explanations.maps import item_map
from attnrec.models.features import DIN, AutoInt
from tests.explanations.feature_shop import choices, run_of


@pytest.fixture(scope="module")
def shipped():
    return ar.load_run("bazaar-sasrec")


def test_an_item_that_repeats_gets_the_sum():
    found = summed(["b", "a", "b"], np.array([0.25, 0.5, 0.125]))
    assert list(found.items()) == [("b", 0.375), ("a", 0.5)]
    assert summed([], np.zeros(0)) == {}


def test_of_histories_everything_sums_to_one(shipped):
    found = attention_to_items(shipped, "u2")
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.weights.keys() == set(shipped.past("u2")[-shipped.model.max_length :])


def test_in_words(shipped):
    catalogue = shipped.data.catalogue
    assert counted(1, catalogue) == "1 product"
    assert counted(1200, catalogue) == "1,200 products"
    assert (of_heads(1), of_heads(4)) == ("its one head", "mean of 4 heads")


def test_the_figure_for_paper_says_what_the_attention_is_to(shipped):
    laid = attention_to_items(shipped, "u1")
    figure = plots.embedding_map(item_map(shipped), laid.weights, to=laid.to)
    told = " ".join(" ".join(text.get_text() for text in figure.texts).split())
    assert f"the item's share of the attention to {laid.to}" in told


def test_another_candidate_finds_other_weights():
    run = run_of(DIN(embedding_size=3, normalisation="softmax"), choices(history=5, ids=True))
    one, other = (attention_to_items(run, 3, item) for item in (0, 9))
    assert one.weights.keys() == other.weights.keys()
    assert one.weights != other.weights
    assert sum(one.weights.values()) == pytest.approx(1)


def test_mistakes(shipped):
    with pytest.raises(UnknownIdError, match="unknown user 'u1x'"):
        attention_to_items(shipped, "u1x")
    with pytest.raises(AttnrecError, match="item: SASRec is asked about all items at once"):
        attention_to_items(shipped, "u1", "p1")
    features = choices(ids=True)
    for recipe in (AutoInt(embedding_size=4, attention_size=8, num_layers=1), ar.FM()):
        with pytest.raises(AttnrecError, match="user: .* does not look at the items of a history"):
            attention_to_items(run_of(recipe, features), 3)
    run = run_of(DIN(embedding_size=3), choices(history=5, ids=True))
    with pytest.raises(AttnrecError, match="user: . of 5 weights of DIN are below 0"):
        attention_to_items(run, 3, 9)
