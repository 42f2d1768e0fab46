"""The plan of an epoch: every history once, in a batch no wider than it must be."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from attnrec.data import Sequences
from attnrec.errors import AttnrecError
from attnrec.training.batches import Batches


def histories(lengths) -> Sequences:
    return Sequences.of([np.arange(1, n + 1) for n in lengths])


@pytest.fixture(scope="module")
def batches() -> Batches:
    rng = np.random.default_rng(0)
    return Batches(histories(rng.integers(1, 300, 97)), max_length=100, batch_size=8)


def test_every_history_once_an_epoch(batches):
    planned = list(batches.epoch(seed=0, epoch=1))
    assert len(planned) == len(batches)
    rows = np.concatenate([batch.rows for batch in planned])
    items = np.asarray(planned[0].items)
    filler = len(items) - 1
    assert sorted(rows[rows != filler]) == list(range(filler))
    assert not items[filler].any()


def test_no_wider_than_needed_and_never_too_narrow(batches):
    for batch in batches.epoch(seed=0, epoch=1):
        real = (np.asarray(batch.items)[:, :-1] > 0).sum(1)
        assert batch.length in (16, 32, 64, 100)
        assert real[batch.rows].max() <= batch.length
        narrower = [length for length in (16, 32, 64) if length < batch.length]
        assert not narrower or real[batch.rows].max() > narrower[-1]


def test_full_batches_teach_about_as_much():
    lengths = np.random.default_rng(0).integers(2, 300, 3000)
    batches = Batches(histories(lengths), max_length=100, batch_size=16)
    mean = np.minimum(lengths - 1, 100).mean()
    assert batches.sizes[0] > batches.sizes[1] > batches.sizes[2] > batches.sizes[3]
    assert len(batches) == pytest.approx(3000 / 16, abs=4)
    for _, rows, length in batches.epoch(0, 1):
        if (rows < 3000).all():
            taught = np.minimum(lengths[rows] - 1, length).sum()
            assert taught == pytest.approx(16 * mean, rel=0.3)


@pytest.mark.parametrize("batch_size", [7, 32, 128, 5000])
def test_few_rows_are_empty(batch_size):
    lengths = np.random.default_rng(0).integers(2, 300, 3001)
    batches = Batches(histories(lengths), max_length=100, batch_size=batch_size)
    plan = batches.plan(0, 1)
    for width in batches.lengths:
        rows = [planned.rows for planned in plan if planned.length == width]
        assert sum((of < 3001).sum() for of in rows) > sum(map(len, rows)) - len(rows)


def test_over_devices_the_batches_are_the_same_but_for_empty_rows():
    lists = histories(np.random.default_rng(0).integers(2, 300, 100))
    one, four = (Batches(lists, 100, batch_size=9, multiple=multiple) for multiple in (1, 4))
    for ours, theirs in zip(four.plan(0, 1), one.plan(0, 1), strict=True):
        assert len(ours.rows) % 4 == 0
        assert len(ours.rows) < len(theirs.rows) + 4
        np.testing.assert_array_equal(ours.rows[ours.rows < 100], theirs.rows[theirs.rows < 100])


def test_targets_are_counted():
    # 1 item teaches nothing, 2 teach one, 5 four, and of 9 the latest 4 (of 5 kept)
    assert Batches(histories([1, 2, 5, 9]), max_length=4, batch_size=2).num_targets == 1 + 4 + 4
    assert Batches(histories([1, 1]), max_length=4, batch_size=2).num_targets == 0


def test_the_order_is_the_seeds_and_the_epochs():
    plan = Batches(histories([5] * 40), 16, 4)
    order = lambda *of: np.concatenate([batch.rows for batch in plan.plan(*of)]).tolist()  # noqa: E731
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


def given(batch) -> np.ndarray:
    """What a step sees."""
    return np.asarray(batch.items)[batch.rows, -(batch.length + 1) :]


def test_batches_read_when_needed_are_those_that_stay_on_the_device():
    lists = histories(np.random.default_rng(1).integers(1, 300, 97))
    resident, streamed = (
        list(Batches(lists, max_length=100, batch_size=8, stream=stream).epoch(3, 2))
        for stream in (False, True)
    )
    assert [batch.length for batch in streamed] == [batch.length for batch in resident]
    for ours, theirs in zip(streamed, resident, strict=True):
        np.testing.assert_array_equal(given(ours), given(theirs))
        assert ours.items.shape == (len(ours.rows) + 1, ours.length + 1)
        assert not np.asarray(ours.items)[-1].any()


@pytest.mark.parametrize("stream", [False, True])
def test_an_epoch_goes_on_from_any_batch(stream):
    lists = histories(np.random.default_rng(1).integers(2, 60, 50))
    batches = Batches(lists, max_length=50, batch_size=8, stream=stream)
    whole, rest = list(batches.epoch(0, 1)), list(batches.epoch(0, 1, first=4))
    assert len(rest) == len(whole) - 4
    for ours, theirs in zip(rest, whole[4:], strict=True):
        np.testing.assert_array_equal(given(ours), given(theirs))


def test_many_histories_do_not_stay_on_the_device(monkeypatch):
    monkeypatch.setattr("attnrec.training.batches.RESIDENT", 41 * 17 * 4)
    assert not Batches(histories([5] * 40), 16, 4).streamed
    assert Batches(histories([5] * 41), 16, 4).streamed
    assert Batches(histories([5]), 16, 4, stream=True).streamed


def test_without_grain_streaming_is_refused_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "grain", None)
    with pytest.raises(AttnrecError, match=r"stream: .* pip install 'attnrec\[large\]'"):
        Batches(histories([5]), 16, 4, stream=True)
