"""Graphs answer as JAX does: one set of weights, every length, every intervention."""

from __future__ import annotations

import json
import logging

import jax
import numpy as np
import onnx
import pandas as pd
import pytest
from flax import nnx

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.export import KINDS, Portable
from attnrec.export.verification import run_graph
from attnrec.inspection import Interventions, Request
from attnrec.models import SASRec, Schema
from attnrec.models.recorder import ModelInspector
from attnrec.models.weights import named_leaves

ITEMS = 30
LENGTHS = (16, 20)
LAYERS = ("blocks.0.attention", "blocks.1.attention")


def inspector_of(model, name: str = "ours", num_items: int = ITEMS) -> ModelInspector:
    return ModelInspector(model, Catalogue(pd.DataFrame(index=range(1, num_items + 1))), name)


def sasrec(num_items: int = ITEMS, **options) -> nnx.Module:
    recipe = SASRec(**{"embedding_size": 8, "num_heads": 2, "max_length": 20} | options)
    model = recipe.build(Schema(num_items), nnx.Rngs(3))
    rng = np.random.default_rng(0)  # larger weights, so that attention is far from uniform
    for block in model.blocks:
        for part in (block.attention.query, block.attention.key):
            part.kernel[...] = rng.normal(0, 1, part.kernel.shape).astype(np.float32)
    return model


class FlaxAttention(nnx.Module):
    """What a user writes in a cell: Flax's own attention, not causal, with dropout and rngs."""

    def __init__(self, num_items: int, *, rngs: nnx.Rngs):
        self.max_length = 20
        self.table = nnx.Embed(num_items + 1, 8, rngs=rngs)
        self.dropouts = nnx.List([nnx.Dropout(0.5, rngs=rngs)])
        self.attention = nnx.MultiHeadAttention(
            num_heads=2, in_features=8, qkv_features=8, decode=False, rngs=rngs
        )

    def encode(self, items, mask, *, rngs=None):
        x = self.dropouts[0](self.table(items))
        return x + self.attention(x, mask=mask[:, None, None, :])

    def item_embeddings(self):
        return self.table.embedding[...]


