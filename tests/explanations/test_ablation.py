"""Leave-one-out, worked out by hand in both removals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flax import nnx

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.explanations import variants
from attnrec.explanations.ablation import leave_one_out
from attnrec.explanations.case import Case
from attnrec.explanations.methods import METHODS, Options
from attnrec.inspection import Request
from attnrec.models import SASRec, Schema
from attnrec.models.recorder import ModelInspector
from tests.explanations.games import Fades, Plays, case_of, pairwise

DROP, MASK = Options(removal="drop"), Options(removal="mask")
BOTH = pytest.mark.parametrize("options", [DROP, MASK], ids=["drop", "mask"])


@pytest.fixture(scope="module")
def sasrec() -> ModelInspector:
    model = SASRec(16, num_layers=2, num_heads=2, max_length=40).build(Schema(30), nnx.Rngs(0))
    return ModelInspector(model, Catalogue(pd.DataFrame(index=range(1, 31))), "SASRec")


def test_it_is_listed():
    listed = METHODS["leave-one-out"]
    assert listed.compute is leave_one_out
    assert (listed.needs, listed.signed, listed.sampled) == ("scores", True, False)


def test_dropped_items_let_older_ones_come_closer_and_masked_ones_do_not():
    # The score of (6, 2, 5) is 6/3 + 2/2 + 5/1 = 8.
    case = case_of(Fades(), [6, 2, 5])
    without = [2 / 2 + 5 / 1, 6 / 2 + 5 / 1, 6 / 2 + 2 / 1]
    np.testing.assert_allclose(leave_one_out(case, DROP), 8 - np.array(without), rtol=1e-6)
    np.testing.assert_allclose(leave_one_out(case, MASK), [6 / 3, 2 / 2, 5 / 1], rtol=1e-6)


@BOTH
def test_what_two_items_add_together_is_lost_with_either(options):
    together = np.zeros((3, 3))
    together[0, 1] = together[1, 0] = 0.5
    case = case_of(Plays(pairwise(np.array([1.0, -2.0, 0.0]), together)), [1, 2, 3])
    np.testing.assert_allclose(leave_one_out(case, options), [1 + 0.5, -2 + 0.5, 0], atol=1e-6)


@BOTH
def test_of_two_equal_items_each_counts_for_its_own_place(options):
    # An item that comes twice is still there when it goes once.
    case = case_of(Plays(pairwise(np.array([1.0, 4.0]), np.zeros((2, 2)))), [1, 2, 1])
    np.testing.assert_allclose(leave_one_out(case, options), [0, 4, 0], atol=1e-6)


@BOTH
def test_one_item(options):
    case = case_of(Fades(), [7])
    np.testing.assert_allclose(leave_one_out(case, options), [7 - 0])


@BOTH
def test_of_a_long_history_what_the_model_reads(options, sasrec):
    items = np.random.default_rng(0).integers(1, 31, 45)
    found = leave_one_out(Case(sasrec, items, 9), options)
    assert found.shape == (40,)
    np.testing.assert_array_equal(found, leave_one_out(Case(sasrec, items[-40:], 9), options))


@BOTH
def test_the_same_as_one_history_at_a_time(options, sasrec):
    items, target = np.random.default_rng(1).integers(1, 31, 12), 9
    found = leave_one_out(Case(sasrec, items, target), options)

    def score(items, keep):
        return sasrec.inspect(Request(items[None], keep[None])).scores[0, target]

    everything = np.ones(12, bool)
    for position, value in enumerate(found):
        if options.removal == "mask":
            without = score(items, np.arange(12) != position)
        else:
            without = score(np.delete(items, position), everything[1:])
        assert value == pytest.approx(score(items, everything) - without, abs=1e-5)  # float32


@BOTH
def test_batches_are_bounded_and_change_nothing(options, monkeypatch):
    model = Fades(lengths=(4, 16))
    items = np.random.default_rng(0).permutation(16).tolist()
    case = case_of(model, [item + 1 for item in items])
    whole = leave_one_out(case, options)
    assert max(request.items.size for request in model.asked) == 17 * 16  # all in one
    model.asked.clear()
    monkeypatch.setattr(variants, "POSITIONS", 64)
    np.testing.assert_array_equal(leave_one_out(case, options), whole)
    assert max(request.items.size for request in model.asked) == 64
    assert len(model.asked) == -(-17 // 4)


def test_a_model_that_cannot_mask_says_so():
    case = case_of(Fades(interventions=False), [1, 2])
    assert leave_one_out(case, DROP).shape == (2,)
    with pytest.raises(AttnrecError, match="Fades cannot mask positions; use 'drop'"):
        leave_one_out(case, MASK)
