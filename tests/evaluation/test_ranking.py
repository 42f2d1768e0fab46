"""Ranks: the protocol case by case, then a brute-force reference."""

import time

import jax.numpy as jnp
import numpy as np
import pytest

from attnrec.data import Cases, Sequences
from attnrec.errors import AttnrecError
from attnrec.evaluation import ranking, ranks
from attnrec.evaluation.ranking import _compare


class Table:
    """A scorer that gives every row the same scores, or those of its last item."""

    def __init__(self, scores, name="table", **attributes):
        self.scores = np.asarray(scores, np.float32)
        self.name = name
        self.given = []
        vars(self).update(attributes)

    def __call__(self, histories):
        self.given.append(np.asarray(histories))
        if self.scores.ndim == 1:
            return np.tile(self.scores, (len(histories), 1))
        return self.scores[histories[:, -1]]


def cases_of(*pairs):
    histories, targets = zip(*pairs, strict=True)
    return Cases(
        np.arange(1, len(pairs) + 1, dtype=np.int32),
        Sequences.of(histories),
        Sequences.of(targets),
    )


def rank(scorer, *pairs, filter_seen=False, **options):
    num_items = scorer.scores.shape[-1] - 1
    return ranks(scorer, cases_of(*pairs), num_items, filter_seen=filter_seen, **options).tolist()


FALLING = [9, 5, 4, 3, 2, 1]  # item 1 is best, item 5 last; entry 0 is padding


def test_rank_is_one_more_than_the_items_above():
    assert rank(Table(FALLING), ([1], [2]), ([1], [5]), ([2], [1])) == [[2], [5], [1]]


def test_padding_never_competes():
    assert rank(Table([np.inf, 1, 2]), ([1], [2])) == [[1]]
    assert rank(Table([np.nan, 1, 2]), ([1], [2])) == [[1]]


def test_ties_count_against_the_target():
    assert rank(Table([0, 7, 7, 7, 1]), ([4], [2])) == [[3]]
    assert rank(Table(np.zeros(6)), ([1], [3])) == [[5]]


def test_seen_items_do_not_compete_when_filtered():
    assert rank(Table(FALLING), ([1, 3], [4]), filter_seen=True) == [[4 - 2]]
    assert rank(Table(FALLING), ([1, 3], [4]), filter_seen=False) == [[4]]
    assert rank(Table(np.zeros(6)), ([1, 3, 1], [4]), filter_seen=True) == [[5 - 2]]


def test_a_target_is_never_filtered():
    assert rank(Table(FALLING), ([1, 2, 3], [2]), filter_seen=True) == [[1]]
    # nor is another target of the case, which stays ahead of the first
    assert rank(Table(FALLING), ([1, 2], [3, 2]), filter_seen=True) == [[2, 1]]


def test_several_targets():
    assert rank(Table(FALLING), ([1], [5, 2]), ([1], [3])) == [[5, 2], [3, 0]]


def test_tied_targets_of_a_case_take_neighbouring_ranks():
    # items 2 and 3 tie with item 1, which is no target and goes first
    assert rank(Table([0, 7, 7, 7, 9]), ([1], [2, 3])) == [[3, 4]]
    assert rank(Table(np.zeros(5)), ([1], [4, 1, 2])) == [[2, 3, 4]]


def test_a_repeated_target_counts_once():
    assert rank(Table(FALLING), ([1], [2, 2, 5])) == [[2, 0, 5]]


def test_a_target_with_the_lowest_possible_score_is_last_of_those_that_compete():
    assert rank(Table([0, 1, 2, -np.inf]), ([1], [3])) == [[3]]
    assert rank(Table([0, 1, 2, -np.inf]), ([1], [3]), filter_seen=True) == [[2]]


def test_infinite_and_extreme_scores_are_compared_exactly():
    assert rank(Table([0, 3e38, np.inf, -3e38, 1e-38]), ([1], [1, 2, 3, 4])) == [[2, 1, 4, 3]]


def test_empty_histories_need_a_scorer_that_needs_none():
    pairs = (([], [2]), ([1], [1]))
    assert rank(Table(FALLING), *pairs) == [[0], [1]]
    assert rank(Table(FALLING, needs_history=False), *pairs) == [[2], [1]]
    assert rank(Table(FALLING, needs_history=False), ([], [3]), filter_seen=True) == [[3]]


def test_a_case_without_targets_is_not_ranked():
    assert rank(Table(FALLING), ([1], []), ([1], [1])) == [[0], [1]]


def test_no_cases():
    nothing = Cases(np.zeros(0, np.int32), Sequences.of([]), Sequences.of([]))
    assert ranks(Table(FALLING), nothing, 5, filter_seen=True).shape == (0, 0)


def test_nan_names_the_model():
    with pytest.raises(AttnrecError, match=r"scores of broken hold NaN"):
        rank(Table([0, 1, np.nan, 2], name="broken"), ([1], [1]))


def test_rows_that_only_fill_the_batch_repeat_a_case_that_is_ranked():
    # never an empty history, for which a model may well answer NaN
    scorer = Table(FALLING)
    assert rank(scorer, ([], [1]), ([1], [2]), batch_size=8) == [[0], [2]]
    assert (scorer.given[0][:, -1] == 1).all()


