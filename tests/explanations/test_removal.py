"""The value function against the model asked one history at a time."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.explanations import variants as layout
from attnrec.explanations.case import Case
from attnrec.explanations.removal import ValueFunction
from attnrec.explanations.variants import POSITIONS, in_batches
from attnrec.inspection import Request

from .conftest import Additive, small_inspector


def variants(n: int, count: int = 40) -> np.ndarray:
    keep = np.random.default_rng(0).random((count, n)) < 0.6
    keep[:, -1] |= ~keep.any(1)
    return keep


def test_dropping_is_asking_with_a_shorter_history(case):
    keep = variants(len(case))
    asked = [case.inspector.inspect(Request.of([case.items[row]])).scores[0] for row in keep]
    expected = np.stack(asked)
    value = ValueFunction(case, "drop")
    np.testing.assert_allclose(value(keep), expected[:, case.target], atol=1e-5)
    score, rank = value.ranked(keep)
    np.testing.assert_allclose(score, expected[:, case.target], atol=1e-5)
    above = expected[:, 1:] > expected[:, [case.target]] + 1e-6
    np.testing.assert_array_equal(rank, 1 + above.sum(1))
    np.testing.assert_allclose(value.every(keep)[:, 1:], expected[:, 1:], atol=1e-5)
    assert value.asked == 3 * len(keep)


@pytest.mark.parametrize("already_gone", [[], [2], [0, 5]])
@pytest.mark.parametrize("with_all", [True, False])
def test_items_dropped_in_turn_share_their_beginnings(case, already_gone, with_all, monkeypatch):
    monkeypatch.setattr(layout, "WORTH_SHARING", 1)
    base = np.ones(len(case), bool)
    base[already_gone] = False
    keep = base & ~np.eye(len(case), dtype=bool)[base]
    keep = np.vstack([base, keep]) if with_all else keep
    [batch] = in_batches(case, keep, closing=True)
    # Of a square half is left; one line of it is the shared beginning, one the whole.
    most = base.sum() * (base.sum() + 3) // 2
    assert len(np.unique(np.stack(batch.prefixes[3:5]), axis=1).T) <= most + 2  # padding's own
    expected = [case.inspector.inspect(Request.of([case.items[row]])).scores[0] for row in keep]
    np.testing.assert_allclose(
        ValueFunction(case, "drop")(keep), np.stack(expected)[:, case.target], atol=1e-5
    )
    monkeypatch.setattr(layout, "POSITIONS", 4 * case.length)  # in several calls
    assert len(list(in_batches(case, keep, closing=True))) > 1
    np.testing.assert_allclose(
        ValueFunction(case, "drop").every(keep)[:, 1:], np.stack(expected)[:, 1:], atol=1e-5
    )


@pytest.mark.parametrize(("removal", "most"), [("drop", 16), ("mask", 36)])
def test_a_history_that_grows_by_an_item_seldom_compiles(removal, most):
    inspector, shapes = small_inspector(max_length=64), set()
    for n in range(1, 65):
        case = Case(inspector, np.arange(n) % 30 + 1, 5)
        keep = np.vstack([np.ones(n, bool), ~np.eye(n, dtype=bool)])
        for batch in in_batches(case, keep, closing=removal == "drop"):
            shapes.add(str([np.shape(part) for part in (batch.mask, *(batch.prefixes or ()))]))
    assert len(shapes) <= most


def test_no_variants_are_no_scores(case):
    assert ValueFunction(case, "drop")(np.zeros((0, len(case)), bool)).shape == (0,)
    assert ValueFunction(case, "mask")(np.zeros((0, len(case)), bool)).shape == (0,)


def test_masking_is_asking_with_a_mask(case):
    keep = variants(len(case))
    items = np.broadcast_to(case.items, keep.shape)
    expected = case.inspector.inspect(Request(items, keep)).scores[:, case.target]
    np.testing.assert_allclose(ValueFunction(case, "mask")(keep), expected, atol=1e-5)


def test_the_two_agree_on_everything_and_on_nothing(case):
    ends = np.array([[True] * len(case), [False] * len(case)])
    drop, mask = ValueFunction(case, "drop")(ends), ValueFunction(case, "mask")(ends)
    np.testing.assert_allclose(drop, mask, atol=1e-5)
    assert abs(drop[0] - drop[1]) > 1e-3
    without_last = np.array([[True] * (len(case) - 1) + [False]])
    apart = ValueFunction(case, "drop")(without_last) - ValueFunction(case, "mask")(without_last)
    assert abs(apart[0]) > 1e-4


def test_a_masked_item_leaves_only_its_place(case, small):
    keep = variants(len(case))
    other = Case(small, np.where(case.items == case.items[-1], 29, case.items), case.target)
    keep[:, -1] = False  # the position that is read out, too
    keep[:, 0] = True
    found = [ValueFunction(one, "mask")(keep) for one in (case, other)]
    np.testing.assert_array_equal(*found)


def test_a_model_that_shares_no_beginnings_is_masked_alike(case, monkeypatch):
    """In one call and in several, the model's own way and any model's."""
    keep = variants(len(case), 70)
    shared = ValueFunction(case, "mask")
    expected, (_, rank) = shared(keep), shared.ranked(keep)
    assert shared.asked == 140
    monkeypatch.setattr(layout, "POSITIONS", 16 * case.length)
    np.testing.assert_allclose(ValueFunction(case, "mask")(keep), expected, atol=1e-5)
    monkeypatch.setattr(case.probe, "shares_prefixes", False)
    found = ValueFunction(case, "mask").ranked(keep)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_array_equal(found[1], rank)


@pytest.mark.parametrize("removal", ["drop", "mask"])
def test_longer_paddings_change_nothing(case, removal):
    keep = np.concatenate([variants(len(case)), np.zeros((1, len(case)), bool)])
    found = []
    for max_length in (16, 50):
        inspector = small_inspector(max_length=50)
        inspector.lengths = (max_length,)
        found.append(ValueFunction(Case(inspector, case.items, case.target), removal)(keep))
    np.testing.assert_allclose(*found, atol=1e-5)


def test_what_is_left_out_has_no_rank(case, small):
    keep = variants(len(case))
    _, all_of_them = ValueFunction(case).ranked(keep)
    assert all_of_them.max() > 1
    alone = Case(small, case.items, case.target, left_out=np.arange(1, 31))
    _, rank = ValueFunction(alone).ranked(keep)
    assert (rank == 1).all()
    every = ValueFunction(alone).every(keep)
    assert np.isfinite(every).sum() == len(keep)


def test_any_inspector_will_do():
    game = Additive([5, -2, 1, 0], target=4)
    value = ValueFunction(Case(game, np.array([1, 2, 3]), 4))
    keep = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]], bool)
    np.testing.assert_array_equal(value(keep), [5 - 2 + 1, 5 + 1, -2, 0])
    _, rank = value.ranked(keep)
    np.testing.assert_array_equal(rank, [1, 1, 1 + 3, 1])


def test_many_variants_come_in_batches_of_bounded_size():
    game = Additive([1] * 4, target=4)
    value = ValueFunction(Case(game, np.array([1, 2] * 50), 4), "drop")
    found = value(np.ones((1000, 100), bool))
    assert found.tolist() == [100.0] * 1000
    assert max(game.batches) == 64 <= POSITIONS // 100 < 128  # the power of two below
    assert sum(game.batches) == 1000


def test_errors_name_what_was_expected(case, small, unchecked):
    with pytest.raises(AttnrecError, match=r"removal: expected 'drop' or 'mask', got 'drip'"):
        ValueFunction(case, "drip")
    with pytest.raises(AttnrecError, match="Additive cannot mask positions"):
        ValueFunction(Case(Additive([1], 1), np.array([1]), 1), "mask")
    with pytest.raises(AttnrecError, match=r"keep: expected shape \[variant, 9\], got \(2, 8\)"):
        ValueFunction(case)(np.ones((2, 8), bool))
    with pytest.raises(AttnrecError, match="history: empty"):
        Case(small, np.zeros(0, int), 1)
    with pytest.raises(AttnrecError, match="target: expected an index from 1 to 30, got 31"):
        Case(small, np.array([1]), 31)
    with pytest.raises(AttnrecError, match="items: expected indices from 1 to 30"):
        Case(small, np.array([1, 31]), 1)


def test_a_history_is_cut_to_what_the_model_reads(small):
    items = np.random.default_rng(0).integers(1, 31, 70)
    np.testing.assert_array_equal(Case(small, items, 1).items, items[-50:])
