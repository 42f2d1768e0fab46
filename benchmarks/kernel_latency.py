"""The kernel's own share of an edit: from the page's message to the answer, without a browser.

A SASRec of ML-1M's size (3,416 items, 64 wide, 2 blocks, histories up to 200;
random weights, whose values cost what trained ones cost) and a history of 50
items, with up to 100 edits to undo. Each edit is the state message that the
page sends; the time runs until the answer is JSON and buffers, ready for the
socket.

    python benchmarks/kernel_latency.py [--edits 200] [--heads 1] [--profile] [--json]
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd
from attnrec_widgets import HistoryExplorer
from flax import nnx

import attnrec as ar
from attnrec import provenance
from attnrec.data import Catalogue
from attnrec.models.recorder import ModelInspector
from attnrec.models.schema import Schema

ITEMS, LENGTH = 3416, 50


class Wire:
    """Stands in for the kernel's comm: makes JSON of each message, as the session would."""

    kernel = None
    comm_id = "benchmark"

    def send(self, data: dict, buffers: list | None = None, **unused: Any) -> None:
        json.dumps(data).encode()

    def on_msg(self, callback: Any) -> None: ...

    def close(self, *unused: Any, **unused_too: Any) -> None: ...


def explorer(heads: int) -> HistoryExplorer:
    """On a random history of 50 items."""
    titles = [f"Item {n}" for n in range(1, ITEMS + 1)]
    catalogue = Catalogue(pd.DataFrame({"title": titles}, index=range(1, ITEMS + 1)))
    recipe = ar.SASRec(embedding_size=64, num_layers=2, num_heads=heads, max_length=200)
    model = recipe.build(Schema(ITEMS), nnx.Rngs(0))
    history = np.random.default_rng(0).permutation(ITEMS)[:LENGTH] + 1
    inspector = ModelInspector(model, catalogue, "SASRec")
    made = HistoryExplorer(inspector, history=history, filter_seen=True)
    made.comm = Wire()
    made._engine.wait_warm()
    return made


def messages(start: list, edits: int) -> list[dict[str, Any]]:
    """What the page sends for removals, moves and additions, in turn."""
    rng = np.random.default_rng(1)
    history, made, past = list(start), [], []
    for seq in range(1, edits + 1):
        past = [*past, history][-100:]
        history = list(history)
        kind = seq % 3
        if kind == 0:
            history.insert(int(rng.integers(len(history))), int(rng.integers(ITEMS)) + 1)
        else:
            item = history.pop(int(rng.integers(len(history))))
            if kind == 2:
                history.append(item)
        made.append({"history": history, "_past": past, "_future": [], "_seq": seq})
    return made


def latencies(made: HistoryExplorer, edits: int) -> np.ndarray:
    """Milliseconds from message to answer, an edit each; the first ten warm up and are left out."""
    took = []
    for message in messages(made.history, edits + 10):
        began = time.perf_counter()
        made.set_state(message)
        took.append(1e3 * (time.perf_counter() - began))
        if made._answer["seq"] != message["_seq"] or made._answer["error"]:
            raise RuntimeError("an edit was not answered")
    return np.array(took[10:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = explorer(arguments.heads)
    traces = made.sources[0].inspector.num_traces
    with cProfile.Profile() if arguments.profile else nullcontext() as profile:
        took = latencies(made, arguments.edits)
    if profile is not None:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(25)
    result = {
        "benchmark": "kernel_latency",
        "edits": len(took),
        "median_ms": round(float(statistics.median(took)), 2),
        "p95_ms": round(float(np.percentile(took, 95)), 2),
        "compilations": made.sources[0].inspector.num_traces - traces,
        "heads": arguments.heads,
        **provenance.environment(),
    }
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        print(
            f"median {result['median_ms']} ms, 95% within {result['p95_ms']} ms, "
            f"{result['compilations']} compilations, {len(took)} edits"
        )


if __name__ == "__main__":
    main()
