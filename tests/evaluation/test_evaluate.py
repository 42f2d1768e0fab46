"""Figures and tables of several models."""

import numpy as np
import pytest

from attnrec.data import Cases, Sequences
from attnrec.errors import AttnrecError
from attnrec.evaluation import compare, evaluate, metric_names, ranks, scorer_name, summarise

SIZES = {"num_items": 4, "filter_seen": False}


class Favours:
    """Scores one item above all others, which tie."""

    def __init__(self, item, name, needs_history=True):
        self.item, self.name, self.needs_history = item, name, needs_history

    def __call__(self, histories):
        scores = np.zeros((len(histories), 5), np.float32)
        scores[:, self.item] = 1
        return scores


@pytest.fixture
def cases():
    return Cases(
        np.array([1, 2, 3], np.int32),
        Sequences.of([[1], [2], []]),
        Sequences.of([[2], [3], [2]]),
    )


def test_evaluate_gives_every_metric_by_name(cases):
    found = evaluate(Favours(2, "two"), cases, **SIZES, cutoffs=(1, 3))
    assert list(found) == metric_names((1, 3))
    assert found["HR@1"] == 1 / 2  # the third case has no history and is not ranked
    assert found["MRR"] == pytest.approx((1 + 1 / 4) / 2)  # item 3 ties with two others
    assert all(type(value) is float for value in found.values())


def test_evaluate_counts_empty_histories_where_the_scorer_can(cases):
    found = evaluate(Favours(2, "two", needs_history=False), cases, **SIZES, cutoffs=(1,))
    assert found["HR@1"] == pytest.approx(2 / 3)


def test_compare_ranks_the_same_cases_for_all(cases):
    scorers = [Favours(2, "needs"), Favours(2, "needs none", needs_history=False)]
    table = compare(scorers, cases, **SIZES, cutoffs=(1,))
    assert table.index.tolist() == ["needs", "needs none"]
    assert table.index.name == "model"
    assert table["HR@1"].tolist() == [1 / 2, 1 / 2]
    assert table["cases"].tolist() == [2, 2]
    assert table.attrs["left_out"] == 1


def test_compare_refuses_models_of_one_name(cases):
    with pytest.raises(AttnrecError, match=r"\['a', 'a'\], expected .* names that differ"):
        compare([Favours(1, "a"), Favours(2, "a")], cases, **SIZES)
    with pytest.raises(AttnrecError, match="at least one"):
        compare([], cases, **SIZES)


def test_nothing_to_rank_is_an_error(cases):
    nobody = Cases(np.zeros(0, np.int32), Sequences.of([]), Sequences.of([]))
    with pytest.raises(AttnrecError, match="nothing to rank"):
        evaluate(Favours(1, "a"), nobody, **SIZES)
    with pytest.raises(AttnrecError, match="nothing to rank"):
        summarise(np.zeros((3, 1), int))


def test_summarise_is_evaluate_of_ranks(cases):
    scorer = Favours(3, "three")
    assert summarise(ranks(scorer, cases, **SIZES)) == evaluate(scorer, cases, **SIZES)


def test_a_scorer_without_a_name_goes_by_its_class_or_function():
    def by_hand(histories):
        return histories

    class Nameless:
        def __call__(self, histories):
            return histories

    assert scorer_name(by_hand) == "by_hand"
    assert scorer_name(Nameless()) == "Nameless"


@pytest.mark.parametrize("wrong", [10, "10", (0, 10), (5.5,)])
@pytest.mark.usefixtures("unchecked")
def test_cutoffs_are_whole_numbers_in_a_sequence(wrong):
    with pytest.raises(AttnrecError, match="cutoffs"):
        metric_names(wrong)
