"""Whether a training that is killed and resumed ends with the weights of one never killed.

A small SASRec on Bazaar, a checkpoint an epoch. Once it trains to the end in
peace; then, time after time, it is killed (SIGKILL) at a moment drawn uniformly
between the call of `fit` and its end, compiling and the writing of checkpoints
included, and begun again. Weights are compared bit for bit.

    python -m benchmarks.kill_and_resume [--kills 20] [--epochs 20] [--seed 0] [--json FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Report

TRAINING = """
import hashlib, sys
import jax, numpy as np, attnrec as ar
from flax import nnx
from attnrec.models.weights import named_leaves
folder, epochs = sys.argv[1], int(sys.argv[2])
recipe = ar.SASRec(embedding_size=32, num_layers=2, max_length=32, dropout_rate=0.2)
data = ar.datasets.load("bazaar", num_users=1500)
split = ar.split.leave_one_out(data)
print("fit", flush=True)
run = ar.fit(recipe, split, epochs=epochs, batch_size=32, seed=0, checkpoint_dir=folder,
             progress=False)
digest = hashlib.sha256()
for name, leaf in sorted(named_leaves(nnx.state(run.model)).items()):
    digest.update(name.encode() + np.asarray(leaf).tobytes())
print(digest.hexdigest(), len(run.history))
"""


def begun(folder: Path, epochs: int) -> subprocess.Popen:
    """A process that has come to `fit`."""
    command = [sys.executable, "-c", TRAINING, str(folder), str(epochs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def ended(process: subprocess.Popen) -> str:
    """What a training prints at its end."""
    told, _ = process.communicate()
    if process.returncode:
        sys.exit(f"a training ended with {process.returncode}")
    return told.strip()


def epochs_in(folder: Path) -> int:
    """The newest checkpoint; 0 where there is none."""
    return max((int(p.name) for p in folder.glob("*") if p.name.isdigit()), default=0)


def measure(kills: int, epochs: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as home:
        process = begun(Path(home) / "undisturbed", epochs)
        start = time.perf_counter()
        undisturbed = ended(process)
        life = time.perf_counter() - start
        trials = []
        for number in range(kills):
            folder = Path(home) / f"killed-{number}"
            moment = float(rng.uniform(0, life))
            process = begun(folder, epochs)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
            killed = process.returncode != 0
            stood = epochs_in(folder)
            litter = sorted(p.name for p in folder.glob("*") if not p.name.isdigit())
            same = ended(begun(folder, epochs)) == undisturbed
            trials.append(
                {
                    "seconds": round(moment, 2),
                    "killed": killed,
                    "newest_checkpoint": stood,
                    "half_written": litter,
                    "equal": same,
                }
            )
            print(trials[-1], flush=True)
    return {
        "epochs": epochs,
        "seed": seed,
        "seconds_undisturbed": round(life, 2),
        "equal": sum(trial["equal"] for trial in trials),
        "killed": sum(trial["killed"] for trial in trials),
        "of": kills,
        "trials": trials,
        "training": hashlib.sha256(TRAINING.encode()).hexdigest()[:12],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="for the moments")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    report = Report("kill_and_resume")
    result = measure(told.kills, told.epochs, told.seed)
    print(f"{result['equal']} of {result['of']} equal, {result['killed']} killed before their end")
    report.write(told.json, result)
    if result["equal"] < result["of"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
