"""Lists, and what they are like, against counting by hand."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from attnrec.data import Protocol, split, validate
from attnrec.data.bazaar import simulate
from attnrec.errors import AttnrecError
from attnrec.evaluation import beyond_accuracy, ranks, top_lists
from attnrec.models.baselines import EASE, ItemKNN, Popularity

module = importlib.import_module("attnrec.evaluation.beyond_accuracy")


def cases_of(histories, filter_seen=True):
    """Histories of one-letter items: the last is the test, the one before it the validation."""
    rows = [(user, item) for user, items in enumerate(histories) for item in items]
    table = pd.DataFrame(rows, columns=["user", "item"])
    return split.leave_one_out(validate(table, protocol=Protocol(filter_seen)))


class Fixed:
    """The same scores for everybody."""

    def __init__(self, *scores, name="Fixed"):
        self.scores, self.name = np.array([0, *scores], np.float32), name

    def __call__(self, histories):
        return np.broadcast_to(self.scores, (len(histories), len(self.scores)))


def letters(divided, lists):
    ids = divided.data.items.tolist()
    return ["".join(ids[i - 1] if i else "." for i in one) for one in lists]


def test_lists_are_the_best_that_are_not_seen_and_ties_stand_in_catalogue_order():
    divided = cases_of(["abcd", "dbca"])  # the catalogue is a b c d
    cases, scorer = divided.cases("test"), Fixed(1, 3, 3, 2)
    lists = top_lists(scorer, cases, 4, filter_seen=False, topn=3)
    assert letters(divided, lists) == ["bcd", "bcd"]
    lists = top_lists(scorer, cases, 4, filter_seen=True, topn=3)
    assert letters(divided, lists) == ["d..", "a.."]
    assert lists.dtype == np.int32


def test_more_places_than_items_stay_empty():
    divided = cases_of(["abc"])
    lists = top_lists(Fixed(1, 2, 3), divided.cases("test"), 3, filter_seen=False, topn=5)
    assert letters(divided, lists) == ["cba.."]


def test_where_nothing_ties_lists_and_ranks_agree():
    shop = split.leave_one_out(simulate(num_users=60, num_items=40, seed=3))
    scorer, cases = EASE(10.0).fit(shop), shop.cases("test")
    for seen in (False, True):
        lists = top_lists(scorer, cases, 40, filter_seen=seen, topn=10, batch_size=7)
        rank = ranks(scorer, cases, 40, filter_seen=seen)[:, 0]
        inside = (lists == cases.targets.items[:, None]).any(axis=1)
        # a target that was seen before competes in ranks, and is left out of lists
        pairs = zip(cases.targets.items, cases.histories, strict=True)
        new = np.array([target not in history for target, history in pairs])
        judged = new if seen else np.ones(len(cases), bool)
        np.testing.assert_array_equal(inside[judged], (rank <= 10)[judged])


def test_scores_that_are_no_numbers_are_refused():
    divided = cases_of(["abc"])
    with pytest.raises(AttnrecError, match="scores of Fixed hold NaN"):
        top_lists(Fixed(1, np.nan, 3), divided.cases("test"), 3, filter_seen=False)


def test_all_metrics_by_hand():
    # train: a b, a c, a; the catalogue is a b x y c d
    divided = cases_of(["abxy", "acxy", "adxy", "a"], filter_seen=False)
    assert divided.data.items.tolist() == ["a", "b", "x", "y", "c", "d"]
    found = beyond_accuracy([Fixed(6, 5, 0, 0, 4, 0)], divided, topn=2).loc["Fixed"]
    # everybody gets a b: 2 of 6 items, 3 times each, and 4 items never
    assert found["Coverage@2"] == pytest.approx(2 / 6)
    counts = np.array([3, 3, 0, 0, 0, 0])
    apart = np.abs(counts[:, None] - counts).sum() / (2 * 6 * counts.sum())
    assert found["Gini@2"] == pytest.approx(apart * 6 / 5)  # 1 where one item has all
    # all 4 train users have a, one has b
    assert found["Novelty@2"] == pytest.approx((-np.log2(1) - np.log2(1 / 4)) / 2)
    # lists: (1 + 1/4) / 2; histories before the test: a b x, a c x, a d x, with x in no train part
    before = (1 + 1 / 4 + 0) / 3
    assert found["PopularityLift@2"] == pytest.approx((1 + 1 / 4) / 2 / before - 1)
    # a is with 4 users, b with 1 of them
    assert found["Diversity@2"] == pytest.approx(1 - 1 / np.sqrt(4 * 1))
    assert found["cases"] == 3


@pytest.mark.usefixtures("unchecked")  # for vectors of one axis
def test_diversity_by_given_vectors():
    divided = cases_of(["abxy"], filter_seen=False)
    vectors = np.array([[1, 0], [0, 2], [3, 0], [0, 0]], float)  # a b x y; y is like nothing
    listed = beyond_accuracy([Fixed(4, 3, 2, 1)], divided, topn=3, vectors=vectors)
    assert listed["Diversity@3"].item() == pytest.approx((1 + 0 + 1) / 3)  # ab, ax, bx
    listed = beyond_accuracy([Fixed(4, 3, 2, 1)], divided, topn=4, vectors=vectors)
    assert listed["Diversity@4"].item() == pytest.approx(5 / 6)
    for wrong in (vectors[:3], vectors[:, 0], np.full_like(vectors, np.nan)):
        with pytest.raises(AttnrecError, match=r"vectors: expected finite numbers \[4, size\]"):
            beyond_accuracy([Fixed(4, 3, 2, 1)], divided, vectors=wrong)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=8).filter(any))
def test_gini_is_half_the_mean_difference_of_pairs(counts):
    lists = np.repeat(np.arange(1, len(counts) + 1), counts)[None]
    n, counts = len(counts), np.array(counts)
    apart = np.abs(counts[:, None] - counts).sum() / (2 * n * counts.sum())
    assert module.gini(lists, n) == pytest.approx(apart * n / (n - 1))


def test_popularity_is_less_diverse_less_new_and_more_popular_than_neighbours():
    shop = split.leave_one_out(simulate(num_users=300, num_items=100, seed=3))
    table = beyond_accuracy([recipe.fit(shop) for recipe in (Popularity(), ItemKNN())], shop)
    popular, near = table.loc["Popularity"], table.loc["ItemKNN"]
    assert popular["Coverage@10"] == 0.1 < near["Coverage@10"]
    assert popular["Gini@10"] > near["Gini@10"]
    assert popular["Novelty@10"] < near["Novelty@10"]
    assert popular["PopularityLift@10"] > near["PopularityLift@10"]


def test_of_a_run(chain_run):
    table = chain_run.beyond_accuracy(topn=5, baselines=[EASE()])
    assert table.index.tolist() == ["SASRec", "EASE"]
    assert table.columns.tolist() == [
        *("Coverage@5", "Gini@5", "Novelty@5", "PopularityLift@5", "Diversity@5", "cases"),
    ]
    assert chain_run.evaluate(baselines=[EASE()]).index.tolist() == ["SASRec", "EASE"]
    assert chain_run.beyond_accuracy(baselines=False).index.tolist() == ["SASRec"]


@pytest.mark.parametrize("wrong", ["EASE", EASE, EASE(), [EASE], ["EASE"], 3])
def test_baselines_are_recipes(chain_run, wrong):
    with pytest.raises(AttnrecError, match="baselines: expected True, False or a list of recipes"):
        chain_run.evaluate(baselines=wrong)


def test_names_must_differ():
    divided = cases_of(["abc"])
    with pytest.raises(AttnrecError, match="expected at least one and names that differ"):
        beyond_accuracy([Fixed(1, 2, 3), Fixed(3, 2, 1)], divided)


def test_a_row_of_zeros_has_no_direction():
    rows = module.unit_rows(sparse.csr_array(np.array([[3.0, 4], [0, 0]])))
    np.testing.assert_allclose(rows.toarray(), [[0.6, 0.8], [0, 0]])


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
