"""Every model of features, also one that is added later: saved, and as an ONNX file."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace

import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from flax import nnx

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random, leave_one_out
from attnrec.errors import AttnrecError
from attnrec.export import KINDS
from attnrec.feature_run import FeatureRun
from attnrec.features import Features
from attnrec.inspection import Interventions
from attnrec.models import features as models
from attnrec.models.features.protocol import build
from attnrec.models.weights import named_leaves, with_leaves

RECIPES = [recipe for name in models.__all__ if hasattr(recipe := getattr(models, name), "build")]
NO_PAGE_EXPORT: set[str] = set()  # models that declare that they cannot leave Python
SMALL = {
    "embedding_size": 4,
    "network_embedding_size": 3,
    "attention_size": 4,
    "attention_sizes": (5,),
    "cross_sizes": (3,),
    "hidden_sizes": (6,),
    "num_heads": 2,
    "num_layers": 2,
}
OTHER_FORMS = [
    models.AutoInt(4, 4, 2, num_layers=2, layer="transformer", first_order=True, hidden_sizes=(3,)),
    models.DIN(4, (5,), (6,), normalisation="softmax"),
    models.FeatureAttention(4, 4, sides="item"),
]
HISTORY = 5


def small(recipe: type):
    """With small sizes, where it has sizes by their usual names."""
    return recipe(**{one.name: SMALL[one.name] for one in fields(recipe) if one.name in SMALL})


ALL = [*map(small, RECIPES), *OTHER_FORMS]


@pytest.fixture(scope="module")
def shop():
    """Twelve users, nine items, fields of every side and kind."""
    rng = np.random.default_rng(0)
    rows = 240
    table = pd.DataFrame(
        {
            "user": rng.integers(100, 112, rows),
            "item": rng.integers(0, 9, rows),
            "timestamp": np.arange(rows),
            "hour": rng.choice(["day", "night", None], rows),
            "warmth": rng.normal(12, 5, rows),
            "rating": rng.integers(1, 6, rows),
        }
    )
    return validate(
        table,
        people=pd.DataFrame({"taste": ["red", "blue"] * 6}, index=np.arange(100, 112)),
        catalogue=pd.DataFrame({"tags": ["a|b", "b", "c|a|b"] * 3}, index=np.arange(9)),
    )


@pytest.fixture(scope="module")
def clicks(shop) -> Features:
    return ar.features.build(
        at_random(shop),
        user=["taste"],
        item=["tags"],
        context=["hour", ar.features.Number("warmth", scale="standard")],
        label="rating",
        threshold=3,
        history=HISTORY,
    )


def run_of(recipe, features: Features, loss: str = "bce") -> FeatureRun:
    """A run whose every weight is random, biases and statistics too: none hides behind a zero."""
    model = build(recipe, features.schema, seed=0)
    rng, state = np.random.default_rng(0), nnx.state(model)
    leaves = {}
    for name, leaf in named_leaves(state).items():
        leaves[name] = leaf
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            random = rng.uniform(0.2, 1, leaf.shape) * rng.choice([-1, 1], leaf.shape)
            positive = name.endswith(".var")
            leaves[name] = np.float32(abs(random) if positive else random)
    nnx.update(model, with_leaves(state, leaves))
    config = None if isinstance(recipe, nnx.Module) else recipe
    return FeatureRun(model, config, features, pd.DataFrame(), {"fit": {"loss": loss}, "seed": 0})


@pytest.fixture(scope="module", params=ALL, ids=lambda recipe: repr(recipe)[:50])
def run(request, clicks) -> FeatureRun:
    return run_of(request.param, clicks)


def answers(path, feeds) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path)
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def test_all_models_are_here():
    assert len(RECIPES) >= 11
    assert {recipe.__name__ for recipe in RECIPES} >= {"FM", "AFM", "AutoInt", "DIN", "NeuMF"}


def test_saved_and_loaded_it_says_the_same_bit_for_bit(run, clicks, tmp_path):
    again = ar.load_run(run.save(tmp_path / "run"))
    assert again.config == run.config
    inputs = clicks.of_rows(np.arange(40))
    np.testing.assert_array_equal(again.scorer.predict(inputs), run.scorer.predict(inputs))
    found, expected = (one.recorder.inspect(inputs) for one in (again, run))
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1].names == expected[1].names
    for map_, wanted in zip(found[1].maps, expected[1].maps, strict=True):
        np.testing.assert_array_equal(map_.weights, wanted.weights)


def test_its_onnx_file_says_the_same(run, clicks, tmp_path):
    if run.name in NO_PAGE_EXPORT:
        assert not run.recorder.capabilities.page_export
        with pytest.raises(AttnrecError, match="export: "):
            run.export_onnx(tmp_path / "model.onnx")
        return
    assert run.recorder.capabilities.page_export
    path = run.export_onnx(tmp_path / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    scores, record = run.recorder.inspect(clicks.of_rows(np.arange(40)))
    assert np.ptp(scores) > 1e-2  # they tell examples apart
    for count in (1, 40):
        found = answers(path, run.portable.feeds(clicks.of_rows(np.arange(count))))
        assert list(found) == ["scores", *(f"attention/{name}" for name in record.names)]
        np.testing.assert_allclose(found["scores"], scores[:count], atol=1e-4, rtol=1e-5)
        for map_ in record.maps:
            shown = found[f"attention/{map_.name}"]
            np.testing.assert_allclose(shown, map_.weights[:count], atol=1e-4, rtol=1e-5)


@pytest.fixture(scope="module")
def autoint(clicks) -> FeatureRun:
    return run_of(small(models.AutoInt), clicks)


@pytest.fixture(scope="module")
def fm(clicks) -> FeatureRun:
    return run_of(small(models.FM), clicks)


@pytest.mark.parametrize("name", ["layers.0", "layers.1"])
def test_attention_is_replaced_in_each_example_differently(autoint, clicks, tmp_path, name):
    path = autoint.export_onnx(tmp_path / "model.onnx")
    rows = np.full(3, 7)
    feeds = autoint.portable.feeds(clicks.of_rows(rows))
    given = np.random.default_rng(0).random(feeds[f"given/{name}"].shape, np.float32)
    given /= given.sum(-1, keepdims=True)
    given[1:] = given[:1]
    feeds |= {f"given/{name}": given, f"replace/{name}": np.arange(3, dtype=np.int32)}
    found = answers(path, feeds)
    for row, attention in enumerate([{}, {name: given[:1]}, {name: "uniform"}]):
        one = clicks.of_rows(rows[:1])
        scores, record = autoint.recorder.inspect(one, Interventions(attention))
        np.testing.assert_allclose(found["scores"][row], scores[0], atol=1e-4, rtol=1e-5)
        for map_ in record.maps:
            shown = found[f"attention/{map_.name}"][row]
            np.testing.assert_allclose(shown, map_.weights[0], atol=1e-5)
    assert np.abs(np.diff(found["scores"])).min() > 1e-3  # or nothing was replaced


def test_scores_alone(autoint, clicks, tmp_path):
    path = autoint.export_onnx(tmp_path / "scores.onnx", kind="scores")
    inputs = clicks.of_rows(np.arange(9))
    found = answers(path, autoint.portable.feeds(inputs, "scores"))
    assert list(found) == ["scores"]
    np.testing.assert_allclose(found["scores"], autoint.scorer.scores(inputs), atol=1e-4, rtol=1e-5)


def test_a_short_history_is_told_in_few_columns_or_in_all(clicks, tmp_path):
    run = run_of(small(models.DIN), clicks)
    wide, narrow = (
        run.export_onnx(tmp_path / f"{length}.onnx", length=length) for length in (HISTORY, 2)
    )
    inputs = clicks.of_rows(np.arange(30))
    items = inputs.history.items.copy()
    items[:, :-2] = 0
    assert (items > 0).sum(1).min() < 2
    everything, few = (
        run.portable.feeds(inputs._replace(history=inputs.history._replace(items=given)))
        for given in (items, items[:, -2:])
    )
    found, expected = answers(narrow, few), answers(wide, everything)
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-4, rtol=1e-5)
    shown = found["attention/attention"]
    np.testing.assert_allclose(shown, expected["attention/attention"][..., -2:], atol=1e-5)


@pytest.mark.parametrize(
    ("sides", "there"),
    [
        ({"item": ["tags"], "ids": False}, {"item"}),
        ({"user": ["taste"], "context": ["hour"], "ids": False}, {"user", "context"}),
        ({}, {"user", "item"}),
    ],
)
def test_a_side_without_fields_has_no_inputs(shop, tmp_path, sides, there):
    features = ar.features.build(at_random(shop), label="rating", threshold=3, **sides)
    run = run_of(models.FM(4), features)
    path = run.export_onnx(tmp_path / "model.onnx")
    inputs = {value.name for value in onnx.load(path).graph.input}
    assert inputs == {f"{side}/{part}" for side in there for part in ("levels", "weights")}
    rows = features.of_rows(np.arange(9))
    found = answers(path, run.portable.feeds(rows))
    np.testing.assert_allclose(found["scores"], run.scorer.scores(rows), atol=1e-4, rtol=1e-5)


# What somebody writes who has the file and no attnrec.
READER = """
import json, math, sys
import numpy as np, onnxruntime

