"""The probe against the inspector, and derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest
from flax import nnx

from attnrec.errors import AttnrecError
from attnrec.inspection import Interventions, Request
from attnrec.models import SASRec, Schema
from attnrec.models.prefixes import prefixes_of
from attnrec.models.probe import Probe

from ..explanations.conftest import small_inspector

TARGET = 7


@pytest.fixture(scope="module")
def inspector():
    return small_inspector()


@pytest.fixture(scope="module")
def asked() -> Request:
    return Request.of([[3, 14, 15, 9], [2, 6, 5], [21]], length=6)


def test_scores_and_ranks_are_the_inspectors(inspector, asked):
    expected = inspector.inspect(asked).scores
    found = inspector.probe.scores(asked.items, asked.mask, TARGET)
    np.testing.assert_allclose(found, expected[:, TARGET], atol=1e-5)
    np.testing.assert_allclose(
        inspector.probe.every(asked.items, asked.mask)[:, 1:], expected[:, 1:], atol=1e-5
    )
    candidates = np.arange(31) > 10
    ranked = inspector.probe.ranked(asked.items, asked.mask, TARGET, candidates)
    above = (expected > expected[:, [TARGET]]) & candidates
    np.testing.assert_array_equal(ranked.rank, 1 + above.sum(1))


def test_the_last_position_alone_is_the_last_of_all():
    model = SASRec(16, 3, 2, max_length=20).build(Schema(30), nnx.Rngs(0))
    items = np.array([[0, 0, 3, 4, 5], [1, 2, 3, 4, 5]])
    np.testing.assert_allclose(
        model.encode_last(items, items > 0), model.encode(items, items > 0)[:, -1], atol=1e-5
    )


def test_variants_are_the_last_positions_also_of_a_model_that_records_nothing():
    model = SASRec(16, 2, 2, max_length=20).build(Schema(30), nnx.Rngs(0))
    history = np.array([3, 14, 15, 9], np.int32)
    stands = np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 0, 1, 2], [0, 0, 0, 3]])
    items = np.append(np.int32(0), history)[stands]
    np.testing.assert_allclose(
        nnx.jit(type(model).encode_variants)(model, stands > 0, prefixes_of(history, stands)),
        nnx.jit(type(model).encode_last)(model, items, items > 0),
        atol=1e-5,
    )


def test_by_embedding_is_the_slope_of_the_score(inspector, asked):
    found = inspector.probe.by_embedding(asked.items, asked.mask, TARGET, np.ones(3, np.float32))
    np.testing.assert_allclose(found.score, inspector.inspect(asked).scores[:, TARGET], atol=1e-5)
    # Scaling all embeddings together moves the score as the products say, summed.
    step = np.float32(1e-2)
    high, low = (
        inspector.probe.by_embedding(asked.items, asked.mask, TARGET, np.full(3, 1 + d)).score
        for d in (step, -step)
    )
    np.testing.assert_allclose(found.product.sum(1), (high - low) / (2 * step), atol=2e-3)
    assert not np.asarray(found.product)[asked.items == 0].any()
    assert (np.asarray(found.norm)[asked.items > 0] > 0).all()


def test_by_attention_is_the_slope_of_the_score(inspector, asked):
    found = inspector.probe.by_attention(asked.items, asked.mask, TARGET)
    for name, map_ in zip(inspector.names, inspector.inspect(asked).record.maps, strict=True):
        np.testing.assert_allclose(found.weights[name], map_.weights, atol=1e-5)
    # A little weight of the last query goes from the key that has most to the last.
    name, step = inspector.names[-1], 1e-3
    weights = np.array(found.weights[name])
    heads, most = np.arange(2), weights[0, :, -1].argmax(-1)
    assert (most != 5).all()
    moved = weights.copy()
    moved[0, heads, -1, most] -= step
    moved[0, :, -1, 5] += step
    after, before = (
        inspector.inspect(Request(asked.items, asked.mask, Interventions({name: given})))
        for given in (moved, weights)
    )
    slope = np.asarray(found.gradients[name])[0, :, -1]
    expected = step * (slope[:, 5] - slope[heads, most]).sum()
    difference = after.scores[0, TARGET] - before.scores[0, TARGET]
    np.testing.assert_allclose(difference, expected, rtol=0.05, atol=2e-6)


def test_a_model_that_looks_items_up_otherwise_has_no_gradients():
    class Table(nnx.Module):
        max_length = 16

        def __init__(self):
            self.table = nnx.Param(np.eye(5, 3, dtype=np.float32))

        def encode(self, items, mask, *, rngs=None):
            return (self.table[...][items] * mask[..., None]).cumsum(1)

        def item_embeddings(self):
            return self.table[...]

    probe = Probe(*nnx.split(Table()), (), "Table")
    items = np.array([[1, 2]])
    np.testing.assert_array_equal(probe.scores(items, items > 0, 2), [1.0])
    with pytest.raises(AttnrecError, match="looks items up 0 times by an nnx.Embed"):
        probe.by_embedding(items, items > 0, 2, np.ones(1, np.float32))


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("positions", [True, False])
def test_variants_that_mix_up_a_history_are_each_as_if_alone(num_layers, positions):
    probe = small_inspector(num_layers=num_layers, positions=positions).probe
    history = np.random.default_rng(0).permutation(np.arange(1, 22)).astype(np.int32)
    stands = np.random.default_rng(1).integers(0, 4, (40, 7)) * 5
    stands = stands[np.lexsort(stands.T[::-1])]
    items = np.append(np.int32(0), history)[stands]
    found = probe.every(None, stands > 0, prefixes_of(history, stands))
    np.testing.assert_allclose(found, probe.every(items, stands > 0), atol=1e-5)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("positions", [True, False])
def test_maskings_that_begin_alike_are_each_as_if_alone(num_layers, positions):
    probe = small_inspector(num_layers=num_layers, positions=positions).probe
    items = np.array([[0, 3, 14, 15, 9, 2]], np.int32)
    every = np.arange(1 << 5)[:, None] >> np.arange(4, -1, -1) & 1 > 0
    mask = np.concatenate([np.zeros((32, 1), bool), every], axis=1)
    stands = mask * np.arange(6)
    expected = probe.every(np.repeat(items, 32, axis=0), mask)
    for order in (np.arange(32), np.random.default_rng(0).permutation(32)):
        prefixes = prefixes_of(items[0, 1:], stands[order])
        found = probe.every(None, mask[order], prefixes)
        np.testing.assert_allclose(found, expected[order], atol=1e-5)
        scores = probe.scores(None, mask[order], TARGET, prefixes)
        np.testing.assert_allclose(scores, expected[order, TARGET], atol=1e-5)
