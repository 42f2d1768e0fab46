"""The most that packing histories into rows could gain over batches of like lengths.

Packed rows have no padding. So, nearly, have those of users with at least 201
training events; what SASRec learns from a second of only these, beside a second
of all users in their batches, bounds what packing can reach: its rows would be
as wide, and masks by block would come on top. ML-1M, 64 wide, 2 blocks,
histories up to 200, batches of 128; the second and third epoch of each.

    python -m benchmarks.full_rows [--losses softmax bce] [--json FILE]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import attnrec as ar
from attnrec.data import Split
from attnrec.data.parts import Stretches
from attnrec.training.batches import Batches
from benchmarks.report import Report
from benchmarks.training_speed import LOSSES

LENGTH, BATCH = 200, 128


def targets_per_second(split: Split, loss: str) -> list[int]:
    """Of each epoch that does not compile."""
    recipe = ar.SASRec(embedding_size=64, num_layers=2, max_length=LENGTH, dropout_rate=0.2)
    run = ar.fit(
        recipe, split, epochs=3, batch_size=BATCH, loss=LOSSES[loss], seed=0, progress=False
    )
    return [round(rate) for rate in run.history["targets_per_second"].iloc[1:]]


def share_of_real_positions(split: Split) -> float:
    """Among those that an epoch's batches are wide."""
    batches = Batches(split.train_sequences, LENGTH, BATCH)
    return batches.num_targets / sum(len(rows) * length for rows, length in batches.plan(0, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", nargs="+", choices=list(LOSSES), default=["softmax", "bce"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    report = Report("full_rows")
    split = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec"))
    starts, stops = split.stretches["train"]
    full, nobody = stops - starts > LENGTH, Stretches(stops, stops)
    everyone = replace(split, stretches={**split.stretches, "validation": nobody})
    some = Stretches(np.where(full, starts, stops), stops)
    only_full = replace(everyone, stretches={**everyone.stretches, "train": some})
    figures: dict[str, object] = {
        "real_positions": round(share_of_real_positions(everyone), 3),
        "full_rows": int(full.sum()),
        "targets_per_second": {
            loss: {
                "batches of like length": targets_per_second(everyone, loss),
                "full rows": targets_per_second(only_full, loss),
            }
            for loss in told.losses
        },
    }
    print(figures)
    report.write(told.json, figures)


if __name__ == "__main__":
    main()
