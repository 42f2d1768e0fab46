"""Where the time of a training step goes, by JAX's own profiler.

SASRec, 64 wide, 2 blocks, histories up to 200, batches of 128, on every tenth
user of ML-1M: one epoch, after one that compiles. Each operation that XLA runs
on one of its threads counts with its own time, by what it does. What the
process computes beyond that is told apart: parts of operations that other
threads take over, and XLA's own upkeep. In the rest of the time cores are idle.

    python -m benchmarks.training_profile [--loss softmax] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax

import attnrec as ar
from attnrec.data.parts import Stretches
from attnrec.training import sequences as task
from benchmarks.report import Report
from benchmarks.training_speed import LOSSES

# By the first word that an operation's name holds.
KINDS = {
    "products of matrices": ("ynn", "dot"),
    "exponentials of softmax": ("exponential",),
    "copies and transposes": ("copy", "transpose", "concatenate", "pad", "slice"),
    "gather, scatter, sort": ("gather", "scatter", "sort"),
    "random bits": ("xor", "shift", "threefry"),
}
NOT_WORK = re.compile(r"^(end: |while|call|conditional|tuple|parameter)")


def kind(operation: str) -> str:
    """What an operation does."""
    for name, words in KINDS.items():
        if any(word in operation for word in words):
            return name
    return "other work on elements"


def seconds_by_kind(events: Iterable[Any]) -> Counter[str]:
    """Of the operations among a trace's events."""
    found: Counter[str] = Counter()
    for event in events:
        is_operation = any(key == "hlo_op" for key, _ in event.stats)
        if is_operation and not NOT_WORK.match(event.name):
            found[kind(event.name)] += event.duration_ns / 1e9
    return found


def profiled(loss: str) -> dict[str, Any]:
    """Shares of the cores' time in the second epoch."""
    data = ar.datasets.load("ml-1m-sasrec")
    data = data.keep_rows(data.frame["user"].isin(data.users[::10]).to_numpy(), data.report)
    split, end = ar.split.leave_one_out(data), data.sequences.stops
    nothing = {"validation": Stretches(end, end)}
    split = replace(split, stretches={**split.stretches, **nothing})
    options = jax.profiler.ProfileOptions()
    options.python_tracer_level = 0

    with tempfile.TemporaryDirectory() as folder:

        class Between(task.Validation):
            """Starts the trace after the first epoch, and ends it after the second."""

            started = False
            busy = 0.0

            def __call__(self, scorer):
                if Between.started:
                    Between.busy += time.process_time()
                    jax.profiler.stop_trace()
                else:
                    Between.busy = -time.process_time()
                    jax.profiler.start_trace(folder, profiler_options=options)
                Between.started = True
                return {}

        task.Validation = Between  # type: ignore[misc]
        recipe = ar.SASRec(embedding_size=64, num_layers=2, max_length=200, dropout_rate=0.2)
        run = ar.fit(recipe, split, epochs=2, batch_size=128, loss=LOSSES[loss], progress=False)
        [path] = Path(folder).rglob("*.xplane.pb")
        trace = jax.profiler.ProfileData.from_file(str(path))
        by_kind = sum(
            (seconds_by_kind(line.events) for plane in trace.planes for line in plane.lines),
            Counter(),
        )
    elapsed = float(run.history["seconds"].iloc[1])
    cores = elapsed * (os.cpu_count() or 1)
    shares = {name: round(seconds / cores, 3) for name, seconds in by_kind.most_common()}
    untold = Between.busy / cores - sum(shares.values())
    shares |= {"parts taken over, and upkeep": round(untold, 3)}
    return {
        "seconds": round(elapsed, 2),
        "shares_of_the_cores_time": shares | {"idle": round(1 - Between.busy / cores, 3)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loss", choices=list(LOSSES), default="softmax")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    report = Report("training_profile")
    found = profiled(told.loss)
    print(found)
    report.write(told.json, {"loss": told.loss, **found})


if __name__ == "__main__":
    main()
