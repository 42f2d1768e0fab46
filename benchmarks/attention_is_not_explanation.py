"""Jain and Wallace's, and Wiegreffe and Pinter's tests of attention, on whole runs.

    python -m benchmarks.attention_is_not_explanation tests RUN [--users 300] --json FILE
    python -m benchmarks.attention_is_not_explanation adversarial RUN [--users 50] --json FILE
    python -m benchmarks.attention_is_not_explanation train NAME RUNS [--seeds 0 1 2]
    python -m benchmarks.attention_is_not_explanation uniform RUN [RUN ...] [--trained RUN ...] \\
        --json FILE
    python -m benchmarks.attention_is_not_explanation seeds RUN RUN [RUN ...] [--users 100] \\
        --json FILE

RUN is a folder that `run.save` wrote, or `bazaar-sasrec`. `tests` are Jain and
Wallace's first two: agreement with gradients and with leave-one-out, and permuted
attention; `adversarial` is their third. `train` repeats a reproduction, as
`attnrec reproduce` names it, with attention that is uniform from the start, and
saves RUNS/NAME-uniform-SEED. `uniform` ranks the test items by each run, by the
same run with uniform attention in its place, and by those `--trained` with it.
`seeds` holds how far attention lies apart in runs of other seeds against how far
an adversary moves it in the first. Per user, in the order of `drawn`, no ids.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import attnrec as ar
from attnrec import provenance
from attnrec.evaluation import evaluate
from attnrec.explanations import Case
from attnrec.explanations.adversarial import AdversarialAttention, adversarial_attention
from attnrec.explanations.adversarial_search import divergence
from attnrec.explanations.attention_agreement import MEASURES, attention_agreement
from attnrec.explanations.attention_tests import permuted_attention
from attnrec.explanations.explain import case_of
from attnrec.models.protocol import build
from attnrec.models.schema import Schema
from attnrec.models.scorer import ModelScorer
from attnrec.models.uniform import with_uniform_attention
from attnrec.reproductions import find
from attnrec.run import Run
from benchmarks.faithfulness import about, drawn, rounded

METHODS = (
    *("last layer", "raw attention", "rollout", "gradient x input"),
    *("item similarity", "recency", "random"),
)
EPSILONS = (0.001, 0.01, 0.05, 0.1)  # bounds on the output's total variation


def cases_of(run: Run, users: int) -> Iterator[Case]:
    """Of drawn users, those with two items or more: each with what is recommended first."""
    for user in drawn(list(run.users), users):
        if len(run.past(user)) > 1:
            yield case_of(run, user=user)[0]


def tests(run: Run, users: int) -> dict[str, Any]:
    """Attention's agreement with two measures of importance, and what permuting it does."""
    agreed, permuted = [], []
    for case in cases_of(run, users):
        agreed.append(attention_agreement(case, METHODS))
        permuted.append(permuted_attention(case))
    tau = np.array([one.tau for one in agreed])
    significant = np.array([one.p_value for one in agreed]) < 0.05
    by_leaving_out = [one.measures[MEASURES.index("leave-one-out")] for one in agreed]
    return {
        "benchmark": "agreement and permutation",
        **about(run),
        "num_users": len(agreed),
        "agreement": {
            name: {
                measure: {
                    "mean": rounded([np.nanmean(tau[:, i, j])])[0],
                    "sd": rounded([np.nanstd(tau[:, i, j])])[0],
                    "significant": rounded([significant[:, i, j].mean()])[0],
                    "tau": thousandths(tau[:, i, j]),
                }
                for j, measure in enumerate(MEASURES)
            }
            for i, name in enumerate(METHODS)
        },
        "permuted": {
            "permutations": len(permuted[0].scores),
            "largest weight": thousandths([one.largest_weight for one in permuted]),
            "median total variation": thousandths([one.median_divergence for one in permuted]),
            "most by leaving one out": thousandths([one.max() for one in by_leaving_out]),
        },
    }


def adversarial(run: Run, users: int) -> dict[str, Any]:
    """How far attention moves while the output stays within the paper's bound."""
    cases = list(cases_of(run, users))
    ways = {"last map": run.inspector.names[-1:], "all maps": None}
    return {
        "benchmark": "adversarial attention, by user",
        **about(run),
        "num_users": len(cases),
        "ways": {
            way: attack_told(adversarial_attention(cases, maps=maps)) for way, maps in ways.items()
        },
    }


def attack_told(found: list[AdversarialAttention]) -> dict[str, Any]:
    """What an adversary reaches, user by user."""
    return {
        "epsilon": found[0].epsilon,
        "divergence": thousandths([one.divergence[-1] for one in found]),
        "total variation": thousandths([one.total_variation[-1] for one in found]),
        "largest weight": thousandths([largest_weight(one) for one in found]),
        "same top 10": int(sum(bool(one.same_top[-1]) for one in found)),
    }


def largest_weight(found: AdversarialAttention) -> float:
    """The model's own, the mean over the maps that move and their heads."""
    return float(np.mean([rows[0].max(-1).mean() for rows in found.weights.values()]))