path, values, history = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
session = onnxruntime.InferenceSession(path)
card = session.get_modelmeta().custom_metadata_map
encoders, ids = json.loads(card["encoders"]), json.loads(card["item_ids"])
feeds = {}
for value in session.get_inputs():
    kind = np.int32 if "int32" in value.type else np.float32
    feeds[value.name] = np.zeros((1, *value.shape[1:]), kind)
for field in json.loads(card["fields"]):
    said, (column, _), side = values[field["name"]], field["columns"], field["side"]
    if field["kind"] == "number":
        encoder = encoders[field["name"]]
        told = {field["labels"][0]: (said - encoder["center"]) / encoder["spread"]}
    else:
        told = {label: 1 / len(said) for label in said}
    for place, (label, weight) in enumerate(told.items(), column):
        level = field["first_level"] + field["labels"].index(label)
        feeds[f"{side}/levels"][0, place] = level
        feeds[f"{side}/weights"][0, place] = weight
if history:
    feeds["history"][0, -len(history):] = [ids.index(item) + 1 for item in history]
score = float(session.run(["scores"], feeds)[0][0])
assert card["prediction"].endswith("1 / (1 + exp(-score))"), card["prediction"]
assert not [name for name in sys.modules if name.split(".")[0] in ("attnrec", "jax")]
print(1 / (1 + math.exp(-score)))
"""


def test_a_reader_without_attnrec_gets_the_runs_prediction(clicks, tmp_path):
    run = run_of(small(models.DIN), clicks)
    path = run.export_onnx(tmp_path / "model.onnx", kind="scores")
    said = {
        "user": ["103"],
        "taste": ["blue"],
        "item": ["5"],
        "tags": ["a", "b", "c"],
        "hour": ["night"],
        "warmth": 17.5,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-c", READER, str(path), json.dumps(said), "[7, 2, 4]"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warnings of what nothing reads
    expected = run.predict(
        user=103, item=5, context={"hour": "night", "warmth": 17.5}, history=[7, 2, 4]
    )
    assert float(done.stdout) == pytest.approx(expected, abs=1e-5)


def test_the_card_tells_all_that_one_must_know(autoint, fm, clicks, shop, tmp_path):
    path = autoint.export_onnx(tmp_path / "model.onnx")
    model = onnx.load(path)
    card = {entry.key: entry.value for entry in model.metadata_props}
    assert card["title"] == "AutoInt"
    assert card["usage"] == model.doc_string
    told = json.loads(card["fields"])
    assert [field["name"] for field in told] == list(clicks.schema.names)
    assert told == autoint.portable.card["fields"]
    tags = told[3]
    assert (tags["side"], tags["kind"]) == ("item", "set")
    assert tags["columns"] == [1, 4]  # behind the item's id
    assert set(tags["labels"]) == {"a", "b", "c"}
    for part, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
        meanings = json.loads(card[part])
        assert list(meanings) == [value.name for value in values]
        assert all(meanings.values())
    (first, _) = json.loads(card["maps"])
    assert first["keys"] == list(clicks.schema.names)
    assert (first["query_axis"], first["normalisation"]) == ("feature", "softmax")
    assert json.loads(card["config"])["recipe"] == "AutoInt"
    assert json.loads(card["data"])["fingerprint"] == shop.fingerprint
    assert json.loads(card["provenance"])["seed"] == 0
    assert len(json.loads(card["item_ids"])) == 9
    # A model that reads no history brings no catalogue along.
    assert not [one.name for one in model.graph.initializer if one.name.startswith("catalogue")]
    assert json.loads(json.dumps(fm.portable.card)) == fm.portable.card
    other = run_of(models.FM(3), clicks)
    assert other.portable.card["digest"] != fm.portable.card["digest"]


def test_labels_of_many_levels_are_not_told(fm, clicks, tmp_path, monkeypatch):
    monkeypatch.setattr("attnrec.export.features.MANY", 3)
    path = run_of(fm.config, clicks).export_onnx(tmp_path / "model.onnx", kind="scores")
    card = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    labels = {field["name"]: "labels" in field for field in json.loads(card["fields"])}
    assert labels == dict.fromkeys(labels, True) | {"user": False, "item": False}
    assert set(json.loads(card["encoders"])) == {"taste", "tags", "hour", "warmth"}
    assert "103" not in json.dumps(card)  # an id of a user


@pytest.mark.parametrize(
    ("label", "loss", "told"),
    [
        ({"label": "rating", "threshold": 3}, "bce", "the probability of a click: 1 / "),
        ({"label": "rating"}, "mse", "a rating: the score plus 3."),
        ({}, "bce", "the probability of a choice: 1 / "),
        ({}, "bpr", "none: scores only rank"),
    ],
)
def test_what_a_score_means_is_told(shop, tmp_path, label, loss, told):
    split = at_random(shop) if label else leave_one_out(shop)
    run = run_of(models.LogisticRegression(), ar.features.build(split, **label), loss)
    path = run.export_onnx(tmp_path / "model.onnx")
    card = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert card["prediction"].startswith(told)
    if loss == "mse":
        words = card["prediction"].replace(",", "").split()
        added, least, most = float(words[5]), float(words[7]), float(words[9])
        rows = np.arange(40)
        scores = answers(path, run.portable.feeds(run.features.of_rows(rows)))["scores"]
        expected = run.scorer.predict(run.features.of_rows(rows))
        np.testing.assert_allclose(np.clip(scores + added, least, most), expected, atol=1e-4)


class OfMyOwn(nnx.Module):
    """As in a notebook cell; it counts, in a variable that is no weight."""

    def __init__(self, schema, rngs):
        self.table = nnx.Embed(schema.num_levels, 3, rngs=rngs)
        self.calls = nnx.Variable(jnp.zeros((), jnp.int32))

    def score(self, inputs, *, rngs=None):
        levels, weights = inputs.flat()
        return (self.table(levels) * weights[..., None]).sum((1, 2))


class Counts(OfMyOwn):
    def score(self, inputs, *, rngs=None):
        return super().score(inputs) / len(inputs.users.levels)


@pytest.mark.parametrize("kind", KINDS)
def test_a_module_of_ones_own_leaves_too(clicks, tmp_path, kind):
    run = run_of(OfMyOwn(clicks.schema, nnx.Rngs(0)), clicks)
    path = run.export_onnx(tmp_path / "model.onnx", kind=kind)
    inputs = clicks.of_rows(np.arange(4))
    found = answers(path, run.portable.feeds(inputs, kind))
    assert list(found) == ["scores"]
    np.testing.assert_allclose(found["scores"], run.scorer.scores(inputs), atol=1e-4, rtol=1e-5)
    assert [weight["name"] for weight in run.portable.card["weights"]] == ["table.embedding"]


@pytest.mark.usefixtures("unchecked")
def test_what_cannot_leave_is_told(fm, clicks, tmp_path):
    counts = run_of(Counts(clicks.schema, nnx.Rngs(0)), clicks)
    with pytest.raises(AttnrecError, match="Counts cannot be made into an ONNX graph .TypeError"):
        counts.export_onnx(tmp_path / "model.onnx")
    halves = run_of(models.FM(4), clicks)
    bias = halves.model.linear.bias
    bias.set_value(bias[...].astype(jnp.bfloat16))
    assert not halves.recorder.capabilities.page_export
    with pytest.raises(AttnrecError, match="weight 'linear.bias' of FM is bfloat16; expected f"):
        halves.export_onnx(tmp_path / "model.onnx")
    for options, told in [
        ({"kind": "score"}, "kind: expected 'scores' or 'inspect', got 'score'; did you mean"),
        ({"length": 6}, "length: expected 1 to 5, got 6"),
        ({"length": 0}, "length: expected 1 to 5, got 0"),
    ]:
        with pytest.raises(AttnrecError, match=told):
            fm.export_onnx(tmp_path / "model.onnx", **options)
    inputs = clicks.of_rows(np.arange(2))
    several = inputs._replace(chosen=np.zeros((2, 3), np.int32))
    with pytest.raises(AttnrecError, match="inputs: expected one candidate for each case"):
        fm.portable.feeds(several)
    without = ar.features.build(clicks.split, label="rating", threshold=3)
    with pytest.raises(AttnrecError, match="length: FM reads no history, got 5"):
        run_of(models.FM(4), without).export_onnx(tmp_path / "model.onnx", length=5)
    assert not list(tmp_path.iterdir())


def test_other_weights_are_noticed(fm, tmp_path, monkeypatch):
    def of_others(model, inputs, weights):
        return {"scores": np.zeros(9, np.float32)}

    monkeypatch.setattr("attnrec.export.graphs.run_graph", of_others)
    changed = replace(fm)
    with pytest.raises(AttnrecError, match="output 'scores' of FM .* differs by .* not handed out"):
        changed.export_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
