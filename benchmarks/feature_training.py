"""How long an epoch over a million rows takes models of features, beside RecBole's own.

The rows are made up: clicks of 20,000 users on 5,000 items, some of either far more
frequent than others, with two more fields of the user, two of the item, and two of
the circumstances, and labels that the fields decide in part. Both sides train the same
models, but for what `tests/parity/test_feature_models.py` tells of them: vectors of 16
numbers, layers as `MODELS` says, no dropout, batches of 2,048, Adam with a rate of 0.001.
AutoInt is in the form that RecBole has. DIN, which reads the 20 items before a row, gets
a fifth of the rows, and no circumstances, which RecBole's does not read; that one
leaves out each user's first row, and looks up the user's fields without using them.

Each side trains in a process of its own, in turn, first one and then the other first;
both under the same allocator settings, and RecBole also as it comes. Of ours the
second epoch counts, as the first one compiles; of RecBole the first, after a few batches
that load what it needs. An epoch begins with the rows in memory and ends with the last
update: it has the shuffling and the making of batches, and neither reading nor
validation. What is compared is the time of a row; both say how many there were, and the
mean loss of their first epoch.

    python -m benchmarks.feature_training [--recbole PYTHON] [--rows 1000000] [--rounds 2]
        [--models FM AutoInt ...] [--tuned] [--json FILE]

PYTHON is that of an environment with RecBole 1.2.1, whose requirements are not ours:
`make parity` makes one in `.venv-recbole`. Without it only ours is timed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import attnrec as ar
from attnrec.data import validate
from attnrec.data.parts import TRAIN, RowSplit
from attnrec.models import features as models
from benchmarks.peers import OWN, beside, in_turn, times_faster, versions
from benchmarks.report import Report

MODELS = {
    "LogisticRegression": models.LogisticRegression(),
    "FM": models.FM(16),
    "DeepFM": models.DeepFM(16, (128, 128)),
    "XDeepFM": models.XDeepFM(16, (64, 64), (128, 128)),
    "AFM": models.AFM(16, 16),
    "AutoInt": models.AutoInt(
        16, 16, 2, 3, hidden_sizes=(128, 128), first_order=True, layer="transformer"
    ),
    "NeuMF": models.NeuMF(16, 16, (64, 32, 16)),
    "DIN": models.DIN(16, (80, 40), (80, 40)),
}
PROGRAM = Path(__file__).with_name("recbole_epoch.py")
USERS, ITEMS, HISTORY, BATCH = 20_000, 5_000, 20, 2_048
FIELDS = {  # how many levels each has, by side
    "user": {"user_age": 7, "user_country": 100},
    "item": {"item_category": 50, "item_brand": 1_000},
    "context": {"context_hour": 24, "context_weekday": 7},
}


def table(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Rows of users, items and circumstances with labels; and of each user and item, its fields."""
    rng = np.random.default_rng(seed)

    def drawn(levels: int, count: int) -> np.ndarray:
        """Level i about 1 / (i + 10) of the time."""
        shares = 1 / (np.arange(levels) + 10)
        return rng.choice(levels, count, p=shares / shares.sum())

    found = {"user": drawn(USERS, rows), "item": drawn(ITEMS, rows)}
    counts = {"user": USERS, "item": ITEMS, "context": rows}
    odds = np.zeros(rows)
    for side, fields in FIELDS.items():
        for name, levels in fields.items():
            found[name] = drawn(levels, counts[side])
            of_row = found[name] if side == "context" else found[name][found[side]]
            odds += rng.normal(0, 0.7, levels)[of_row]
    found["label"] = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    return found | {"batch_size": np.array(BATCH), "history": np.array(HISTORY)}


def own_epoch(path: str, model: str) -> dict[str, Any]:
    """Ours, in this process."""
    found = np.load(path)
    sides = {side: list(fields) for side, fields in FIELDS.items()}
    count = len(found["user"])
    columns = ("user", "item", "label", *sides["context"])
    rows = pd.DataFrame({name: found[name] for name in columns}).assign(timestamp=np.arange(count))
    data = validate(
        rows,
        people=pd.DataFrame({name: found[name].astype(str) for name in sides["user"]}),
        catalogue=pd.DataFrame({name: found[name].astype(str) for name in sides["item"]}),
    )
    if model == "DIN":
        sides["context"] = []
    features = ar.features.build(
        RowSplit(data, np.full(count, TRAIN, np.int8), "at_random", {}),
        **{
            side: [ar.features.Categorical(name) for name in names] for side, names in sides.items()
        },
        label="label",
        threshold=0.5,
        history=HISTORY if model == "DIN" else 0,
    )
    run = ar.fit(MODELS[model], features, epochs=2, batch_size=BATCH, seed=0, progress=False)
    first, second = run.history.to_dict("records")
    return {
        "seconds": second["seconds"],
        "with_compilation": first["seconds"],
        "rows": round(second["seconds"] * second["targets_per_second"]),
        "loss": round(first["loss"], 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recbole", metavar="PYTHON", help="that of RecBole's environment")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--tuned", action="store_true", help="do not time RecBole as it comes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--own", nargs=2, metavar=("TABLE", "MODEL"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.own:
        print(json.dumps(own_epoch(*told.own)))
        return
    if told.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {told.rounds}")
    if told.rows < 5 * BATCH:
        parser.error(f"--rows: expected {5 * BATCH} or more, got {told.rows}")
    report = Report("feature_training")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in told.models:
            path = Path(folder) / "rows.npz"
            np.savez(path, **table(told.rows // 5 if model == "DIN" else told.rows))
            figures[model] = beside_recbole(model, path, told)
            print(f"{model}: {figures[model]['times_faster']}", flush=True)
            report.write(
                told.json,
                {"rounds": told.rounds, "batch_size": BATCH, "one_epoch": figures},
            )


def beside_recbole(model: str, path: Path, told: argparse.Namespace) -> dict[str, Any]:
    """An epoch of each."""
    own = [sys.executable, "-m", "benchmarks.feature_training", "--own", str(path), model]
    peers = {"RecBole": [told.recbole, str(PROGRAM), str(path), model]} if told.recbole else {}
    ways = beside(own, peers, shipped=not told.tuned)
    return _compared(in_turn(ways, told.rounds, f"{model}, "))


def _compared(took: dict[str, list[dict]]) -> dict[str, Any]:
    """Seconds and rows of each side, and how many times faster a row is ours, round by round."""
    seconds = {name: np.array([one["seconds"] for one in each]) for name, each in took.items()}
    rows = {name: each[0]["rows"] for name, each in took.items()}
    by_row = {name: each / rows[name] for name, each in seconds.items()}
    return {
        "seconds": {name: each.round(2).tolist() for name, each in seconds.items()},
        "with_compilation": [round(one["with_compilation"], 2) for one in took[OWN]],
        "rows": rows,
        "rows_per_second": {
            name: round(float(np.median(1 / each))) for name, each in by_row.items()
        },
        "loss": {name: each[0]["loss"] for name, each in took.items()},
        "versions": versions(took),
        "times_faster": times_faster(by_row),
    }


if __name__ == "__main__":
    main()
