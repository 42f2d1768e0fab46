"""The scorer: the product of the last position and the table, in however many parts."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from attnrec import SASRec, cores
from attnrec.models.schema import Schema
from attnrec.models.scorer import ModelScorer, _scores

NUM_ITEMS = 30


class Mean(nnx.Module):
    """Of the items so far; it has no `encode_last`."""

    max_length = 12

    def __init__(self):
        self.table = nnx.Param(np.random.default_rng(0).normal(size=(NUM_ITEMS + 1, 8)))

    def encode(self, items, mask, *, rngs=None):
        rows = jnp.where(mask[..., None], self.table[...][items], 0)
        return rows.cumsum(1) / jnp.maximum(mask.cumsum(1), 1)[..., None]

    def item_embeddings(self):
        return self.table[...]


def sasrec() -> nnx.Module:
    recipe = SASRec(embedding_size=8, num_layers=2, num_heads=2, max_length=12)
    return recipe.build(Schema(NUM_ITEMS), nnx.Rngs(0))


@pytest.mark.parametrize("make", [sasrec, Mean])
@pytest.mark.parametrize("in_cache", [1, 5 * 12, 10_000])  # 13, 3 and 1 parts
def test_scores_are_those_of_the_whole_batch(monkeypatch, make, in_cache):
    monkeypatch.setattr(cores.parts_in_cache, "__defaults__", (in_cache,))
    _scores.clear_cache()
    rng = np.random.default_rng(1)
    items = rng.integers(1, NUM_ITEMS + 1, (13, 12)).astype(np.int32)
    items[np.arange(12) < rng.integers(0, 12, (13, 1))] = 0
    model = make()
    last = np.asarray(model.encode(jnp.asarray(items), jnp.asarray(items > 0)))[:, -1]
    expected = last @ np.asarray(model.item_embeddings()).T
    scores = np.asarray(ModelScorer(model, "any")(items))
    np.testing.assert_allclose(scores[:, 1:], expected[:, 1:], atol=1e-5)
    assert (scores[:, 0] == -np.inf).all()
    _scores.clear_cache()


def test_only_the_last_position_is_worked_out():
    class Watched(Mean):
        def encode_last(self, items, mask):
            return super().encode(items, mask)[:, -1] + 1

    items = np.ones((2, 12), np.int32)
    table = np.asarray(Mean().item_embeddings())
    scores = np.asarray(ModelScorer(Watched(), "watched")(items))
    np.testing.assert_allclose(scores[0, 1:], ((table[1] + 1) @ table.T)[1:], atol=1e-5)
