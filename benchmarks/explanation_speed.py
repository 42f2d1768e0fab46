"""How long explanations take: beside captum, and all of them for one user.

A SASRec of ML-1M's size (3,416 items, 64 wide, 2 blocks, 1 head, histories up
to 200; random weights, whose values cost what trained ones cost).

Beside captum: the same weights in `torch_sasrec`, asked in batches as large as
captum makes them, unpadded, only the last row scored, in inference mode where
no gradients are wanted. Both with as many threads as there are cores, in one
process, in turn, after a pause in which threads that wait go to sleep and one
call that does not count. Values must agree to 1e-4, or the run fails. Captum
drops nothing by itself: with `drop` the torch function closes up the sequence.

For one user: everything that `ar.explain` does unasked, and its faithfulness;
then what is asked for by name.

    python -m benchmarks.explanation_speed [--repetitions 15] [--json FILE]

Captum and torch are of the parity environment (`make parity` makes it, in
.venv-parity); without them there is only the second part.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from flax import nnx

import attnrec as ar
from attnrec import provenance
from attnrec.data import Catalogue
from attnrec.explanations import METHODS, ValueFunction
from attnrec.explanations.case import Case
from attnrec.explanations.explain import ON_REQUEST
from attnrec.explanations.methods import Options
from attnrec.explanations.shapley import contributions
from attnrec.models import SASRecModule, Schema
from attnrec.models.recorder import ModelInspector
from benchmarks.report import Report

ITEMS, TARGET = 3416, 7
TOLERANCE = 1e-4
PERMUTATIONS, STEPS = 25, 50
PAUSE = 0.02  # s
Way = Callable[[], np.ndarray]


def model() -> SASRecModule:
    """All weights random, biases and scales too."""
    made = ar.SASRec(embedding_size=64, num_layers=2, num_heads=1).build(Schema(ITEMS), nnx.Rngs(0))
    rng = np.random.default_rng(0)
    state = jax.tree.map(
        lambda leaf: leaf + rng.normal(0, 0.1, leaf.shape).astype(np.float32), nnx.state(made)
    )
    nnx.update(made, state)
    return made


def inspector_of(module: SASRecModule) -> ModelInspector:
    titles = [f"Item {n}" for n in range(1, ITEMS + 1)]
    catalogue = Catalogue(pd.DataFrame({"title": titles}, index=range(1, ITEMS + 1)))
    return ModelInspector(module, catalogue, "SASRec")


def history_of(length: int) -> np.ndarray:
    return np.random.default_rng(length).permutation(ITEMS)[:length] + 1


def timed(ways: Mapping[str, Way], repetitions: int) -> dict[str, np.ndarray]:
    """Milliseconds of each call, the ways in turn, first one and then the other first."""
    for way in ways.values():
        way()  # compiles
    took: dict[str, list[float]] = {name: [] for name in ways}
    for repetition in range(repetitions):
        for name in list(ways)[:: 1 if repetition % 2 else -1]:
            time.sleep(PAUSE)
            ways[name]()
            began = time.perf_counter()
            ways[name]()
            took[name].append(1e3 * (time.perf_counter() - began))
    return {name: np.array(times) for name, times in took.items()}


def summary(times: np.ndarray) -> dict[str, Any]:
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75]).round(2).tolist()
    return {"median_ms": median, "quartiles_ms": [low, high]}


def pairs(module: SASRecModule) -> dict[str, dict[str, Way]]:
    """What is compared: for each question ours and captum's."""
    import torch
    from captum.attr import FeatureAblation, IntegratedGradients, ShapleyValueSampling

    from benchmarks.torch_sasrec import TorchSASRec

    torch.set_num_threads(provenance.environment()["cores"])
    inspector, theirs = inspector_of(module), TorchSASRec(module)

    def ablation(score: Callable, length: int) -> np.ndarray:
        with torch.inference_mode():
            captum = FeatureAblation(score)
            return captum.attribute(torch.ones(1, length), perturbations_per_eval=length)[0].numpy()

    def shapley(score: Callable, orders: np.ndarray) -> np.ndarray:
        count, length = orders.shape
        with torch.inference_mode():
            captum = ShapleyValueSampling(score)
            captum.permutation_generator = lambda *_: iter(orders.tolist())
            return captum.attribute(
                torch.ones(1, length), n_samples=count, perturbations_per_eval=length
            )[0].numpy()

    def integrated(score: Callable, embeddings: torch.Tensor) -> np.ndarray:
        found = IntegratedGradients(score).attribute(embeddings, n_steps=STEPS)
        return found.sum(-1)[0].detach().numpy()

    compared: dict[str, dict[str, Way]] = {}
    for removal in ("mask", "drop"):
        options = Options(removal=removal)
        for length in (50, 200):
            case = Case(inspector, history_of(length), TARGET)
            score = theirs.of_presence(case.items, TARGET, removal)
            compared[f"leave-one-out, {length} items, {removal}"] = {
                "attnrec": partial(METHODS["leave-one-out"].compute, case, options),
                "captum": partial(ablation, score, length),
            }
        case = Case(inspector, history_of(50), TARGET)
        score = theirs.of_presence(case.items, TARGET, removal)
        rng = np.random.default_rng(0)
        orders = rng.permuted(np.tile(np.arange(50), (PERMUTATIONS, 1)), axis=1)

        def ours(case=case, removal=removal, orders=orders) -> np.ndarray:
            return contributions(ValueFunction(case, removal), orders).mean(0)

        compared[f"Shapley, {PERMUTATIONS} permutations, 50 items, {removal}"] = {
            "attnrec": ours,
            "captum": partial(shapley, score, orders),
        }
    score = theirs.of_embeddings(case.items, TARGET)
    embeddings = theirs.items[torch.from_numpy(case.items.astype(np.int64))][None]
    compared[f"integrated gradients, {STEPS} steps, 50 items"] = {
        "attnrec": partial(METHODS["integrated gradients"].compute, case, Options(steps=STEPS)),
        "captum": partial(integrated, score, embeddings.requires_grad_()),
    }
    return compared