def test_scores_of_another_size_name_the_model():
    with pytest.raises(AttnrecError, match=r"short have shape \(128, 6\), expected \(128, 8\)"):
        ranks(Table(FALLING, name="short"), cases_of(([1], [2])), 7, filter_seen=False)


@pytest.mark.parametrize("filter_seen", [True, False])
def test_equals_sorting_by_brute_force(filter_seen):
    rng = np.random.default_rng(0)
    num_items, num_cases = 50, 83
    table = rng.permutation(51 * 51).reshape(51, 51)  # no ties
    pairs = [
        (
            rng.integers(1, 51, rng.integers(1, 90)),
            rng.choice(50, rng.integers(1, 7), replace=False) + 1,
        )
        for _ in range(num_cases)
    ]
    found = ranks(Table(table), cases_of(*pairs), num_items, filter_seen=filter_seen, batch_size=16)
    for row, (history, targets) in zip(found, pairs, strict=True):
        shown = [i for i in range(1, 51) if not (filter_seen and i in set(history) - set(targets))]
        ordered = sorted(shown, key=lambda item: -table[history[-1], item])
        assert row[: len(targets)].tolist() == [ordered.index(t) + 1 for t in targets]
        assert not row[len(targets) :].any()


def test_neither_batch_size_nor_array_type_matters():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(21, 21)).round(1)  # with ties
    pairs = [(rng.integers(1, 21, n), rng.integers(1, 21, 1)) for n in range(1, 80)]
    expected = rank(Table(table), *pairs, filter_seen=True)
    for batch_size in (1, 7, 500):
        assert rank(Table(table), *pairs, filter_seen=True, batch_size=batch_size) == expected

    def on_device(histories):
        return jnp.asarray(table, jnp.float32)[histories[:, -1]]

    found = ranks(on_device, cases_of(*pairs), 20, filter_seen=True)
    assert found.tolist() == expected


def test_histories_come_right_aligned_in_few_widths_and_no_longer_than_asked():
    scorer = Table(FALLING, max_length=50)
    pairs = [([1 + i % 5 for i in range(n)], [2]) for n in (1, 3, 31, 33, 64, 300)]
    rank(scorer, *pairs, batch_size=1, filter_seen=True)
    assert [given.shape[1] for given in scorer.given] == [32, 32, 32, 50, 50, 50]
    for given, (history, _) in zip(scorer.given, pairs, strict=True):
        assert [i for i in given[0] if i] == history[-50:]
        assert given[0, -1] == history[-1]


def test_seen_items_beyond_the_model_are_filtered_too():
    # item 1, the best, left the model's window of two long ago
    assert rank(Table(FALLING, max_length=2), ([1, 5, 4], [2]), filter_seen=True) == [[1]]


def test_nothing_compiles_again():
    rng = np.random.default_rng(2)

    def some(longest):
        return [(rng.integers(1, 6, n), rng.integers(1, 6, 1)) for n in range(1, longest)]

    rank(Table(FALLING), *some(20), filter_seen=True, batch_size=16)
    before = _compare._cache_size()
    rank(Table(FALLING), *some(200), filter_seen=True, batch_size=16)
    assert _compare._cache_size() == before


@pytest.mark.parametrize(
    ("at_once", "batch"), [(1, 1), (6 * 7, 7), (1 << 24, 128)]
)  # of 6 scores a case
def test_fewer_cases_at_once_where_the_catalogue_is_large(monkeypatch, at_once, batch):
    monkeypatch.setattr(ranking, "AT_ONCE", at_once)
    table, some = Table(FALLING), [([1, 2], [3])] * 9
    assert len(FALLING) == 6
    np.testing.assert_array_equal(
        rank(table, *some, filter_seen=True),
        rank(Table(FALLING), *some, filter_seen=True, batch_size=4),
    )
    assert {len(given) for given in table.given} == {batch}


@pytest.mark.parametrize("wrong", [0, 2.5, "many", float("nan")])
@pytest.mark.usefixtures("unchecked")
def test_a_batch_has_a_whole_number_of_cases(wrong):
    with pytest.raises(AttnrecError, match="batch_size: expected a whole number from 1, got"):
        rank(Table(FALLING), ([1], [2]), batch_size=wrong)


def test_the_size_of_movielens_1m_takes_well_under_a_second():
    rng = np.random.default_rng(3)
    num_users, num_items = 6040, 3416
    scores = jnp.asarray(rng.normal(size=(128, num_items + 1)), jnp.float32)
    histories = [rng.integers(1, num_items + 1, n) for n in rng.geometric(1 / 165, num_users)]
    targets = rng.integers(1, num_items + 1, (num_users, 1))
    cases = Cases(np.arange(num_users), Sequences.of(histories), Sequences.of(targets))
    ranks(lambda _: scores, cases, num_items, filter_seen=True)
    started = time.perf_counter()
    ranks(lambda _: scores, cases, num_items, filter_seen=True)
    assert time.perf_counter() - started < 1  # measured: 0.08 s on 2 cores
