"""Metrics: by hand, then against scikit-learn."""

import doctest
import importlib
from math import log2

import numpy as np
import pytest
from sklearn.metrics import (
    label_ranking_average_precision_score,
    ndcg_score,
    precision_score,
    recall_score,
    top_k_accuracy_score,
)

from attnrec.errors import AttnrecError
from attnrec.evaluation import (
    average_precision,
    f1,
    hit_rate,
    metric,
    metric_names,
    mrr,
    ndcg,
    precision,
    recall,
)

ONE = np.array([[1], [3], [11], [10]])
MANY = np.array([[2, 5, 30], [1, 0, 0], [40, 50, 0]])


def test_one_target_a_case():
    assert hit_rate(ONE, topn=10) == 3 / 4
    assert recall(ONE, topn=10) == 3 / 4
    assert precision(ONE, topn=10) == pytest.approx(3 / 4 / 10)
    assert f1(ONE, topn=10) == pytest.approx(3 / 4 * 2 * 0.1 * 1 / (0.1 + 1))
    assert mrr(ONE) == pytest.approx((1 + 1 / 3 + 1 / 11 + 1 / 10) / 4)
    assert mrr(ONE, topn=10) == pytest.approx((1 + 1 / 3 + 0 + 1 / 10) / 4)
    assert ndcg(ONE, topn=10) == pytest.approx((1 + 1 / log2(4) + 0 + 1 / log2(11)) / 4)
    assert average_precision(ONE, topn=10) == pytest.approx((1 + 1 / 3 + 0 + 1 / 10) / 4)


def test_several_targets_case_by_case():
    def each(function, topn):
        return function(MANY, topn=topn, reduce_fn=None).tolist()

    assert each(hit_rate, 5) == [1, 1, 0]
    assert each(recall, 5) == pytest.approx([2 / 3, 1, 0])
    assert each(precision, 5) == pytest.approx([2 / 5, 1 / 5, 0])
    assert each(f1, 5) == pytest.approx([2 * 2 / (5 + 3), 2 * 1 / (5 + 1), 0])
    assert each(mrr, 5) == pytest.approx([1 / 2, 1, 0])
    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert each(ndcg, 5) == pytest.approx([(1 / log2(3) + 1 / log2(6)) / ideal, 1, 0])
    assert each(average_precision, 5) == pytest.approx([(1 / 2 + 2 / 5) / 3, 1, 0])
    # with fewer places than targets, the best possible list still scores 1
    assert ndcg(np.array([[1, 2, 3]]), topn=2) == 1
    assert average_precision(np.array([[1, 2, 3]]), topn=2) == 1


def test_cutoff_includes_its_own_rank():
    assert hit_rate(np.array([[10]]), topn=10) == 1
    assert hit_rate(np.array([[10]]), topn=9) == 0


def test_cases_that_were_not_ranked_are_left_out_of_the_mean():
    ranks = np.array([[1], [0], [100]])
    for name in metric_names((10,)):
        value = metric(name)
        assert value(ranks) == value(ranks[[0, 2]])
        assert np.isnan(value(ranks, reduce_fn=None)).tolist() == [False, True, False]


def test_order_of_targets_and_padding_do_not_matter():
    shuffled = np.array([[30, 0, 2, 5], [0, 0, 0, 1], [50, 40, 0, 0]])
    for name in metric_names((3, 10)):
        assert metric(name)(shuffled) == pytest.approx(metric(name)(MANY))


@pytest.fixture(scope="module")
def drawn():
    """Scores without ties, one to eight relevant items in 40, and their ranks."""
    rng = np.random.default_rng(0)
    scores = rng.permuted(np.tile(np.arange(40.0), (60, 1)), axis=1)
    relevant = np.zeros((60, 40), int)
    for row in relevant:
        row[rng.choice(40, rng.integers(1, 9), replace=False)] = 1
    ranks = np.where(relevant == 1, 40 - scores, 0).astype(int)
    return scores, relevant, ranks


@pytest.mark.parametrize("topn", [1, 5, 40, None])
def test_ndcg_is_scikit_learns(drawn, topn):
    scores, relevant, ranks = drawn
    # With topn=None sklearn's ideal list holds every target, as ours does.
    assert ndcg(ranks, topn=topn) == pytest.approx(ndcg_score(relevant, scores, k=topn), abs=1e-12)


def test_map_is_scikit_learns(drawn):
    scores, relevant, ranks = drawn
    expected = label_ranking_average_precision_score(relevant, scores)
    assert average_precision(ranks) == pytest.approx(expected, abs=1e-12)


def test_mrr_of_one_target_is_scikit_learns(drawn):
    scores, relevant, ranks = drawn
    first = np.where(np.arange(40) == relevant.argmax(1)[:, None], ranks, 0)
    expected = label_ranking_average_precision_score(first > 0, scores)
    assert mrr(first) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("topn", [1, 7, 20])
def test_precision_recall_and_hit_rate_are_scikit_learns(drawn, topn):
    scores, relevant, ranks = drawn
    listed = scores >= 40 - topn
    pairs = list(zip(relevant, listed, strict=True))
    assert precision(ranks, topn=topn) == pytest.approx(
        np.mean([precision_score(*pair) for pair in pairs]), abs=1e-12
    )
    assert recall(ranks, topn=topn) == pytest.approx(
        np.mean([recall_score(*pair) for pair in pairs]), abs=1e-12
    )
    label = relevant.argmax(1)
    first = np.where(np.arange(40) == label[:, None], ranks, 0)
    expected = top_k_accuracy_score(label, scores, k=topn, labels=np.arange(40))
    assert hit_rate(first, topn=topn) == pytest.approx(expected, abs=1e-12)


def test_metric_by_name():
    assert metric("NDCG@10")(ONE) == ndcg(ONE, topn=10)
    assert metric("MRR")(ONE) == mrr(ONE)
    assert metric("MAP@3")(MANY) == average_precision(MANY, topn=3)


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("NDGC@10", "NDCG@10"),
        ("ndcg@10", "NDCG@10"),
        ("HR", "HR@10"),
        ("NDCG@0", "NDCG@10"),
        ("NDCG@ten", "NDCG@10"),
        ("Recall@-1", "Recall@10"),
    ],
)
def test_unknown_metric_suggests_the_nearest(name, suggested):
    with pytest.raises(AttnrecError, match=f"did you mean '{suggested}'"):
        metric(name)


def test_metric_without_any_likeness_lists_what_is_known():
    with pytest.raises(AttnrecError, match="HR, NDCG, MRR, Recall, Precision, F1, MAP"):
        metric("")


@pytest.mark.parametrize("module", ["set_metrics", "rank_metrics", "evaluate"])
def test_examples_run(module):
    found = doctest.testmod(importlib.import_module(f"attnrec.evaluation.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