def beside_captum(module: SASRecModule, repetitions: int) -> dict[str, Any]:
    """Times and their ratios."""
    figures = {}
    for name, ways in pairs(module).items():
        ours, theirs = (way() for way in ways.values())
        apart = float(np.abs(ours - theirs).max())
        if not apart <= TOLERANCE:
            sys.exit(f"{name}: attnrec and captum differ by {apart:.2g}, more than {TOLERANCE}")
        times = timed(ways, repetitions)
        ratio = np.median(times["captum"]) / np.median(times["attnrec"])
        figures[name] = {
            **{way: summary(of_way) for way, of_way in times.items()},
            "times_faster": {"captum": {"median": round(float(ratio), 2)}},
            "largest_difference": float(f"{apart:.1e}"),
            "largest_value": round(float(np.abs(theirs).max()), 3),
        }
        print(f"{name}: {ratio:.2f} times faster, {figures[name]}", flush=True)
    return figures


def for_one_user(module: SASRecModule, repetitions: int) -> dict[str, Any]:
    """A history of 50 items: the quick methods with their faithfulness, and each of the others."""
    inspector, history = inspector_of(module), history_of(50)
    figures: dict[str, Any] = {}
    for removal in ("drop", "mask"):
        explain = partial(ar.explain, inspector, history=history, removal=removal, filter_seen=True)
        quick = explain()
        measured = quick.faithfulness()
        ways: dict[str, Way] = {
            "quick methods": explain,
            "their faithfulness": quick.faithfulness,
            "both": lambda explain=explain: explain().faithfulness(),
            "both, with 20 random orders": lambda explain=explain: explain().faithfulness(
                orders=20
            ),
        }
        on_request = [name for name in ON_REQUEST if name != "Shapley, exact"]
        ways |= {name: partial(explain, methods=[name]) for name in on_request}
        figures[removal] = {
            "methods": list(quick.values),
            "orders": measured.orders,
            "samples": quick.options.samples,
            "variants": measured.asked,
            **{name: summary(times) for name, times in timed(ways, repetitions).items()},
        }
        print(removal, figures[removal], flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    module, report = model(), Report("explanation_speed")
    try:
        captum = beside_captum(module, told.repetitions)
    except ModuleNotFoundError as error:
        if error.name not in ("captum", "torch"):
            raise
        captum = None
        print(f"Nothing beside captum: no {error.name} here; .venv-parity has it (make parity).")
    figures = {
        "repetitions": told.repetitions,
        "beside_captum": captum,
        "for_one_user": for_one_user(module, told.repetitions),
        **({"versions": provenance.versions("torch", "captum")} if captum else {}),
    }
    report.write(told.json, figures)


if __name__ == "__main__":
    main()
