"""One case taken apart: its parts are what other methods give, or worked out by hand."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import choices, clicks, run_of

NAMES = ["taste", "colour", "tags", "hour", "noise"]


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


ASKED = {"user": 3, "item": 4}


def test_it_is_what_predict_and_inspect_say(run):
    one = run.case(**ASKED, changes={"hour": "day", "noise": 0.5})
    seen = run.inspect(**ASKED, context={"hour": "day", "noise": 0.5})
    assert one.score == pytest.approx(seen.scores[0], abs=1e-6)
    assert one.prediction == pytest.approx(seen.predictions[0], abs=1e-6)
    table = seen.to_frame().groupby("feature")["attention"].mean()
    np.testing.assert_allclose(one.attention, table.loc[NAMES], atol=1e-6)
    assert one.names == tuple(NAMES)
    assert one.words[:2] == ("red", "blue")
    assert one.changed.tolist() == [False, False, False, True, True]
    assert one.prediction == pytest.approx(1 / (1 + np.exp(-one.score)))


def test_changing_what_a_user_is_asks_about_another(run):
    """Users 2 and 3 differ in their taste, and in nothing else that the model reads."""
    other = run.case(user=2, item=4).score
    changed = run.case(**ASKED, changes={"taste": "blue"})
    assert changed.score == pytest.approx(other, abs=1e-6)
    assert changed.changed.tolist() == [True, False, False, False, False]
    same = run.case(**ASKED, changes={"taste": "red"})
    assert not same.changed.any()
    silent = run.case(**ASKED, changes={"taste": None})
    assert silent.words[0] == ""
    assert silent.changed[0]


def test_shapley_values_by_their_definition(run):
    context = {"hour": "day", "noise": 0.5}
    own = {"taste": "red", "colour": "blue", "tags": "a|b", **context}
    one = run.case(**ASKED, changes=own)

    def worth(players) -> float:
        said = {name: own[name] if name in players else None for name in NAMES}
        return run.case(**ASKED, changes=said).score

    known = {
        frozenset(some): worth(some) for size in range(6) for some in combinations(NAMES, size)
    }
    for place, name in enumerate(NAMES):
        value = 0.0
        for coalition, before in known.items():
            if name not in coalition:
                weight = factorial(len(coalition)) * factorial(4 - len(coalition)) / factorial(5)
                value += weight * (known[coalition | {name}] - before)
        assert one.shapley[place] == pytest.approx(value, abs=1e-5)
    assert one.shapley.sum() == pytest.approx(one.score - one.silent_score, abs=1e-5)
    assert not one.standard_error.any()


def test_below_the_threshold_a_field_says_nothing(run):
    whole = run.case(**ASKED, changes={"hour": "day"})
    level = np.sort(whole.attention[whole.attention > 0])[1] + 1e-6
    less = run.case(**ASKED, changes={"hour": "day"}, threshold=level)
    out = [n for n, gets in zip(NAMES, whole.attention, strict=True) if 0 < gets < level]
    assert [n for n, one in zip(NAMES, less.dropped, strict=True) if one] == out
    said = {"hour": "day"} | dict.fromkeys(out)
    assert less.score_without == pytest.approx(run.case(**ASKED, changes=said).score, abs=1e-6)
    assert whole.score_without == pytest.approx(whole.score)
    assert not whole.dropped.any()


def test_the_rank_is_the_place_among_all_scores(run):
    one = run.case(**ASKED, changes={"hour": "day"})
    each = [run.inspect(user=3, item=item, context={"hour": "day"}).scores[0] for item in range(30)]
    np.testing.assert_allclose(one.scores[1:], each, atol=1e-5)
    assert one.scores[0] == -np.inf
    mine = one.scores[5]  # item 4
    assert one.rank == 1 + (np.delete(one.scores, 5) >= mine).sum()


def test_a_changed_item_is_ranked_as_it_was_changed(run):
    one = run.case(**ASKED, changes={"colour": "red"})
    assert one.scores[5] == pytest.approx(one.score, rel=1e-5)
    assert one.scores[5] != pytest.approx(run.case(**ASKED).scores[5], abs=1e-4)
    np.testing.assert_allclose(np.delete(one.scores, 5), np.delete(run.case(**ASKED).scores, 5))


def test_of_layer_and_head(run):
    one = run.case(**ASKED, changes={"hour": "day", "noise": 0.5}, layer=2, head=1)
    seen = run.inspect(**ASKED, context={"hour": "day", "noise": 0.5})
    np.testing.assert_allclose(one.attention, seen.record.weights(2, 1)[0].mean(0), atol=1e-6)
    assert "attention: layer 2, head 1" in one.told("AutoInt")


def test_without_attention_nothing_is_told_of_it():
    run = run_of(FM(embedding_size=4), clicks(300))
    one = run.case(**ASKED, threshold=0.5)
    assert np.isnan(one.attention).all()
    assert not one.off.any()
    assert not one.dropped.any()
    assert "attention" not in one.told("FM")


def test_a_history_is_one_more_field():
    from attnrec.models.features import DIN

    run = run_of(DIN(embedding_size=4), choices(history=5))
    one = run.case(user=3, item=4)
    assert one.names[-1] == "history"
    assert one.words[-1].endswith("items")
    assert one.shapley.sum() == pytest.approx(one.score - one.silent_score, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"colr": "red"}, "changes: no field 'colr' among .*did you mean 'colour'"),
        ({"colour": "reed"}, "changes: colour was never 'reed' in train.*did you mean 'red'"),
        ({"noise": "loud"}, "noise"),
    ],
)
def test_what_does_not_fit_is_named(run, changes, error):
    with pytest.raises(AttnrecError, match=error):
        run.case(**ASKED, changes=changes)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan"), True, "half", None])
def test_a_threshold_is_a_share(run, threshold):
    with pytest.raises(AttnrecError, match="threshold: expected a number from 0 to 1"):
        run.case(**ASKED, threshold=threshold)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("changes", [["hour"], "hour", 3])
def test_changes_are_fields_and_values(run, changes):
    with pytest.raises(AttnrecError, match="changes: expected fields and values"):
        run.case(**ASKED, changes=changes)


def test_unknown_ids(run):
    with pytest.raises(UnknownIdError):
        run.case(user="nobody", item=4)
