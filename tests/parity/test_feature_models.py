"""The same weights give the same scores and attention as RecBole's models of features.

In float32, as users run it, to 1e-5; in float64 to 1e-12, which no difference
of formula would survive.

RecBole needs older libraries than attnrec, and so an environment of its own:
`recbole_scores.py` runs there, with the Python that ATTNREC_RECBOLE names. Where
the two differ:

- RecBole's first order sums the weights of a set where its second averages the
  vectors; ours averages both. `averaged` undoes it.
- Its xDeepFM has a bias and a ReLU in each crossing, which the script takes out,
  and a ReLU behind its network: here, one more layer.
- Its AFM attends without the bias of the paper's eq. 5: here, zero.
- Its AutoInt leaves out the residual unless told: it is told.
- Its DIN normalises what comes before Dice, which then takes it as it is; in the paper
  Dice normalises. The script has that normalisation change nothing, and here Dice's does
  not either; `tests/models/features/test_din.py` is about it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from attnrec.features.fields import FeatureSchema, Field, History, Inputs, Levels
from attnrec.models.features import (
    AFM,
    DIN,
    FM,
    GMF,
    NCF,
    AutoInt,
    DeepFM,
    LogisticRegression,
    NeuMF,
    XDeepFM,
)
from attnrec.models.features.protocol import FeatureModel, FeatureRecipe
from attnrec.models.features.recorder import FeatureRecorder
from attnrec.models.weights import named_leaves, with_leaves

SCRIPT = Path(__file__).with_name("recbole_scores.py")
KINDS = {"token_seq": "set", "token": "category", "float": "number"}
BITS = pytest.mark.parametrize(("bits", "tolerance"), [(32, 1e-5), (64, 1e-12)])

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> Arrays:
    """What the script wrote."""
    python = os.environ.get("ATTNREC_RECBOLE")
    if not python:
        pytest.fail(
            "ATTNREC_RECBOLE: expected the path of a Python with RecBole 1.2.1, got nothing; "
            "`make parity` makes one and names it"
        )
    path = tmp_path_factory.mktemp("recbole") / "scores.npz"
    done = subprocess.run([python, SCRIPT, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(path, allow_pickle=False) as found:
        return dict(found)


@pytest.fixture(scope="module")
def schema(theirs) -> FeatureSchema:
    """RecBole's fields, all on one side so that they stay in its order."""
    told = zip(theirs["fields"].tolist(), theirs["kinds"], theirs["counts"], strict=True)
    return FeatureSchema(
        tuple(
            Field(
                name,
                "context",
                KINDS[kind],
                tuple(map(str, range(1, count))),  # row 0 is padding
                theirs[f"values/{name}"].shape[1],
            )
            for name, kind, count in told
        )
    )


@pytest.fixture(scope="module")
def inputs(theirs, schema) -> Inputs:
    """What RecBole scored, as ours read it."""
    parts = []
    for field in schema.fields:
        values = theirs[f"values/{field.name}"]
        if field.kind == "number":
            parts.append(Levels(np.ones(values.shape, np.int64), values))
        else:
            real = values > 0
            parts.append(Levels(values, real / real.sum(1, keepdims=True)))
    weights = np.concatenate([part.weights for part in parts], axis=1, dtype=np.float64)
    return schema.apart(schema.joint(range(len(schema)), parts)._replace(weights=weights))


def table(given: Arrays, schema: FeatureSchema, prefix: str = "") -> np.ndarray:
    """One table of all fields with one row that is nothing, from three with padding a field."""
    names = (f"{kind}_embedding_table" for kind in ("token_seq", "token", "float"))
    parts = zip(names, ("0", "embedding", "embedding"), strict=True)
    rows = np.concatenate([given.pop(f"{prefix}{name}.{part}.weight") for name, part in parts])
    padding = [start + i for i, start in enumerate(schema.offsets[:-1])]
    return np.concatenate([rows[:1], np.delete(rows, padding, axis=0)])


def linear(given: Arrays, name: str, ours: str) -> Arrays:
    """Torch keeps a kernel's transpose."""
    kernel, bias = given.pop(f"{name}.weight").T, given.pop(f"{name}.bias")
    return {f"{ours}.kernel": kernel, f"{ours}.bias": bias}


