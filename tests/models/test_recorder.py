"""The recording view: what it records is what the model used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flax import nnx

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.inspection import Interventions, Request
from attnrec.models import SASRec, Schema
from attnrec.models.recorder import ModelInspector

ITEMS = 30
LAYERS = ("blocks.0.attention", "blocks.1.attention")


@pytest.fixture(scope="module")
def model():
    model = SASRec(16, num_layers=2, num_heads=2, max_length=50).build(Schema(ITEMS), nnx.Rngs(3))
    rng = np.random.default_rng(0)  # larger weights, so that attention is far from uniform
    for block in model.blocks:
        for part in (block.attention.query, block.attention.key):
            part.kernel[...] = rng.normal(0, 1, part.kernel.shape).astype(np.float32)
    return model


@pytest.fixture(scope="module")
def inspector(model) -> ModelInspector:
    catalogue = Catalogue(pd.DataFrame(index=range(1, ITEMS + 1)))
    return ModelInspector(model, catalogue, "SASRec")


def request(*lengths: int, **options) -> Request:
    rng = np.random.default_rng(sum(lengths))
    return Request.of([rng.integers(1, ITEMS + 1, n) for n in lengths], **options)


def test_names_and_rows(inspector):
    found = inspector.inspect(request(3, 20, 1))
    assert found.record.names == inspector.names == LAYERS
    for map_ in found.record.maps:
        assert map_.weights.shape == (3, 2, 20, 20)
        sums = map_.weights.sum(-1)
        real = found.request.items > 0
        np.testing.assert_allclose(sums[np.broadcast_to(real[:, None], sums.shape)], 1, atol=1e-6)
        assert not sums[np.broadcast_to(~real[:, None], sums.shape)].any()


def test_recording_changes_no_score(inspector, model):
    asked = request(20)
    hidden = model.encode(asked.items, asked.mask)[:, -1]
    np.testing.assert_allclose(
        inspector.inspect(asked).scores[:, 1:],
        (hidden @ model.item_embeddings().T)[:, 1:],
        atol=1e-5,
    )


def test_overriding_with_itself_changes_nothing_and_with_others_changes_scores(inspector):
    asked = request(20)
    before = inspector.inspect(asked)
    own = {map_.name: map_.weights for map_ in before.record.maps}
    same = inspector.inspect(request(20, interventions=Interventions(own)))
    np.testing.assert_allclose(same.scores[:, 1:], before.scores[:, 1:], atol=1e-5)
    for name in LAYERS:
        shuffled = own[name].copy()
        shuffled[..., -1, :] = shuffled[..., -1, ::-1]
        other = inspector.inspect(request(20, interventions=Interventions({name: shuffled})))
        assert np.abs(other.scores[:, 1:] - before.scores[:, 1:]).max() > 1e-3
        np.testing.assert_allclose(other.record.layer(name).weights, shuffled, atol=1e-7)


def test_uniform(inspector):
    found = inspector.inspect(request(5, interventions=Interventions({LAYERS[1]: "uniform"})))
    expected = np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None]
    np.testing.assert_allclose(found.record.layer(2).weights[0, 0], expected, atol=1e-7)
    assert not np.allclose(found.record.layer(1).weights[0, 0], expected, atol=1e-2)


def test_masking_in_place_keeps_positions_and_dropping_does_not(inspector):
    items = np.arange(1, 11, dtype=np.int32)[None]
    mask = np.ones((1, 10), bool)
    mask[0, 4] = False
    masked = inspector.inspect(Request(items, mask))
    dropped = inspector.inspect(Request(np.delete(items, 4, axis=1)))
    for map_ in masked.record.maps:
        assert not map_.weights[..., 4].any()
        assert not map_.weights[..., 4, :].any()
    assert (
        np.abs(masked.scores[:, 1:] - dropped.scores[:, 1:]).max() > 1e-3
    )  # earlier items moved nearer
    # Whatever item stands there, a masked one is not seen.
    items[0, 4] = 29
    np.testing.assert_allclose(inspector.inspect(Request(items, mask)).scores, masked.scores)


def test_a_batch_is_its_members(inspector):
    together = inspector.inspect(request(3, 20, 1))
    for row, items in enumerate(together.request.items):
        alone = inspector.inspect(Request(items[None]))
        np.testing.assert_allclose(alone.scores[0], together.scores[row], atol=1e-5)


def test_nothing_compiles_when_a_history_changes(inspector):
    for length in inspector.lengths:
        inspector.warm(length)
    before = inspector.num_traces
    assert before >= len(inspector.lengths)
    for length in range(1, 51):
        inspector.inspect(request(length))
    assert inspector.num_traces == before


def test_projections_on_demand(inspector, model):
    asked = request(6)
    without = inspector.inspect(asked).record.maps[0]
    assert (without.query, without.key, without.value, without.value_norms) == (None,) * 4
    found = inspector.inspect(Request(asked.items, projections=True)).record.maps[0]
    first = model.blocks[0]
    x = model.item_embedding(asked.items) * 4 + model.position_embedding(np.arange(5, -1, -1))[None]
    for part in ("query", "key", "value"):
        flat = np.asarray(getattr(first.attention, part)(first.attention_norm(x)))
        expected = flat.reshape(1, 6, 2, 8).swapaxes(1, 2)  # [batch, head, position, size]
        np.testing.assert_allclose(getattr(found, part), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.value_norms, np.sqrt((found.value**2).sum(-1)), rtol=1e-5)
    # What is recorded is what the weights are made of.
    logits = found.query @ found.key.swapaxes(-1, -2) / 8**0.5
    logits[..., ~np.tri(6, dtype=bool)] = -np.inf
    made = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(found.weights, made, atol=1e-5)


def test_an_intervention_of_another_kind_compiles_nothing(inspector):
    own = inspector.inspect(request(20)).record.maps[0].weights
    inspector.inspect(request(20, interventions=Interventions({LAYERS[0]: own[:, :1]})))
    before = inspector.num_traces
    inspector.inspect(request(20, interventions=Interventions({LAYERS[0]: "uniform"})))
    assert inspector.num_traces == before


class Theirs(nnx.Module):
    """A module such as a user writes in a cell, on Flax's own attention, not causal."""

    def __init__(self, num_items: int, *, rngs: nnx.Rngs, **options):
        self.max_length = 20
        self.table = nnx.Embed(num_items + 1, 8, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(
            num_heads=2, in_features=8, qkv_features=8, decode=False, rngs=rngs, **options
        )

    def encode(self, items, mask, *, rngs=None):
        del rngs
        x = self.table(items)
        return x + self.attention(x, mask=mask[:, None, None, :])

    def item_embeddings(self):
        return self.table.embedding[...]


def test_flaxs_own_attention_is_recorded():
    model = Theirs(ITEMS, rngs=nnx.Rngs(0))
    found = ModelInspector(model, Catalogue(pd.DataFrame(index=range(1, 31))), "Theirs").inspect(
        request(7)
    )
    assert found.record.names == ("attention",)
    map_ = found.record.maps[0]
    assert not map_.causal
    x = np.asarray(model.table(found.request.items))[0]
    project = lambda part: np.einsum("nd,dhs->hns", x, part.kernel[...]) + part.bias[...][:, None]  # noqa: E731
    logits = project(model.attention.query) @ project(model.attention.key).swapaxes(1, 2) / 2
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(map_.weights[0], expected, atol=1e-6)
    hidden = model.encode(found.request.items, found.request.mask)[:, -1]
    np.testing.assert_allclose(
        found.scores[:, 1:], (hidden @ model.item_embeddings().T)[:, 1:], atol=1e-5
    )


def test_flaxs_own_attention_drops_nothing_where_derivatives_are_taken():
    options = {"dropout_rate": 0.5, "deterministic": False}
    model = Theirs(ITEMS, rngs=nnx.Rngs(0), **options)
    probe = ModelInspector(model, Catalogue(pd.DataFrame(index=range(1, 31))), "Theirs").probe
    items = request(7).items
    found = probe.by_embedding(items, items > 0, 5, np.ones(1, np.float32))
    np.testing.assert_allclose(found.score, probe.scores(items, items > 0, 5), atol=1e-5)


class Dropping(nnx.Module):
    """Dropout in a list, in a dictionary and shared, with random keys of its own."""

    def __init__(self, num_items: int, *, rngs: nnx.Rngs):
        self.max_length = 20
        self.table = nnx.Embed(num_items + 1, 8, rngs=rngs)
        self.listed = nnx.List([nnx.Dropout(0.9, rngs=rngs), nnx.Linear(8, 8, rngs=rngs)])
        self.named = nnx.Dict(a=nnx.Dropout(0.9, rngs=rngs))
        self.again = self.listed[0]

    def encode(self, items, mask, *, rngs=None):
        del rngs
        x = self.table(items) * mask[..., None]
        return self.again(self.named["a"](self.listed[1](self.listed[0](x))))

    def item_embeddings(self):
        return self.table.embedding[...]


def test_a_recording_has_no_dropout():
    model = Dropping(ITEMS, rngs=nnx.Rngs(0))
    inspector = ModelInspector(model, Catalogue(pd.DataFrame(index=range(1, 31))), "Dropping")
    asked = request(7)
    assert inspector.names == ()
    last = model.listed[1](model.table(asked.items)[0, -1])
    expected = (model.item_embeddings() @ last)[1:]
    np.testing.assert_allclose(inspector.inspect(asked).scores[0, 1:], expected, atol=1e-5)
    assert type(model.listed[0]) is nnx.Dropout  # the model itself is as it was


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Request.of([[]]), "history 1 has no item"),
        (lambda: request(51), "reads at most 50 items, got 51"),
        (
            lambda: request(5, interventions=Interventions({"blocks.2.attention": "uniform"})),
            "has no map 'blocks.2.attention'.*did you mean 'blocks.[01].attention'",
        ),
        (
            lambda: request(5, interventions=Interventions({LAYERS[0]: "flat"})),
            "expected weights or 'uniform', got 'flat'",
        ),
        (
            lambda: request(5, interventions=Interventions({LAYERS[0]: np.ones((1, 1, 5, 5))})),
            "rows must sum to one, got sums from 5.0000 to 5.0000",
        ),
        (
            lambda: request(
                5, interventions=Interventions({LAYERS[0]: np.full((1, 1, 5, 5), np.nan)})
            ),
            "weights must be finite",
        ),
        (
            lambda: request(
                5, interventions=Interventions({LAYERS[0]: np.full((1, 1, 4, 4), 0.25)})
            ),
            r"expected shape \(1, 2, 5, 5\).*got \(1, 1, 4, 4\)",
        ),
        (
            lambda: request(
                5, 3, interventions=Interventions({LAYERS[0]: np.full((3, 1, 5, 5), 0.2)})
            ),
            r"expected shape \(2, 2, 5, 5\).*got \(3, 1, 5, 5\)",
        ),
        (
            lambda: request(
                5, interventions=Interventions({LAYERS[0]: np.full((1, 4, 5, 5), 0.2)})
            ),
            r"expected shape \(1, 2, 5, 5\).*got \(1, 4, 5, 5\)",
        ),
        (lambda: Request.of([[3, ITEMS + 1]]), "items: expected indices up to 30, got 31"),
    ],
)
def test_wrong_requests_are_named(inspector, make, told):
    with pytest.raises(AttnrecError, match=told):
        inspector.inspect(make())
