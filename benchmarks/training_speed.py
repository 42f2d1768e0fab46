"""How long an epoch of SASRec takes on ML-1M and on Amazon Beauty, beside RecTools.

Both 64 wide, 2 blocks, 1 head, histories up to 200 or, of Beauty, 50, batches
of 128, the same training histories, dropout 0.2, Adam. Each side trains in a
process of its own, in turn, first one and then the other first; both under the
same allocator settings, and RecTools also as it comes. Of ours the second epoch
counts, as the first one compiles; of RecTools the first. Validation is in
neither. All say how many targets an epoch has.

Beside ours stands how much of the machine's arithmetic it uses: the products of
matrices that its real positions and targets need, over what the same process
does in a second with two large square matrices.

    python -m benchmarks.training_speed [--rectools PYTHON] [--rounds 2] [--losses bce softmax]
        [--data ml-1m-sasrec beauty] [--tuned] [--pmixer CHECKOUT] [--json FILE]

PYTHON is that of an environment with `rectools[torch]`, whose requirements are
not ours: `python -m venv E && E/bin/pip install 'rectools[torch]'`, then
E/bin/python; without it only ours is timed. CHECKOUT is one of
github.com/pmixer/SASRec.pytorch, timed in the same environment with BCE. The data are looked for as
`ar.datasets.load` looks for them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import attnrec as ar
from attnrec import losses
from attnrec.errors import AttnrecError
from benchmarks.peers import OWN, beside, in_turn, times_faster, versions
from benchmarks.report import Report

LOSSES = {
    "bce": losses.BCE(1),
    "softmax": losses.FullSoftmax(),
    "gbce": losses.GBCE(256),
    "sampled_softmax": losses.SampledSoftmax(256),
}
LENGTHS = {"ml-1m-sasrec": 200, "beauty": 50}
SIZE = {"embedding_size": 64, "num_layers": 2}
RECTOOLS, PMIXER = (Path(__file__).with_name(f"{name}_epoch.py") for name in ("rectools", "pmixer"))


def own_epoch(data: str, loss: str) -> dict[str, Any]:
    """Ours, in this process."""
    split = ar.split.leave_one_out(ar.datasets.load(data))
    length = LENGTHS[data]
    run = ar.fit(
        ar.SASRec(**SIZE, num_heads=1, max_length=length, dropout_rate=0.2),
        split,
        epochs=2,
        batch_size=128,
        loss=LOSSES[loss],
        seed=0,
        progress=False,
    )
    first, second = run.history.to_dict("records")
    targets = np.minimum(split.train_sequences.lengths - 1, length)
    needed = products(targets[targets > 0], len(split.data.items), loss)
    most = peak()
    return {
        "seconds": second["seconds"],
        "with_compilation": first["seconds"],
        "targets": round(second["seconds"] * second["targets_per_second"]),
        "peak_gflops": round(most / 1e9, 1),
        "of_peak": round(needed / second["seconds"] / most, 3),
    }


def products(targets: np.ndarray, num_items: int, loss: str) -> float:
    """Operations in the products of matrices of an epoch: forward, and twice that backward.

    Args:
        targets: of each history; as many positions are read.
        num_items: in the catalogue.
        loss: how many scores each target needs.
    """
    width, layers = SIZE["embedding_size"], SIZE["num_layers"]
    scores = {"softmax": num_items, "bce": 2, "gbce": 257, "sampled_softmax": 257}[loss]
    pairs = np.sum(targets * (targets + 1) / 2)  # a position and what it may look at
    # Query, key, value, output and the two layers of feed-forward; scores and mixtures.
    encoding = layers * (6 * width**2 * targets.sum() + 2 * width * pairs)
    return float(3 * 2 * (encoding + width * scores * targets.sum()))


def peak(size: int = 3000, repetitions: int = 10) -> float:
    """Operations a second in the product of two matrices of float32."""
    square = jnp.ones((size, size))
    product = jax.jit(jnp.matmul)
    took = []
    for _ in range(repetitions):
        began = time.perf_counter()
        product(square, square).block_until_ready()
        took.append(time.perf_counter() - began)
    return 2 * size**3 / min(took)


def histories(data: str, path: Path) -> None:
    """What both train on, as a table that needs nothing of ours to read."""
    sequences = ar.split.leave_one_out(ar.datasets.load(data)).train_sequences
    lengths = np.diff(sequences.offsets)
    order = np.concatenate([np.arange(n) for n in lengths])
    users = np.repeat(sequences.users, lengths)
    np.savez(path, user=users, item=sequences.items, order=order)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rectools", metavar="PYTHON", help="that of RecTools' environment")
    parser.add_argument("--pmixer", metavar="CHECKOUT", help="of SASRec.pytorch")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--losses", nargs="+", choices=list(LOSSES), default=["bce", "softmax"])
    parser.add_argument("--data", nargs="+", choices=list(LENGTHS), default=["ml-1m-sasrec"])
    parser.add_argument("--tuned", action="store_true", help="do not time RecTools as it comes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--own", nargs=2, metavar=("DATA", "LOSS"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.own:
        print(json.dumps(own_epoch(*told.own)))
        return
    if told.pmixer and not told.rectools:
        parser.error("--pmixer: needs --rectools, whose environment has torch")
    if told.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {told.rounds}")
    report = Report("training_speed")
    figures: dict[str, dict[str, Any]] = {}
    for data in told.data:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "histories.npz"
            try:
                histories(data, table)
            except AttnrecError as error:
                sys.exit(str(error))
            for loss in told.losses:
                found = beside_peers(data, loss, table, told)
                figures.setdefault(data, {})[loss] = found
                report.write(told.json, {"rounds": told.rounds, "one_epoch": figures})


def beside_peers(data: str, loss: str, table: Path, told: argparse.Namespace) -> dict[str, Any]:
    """An epoch of each."""
    own = [sys.executable, "-m", "benchmarks.training_speed", "--own", data, loss]
    on = [str(table), str(LENGTHS[data])]
    peers = {"RecTools": [told.rectools, str(RECTOOLS), *on, loss]} if told.rectools else {}
    if told.pmixer and loss == "bce":
        peers["SASRec.pytorch"] = [told.rectools, str(PMIXER), told.pmixer, *on]
    found = _compared(
        in_turn(beside(own, peers, shipped=not told.tuned), told.rounds, f"{data}, {loss}, ")
    )
    print(f"{data}, {loss}: {found['times_faster']}", flush=True)
    return found


def _compared(took: dict[str, list[dict]]) -> dict[str, Any]:
    """Seconds and targets of each side, and how many times faster ours is, round by round."""
    seconds = {name: np.array([one["seconds"] for one in each]) for name, each in took.items()}
    return {
        "seconds": {name: each.round(1).tolist() for name, each in seconds.items()},
        "of_peak": [one["of_peak"] for one in took[OWN]],
        "peak_gflops": [one["peak_gflops"] for one in took[OWN]],
        "targets": {name: each[0]["targets"] for name, each in took.items()},
        "versions": versions(took),
        "times_faster": times_faster(seconds),
    }


if __name__ == "__main__":
    main()