def network(given: Arrays, num_layers: int = 2) -> Arrays:
    """Its layers stand between dropouts and ReLUs."""
    found: Arrays = {}
    for i in range(num_layers):
        found |= linear(given, f"mlp_layers.mlp_layers.{3 * i + 1}", f"network.layers.{i}")
    return found


def first_order(given: Arrays, schema: FeatureSchema) -> Arrays:
    return {
        "linear.weight.table.embedding": table(given, schema, "first_order_linear."),
        "linear.bias": given.pop("first_order_linear.bias")[0],
    }


def fm(given: Arrays, schema: FeatureSchema) -> Arrays:
    return first_order(given, schema) | {"embedding.table.embedding": table(given, schema)}


def deepfm(given: Arrays, schema: FeatureSchema) -> Arrays:
    out = linear(given, "deep_predict_layer", "network.out")
    return fm(given, schema) | network(given) | out


def xdeepfm(given: Arrays, schema: FeatureSchema) -> Arrays:
    found = fm(given, schema) | network(given, 3)
    found |= {"network.out.kernel": np.ones((1, 1)), "network.out.bias": np.zeros(1)}
    for i in range(2):
        kernel = given.pop(f"conv1d_list.{i}.weight")
        found[f"crosses.{i}"] = kernel.reshape(len(kernel), -1, len(schema))
        assert not given.pop(f"conv1d_list.{i}.bias").any()
    crossed = linear(given, "cin_linear", "out")
    found["linear.bias"] = found["linear.bias"] + crossed.pop("out.bias")[0]
    return found | crossed


def afm(given: Arrays, schema: FeatureSchema) -> Arrays:
    inner, outer = given.pop("attlayer.w.weight").T, given.pop("attlayer.h")
    return fm(given, schema) | {
        "attention.inner.kernel": inner,
        "attention.inner.bias": np.zeros(inner.shape[1]),
        "attention.out.kernel": outer[:, None],
        "out": given.pop("p"),
    }


def autoint(given: Arrays, schema: FeatureSchema) -> Arrays:
    found = deepfm(given, schema) | linear(given, "attn_fc", "out")
    found |= linear(given, "att_embedding", "layers.0.projection")
    found |= linear(given, "v_res_embedding", "layers.0.residual")
    for i in range(2):
        theirs, ours = f"self_attns.{i}", f"layers.0.layers.{i}"
        found |= linear(given, f"{theirs}.out_proj", f"{ours}.out")
        kernels = np.split(given.pop(f"{theirs}.in_proj_weight"), 3)
        biases = np.split(given.pop(f"{theirs}.in_proj_bias"), 3)
        for part, kernel, bias in zip(("query", "key", "value"), kernels, biases, strict=True):
            found |= {f"{ours}.{part}.kernel": kernel.T, f"{ours}.{part}.bias": bias}
    return found


def gmf(given: Arrays, schema: FeatureSchema) -> Arrays:
    return pair(given, schema, "mf", "product") | linear(given, "predict_layer", "out")


def ncf(given: Arrays, schema: FeatureSchema) -> Arrays:
    out = linear(given, "predict_layer", "out")
    return pair(given, schema, "mlp", "pair") | network(given) | out


def neumf(given: Arrays, schema: FeatureSchema) -> Arrays:
    return pair(given, schema, "mf", "product") | ncf(given, schema)


def pair(given: Arrays, schema: FeatureSchema, theirs: str, ours: str) -> Arrays:
    """Users and items have their places among all levels, of which the others take no part."""
    parts = {side: given.pop(f"{side}_{theirs}_embedding.weight")[1:] for side in ("user", "item")}
    found = np.zeros((schema.num_levels, parts["user"].shape[1]))
    for side, rows in parts.items():
        start = schema.offsets[schema.index(side)] + 1
        found[start : start + len(rows)] = rows
    return {f"{ours}.embedding.table.embedding": found}


