"""Memory and time against the size of the catalogue: 10,000, 100,000 and 1,000,000 items.

A synthetic log of 10 million events, 50 a user. Users stay for a while in a
neighbourhood of 50 items, so that there is something to learn; here and there
an event is of any item, of each item once, so that all are met. SASRec, 64 wide,
2 blocks, histories of 50, batches of 512, one epoch of each loss; then the
whole catalogue is ranked for users that training has never met. Each size and
loss in a process of its own; memory is its peak, resident, data included.

    python -m benchmarks.large_catalogue [--sizes 10000 100000 1000000]
        [--losses sampled_softmax] [--events 10000000] [--json FILE] [--figure FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import attnrec as ar
from attnrec import losses
from benchmarks.report import Report

LENGTH = 50
NEAR = 50  # items of a neighbourhood
STAY = 0.95  # chance to remain there for another event
HELD_OUT = 1000  # users, for validation and for test each
LOSSES = {
    "sampled_softmax": losses.SampledSoftmax(1024),
    "sce": losses.SCE(256),
    "softmax": losses.FullSoftmax(),
}


def log(events: int, num_items: int, seed: int = 0) -> pd.DataFrame:
    """Events of users in their order, as ids."""
    rng = np.random.default_rng(seed)
    users = events // LENGTH
    moves = rng.random((users, LENGTH)) > STAY
    moves[:, 0] = True
    homes = rng.integers(0, num_items // NEAR, (users, LENGTH), dtype=np.int32)
    since = np.maximum.accumulate(np.where(moves, np.arange(LENGTH), 0), axis=1)
    homes = np.take_along_axis(homes, since, 1)
    within = np.minimum(rng.geometric(0.1, (users, LENGTH)) - 1, NEAR - 1)
    items = (homes * NEAR + within).astype(np.int32).ravel()
    anywhere = rng.choice(len(items), num_items, replace=False)
    items[anywhere] = np.arange(num_items)
    user = np.repeat(np.arange(users, dtype=np.int32), LENGTH)
    return pd.DataFrame({"user": user, "item": items, "time": np.arange(len(user))})


def resident() -> float:
    """The peak so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def one(num_items: int, loss: str, events: int) -> dict[str, Any]:
    """A size and a loss, in this process."""
    began = time.perf_counter()
    data = ar.datasets.load(
        log(events, num_items), user="user", item="item", timestamp="time", name="synthetic"
    )
    share = HELD_OUT / len(data.users)
    split = ar.split.by_user(data, validation=share, test=share)
    prepared, memory = time.perf_counter() - began, resident()
    recipe = ar.SASRec(embedding_size=64, num_layers=2, max_length=LENGTH, dropout_rate=0.1)
    run = ar.fit(recipe, split, epochs=1, batch_size=512, loss=LOSSES[loss], progress=False)
    [epoch] = run.history.to_dict("records")
    trained = resident()
    began = time.perf_counter()
    found = run.evaluate(baselines=False).iloc[0]
    return {
        "items": len(data.items),
        "users": len(data.users),
        "events": len(data),
        "loss": loss,
        "prepare_seconds": round(prepared, 1),
        "epoch_seconds": round(epoch["seconds"], 1),
        "targets_per_second": round(epoch["targets_per_second"]),
        "evaluate_seconds": round(time.perf_counter() - began, 1),
        "evaluated_users": HELD_OUT,
        "HR@10": round(float(found["HR@10"]), 4),
        "peak_gb": {
            "data": round(memory, 2),
            "training": round(trained, 2),
            "evaluation": round(resident(), 2),
        },
    }


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Memory and time from zero, against size by decades."""
    from matplotlib.figure import Figure

    from attnrec.plots.files import save

    figure = Figure(figsize=(7, 2.8), layout="constrained")
    memory, seconds = figure.subplots(1, 2)
    for loss in dict.fromkeys(row["loss"] for row in rows):
        of_loss = [row for row in rows if row["loss"] == loss]
        sizes = [row["items"] for row in of_loss]
        peaks = [row["peak_gb"]["evaluation"] for row in of_loss]
        epochs = [row["epoch_seconds"] for row in of_loss]
        for axes, values, digits in ((memory, peaks, 1), (seconds, epochs, 0)):
            axes.plot(sizes, values, "o-", label=loss.replace("_", " "))
            for size, value in zip(sizes, values, strict=True):
                place = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center"}
                axes.annotate(f"{value:.{digits}f}", (size, value), fontsize=8, **place)
    for axes, what in ((memory, "Peak memory, GB"), (seconds, "An epoch, seconds")):
        axes.set_title(what, loc="left", fontsize=10)
        axes.set(xscale="log", xlabel="items in the catalogue")
        axes.margins(x=0.1, y=0.15)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    if len({row["loss"] for row in rows}) > 1:
        memory.legend(frameon=False)
    save(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--losses", nargs="+", choices=list(LOSSES), default=["sampled_softmax"])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the result here")
    parser.add_argument("--one", nargs=2, metavar=("ITEMS", "LOSS"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        print(json.dumps(one(int(told.one[0]), told.one[1], told.events)))
        return
    report, rows = Report("large_catalogue"), []
    for loss in told.losses:
        for size in told.sizes:
            command = ["benchmarks.large_catalogue", "--one", str(size), loss]
            done = subprocess.run(
                [sys.executable, "-m", *command, "--events", str(told.events)],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(rows[-1], flush=True)
            report.write(told.json, {"rows": rows})
    if told.figure:
        draw(rows, told.figure)


if __name__ == "__main__":
    main()