def train(name: str, seeds: list[int], folder: Path) -> None:
    """A reproduction with attention uniform from the start, seed by seed."""
    one = find(name)
    split = ar.split.leave_one_out(ar.datasets.load(one.data))
    schema = Schema(num_items=len(split.data.items), num_users=len(split.data.users))
    for seed in seeds:
        model = with_uniform_attention(build(one.recipe, schema, seed))
        run = ar.fit(model, split, seed=seed, progress=False, **one.fit)
        for block in run.model.blocks:
            assert not block.attention.query.kernel[...].any()
        replace(run, config=one.recipe).save(folder / f"{name}-uniform-{seed}")


def uniform(runs: list[Run], trained: list[Run]) -> dict[str, Any]:
    """NDCG@10 and HR@10 on the test items: own attention, uniform since when."""

    def figures(run: Run, model: Any) -> dict[str, float]:
        found = evaluate(
            ModelScorer(model, run.name),
            run.split.cases("test"),
            len(run.items),
            filter_seen=run.data.protocol.filter_seen,
            cutoffs=(10,),
        )
        seed = run.provenance["seed"]
        return {"seed": seed} | {name: round(found[name], 4) for name in ("NDCG@10", "HR@10")}

    baselines = runs[0].evaluate().drop(runs[0].name)
    return {
        "benchmark": "uniform attention",
        **about(runs[0]),
        "num_users": len(runs[0].split.cases("test")),
        "own": [figures(run, run.model) for run in runs],
        "uniform in the test": [figures(run, with_uniform_attention(run.model)) for run in runs],
        "uniform in training": [figures(run, run.model) for run in trained],
        "baselines": baselines[["NDCG@10", "HR@10"]].round(4).to_dict("index"),
    }


def seeds(runs: list[Run], users: int) -> dict[str, Any]:
    """Jensen-Shannon divergence from the first run's attention, by layer's mean of heads.

    Heads of two trainings have no common order, so that only their mean compares.
    """
    base, *others = runs
    cases = list(cases_of(base, users))
    own = [last_rows(case) for case in cases]
    from_seeds, outputs = [], []
    for other in others:
        again = [Case(other.inspector, case.items, case.target, case.left_out) for case in cases]
        from_seeds.append([apart(a, last_rows(b)) for a, b in zip(own, again, strict=True)])
        outputs.append([variation(a, b) for a, b in zip(cases, again, strict=True)])
    attacks = {epsilon: adversarial_attention(cases, epsilon=epsilon) for epsilon in EPSILONS}
    rng = np.random.default_rng(0)
    return {
        "benchmark": "seeds and adversaries",
        **about(base),
        "seeds": [run.provenance["seed"] for run in runs],
        "num_users": len(cases),
        "between seeds": [thousandths(one) for one in from_seeds],
        "total variation between seeds": [thousandths(one) for one in outputs],
        "from uniform": thousandths([apart(a, np.full_like(a, 1 / a.shape[1])) for a in own]),
        "from permuted": thousandths([apart(a, rng.permuted(a, axis=-1)) for a in own]),
        "adversarial": {
            str(epsilon): thousandths([moved(one) for one in found])
            for epsilon, found in attacks.items()
        },
    }


def last_rows(case: Case) -> np.ndarray:
    """`[layer, position]`: the last query's weights, the mean of heads."""
    return np.stack([layer[:, -1].mean(0, dtype=float) for layer in case.maps])


def moved(found: AdversarialAttention) -> float:
    """How far an adversary has come, as `apart` tells it of seeds."""
    own, last = (
        np.stack([rows[frame].mean(0) for rows in found.weights.values()]) for frame in (0, -1)
    )
    return apart(own, last)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """In nats, the mean over layers."""
    return float(divergence(one.astype(float), other.astype(float)).mean())


def variation(one: Case, other: Case) -> float:
    """Between two models' answers: total variation of the softmax over candidates."""
    scores = np.stack([case.inspection.scores[0, one.candidates] for case in (one, other)])
    powers = np.exp(scores.astype(float) - scores.max(1, keepdims=True))
    first, second = powers / powers.sum(1, keepdims=True)
    return float(np.abs(first - second).sum() / 2)


def thousandths(values: Any) -> list[float | None]:
    return [None if value is None else round(value, 3) for value in rounded(values)]


def write(result: dict[str, Any], path: Path) -> None:
    """JSON with a field a line, so that a list of users is one."""
    lines = [
        f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in result.items()
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("name")
    one.add_argument("folder", type=Path)
    one.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    for name, users in (("tests", 300), ("adversarial", 50), ("uniform", None), ("seeds", 100)):
        one = commands.add_parser(name)
        one.add_argument("runs", nargs="+" if name in ("uniform", "seeds") else 1)
        one.add_argument("--json", type=Path, required=True, metavar="FILE")
        if users:
            one.add_argument("--users", type=int, default=users)
        else:
            one.add_argument("--trained", nargs="*", default=[])
    told = parser.parse_args()
    if told.command == "train":
        train(told.name, told.seeds, told.folder)
        return
    began = time.perf_counter()
    runs = [ar.load_run(path) for path in told.runs]
    if told.command == "tests":
        result = tests(runs[0], told.users)
    elif told.command == "adversarial":
        result = adversarial(runs[0], told.users)
    elif told.command == "uniform":
        result = uniform(runs, [ar.load_run(path) for path in told.trained])
    else:
        result = seeds(runs, told.users)
    result |= {
        "wall_seconds": round(time.perf_counter() - began, 1),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **provenance.environment(),
    }
    write(result, told.json)


if __name__ == "__main__":
    main()