MODELS: dict[str, tuple[FeatureRecipe, Callable[[Arrays, FeatureSchema], Arrays]]] = {
    "LogisticRegression": (LogisticRegression(), first_order),
    "FM": (FM(5), fm),
    "DeepFM": (DeepFM(5, hidden_sizes=(7, 6)), deepfm),
    "XDeepFM": (XDeepFM(5, cross_sizes=(4, 3), hidden_sizes=(7, 6, 1)), xdeepfm),
    "AFM": (AFM(5, attention_size=4), afm),
    "AutoInt": (
        AutoInt(
            5,
            attention_size=8,
            num_heads=2,
            num_layers=2,
            hidden_sizes=(7, 6),
            first_order=True,
            layer="transformer",
        ),
        autoint,
    ),
    "NeuMF": (NeuMF(5, network_embedding_size=3, hidden_sizes=(7, 6)), neumf),
    "GMF": (GMF(5), gmf),
    "NCF": (NCF(3, hidden_sizes=(7, 6)), ncf),
}


def with_their_weights(
    name: str, theirs: Arrays, schema: FeatureSchema, bits: int = 32
) -> FeatureModel:
    """Our model with all of RecBole's weights; none may lack or be left over."""
    recipe, renamed = MODELS[name]
    model = recipe.build(schema, nnx.Rngs(0))
    start = f"{name}/weights/"
    given = {key.removeprefix(start): theirs[key] for key in theirs if key.startswith(start)}
    leaves = renamed(given, schema)
    assert not given
    return filled(model, leaves, bits)


def filled(model: FeatureModel, leaves: Arrays, bits: int) -> FeatureModel:
    """The model with these weights, of which none may lack or be left over."""
    state = nnx.state(model)
    assert leaves.keys() == named_leaves(state).keys()
    leaves = {part: leaf.astype(f"float{bits}") for part, leaf in leaves.items()}
    nnx.update(model, with_leaves(state, leaves))
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Embed):  # looks up in a type of its own
            module.dtype = jnp.dtype(f"float{bits}")
    return model


def averaged(name: str, theirs: Arrays) -> np.ndarray:
    """RecBole's scores, had its first order averaged the weights of genres and not summed them."""
    scores = theirs[f"{name}/scores"]
    weights = theirs.get(f"{name}/weights/first_order_linear.token_seq_embedding_table.0.weight")
    if weights is None:  # it looks at user and item alone
        return scores
    genres = theirs["values/genres"]
    real = genres > 0
    summed = (weights[genres, 0] * real).sum(1)
    return scores - summed + summed / real.sum(1)


def test_what_is_scored_has_fields_of_all_kinds(theirs):
    assert theirs["fields"].tolist() == ["genres", "user", "item", "hour", "occupation", "age"]
    assert set((theirs["values/genres"] > 0).sum(1).tolist()) == {1, 2, 3}


@BITS
@pytest.mark.parametrize("name", MODELS)
def test_scores(name, bits, tolerance, theirs, schema, inputs):
    expected = averaged(name, theirs)
    assert np.ptp(expected) > 1
    with jax.enable_x64(bits == 64):
        scores = np.asarray(with_their_weights(name, theirs, schema, bits).score(inputs))
    assert scores.dtype == f"float{bits}"
    np.testing.assert_allclose(scores, expected, atol=tolerance, rtol=tolerance)


