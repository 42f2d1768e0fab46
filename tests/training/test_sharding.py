"""Over several devices, and over several processes, a training is what it is on one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh

import attnrec as ar
from attnrec.errors import AttnrecError

SCRIPT = Path(__file__).with_name("sharded.py")
MESHES = {
    "histories over 8": {"data": 8},
    "catalogue over 8": {"catalogue": 8},
    "2 by 4": {"data": 2, "catalogue": 4},
}
ROWS = 102  # 101 items and padding: no multiple of 4 or 8


def said(folder: Path, devices: int, cases: dict[str, Any], processes: int = 1) -> list[dict]:
    """What each process says at its end; before it the collectives speak of themselves."""
    told = [json.dumps(cases)]
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    settings = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    outputs, running = [], []
    for number in range(processes):
        outputs.append(folder / f"{number}.txt")
        with outputs[-1].open("w") as output:
            command = [sys.executable, str(SCRIPT), *told]
            running.append(
                subprocess.Popen(
                    command if processes == 1 else [*command, str(number), address],
                    env={**os.environ, **settings, "JAX_PLATFORMS": "cpu"},
                    stdout=output,
                )
            )
    try:
        assert [process.wait(timeout=300) for process in running] == [0] * processes
    finally:
        for process in running:
            process.kill()
    return [json.loads(output.read_text().splitlines()[-1]) for output in outputs]


@pytest.fixture(scope="module")
def eight(tmp_path_factory) -> dict[str, Any]:
    """One process with eight devices."""
    folder = tmp_path_factory.mktemp("eight")
    checkpoints = {"checkpoint_dir": str(folder / "checkpoints")}
    cases = {
        "one": {"loss": "softmax"},
        **{name: {"loss": "softmax", "mesh": mesh} for name, mesh in MESHES.items()},
        "own": {"loss": "softmax", "own": True},
        "own, 2 by 4": {"loss": "softmax", "own": True, "mesh": MESHES["2 by 4"]},
        "uneven": {"loss": "softmax", "mesh": {"data": 8}, "batch_size": 30},
        "checkpoints": {"loss": "softmax", "mesh": {"data": 8}, "epochs": 1, **checkpoints},
        "without": {"loss": "softmax", **checkpoints},
    }
    [found] = said(folder, 8, cases)
    return found


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> list[dict[str, Any]]:
    """Two processes with four devices each."""
    folder = tmp_path_factory.mktemp("two")
    checkpoints = {"checkpoint_dir": str(folder / "checkpoints")}
    case = {"loss": "softmax", "mesh": MESHES["2 by 4"]}
    cases = {
        "undisturbed": case,
        "begun": {**case, "epochs": 2, **checkpoints},
        "gone on": {**case, **checkpoints},
    }
    return said(folder, 4, cases, processes=2)


def assert_same_course(found: dict[str, Any], expected: dict[str, Any]) -> None:
    np.testing.assert_allclose(found["losses"], expected["losses"], rtol=1e-5)
    np.testing.assert_allclose(found["figures"], expected["figures"], rtol=1e-5)
    assert found["losses"][-1] < found["losses"][0]


@pytest.mark.parametrize("mesh", MESHES)
def test_a_training_takes_the_same_course(eight, mesh):
    assert eight["devices"] == 8
    assert_same_course(eight["cases"][mesh], eight["cases"]["one"])


@pytest.mark.parametrize("mesh", MESHES)
def test_the_catalogue_is_ranked_the_same(eight, mesh):
    found, expected = (np.array(eight["cases"][name]["scores"]) for name in (mesh, "one"))
    assert found.shape == (90, ROWS - 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    in_order = np.take_along_axis(found, np.argsort(-expected, axis=1), axis=1)
    assert (np.diff(in_order, axis=1) <= 1e-5).all()


@pytest.mark.parametrize(
    ("mesh", "rows"), [("histories over 8", 102), ("catalogue over 8", 13), ("2 by 4", 26)]
)
def test_each_device_holds_its_part_of_the_table(eight, mesh, rows):
    case = eight["cases"][mesh]
    assert case["held"] == [[rows, 8]]
    assert case["weights"] == [ROWS, 8]  # what is kept has no rows that fill up
    assert case["told"] == {"data": 1, "catalogue": 1} | MESHES[mesh]
    assert eight["cases"]["one"]["told"] is None


def test_a_module_that_says_nothing_of_meshes_is_whole_on_every_device(eight):
    own = eight["cases"]["own, 2 by 4"]
    assert_same_course(own, eight["cases"]["own"])
    assert own["held"] == [[ROWS, 8]]


@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "sce", "bce", "gbce"])
def test_every_loss_and_its_gradients_are_the_same(eight, loss):
    assert max(eight["gradients"][loss]) < 1e-5


def test_a_batch_that_does_not_fill_the_mesh_is_refused(eight):
    assert eight["cases"]["uneven"]["error"] == (
        "batch_size: expected a multiple of 8, the devices along the mesh's 'data', got 30"
    )


def test_checkpoints_of_a_mesh_belong_to_it(eight):
    assert len(eight["cases"]["checkpoints"]["losses"]) == 1
    told = "mesh: {'data': 8, 'catalogue': 1} there, None here"
    assert told in eight["cases"]["without"]["error"]


def test_two_processes_are_as_one(eight, two):
    for process in two:
        assert process["devices"] == 8
        assert_same_course(process["cases"]["undisturbed"], eight["cases"]["one"])
        assert process["cases"]["undisturbed"]["held"] == [[26, 8]]
    assert two[0] == two[1]


def test_two_processes_go_on_from_their_checkpoint(two):
    undisturbed, begun, gone_on = (
        two[0]["cases"][name] for name in ("undisturbed", "begun", "gone on")
    )
    assert begun["losses"] == undisturbed["losses"][:2]
    assert gone_on == undisturbed


def test_more_devices_than_there_are():
    there = jax.device_count()
    with pytest.raises(AttnrecError, match=f"{there + 1} devices asked for, and there are {there}"):
        ar.mesh(data=1, catalogue=there + 1)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "two", float("nan")])
@pytest.mark.parametrize("axis", ["data", "catalogue"])
def test_a_number_of_devices_that_is_none(axis, wrong):
    with pytest.raises(AttnrecError, match=f"{axis}: expected a whole number from 1, got"):
        ar.mesh(**{axis: wrong})


def test_a_parameter_over_an_axis_that_is_not_there(chain_split):
    class Other(nnx.Module):
        max_length = 8

        def __init__(self):
            over = {"out_sharding": ("experts", None), "eager_sharding": False}
            rows = len(chain_split.data.items) + 1
            self.table = nnx.Embed(rows, 4, embedding_metadata=over, rngs=nnx.Rngs(0))

        def encode(self, items, mask, *, rngs=None):
            return self.table(items)

        def item_embeddings(self):
            return self.table.embedding[...]

    with pytest.raises(AttnrecError, match="model: a parameter names another axis.*experts"):
        ar.fit(Other(), chain_split, epochs=1, mesh=ar.mesh(data=1), progress=False)


def test_a_mesh_with_other_axes(chain_split):
    other = Mesh(np.array(jax.devices()[:1]), ("rows",))
    for wrong, told in ((other, r"\('rows',\)"), (8, "int")):
        with pytest.raises(AttnrecError, match=f"mesh: expected one from attnrec.mesh.*{told}"):
            ar.fit(ar.SASRec(8, 1), chain_split, epochs=1, mesh=wrong, progress=False)


def test_a_mesh_of_one_device_changes_nothing(chain_split):
    alone, over = (
        ar.fit(
            ar.SASRec(embedding_size=8, num_layers=1, max_length=8),
            chain_split,
            epochs=2,
            mesh=mesh,
            progress=False,
        )
        for mesh in (None, ar.mesh(data=1))
    )
    np.testing.assert_allclose(alone.history["loss"], over.history["loss"], rtol=1e-5)
    user = alone.users[0]
    assert over.recommend(user=user).index.equals(alone.recommend(user=user).index)
