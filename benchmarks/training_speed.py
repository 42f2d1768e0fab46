"""How long an epoch of SASRec takes on ML-1M, beside RecTools.

Both 64 wide, 2 blocks, 1 head, histories up to 200, batches of 128, the same
training histories, dropout 0.2, Adam. Each side trains in a process of its
own, in turn, first one and then the other first; both under the same
allocator settings, and RecTools also as it comes. Of ours the second epoch
counts, as the first one compiles; of RecTools the first. Validation is in
neither. Both say how many targets an epoch has.

    python -m benchmarks.training_speed [--rectools PYTHON] [--rounds 2] [--losses bce softmax]
        [--json FILE]

PYTHON is that of an environment with `rectools[torch]`, whose requirements are
not ours: `python -m venv E && E/bin/pip install 'rectools[torch]'`, then
E/bin/python; without it only ours is timed. ML-1M is looked for as
`ar.datasets.load("ml-1m-sasrec")` looks for it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import attnrec as ar
from attnrec import losses, provenance
from attnrec.errors import AttnrecError
from benchmarks.peers import beside, in_turn, times_faster, versions

LOSSES = {
    "bce": losses.BCE(1),
    "softmax": losses.FullSoftmax(),
    "gbce": losses.GBCE(256),
    "sampled_softmax": losses.SampledSoftmax(256),
}
PEER = Path(__file__).with_name("rectools_epoch.py")


def own_epoch(loss: str) -> dict[str, Any]:
    """Ours, in this process."""
    run = ar.fit(
        ar.SASRec(embedding_size=64, num_layers=2, num_heads=1, max_length=200, dropout_rate=0.2),
        ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec")),
        epochs=2,
        batch_size=128,
        loss=LOSSES[loss],
        seed=0,
        progress=False,
    )
    first, second = run.history.to_dict("records")
    return {
        "seconds": second["seconds"],
        "with_compilation": first["seconds"],
        "targets": round(second["seconds"] * second["targets_per_second"]),
    }


def histories(path: Path) -> None:
    """What both train on, as a table that needs nothing of ours to read."""
    sequences = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec")).train_sequences
    lengths = np.diff(sequences.offsets)
    order = np.concatenate([np.arange(n) for n in lengths])
    users = np.repeat(sequences.users, lengths)
    np.savez(path, user=users, item=sequences.items, order=order)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rectools", metavar="PYTHON", help="that of RecTools' environment")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--losses", nargs="+", choices=list(LOSSES), default=["bce", "softmax"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--own", choices=list(LOSSES), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.own:
        print(json.dumps(own_epoch(told.own)))
        return
    if told.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {told.rounds}")
    load, figures = os.getloadavg()[0], {}
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "histories.npz"
        try:
            histories(table)
        except AttnrecError as error:
            sys.exit(str(error))
        for loss in told.losses:
            own = [sys.executable, "-m", "benchmarks.training_speed", "--own", loss]
            script = [str(PEER), str(table), loss]
            peer = {"RecTools": [told.rectools, *script]} if told.rectools else {}
            took = in_turn(beside(own, peer), told.rounds, f"{loss}, ")
            figures[loss] = _compared(took)
            print(f"{loss}: {figures[loss]['times_faster']}", flush=True)
    result = {
        "benchmark": "training_speed",
        "rounds": told.rounds,
        "one_epoch": figures,
        "load_at_start": round(load, 2),
        "load_at_end": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **provenance.environment(),
    }
    if told.json:
        told.json.write_text(json.dumps(result, indent=1) + "\n")


def _compared(took: dict[str, list[dict]]) -> dict[str, Any]:
    """Seconds and targets of each side, and how many times faster ours is, round by round."""
    seconds = {name: np.array([one["seconds"] for one in each]) for name, each in took.items()}
    return {
        "seconds": {name: each.round(1).tolist() for name, each in seconds.items()},
        "targets": {name: each[0]["targets"] for name, each in took.items()},
        "versions": versions(took),
        "times_faster": times_faster(seconds),
    }


if __name__ == "__main__":
    main()
