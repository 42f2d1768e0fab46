"""How long SASRec trains on ML-1M until it is as good as asked, beside RecTools.

Both 64 wide, 2 blocks, 1 head, histories up to 200, dropout 0.2 unless asked,
Adam at 0.001, the full softmax, the same training histories and cases, batches
of 32, and the allocator kept from giving memory back. After each epoch both
rank everything for everyone. What counts is the test NDCG@10 of the epoch that
has been best on validation so far, and the seconds of training until it is
there; compilation counts, ranking does not.

    python -m benchmarks.time_to_quality [--rectools PYTHON] [--goals .142 .161]
        [--batch-size 32] [--dropout-rate 0.2] [--epochs 40] [--json FILE]

PYTHON: see `benchmarks.training_speed`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import attnrec as ar
from attnrec.errors import AttnrecError
from attnrec.evaluation import metric, ranks
from attnrec.training import sequences as task
from benchmarks.peers import OWN, TUNED, in_turn
from benchmarks.report import Report

PEER = Path(__file__).with_name("rectools_quality.py")
Rows = list[dict[str, float]]


def own_epochs(batch_size: int, dropout_rate: float, goal: float, epochs: int) -> Rows:
    """Ours, in this process."""
    split = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec"))
    test, num_items, ndcg = split.cases("test"), len(split.data.items), metric("NDCG@10")
    rows: Rows = []

    class Watched(task.Validation):
        """Ranks the test cases too, and ends the training where that is good enough."""

        since = time.perf_counter()

        def __call__(self, scorer):
            seconds = time.perf_counter() - self.since
            figures = super().__call__(scorer)
            found = float(ndcg(ranks(scorer, test, num_items, filter_seen=True)))
            rows.append({"seconds": seconds, "validation": figures["NDCG@10"], "test": found})
            print(json.dumps(rows[-1]), flush=True)
            if best(rows)["test"] >= goal:
                raise KeyboardInterrupt
            Watched.since = time.perf_counter()
            return figures

    task.Validation = Watched  # type: ignore[misc]
    ar.fit(
        ar.SASRec(embedding_size=64, num_layers=2, max_length=200, dropout_rate=dropout_rate),
        split,
        epochs=epochs,
        batch_size=batch_size,
        loss="softmax",
        seed=0,
        progress=False,
    )
    return rows


def best(rows: Rows) -> dict[str, float]:
    """The epoch that is best on validation."""
    return max(rows, key=lambda row: row["validation"])


def until(rows: Rows, goal: float) -> float | None:
    """Seconds of training until the goal is reached; None if it never is."""
    for count in range(1, len(rows) + 1):
        if best(rows[:count])["test"] >= goal:
            return round(sum(row["seconds"] for row in rows[:count]), 1)
    return None


def cases(path: Path) -> None:
    """What both train on and are asked about, as a table that needs nothing of ours to read."""
    split = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec"))
    sequences = split.train_sequences
    lengths = np.diff(sequences.offsets)
    validation, test = split.cases("validation"), split.cases("test")
    if not np.array_equal(validation.histories.users, test.histories.users):
        sys.exit("validation and test are of other users")
    np.savez(
        path,
        user=np.repeat(sequences.users, lengths),
        item=sequences.items,
        order=np.concatenate([np.arange(n) for n in lengths]),
        target_user=test.histories.users,
        validation=validation.targets.items,
        test=test.targets.items,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rectools", metavar="PYTHON", help="that of RecTools' environment")
    parser.add_argument("--goals", type=float, nargs="+", default=[0.142, 0.161])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--dropout-rate", type=float, default=0.2)
    parser.add_argument("--epochs", type=int, default=40, help="at most")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--own", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.own:
        rows = own_epochs(told.batch_size, told.dropout_rate, max(told.goals), told.epochs)
        print(json.dumps({"epochs": rows}))
        return
    report = Report("time_to_quality")
    asked = [told.batch_size, told.dropout_rate, max(told.goals), told.epochs]
    asked = [str(value) for value in asked]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "cases.npz"
        try:
            cases(table)
        except AttnrecError as error:
            sys.exit(str(error))
        names = ("--batch-size", "--dropout-rate", "--goals", "--epochs")
        own = [sys.executable, "-m", "benchmarks.time_to_quality", "--own"]
        own += [part for pair in zip(names, asked, strict=True) for part in pair]
        ways = {OWN: (own, TUNED)}
        if told.rectools:
            ways["RecTools, tuned"] = ([told.rectools, str(PEER), str(table), *asked], TUNED)
        took = {name: each[0] for name, each in in_turn(ways, rounds=1).items()}
    reached = {
        str(goal): {name: until(one["epochs"], goal) for name, one in took.items()}
        for goal in told.goals
    }
    faster = {
        f"NDCG@10 of {goal}": {
            "times_faster": {
                name: {"median": round(seconds / reached[goal][OWN], 2)}
                for name, seconds in reached[goal].items()
                if name != OWN and seconds and reached[goal][OWN]
            }
        }
        for goal in reached
    }
    figures: dict[str, Any] = {
        "batch_size": told.batch_size,
        "dropout_rate": told.dropout_rate,
        "seconds_until": reached,
        "faster": faster,
        "epochs": {name: one["epochs"] for name, one in took.items()},
        "peers": {name: one["versions"] for name, one in took.items() if name != OWN},
    }
    print(json.dumps(figures["seconds_until"]))
    report.write(told.json, figures)


if __name__ == "__main__":
    main()
