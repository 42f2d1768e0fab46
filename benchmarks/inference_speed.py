"""How fast a model ranks the catalogue in JAX, beside its exported file in onnxruntime.

A SASRec of ML-1M's size (3,416 items, 64 wide, 2 blocks, histories up to 200;
random weights, whose values cost what trained ones cost). Both are given the
same histories, with as many threads as there are cores, in one process, in
turn, after a call that does not count; answers must agree to 1e-4. The file
is what `Run.export_onnx(kind="scores")` writes.

    python -m benchmarks.inference_speed [--repetitions 30] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from flax import nnx

import attnrec as ar
from attnrec.data import Catalogue
from attnrec.export import write_onnx
from attnrec.models.recorder import ModelInspector
from attnrec.models.schema import Schema
from attnrec.models.scorer import ModelScorer
from benchmarks.report import Report

ITEMS, LENGTH = 3416, 200
ONNX = "onnxruntime"


def beside_onnxruntime(batch: int, repetitions: int, folder: Path) -> dict[str, Any]:
    """Milliseconds of either for a batch of full histories."""
    titles = [f"Item {n}" for n in range(1, ITEMS + 1)]
    catalogue = Catalogue(pd.DataFrame({"title": titles}, index=range(1, ITEMS + 1)))
    recipe = ar.SASRec(embedding_size=64, num_layers=2, max_length=LENGTH)
    model = recipe.build(Schema(ITEMS), nnx.Rngs(0))
    path = write_onnx(
        ModelInspector(model, catalogue, "SASRec").portable,
        folder / "model.onnx",
        kind="scores",
        length=LENGTH,
        items=list(range(1, ITEMS + 1)),
        about={},
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    items = rng.integers(1, ITEMS + 1, (batch, LENGTH), np.int32)
    given = {"items": items, "mask": np.ones_like(items, bool)}
    scorer = ModelScorer(model, "SASRec")

    def ours() -> np.ndarray:
        return np.asarray(scorer(items))

    def theirs() -> np.ndarray:
        return session.run(["scores"], given)[0]

    difference = np.abs(ours()[:, 1:] - theirs()[:, 1:]).max()
    if difference > 1e-4:
        sys.exit(f"scores differ by {difference}")
    took: dict[str, list[float]] = {"attnrec": [], ONNX: []}
    for _ in range(repetitions):
        for name, ask in (("attnrec", ours), (ONNX, theirs)):
            began = time.perf_counter()
            ask()
            took[name].append(1e3 * (time.perf_counter() - began))
    medians = {name: statistics.median(each) for name, each in took.items()}
    return {
        "median_ms": {name: round(median, 2) for name, median in medians.items()},
        "times_faster": {ONNX: {"median": round(medians[ONNX] / medians["attnrec"], 2)}},
        "largest_difference": float(difference),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=30)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    report = Report("inference_speed")
    figures: dict[str, Any] = {"repetitions": told.repetitions, "rankings": {}}
    with tempfile.TemporaryDirectory() as folder:
        for batch in (1, 32):
            found = beside_onnxruntime(batch, told.repetitions, Path(folder))
            figures["rankings"][f"{batch} at once, {LENGTH} items"] = found
            print(batch, json.dumps(found), flush=True)
    figures["peers"] = {ONNX: {ONNX: onnxruntime.__version__}}
    report.write(told.json, figures)


if __name__ == "__main__":
    main()
