"""A file is enough: a reader with onnxruntime alone gets the run's own answers from it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import onnx
import pytest

from attnrec.errors import AttnrecError

# What somebody writes who has the file and no attnrec.
READER = """
import json, sys
import numpy as np, onnxruntime

path, history = sys.argv[1], json.loads(sys.argv[2])
session = onnxruntime.InferenceSession(path)
card = session.get_modelmeta().custom_metadata_map
ids = json.loads(card["item_ids"])
shapes = {value.name: value.shape for value in session.get_inputs()}
length = shapes["items"][1]
items = np.zeros((1, length), np.int32)
items[0, -len(history):] = [ids.index(item) + 1 for item in history]
feeds = {"items": items, "mask": items != 0}
for name, (_, *rest) in shapes.items():
    if name.startswith("replace/"):
        feeds[name] = np.full(1, int(sys.argv[3]), np.int32)
    elif name.startswith("given/"):
        feeds[name] = np.zeros((1, *rest), np.float32)
names = [value.name for value in session.get_outputs()]
answer = dict(zip(names, session.run(names, feeds)))
scores = answer["scores"][0]
best = np.argsort(-scores, kind="stable")[:5]
maps = {name: weights[0, :, -1, -len(history):].tolist()
        for name, weights in answer.items() if name.startswith("attention/")}
assert not [name for name in sys.modules if name.split(".")[0] in ("attnrec", "jax")]
print(json.dumps({"items": [ids[i - 1] for i in best], "scores": scores[best].tolist(),
                  "maps": maps, "card": card}))
"""


def read(path, history, replace: int = 0) -> dict:
    done = subprocess.run(
        [sys.executable, "-I", "-c", READER, str(path), json.dumps(history), str(replace)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def file(chain_run, tmp_path_factory):
    return chain_run.export_onnx(tmp_path_factory.mktemp("model") / "new" / "chain.onnx")


def test_a_reader_without_attnrec_gets_the_runs_answers(chain_run, file):
    history = ["i03", "i04", "i05"]
    found = read(file, history)
    expected = chain_run.recommend(history=history, topn=5)
    assert found["items"] == expected["item"].tolist()
    np.testing.assert_allclose(found["scores"], expected["score"], atol=1e-4)
    inspection = chain_run.inspect(history=history)
    for map_ in inspection.record.maps:
        shown = found["maps"][f"attention/{map_.name}"]
        np.testing.assert_allclose(shown, map_.weights[0, :, -1, -3:], atol=1e-5)
    equal = read(file, history, replace=2)
    for shown in equal["maps"].values():
        np.testing.assert_allclose(shown, 1 / 3, atol=1e-6)
    assert not np.allclose(equal["scores"], found["scores"], atol=1e-3)


def test_the_card_tells_all_that_one_must_know(chain_run, file):
    card = read(file, ["i03"])["card"]
    model = onnx.load(file)
    assert json.loads(card["item_ids"]) == chain_run.items.tolist()
    assert card["usage"] == model.doc_string
    assert "up to 32 items, the most recent last" in card["usage"]
    for part, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
        told = json.loads(card[part])
        assert list(told) == [value.name for value in values]
        assert all(told.values())
        assert [value.doc_string for value in values] == [*told.values()]
    data = {"name": chain_run.data.name, "fingerprint": chain_run.data.fingerprint}
    assert json.loads(card["data"]) == data
    provenance = json.loads(card["provenance"])
    assert provenance["seed"] == chain_run.provenance["seed"]
    assert json.loads(card["config"])["recipe"] == card["title"] == "SASRec"
    assert set(json.loads(card["versions"])) >= {"attnrec", "jax", "flax", "jax2onnx"}


def test_the_file_is_sound_and_whole(chain_run, file):
    onnx.checker.check_model(file, full_check=True)
    model = onnx.load(file, load_external_data=False)
    weights = {weight["name"] for weight in chain_run.portable.card["weights"]}
    assert weights <= {tensor.name for tensor in model.graph.initializer}
    assert not weights & {value.name for value in model.graph.input}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_scores_alone_of_any_length(chain_run, tmp_path):
    path = chain_run.export_onnx(str(tmp_path / "scores.onnx"), kind="scores", length=5)
    found = read(path, ["i03", "i04", "i05"])
    assert found["maps"] == {}
    expected = chain_run.recommend(history=["i03", "i04", "i05"], topn=5)
    assert found["items"] == expected["item"].tolist()


def test_a_file_that_disagrees_is_not_written_and_the_older_one_stays(
    chain_run, tmp_path, monkeypatch
):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"older")

    monkeypatch.setattr(
        "attnrec.export.graphs.run_graph", lambda *_: {"scores": np.zeros((9, 13), np.float32)}
    )
    with pytest.raises(AttnrecError, match="output 'scores' of SASRec"):
        chain_run.export_onnx(path)
    assert path.read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kind": "inspection"}, "kind: expected 'scores' or 'inspect', got 'inspection'"),
        ({"length": 33}, "length: expected 1 to 32, got 33"),
        ({"path": "."}, "path: .* is a folder; expected a file such as model.onnx"),
    ],
)
def test_wrong_arguments_are_named(chain_run, tmp_path, options, told):
    path = tmp_path / options.pop("path", "model.onnx")
    with pytest.raises(AttnrecError, match=told):
        chain_run.export_onnx(path, **options)
    assert not list(tmp_path.iterdir())