class NoAttention(nnx.Module):
    """The mean of the history, through a table of whole numbers; the mask goes unused."""

    def __init__(self, num_items: int, *, rngs: nnx.Rngs):
        self.max_length = 20
        self.table = nnx.Embed(num_items + 1, 8, rngs=rngs)
        self.group = nnx.Variable(np.arange(num_items + 1) // 2)

    def encode(self, items, mask, *, rngs=None):
        grouped = self.table(items) + self.table(self.group[...][items])
        return grouped.cumsum(1) * (items > 0)[..., None]

    def item_embeddings(self):
        return self.table.embedding[...]


@pytest.fixture(scope="module")
def inspector() -> ModelInspector:
    return inspector_of(sasrec())


@pytest.fixture(scope="module")
def portable(inspector) -> Portable:
    return inspector.portable


def answer(portable: Portable, kind: str, length: int, histories, **inputs) -> dict:
    """What the graph says to histories of indices."""
    items = Request.of(histories, length=length).items
    asked = {"items": items, "mask": items > 0}
    if kind == "inspect":
        for map_ in portable.card["maps"]:
            shape = (len(items), map_["heads"], length, length)
            asked[f"replace/{map_['name']}"] = np.zeros(len(items), np.int32)
            asked[f"given/{map_['name']}"] = np.zeros(shape, np.float32)
    return run_graph(portable.graph(kind, length), asked | inputs, portable.arrays)


def test_the_card_is_plain_and_says_where_each_weight_is(portable):
    card = json.loads(json.dumps(portable.card))
    assert card == portable.card
    assert (card["name"], card["num_items"], card["lengths"]) == ("ours", ITEMS, list(LENGTHS))
    about = {"heads": 2, "head_size": 4, "causal": True, "normalisation": "softmax"}
    assert card["maps"] == [{"name": name} | about for name in LAYERS]
    assert card["config"]["recipe"] == "SASRec"
    assert len(portable.weights) == portable.size
    leaves = named_leaves(nnx.state(sasrec()))
    assert [weight["name"] for weight in card["weights"]] == list(leaves)
    for weight in card["weights"]:
        count = int(np.prod(weight["shape"]))
        array = np.frombuffer(portable.weights, "<f4", count, weight["offset"])
        np.testing.assert_array_equal(array.reshape(weight["shape"]), leaves[weight["name"]])


def test_the_digest_is_of_weights_and_configuration(portable):
    assert inspector_of(sasrec()).portable.card["digest"] == portable.card["digest"]
    other = sasrec()
    other.norm.scale[...] = other.norm.scale[...] + 1e-6
    others = [inspector_of(other), inspector_of(sasrec(dropout_rate=0.3))]
    digests = {made.portable.card["digest"] for made in others} | {portable.card["digest"]}
    assert len(digests) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_and_outputs_are_named_and_weights_are_inputs(portable, kind):
    model = onnx.load_from_string(portable.graph(kind, 20))
    onnx.checker.check_model(model, full_check=True)
    weights = [weight["name"] for weight in portable.card["weights"]]
    maps = [f"{part}/{name}" for name in LAYERS for part in ("replace", "given")]
    inputs = [value.name for value in model.graph.input]
    assert inputs[:2] == ["items", "mask"]
    assert sorted(inputs[2:]) == sorted(weights + (maps if kind == "inspect" else []))
    outputs = [value.name for value in model.graph.output]
    parts = ("attention", "query", "key", "value")
    told = [f"{part}/{name}" for name in LAYERS for part in parts]
    assert outputs == ["scores", *(told if kind == "inspect" else [])]
    (items,) = (value for value in model.graph.input if value.name == "items")
    batch, length = items.type.tensor_type.shape.dim
    assert (batch.dim_param, length.dim_value) == ("batch", 20)


def test_a_graph_holds_no_weights_and_does_not_grow_with_the_catalogue(portable):
    large = inspector_of(sasrec(num_items=5_000), num_items=5_000).portable
    assert large.size > 5_000 * 8 * 4
    sizes = [len(made.graph("inspect", 16)) for made in (portable, large)]
    assert max(sizes) < 100_000
    assert abs(sizes[0] - sizes[1]) < 100
    for weight, array in portable.arrays.items():
        if array.std() > 0:  # zeros and ones stand in every graph
            assert array.tobytes() not in portable.graph("inspect", 16), weight


@pytest.mark.parametrize("length", LENGTHS)
def test_graphs_answer_as_the_inspector_does(inspector, portable, length):
    rng = np.random.default_rng(length)
    histories = [rng.integers(1, ITEMS + 1, n) for n in (1, 7, length)]
    asked = Request(Request.of(histories, length=length).items, projections=True)
    expected = inspector.inspect(asked)
    found = answer(portable, "inspect", length, histories)
    brief = answer(portable, "scores", length, histories)["scores"]
    np.testing.assert_allclose(brief, found["scores"], atol=1e-5)
    np.testing.assert_allclose(found["scores"], expected.scores, atol=1e-4)
    assert (found["scores"][:, 0] == -np.inf).all()
    for map_ in expected.record.maps:
        np.testing.assert_allclose(found[f"attention/{map_.name}"], map_.weights, atol=1e-4)
        assert not found[f"attention/{map_.name}"][0, :, : length - 1].any()  # padding
        for part in ("query", "key", "value"):
            np.testing.assert_allclose(found[f"{part}/{map_.name}"], getattr(map_, part), atol=1e-4)


def test_a_history_gets_one_answer_in_every_length(portable):
    history = [3, 1, 4, 1, 5, 9, 2, 6]
    narrow, *wider = (answer(portable, "inspect", length, [history]) for length in LENGTHS)
    for wide in wider:
        np.testing.assert_allclose(wide["scores"], narrow["scores"], atol=1e-5)
        for name in LAYERS:
            maps = [found[f"attention/{name}"][..., -8:, -8:] for found in (wide, narrow)]
            np.testing.assert_allclose(*maps, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_a_batch_may_replace_attention_in_each_history_differently(inspector, portable, name):
    history, rng = [3, 1, 4, 1, 5, 9, 2, 6], np.random.default_rng(0)
    given = rng.random((1, 2, 16, 16), np.float32) * np.tri(16, dtype=np.float32)
    given /= given.sum(-1, keepdims=True)
    inputs = {
        f"replace/{name}": np.arange(3, dtype=np.int32),
        f"given/{name}": np.repeat(given, 3, 0),
    }
    found = answer(portable, "inspect", 16, [history] * 3, **inputs)
    wanted: list[dict] = [{}, {name: given}, {name: "uniform"}]
    for row, attention in enumerate(wanted):
        asked = Request.of([history], length=16, interventions=Interventions(attention))
        expected = inspector.inspect(asked)
        np.testing.assert_allclose(found["scores"][row], expected.scores[0], atol=1e-4)
        for map_ in expected.record.maps:
            shown = found[f"attention/{map_.name}"][row]
            np.testing.assert_allclose(shown, map_.weights[0], atol=1e-5)
    apart = np.abs(np.diff(found["scores"][:, 1:], axis=0)).max(1)
    assert (apart > 1e-3).all()  # or nothing was replaced


def test_an_item_is_masked_in_place(inspector, portable):
    items = Request.of([[3, 1, 4, 1, 5]], length=16).items
    mask = items > 0
    mask[0, -3] = False
    found = answer(portable, "inspect", 16, [[3, 1, 4, 1, 5]], mask=mask)
    expected = inspector.inspect(Request(items, mask))
    np.testing.assert_allclose(found["scores"], expected.scores, atol=1e-4)
    for map_ in expected.record.maps:
        shown = found[f"attention/{map_.name}"]
        np.testing.assert_allclose(shown, map_.weights, atol=1e-5)
        assert not shown[..., -3].any()
        assert not shown[..., -3, :].any()


def test_flaxs_own_attention_with_dropout_and_random_keys_leaves_too():
    inspector = inspector_of(FlaxAttention(ITEMS, rngs=nnx.Rngs(0)), "FlaxAttention")
    portable = inspector.portable
    about = {"heads": 2, "head_size": 4, "causal": False, "normalisation": "softmax"}
    assert portable.card["maps"] == [{"name": "attention"} | about]
    assert portable.card["config"] == {"module": "FlaxAttention"}
    assert not [w for w in portable.card["weights"] if "rng" in w["name"]]
    expected = inspector.inspect(Request.of([[3, 1, 4]], length=16))
    found = answer(portable, "inspect", 16, [[3, 1, 4]])
    np.testing.assert_allclose(found["scores"], expected.scores, atol=1e-4)
    shown = found["attention/attention"]
    np.testing.assert_allclose(shown, expected.record.maps[0].weights, atol=1e-5)
    assert np.triu(shown[0, 0], 1).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_attention_leaves_too(kind):
    inspector = inspector_of(NoAttention(ITEMS, rngs=nnx.Rngs(0)))
    portable = inspector.portable
    assert portable.card["maps"] == []
    assert [weight["name"] for weight in portable.card["weights"]] == ["table.embedding"]
    found = answer(portable, kind, 16, [[3, 1, 4], [5]])
    assert list(found) == ["scores"]
    expected = inspector.inspect(Request.of([[3, 1, 4], [5]], length=16))
    np.testing.assert_allclose(found["scores"], expected.scores, atol=1e-4)
    inputs = {value.name for value in onnx.load_from_string(portable.graph(kind, 16)).graph.input}
    assert inputs == {"items", "mask", "table.embedding"}  # the unused mask as well


def test_a_graph_is_made_once(portable, monkeypatch):
    first = portable.graph("scores", 16)
    monkeypatch.setattr(Portable, "_make", lambda *_: pytest.fail("made again"))
    assert portable.graph("scores", 16) is first
    assert portable.has("scores", 16)
    assert not portable.has("scores", 11)
    model = sasrec()
    catalogue = Catalogue(pd.DataFrame(index=range(1, ITEMS + 1)))
    back = ModelInspector(model, catalogue, "ours", graphs=portable.made)
    assert back.portable.graph("scores", 16) == first
    model.norm.scale[...] = 2.0
    changed = ModelInspector(model, catalogue, "ours", graphs=portable.made)
    assert changed.portable.made == {} == changed.graphs


def test_other_weights_are_noticed(portable, monkeypatch):
    def of_other_weights(model, inputs, weights):
        return run_graph(model, inputs, {**weights, "norm.scale": weights["norm.scale"] * 1.01})

    monkeypatch.setattr("attnrec.export.graphs.run_graph", of_other_weights)
    told = r"output 'scores' of ours \(scores, length 5\) differs by 0\..* more than 0.0001"
    for _ in range(2):  # nor is it kept
        with pytest.raises(AttnrecError, match=told):
            portable.graph("scores", 5)


@pytest.mark.parametrize(
    ("output", "change", "told"),
    [
        ("key/blocks.1.attention", lambda found: found + 2e-4, "differs by 0.0002"),
        ("attention/blocks.0.attention", lambda found: found[:, :1], "has shape .9, 1, 16, 16. in"),
        ("value/blocks.0.attention", lambda found: found * np.nan, "differs by nan"),
    ],
)
def test_the_output_that_disagrees_is_named(portable, monkeypatch, output, change, told):
    def changed(*args):
        found = run_graph(*args)
        return found | {output: change(found[output])}

    model = portable.graph("inspect", 16)
    portable.verify(model, "inspect", 16)
    monkeypatch.setattr("attnrec.export.graphs.run_graph", changed)
    with pytest.raises(AttnrecError, match=f"output '{output}' of ours .inspect.*{told}"):
        portable.verify(model, "inspect", 16)


def test_not_a_number_is_not_handed_out():
    model = sasrec()
    model.norm.scale[...] = np.nan
    with pytest.raises(AttnrecError, match="output 'scores' of ours .* differs by nan"):
        inspector_of(model).portable.graph("scores", 16)


class HasNoOnnxForm(NoAttention):
    def encode(self, items, mask, *, rngs=None):
        x = super().encode(items, mask)
        return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def test_what_onnx_cannot_say_is_told():
    portable = inspector_of(HasNoOnnxForm(ITEMS, rngs=nnx.Rngs(0)), "theirs").portable
    with pytest.raises(AttnrecError, match="theirs cannot be made into an ONNX graph") as caught:
        portable.graph("scores", 16)
    assert caught.value.__cause__ is not None


def test_what_onnxruntime_cannot_execute_is_told(portable):
    model = onnx.load_from_string(portable.graph("scores", 16))
    model.graph.node[0].op_type = "NoSuchOperator"
    told = r"onnxruntime cannot execute ours \(scores, length 16\) .*NoSuchOperator"
    with pytest.raises(AttnrecError, match=told):
        portable.verify(model.SerializeToString(), "scores", 16)


class Named(NoAttention):
    def __init__(self, num_items: int, *, rngs: nnx.Rngs):
        super().__init__(num_items, rngs=rngs)
        self.mask = nnx.Param(np.ones(3, np.float32))


def test_a_weight_may_not_be_called_as_an_input():
    inspector = inspector_of(Named(ITEMS, rngs=nnx.Rngs(0)), "theirs")
    with pytest.raises(AttnrecError, match="a weight of theirs is called 'mask', as an input"):
        inspector.portable  # noqa: B018


def test_weights_of_another_type_are_refused():
    model = sasrec()
    model.norm.scale.set_value(model.norm.scale[...].astype(jax.numpy.bfloat16))
    inspector = inspector_of(model)
    assert not inspector.capabilities.page_export
    with pytest.raises(AttnrecError, match="weight 'norm.scale' of ours is bfloat16; expected f"):
        inspector.portable  # noqa: B018
    assert inspector_of(sasrec()).capabilities.page_export


@pytest.mark.parametrize(
    ("kind", "length", "told"),
    [
        ("score", 16, "kind: expected 'scores' or 'inspect', got 'score'; did you mean 'scores'"),
        ("scores", 0, "length: expected 1 to 20, got 0"),
        ("scores", 21, "length: expected 1 to 20, got 21"),
        ("scores", 16.0, "length: expected 1 to 20, got 16.0"),
    ],
)
def test_wrong_wishes_are_named(portable, kind, length, told):
    with pytest.raises(AttnrecError, match=told):
        portable.graph(kind, length)


def test_logging_is_as_it_was_and_nothing_is_printed(capsys):
    root, disabled = logging.getLogger(), logging.root.manager.disable
    handlers = list(root.handlers)
    inspector_of(sasrec(num_layers=1)).portable.graph("inspect", 16)
    assert root.handlers == handlers
    assert logging.root.manager.disable == disabled
    assert capsys.readouterr() == ("", "")
