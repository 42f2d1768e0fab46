"""How long full ranking of ML-1M's test items takes, with all metrics, beside its peers.

A SASRec of 64 numbers, 2 blocks, histories up to 200, barely trained or not at
all, since what it has learned makes no difference here. Each of the 6,040 users'
whole catalogue is ranked, seen items filtered, and HR, NDCG, MRR, recall,
precision, F1 and MAP at 5, 10 and 20 worked out. Ours counts every item's rank;
RecTools recommends 20 and scores those; RecBole, which has no F1, has its own
evaluator do it. Each side in a process of its own, in turn; within it the first time,
which compiles, is told apart.

    python -m benchmarks.evaluation_speed [--rectools PYTHON] [--recbole PYTHON] [--rounds 3]
        [--json FILE]

PYTHON: see `benchmarks.training_speed`; RecBole 1.2.1 needs NumPy 1, SciPy below
1.14 and pandas below 2.3.
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
from flax import nnx

import attnrec as ar
from attnrec.errors import AttnrecError
from attnrec.evaluation import evaluate
from attnrec.models.schema import Schema
from attnrec.models.scorer import ModelScorer
from benchmarks.peers import beside, in_turn, times_faster, versions
from benchmarks.report import Report

PEERS = {"RecTools": "rectools_evaluation.py", "RecBole": "recbole_evaluation.py"}
REPETITIONS = 3  # in a process, after the first


def own() -> dict[str, Any]:
    """Ours, in this process."""
    split = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec"))
    num_items, cases = len(split.data.items), split.cases("test")
    recipe = ar.SASRec(embedding_size=64, num_layers=2, num_heads=1, max_length=200)
    model = recipe.build(Schema(num_items), nnx.Rngs(0))
    seconds = []
    for _ in range(REPETITIONS + 1):
        began = time.perf_counter()
        evaluate(ModelScorer(model, "SASRec"), cases, num_items, filter_seen=True)
        seconds.append([None, time.perf_counter() - began])
    return {"seconds": seconds, "users": len(cases.histories)}


def cases_as_table(path: Path) -> None:
    """Histories and targets, as a table that needs nothing of ours to read."""
    cases = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec")).cases("test")
    lengths = cases.histories.lengths
    users = np.arange(len(lengths))
    np.savez(
        path,
        user=np.repeat(users, lengths),
        item=cases.histories.items,
        order=np.concatenate([np.arange(n) for n in lengths]),
        target_user=users,
        target=cases.targets.items,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rectools", metavar="PYTHON", help="that of RecTools' environment")
    parser.add_argument("--recbole", metavar="PYTHON", help="that of RecBole's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--own", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.own:
        print(json.dumps(own()))
        return
    if told.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {told.rounds}")
    report = Report("evaluation_speed")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "cases.npz"
        try:
            cases_as_table(table)
        except AttnrecError as error:
            sys.exit(str(error))
        own_way = [sys.executable, "-m", "benchmarks.evaluation_speed", "--own"]
        peers = {
            name: [python, str(Path(__file__).with_name(program)), str(table), str(REPETITIONS + 1)]
            for name, program in PEERS.items()
            if (python := getattr(told, name.lower()))
        }
        took = in_turn(beside(own_way, peers), told.rounds)
    figures = {"rounds": told.rounds, **compared(took)}
    print(json.dumps(figures["times_faster"]))
    report.write(told.json, figures)


def compared(took: dict[str, list[dict]]) -> dict[str, Any]:
    """Seconds of each side, a row a round, and how many times faster ours is, round by round."""
    whole = {
        name: np.array([[time for _, time in one["seconds"]] for one in rounds])
        for name, rounds in took.items()
    }
    warm = {name: np.median(seconds[:, 1:], axis=1) for name, seconds in whole.items()}
    return {
        "seconds": {name: seconds.round(2).tolist() for name, seconds in whole.items()},
        "users": {name: rounds[0]["users"] for name, rounds in took.items()},
        "peers": versions(took),
        "times_faster": times_faster(warm),
    }


if __name__ == "__main__":
    main()
