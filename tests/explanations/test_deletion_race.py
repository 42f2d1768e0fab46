"""The race against histories that are really shorter, and against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.explanations.case import Case
from attnrec.explanations.deletion_race import deletion_race
from attnrec.explanations.faithfulness import faithfulness
from attnrec.inspection import Request
from tests.explanations.conftest import Additive


@pytest.fixture
def sums() -> Case:
    """Items worth 1, 2, 4 and -8 to item 5; the others score 0."""
    return Case(Additive([1, 2, 4, -8, 0, 0], target=5), np.array([1, 2, 3, 4]), target=5)


def test_scores_ranks_and_firsts_by_hand(sums):
    race = deletion_race(sums, {"size": np.array([1.0, 2, 4, 8])}, orders=3)
    assert race.names == ("size", "random")
    np.testing.assert_array_equal(race.orders[0], [3, 2, 1, 0])
    np.testing.assert_array_equal(race.counts, [0, 1, 2, 3])
    np.testing.assert_array_equal(race.scores[0], [1 + 2 + 4 - 8, 1 + 2 + 4, 1 + 2, 1])
    np.testing.assert_array_equal(race.ranks[0], [6, 1, 1, 1])  # behind five that score 0
    np.testing.assert_array_equal(race.firsts[0], [1, 5, 5, 5])


def test_the_band_holds_95_percent_of_the_random_orders(sums):
    worth, orders = np.array([1, 2, 4, -8]), 40
    race = deletion_race(sums, {}, orders=orders, seed=3)
    values = np.random.default_rng(3).permuted(np.tile(np.arange(1.0, 5), (orders, 1)), axis=1)
    drawn = np.argsort(-values, axis=1)
    left = np.array([[worth[order[count:]].sum() for count in range(4)] for order in drawn])
    np.testing.assert_allclose(race.band, np.quantile(left, [0.025, 0.975], axis=0))
    np.testing.assert_array_equal(race.scores[0], left[0])
    np.testing.assert_array_equal(race.orders[0], drawn[0])


def test_dropping_asks_histories_that_are_really_shorter(case):
    values = np.array([3.0, -1, 4, 1, -5, 9, 2, 6, 5])
    case = Case(case.inspector, case.items, case.target, np.unique(case.items))
    race = deletion_race(case, {"digits": values}, orders=2)
    for row, order in enumerate(race.orders):
        for column, count in enumerate(race.counts):
            left = np.delete(case.items, order[:count])
            scores = case.inspector.inspect(Request.of([left])).scores[0].astype(float)
            scores[~case.candidates] = -np.inf
            np.testing.assert_allclose(race.scores[row, column], scores[7], atol=1e-5)
            assert race.ranks[row, column] == 1 + (scores > scores[7]).sum()
            assert race.firsts[row, column] == scores.argmax()


def test_masking_goes_on_to_the_end_where_nothing_comes_first(case):
    race = deletion_race(case, {"size": np.arange(9.0)}, "mask", orders=2)
    np.testing.assert_array_equal(race.counts, range(10))
    np.testing.assert_array_equal(race.firsts[:, -1], [0, 0])
    assert (race.firsts[:, :-1] > 0).all()
    assert race.scores[0, -1] == pytest.approx(race.scores[1, -1])  # of nothing there is one score
    assert race.table()["first"].isna().sum() == 2


def test_it_passes_through_the_points_of_the_deletion_curve(case):
    values = np.linspace(1, 0, 9)
    race = deletion_race(case, {"oldest": values}, orders=20)
    measured = faithfulness(case, {"oldest": values}, steps=3, orders=20)
    at = measured.counts[:-1]
    np.testing.assert_allclose(race.scores[0, at], measured.deletion[0, :-1], atol=1e-5)
    np.testing.assert_allclose(race.band[:, at], measured.deletion_band[:, :-1], atol=1e-5)


def test_long_histories_go_in_fifty_equal_parts():
    case = Case(Additive([1.0] * 120, target=1), np.arange(1, 121), target=1)
    race = deletion_race(case, {"recent": np.arange(120)}, orders=1)
    np.testing.assert_array_equal(race.counts, np.ceil(2.4 * np.arange(50) - 1e-9))
    np.testing.assert_array_equal(race.scores[0], 120 - race.counts)


def test_a_single_item_stays(sums):
    race = deletion_race(Case(sums.inspector, np.array([2]), 5), {"one": np.ones(1)}, orders=2)
    np.testing.assert_array_equal(race.scores, [[2.0], [2.0]])
    assert len(race.table()) == 2


def test_what_does_not_fit_is_named(sums):
    with pytest.raises(AttnrecError, match=r"bad: expected 4 values"):
        deletion_race(sums, {"bad": np.ones(3)})
    with pytest.raises(AttnrecError, match=r"bad: expected finite values, got nan at position 2"):
        deletion_race(sums, {"bad": np.array([1, np.nan, 0, 0])})
    with pytest.raises(AttnrecError, match=r"orders: expected a whole number from 1, got 0"):
        deletion_race(sums, {}, orders=0)