@BITS
@pytest.mark.parametrize(("name", "num_maps"), [("AutoInt", 2), ("AFM", 1)])
def test_attention(name, num_maps, bits, tolerance, theirs, schema, inputs):
    with jax.enable_x64(bits == 64):
        recorder = FeatureRecorder(with_their_weights(name, theirs, schema, bits), schema)
        scores, record = recorder.inspect(inputs)
    expected = [theirs[f"{name}/attention/{i}"] for i in range(num_maps)]
    for found, weights in zip(record.maps, expected, strict=True):
        assert weights.max(-1).mean() > 3 / weights.shape[-1]  # three times what even ones are
        np.testing.assert_allclose(found.weights, weights, atol=tolerance, rtol=0)
    np.testing.assert_allclose(scores, averaged(name, theirs), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", MODELS)
def test_the_comparison_sees_every_weight(name, theirs, schema, inputs):
    """Any weight that is moved moves the scores, but for what every key of a softmax has alike."""
    model = with_their_weights(name, theirs, schema)
    graphdef, state = nnx.split(model)
    score = jax.jit(lambda state: nnx.merge(graphdef, state).score(inputs))
    before, leaves = score(state), named_leaves(state)
    for i, (part, leaf) in enumerate(leaves.items()):
        if not part.endswith("key.bias"):
            noise = np.random.default_rng(i).choice(np.float32([-0.1, 0.1]), leaf.shape)
            moved = score(with_leaves(state, {**leaves, part: leaf + noise}))
            assert np.abs(moved - before).max() > 1e-3, part


@pytest.fixture(scope="module")
def din_schema(theirs) -> FeatureSchema:
    genres, histories = theirs["DIN/genres"], theirs["DIN/histories"]
    items = tuple(map(str, range(1, len(genres))))
    levels = tuple(map(str, range(1, genres.max() + 1)))
    fields = (
        Field("item", "item", "category", items),
        Field("genres", "item", "set", levels, genres.shape[1]),
    )
    return FeatureSchema(fields, histories.shape[1])


@pytest.fixture(scope="module")
def din_inputs(theirs, din_schema) -> Inputs:
    """The same candidates and histories, the latter with their end at the end."""
    genres = theirs["DIN/genres"]
    real = genres > 0
    ids = np.arange(len(genres))[:, None]
    shares = real / np.maximum(real.sum(1, keepdims=True), 1)
    parts = [Levels(ids, (ids > 0).astype(float)), Levels(genres, shares)]
    weights = np.concatenate([part.weights for part in parts], axis=1)
    catalogue = din_schema.joint((0, 1), parts)._replace(weights=weights)
    histories = theirs["DIN/histories"]
    turned = np.array([np.roll(row, (row == 0).sum()) for row in histories])
    examples = catalogue.take(theirs["DIN/candidates"])
    return din_schema.apart(examples, History(turned, catalogue))


def din(theirs: Arrays, schema: FeatureSchema, bits: int) -> FeatureModel:
    """DIN with all of RecBole's weights."""
    start = "DIN/weights/"
    given = {key.removeprefix(start): theirs[key] for key in theirs if key.startswith(start)}
    ids = given.pop("embedding_layer.token_embedding_table.item.embedding.weight")
    genres = given.pop("embedding_layer.token_seq_embedding_table.item.0.weight")
    found = {"embedding.table.embedding": np.concatenate([ids, genres[1:]])}
    found |= linear(given, "attention.dense", "attention.out")
    found |= linear(given, "dnn_predict_layers", "out")
    pooled, candidate, product = np.split(given["dnn_mlp_layers.mlp_layers.1.weight"], 3, axis=1)
    given["dnn_mlp_layers.mlp_layers.1.weight"] = np.hstack([candidate, pooled, product])
    for i, (unit, network) in enumerate([(1, 1), (4, 5)]):
        found |= linear(
            given, f"attention.att_mlp_layers.mlp_layers.{unit}", f"attention.layers.{i}"
        )
        found |= linear(given, f"dnn_mlp_layers.mlp_layers.{network}", f"layers.{i}")
        for part in ("weight", "bias"):  # normalisation that changes nothing
            given.pop(f"dnn_mlp_layers.mlp_layers.{network + 1}.{part}")
        size = len(found[f"layers.{i}.bias"])
        found[f"activations.{i}.alpha"] = np.zeros(size)
        found[f"activations.{i}.norm.mean"] = np.zeros(size)
        found[f"activations.{i}.norm.var"] = np.ones(size) - 1e-5  # to which Dice adds as much
    assert not given
    recipe = DIN(5, attention_sizes=(7, 6), hidden_sizes=(7, 6))
    return filled(recipe.build(schema, nnx.Rngs(0)), found, bits)


@BITS
def test_din(bits, tolerance, theirs, din_schema, din_inputs):
    with jax.enable_x64(bits == 64):
        recorder = FeatureRecorder(din(theirs, din_schema, bits), din_schema)
        scores, record = recorder.inspect(din_inputs)
    assert np.ptp(theirs["DIN/scores"]) > 1
    np.testing.assert_allclose(scores, theirs["DIN/scores"], atol=tolerance, rtol=tolerance)
    histories, weights = theirs["DIN/histories"], theirs["DIN/attention/0"]
    turned = [
        np.roll(row[0, 0], (items == 0).sum())
        for row, items in zip(weights, histories, strict=True)
    ]
    assert np.std(turned) > 0.05  # weights are far from all alike
    np.testing.assert_allclose(record.layer().weights[:, 0, 0], turned, atol=tolerance, rtol=0)
