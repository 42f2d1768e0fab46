"""A batch in parts teaches what the batch does."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from attnrec import SASRec, losses
from attnrec.models.protocol import build
from attnrec.models.schema import Schema
from attnrec.training import step as module

ROWS = jnp.array([0, 1, 2, 3, 4, 5, 6])  # 7 of 8; the last is empty, as `Batches` has it


def after(monkeypatch, parts: int, loss: str):
    """Weights and loss after one step in so many parts."""
    monkeypatch.setattr(module, "num_parts", lambda *_: parts)
    recipe = SASRec(embedding_size=8, num_layers=2, max_length=12, dropout_rate=0.0)
    graphdef, params, rest = nnx.split(build(recipe, Schema(20, 5), 0), nnx.Param, ...)
    items = np.random.default_rng(0).integers(1, 21, (8, 13)).astype(np.int32)
    items[np.arange(13) < np.arange(0, 16, 2)[:, None]] = 0  # shorter and shorter
    items[-1] = 0
    optimizer = optax.sgd(1.0)
    step = module.make_step(graphdef, rest, losses.resolve(loss), optimizer, 5.0, 20)
    state = module.TrainState(params, optimizer.init(params))
    (params, _), total = step(state, jnp.asarray(items), ROWS, jax.random.key(0), 12)
    return jax.tree.leaves(params), float(total)


@pytest.mark.parametrize("parts", [2, 3, 7])  # of 4, 3 and 1 rows: the first two need empty ones
def test_gradients_of_parts_add_up(monkeypatch, parts):
    whole, total = after(monkeypatch, 1, "softmax")
    found, total_too = after(monkeypatch, parts, "softmax")
    assert total_too == pytest.approx(total, rel=1e-5)
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_each_part_draws_its_own_negatives(monkeypatch):
    drawn = []

    class Noticing(losses.BCE):
        def __call__(self, hidden, table, labels, key):
            jax.debug.callback(
                lambda data: drawn.append(tuple(data.tolist())), jax.random.key_data(key)
            )
            return super().__call__(hidden, table, labels, key)

    monkeypatch.setattr(losses, "resolve", lambda loss: Noticing())
    after(monkeypatch, 3, "bce")
    jax.effects_barrier()
    assert len(drawn) == len(set(drawn)) == 3


def test_large_batches_of_few_parameters_go_in_parts():
    few, many = ({"table": jnp.zeros(size)} for size in (1000, 1600 * 256 * 16))
    assert module.num_parts(128, 200, few) == 128 * 200 / 1600
    assert module.num_parts(8, 200, few) == 1
    assert module.num_parts(2, 5000, few) == 2  # a row stays whole
    assert module.num_parts(128, 200, many) == 1
