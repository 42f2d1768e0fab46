"""The plan of an epoch: every history once, in a batch no wider than it must be."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.data import Sequences
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
    filler = batches.items.shape[0] - 1
    assert sorted(rows[rows != filler]) == list(range(filler))
    assert not np.asarray(batches.items)[filler].any()


def test_no_wider_than_needed_and_never_too_narrow(batches):
    real = (np.asarray(batches.items)[:, :-1] > 0).sum(1)
    for batch in batches.epoch(seed=0, epoch=1):
        assert batch.length in (16, 32, 64, 100)
        assert real[batch.rows].max() <= batch.length
        narrower = [length for length in (16, 32, 64) if length < batch.length]
        assert not narrower or real[batch.rows].max() > narrower[-1]


def test_targets_are_counted():
    # 1 item teaches nothing, 2 teach one, 5 four, and of 9 the latest 4 (of 5 kept)
    assert Batches(histories([1, 2, 5, 9]), max_length=4, batch_size=2).num_targets == 1 + 4 + 4
    assert Batches(histories([1, 1]), max_length=4, batch_size=2).num_targets == 0


def test_the_order_is_the_seeds_and_the_epochs():
    plan = Batches(histories([5] * 40), 16, 4)
    order = lambda *of: np.concatenate([batch.rows for batch in plan.epoch(*of)]).tolist()  # noqa: E731
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)
