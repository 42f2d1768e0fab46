"""The same weights give the same scores and attention as torch's own layers.

In float32, as users run it, to 1e-5; in float64 to 1e-12, which no difference
of formula would survive.
"""

from __future__ import annotations

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import torch
from flax import nnx

from attnrec.data import Catalogue
from attnrec.inspection import Request
from attnrec.models import SASRec
from attnrec.models.recorder import ModelInspector
from attnrec.models.scorer import ModelScorer

ITEMS, LONGEST = 50, 40
LENGTHS = (1, 2, 7, 16, 17, 40)  # 16 fills a padded width, 17 needs the next, 40 is all there is


@pytest.fixture(scope="module", params=[(1, True), (2, True), (4, True), (2, False)], ids=str)
def pair(request, scrambled, to_torch):
    heads, positions = request.param
    config = SASRec(16, num_layers=2, num_heads=heads, max_length=LONGEST, positions=positions)
    ours = scrambled(config, ITEMS)
    return ours, to_torch(ours)


def history(length: int) -> np.ndarray:
    return np.random.default_rng(length).integers(1, ITEMS + 1, length)


@torch.no_grad()
def expected(theirs, items: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Scores of items 1..n after the last position, and each layer's [head, query, key]."""
    hidden, attention = theirs(torch.from_numpy(items))
    return (hidden[-1] @ theirs.items.weight[1:].T).numpy(), [map_.numpy() for map_ in attention]


def in_float64(model):
    """A copy that counts in float64 throughout; embeddings look up in a type of their own."""
    graphdef, state = nnx.split(model)
    model = nnx.merge(graphdef, jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), state))
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Embed):
            module.dtype = jnp.float64
    return model


@pytest.mark.parametrize(("bits", "tolerance"), [(32, 1e-5), (64, 1e-12)])
def test_scores_and_attention_in_every_width(pair, bits, tolerance):
    ours, theirs = pair
    catalogue = Catalogue(pd.DataFrame(index=range(1, ITEMS + 1)))
    with jax.enable_x64(True) if bits == 64 else contextlib.nullcontext():
        inspector = ModelInspector(in_float64(ours) if bits == 64 else ours, catalogue, "SASRec")
        for length in LENGTHS:
            scores, attention = expected(theirs, history(length))
            for width in (length, LONGEST):
                found = inspector.inspect(Request.of([history(length)], length=width))
                assert found.scores.dtype == f"float{bits}"
                np.testing.assert_allclose(found.scores[0, 1:], scores, atol=tolerance, rtol=0)
                for map_, theirs_map in zip(found.record.maps, attention, strict=True):
                    real = map_.weights[0, :, -length:, -length:]
                    np.testing.assert_allclose(real, theirs_map, atol=tolerance, rtol=0)


def test_histories_of_all_lengths_in_one_batch(pair):
    ours, theirs = pair
    request = Request.of([history(length) for length in LENGTHS])
    scores = np.asarray(ModelScorer(ours, "SASRec")(request.items))
    for row, length in zip(scores, LENGTHS, strict=True):
        np.testing.assert_allclose(row[1:], expected(theirs, history(length))[0], atol=1e-5, rtol=0)


def test_the_comparison_sees_every_weight(pair):
    """Any weight that is moved in one of the two moves the answers apart."""
    _, theirs = pair
    before = expected(theirs, history(LONGEST))
    for name, weight in theirs.named_parameters():
        kept = weight.detach().clone()
        noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            weight.add_(noise, alpha=0.1)
            scores, attention = expected(theirs, history(LONGEST))
            weight.copy_(kept)
        assert np.abs(scores - before[0]).max() > 1e-3, name
    assert len(attention) == len(before[1]) == 2
