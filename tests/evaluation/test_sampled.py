"""Ranks among drawn items, by what they must be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

import attnrec as ar
from attnrec.data import Cases, Sequences
from attnrec.errors import AttnrecError
from attnrec.evaluation import ndcg, ranks, sampled_ranks
from attnrec.evaluation.set_metrics import hit_rate


def cases_of(histories, targets) -> Cases:
    users = np.arange(1, len(histories) + 1, dtype=np.int32)
    return Cases(users, Sequences.of(histories), Sequences.of(targets))


def by(scores):
    """A scorer that gives every history the same scores."""
    return lambda histories: np.tile(np.asarray(scores, np.float32), (len(histories), 1))


class WholeCatalogue:
    """A scorer of histories that says what another says of the user who has them."""

    def __init__(self, scorer):
        features = scorer._features
        self._by_history = {
            tuple(history): scorer.of_rows(user[None], row[None])[0]
            for user, row, history in zip(
                features.split.cases("test").users,
                features.split.cases("test").targets.starts,
                features.split.cases("test").histories,
                strict=True,
            )
        }

    def __call__(self, histories):
        return np.array([self._by_history[tuple(history[history > 0])] for history in histories])


def test_all_that_can_be_drawn_is_drawn():
    cases = cases_of([[1, 2], [3]], [[4], [2, 5]])
    scores = by([0, 9, 1, 2, 5, 5, 7])  # entry 0 is padding
    # Against 4, worth 5: 3, 5, 6 are left, of which 5 ties and 6 is above. Against 2 and 5,
    # worth 1 and 5: 1, 4 and 6 are left, all of them above or tied, and 5 stands before 2.
    found = sampled_ranks(scores, cases, 6, num_negatives=3)
    assert found.tolist() == [[3, 0], [5, 4]]


def test_with_all_items_drawn_it_is_the_full_ranking():
    """Also of several targets, of which some tie, and one stands twice."""
    rng = np.random.default_rng(3)
    scores = by(rng.integers(0, 6, 31))
    targets = [[3, 4, 5, 6], [9], [7, 8, 7, 12], [1, 2]]
    given = cases_of([[29, 30], [28, 30], [27, 30], [26, 30]], targets)
    full = ranks(scores, given, 30, filter_seen=True)
    for case, own in enumerate(targets):
        one = cases_of([given.histories[case].tolist()], [own])
        found = sampled_ranks(scores, one, 30, num_negatives=28 - len(set(own)))
        assert found[0].tolist() == full[case, : len(own)].tolist()
    best = by(np.arange(31) * 1.0)
    perfect = cases_of([[1]], [[30, 29, 28]])
    assert ndcg(sampled_ranks(best, perfect, 30, num_negatives=20), topn=10) == 1


def test_chance_is_a_hypergeometric():
    """A target that k of n items beat is among the best ten of 20 drawn as that law says."""
    num_items, better, cases = 200, 120, 4000
    scores = by(-np.arange(num_items + 1))  # item i is the i-th best
    target = better + 1
    given = cases_of([[num_items]] * cases, [[target]] * cases)
    found = hit_rate(sampled_ranks(scores, given, num_items, num_negatives=20), topn=10)
    expected = hypergeom(num_items - 2, better, 20).cdf(9)
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / cases)


def test_never_below_the_full_rank_and_the_same_for_the_same_seed():
    rng = np.random.default_rng(0)
    given = cases_of([rng.integers(1, 50, 5) for _ in range(30)], rng.integers(50, 100, (30, 1)))
    scores = by(rng.normal(size=101))
    full = ranks(scores, given, 100, filter_seen=True)
    first, again, other = (
        sampled_ranks(scores, given, 100, num_negatives=40, seed=seed) for seed in (1, 1, 2)
    )
    assert (first <= full).all()
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_run_says_among_how_many():
    data = ar.datasets.load("bazaar", num_users=60)
    features = ar.features.build(ar.split.leave_one_out(data))
    run = ar.fit(ar.GMF(4), features, loss="bce", epochs=1, progress=False)
    table = run.evaluate(cutoffs=(10,), num_negatives=99)
    assert "HR@10" not in table
    assert {"HR@10 of 100", "NDCG@10 of 100"} <= set(table.columns)
    full = run.evaluate(cutoffs=(10,))
    assert (table["HR@10 of 100"] >= full["HR@10"]).all()
    # Candidates alone are scored as in the whole catalogue.
    cases = features.split.cases("test")
    whole = sampled_ranks(WholeCatalogue(run.scorer), cases, len(data.items))
    np.testing.assert_array_equal(sampled_ranks(run.scorer, cases, len(data.items)), whole)
    assert hit_rate(whole, topn=10) == table.loc["GMF", "HR@10 of 100"]
    fitted = ar.fit(
        ar.GMF(4), features, loss="bce", epochs=1, metric="NDCG@10 of 100", progress=False
    )
    found = sampled_ranks(fitted.scorer, features.split.cases("validation"), len(data.items))
    assert fitted.history["NDCG@10 of 100"].item() == pytest.approx(ndcg(found, topn=10))


def test_bad_arguments():
    cases = cases_of([[1, 2]], [[4]])
    with pytest.raises(AttnrecError, match=r"num_negatives: 99 cannot be drawn from the 3 items"):
        sampled_ranks(by(np.zeros(7)), cases, 6)
    with pytest.raises(AttnrecError, match="num_negatives: expected a whole number"):
        sampled_ranks(by(np.zeros(7)), cases, 6, num_negatives=0)
    with pytest.raises(AttnrecError, match="hold NaN"):
        sampled_ranks(by([np.nan] * 7), cases, 6, num_negatives=2)
