"""A model that looks at everything alike, against uniform weights put in place of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flax import nnx

import attnrec as ar
from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.inspection import UNIFORM, Interventions, Request
from attnrec.models import SASRec, Schema
from attnrec.models.recorder import ModelInspector
from attnrec.models.uniform import with_uniform_attention

ITEMS = 20


@pytest.fixture
def model():
    model = SASRec(8, num_heads=2, max_length=16).build(Schema(ITEMS), nnx.Rngs(0))
    rng = np.random.default_rng(0)  # larger weights, so that attention is far from uniform
    for block in model.blocks:
        for part in (block.attention.query, block.attention.key):
            part.kernel[...] = rng.normal(0, 1, part.kernel.shape).astype(np.float32)
            part.bias[...] = rng.normal(0, 1, part.bias.shape).astype(np.float32)
    return model


def inspector(model) -> ModelInspector:
    return ModelInspector(model, Catalogue(pd.DataFrame(index=range(1, ITEMS + 1))), "SASRec")


def test_it_answers_as_the_model_does_with_uniform_weights_in_place(model):
    asked = [[3, 14, 15, 9, 2, 6], [5], [8, 8, 7]]
    own = inspector(model)
    equal = Interventions(dict.fromkeys(own.names, UNIFORM))
    expected = own.inspect(Request.of(asked, interventions=equal))
    found = inspector(with_uniform_attention(model)).inspect(Request.of(asked))
    np.testing.assert_allclose(found.scores[:, 1:], expected.scores[:, 1:], atol=1e-5)
    for map_ in found.record.maps:
        np.testing.assert_allclose(map_.weights[2, :, -1, -3:], 1 / 3, rtol=1e-6)


def test_the_model_itself_stays_as_it_is(model):
    before = np.array(model.blocks[0].attention.query.kernel[...])
    with_uniform_attention(model)
    np.testing.assert_array_equal(model.blocks[0].attention.query.kernel[...], before)
    assert np.abs(before).max() > 1


def test_attention_stays_uniform_in_training_and_all_else_learns(chain_split):
    schema = Schema(num_items=len(chain_split.data.items))
    fresh = with_uniform_attention(SASRec(8, max_length=16).build(schema, nnx.Rngs(0)))
    run = ar.fit(fresh, chain_split, epochs=2, learning_rate=1e-2, progress=False)
    for before, after in zip(fresh.blocks, run.model.blocks, strict=True):
        for name in ("query", "key"):
            projection = getattr(after.attention, name)
            assert not projection.kernel[...].any()
            assert not projection.bias[...].any()
        for name in ("value", "out"):
            kernels = (getattr(block.attention, name).kernel[...] for block in (before, after))
            assert np.abs(np.subtract(*kernels)).max() > 1e-3


def test_a_model_without_attention():
    with pytest.raises(AttnrecError, match="model: Linear has no MultiHeadAttention"):
        with_uniform_attention(nnx.Linear(2, 2, rngs=nnx.Rngs(0)))
