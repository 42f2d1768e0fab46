"""Abnar and Zuidema's Tables 1 and 2 for a recommender: does attention rank items as removal does?

    python -m benchmarks.rollout_and_flow RUN [--users 1000] --json FILE

RUN is a folder that `run.save` wrote, or `bazaar-sasrec`. For the first
recommendation of that many users, Spearman's correlation over the items of a
history, between how attention ranks them (raw, rollout and flow, up to each
layer, and recency, which asks no model) and how much each matters:

- blank-out, their measure: by how much the recommendation's probability
  changes, whichever way, with the item's place kept and emptied;
- the same of the score, the same with its sign, and of the probability where
  the sequence closes up;
- gradient: the norm of the score's derivative by the item's embedding;
- recency: how late the item stands.

Each is read three ways: over all items; without the last, whose own position
asks, so that the residual connection lifts it above others; and with recency
held, as a partial correlation.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from scipy.stats import spearmanr
from tqdm.auto import tqdm

import attnrec as ar
from attnrec import provenance
from attnrec.explanations import METHODS, Case, ExplanationBenchmark, Options, ValueFunction
from attnrec.explanations.attention import (
    attention_row,
    flow_up_to,
    rollout_up_to,
    with_residual,
)
from attnrec.explanations.explain import case_of
from benchmarks.faithfulness import about, drawn, rounded

FEWEST = 5  # items of a history; ranks of fewer say little
READINGS = ("all items", "without the last", "recency held")
IMPORTANCE = (
    "blank-out",
    "blank-out, score",
    "blank-out, signed",
    "removal",
    "gradient",
    "recency",
)


def weights(case: Case) -> dict[str, np.ndarray]:
    """What each row of the tables ranks items by; recency is the first."""
    rows = {"recency": np.arange(len(case), dtype=float)}
    for layer in range(1, len(case.maps) + 1):
        rows[f"raw {layer}"] = attention_row(case, layer)
        rows[f"raw with residual {layer}"] = with_residual(case, layer)[-1][-1]
        rows[f"rollout {layer}"] = rollout_up_to(case, layer)
        rows[f"flow {layer}"] = flow_up_to(case, layer)
    return rows


def importance(case: Case) -> dict[str, np.ndarray]:
    """How much each item matters, in the order of `IMPORTANCE`."""
    keep = np.vstack([np.ones(len(case), bool), ~np.eye(len(case), dtype=bool)])
    masked = ValueFunction(case, "mask").every(keep)
    score = masked[:, case.target].astype(float)
    probability, dropped = (
        softmax(scores.astype(float), axis=1)[:, case.target]
        for scores in (masked, ValueFunction(case, "drop").every(keep))
    )
    values = (
        np.abs(probability[0] - probability[1:]),
        np.abs(score[0] - score[1:]),
        probability[0] - probability[1:],
        np.abs(dropped[0] - dropped[1:]),
        METHODS["gradient"].compute(case, Options()),
        np.arange(len(case), dtype=float),
    )
    return dict(zip(IMPORTANCE, values, strict=True))


def correlations(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`[reading, row, column]`: Spearman's of each row of values with each column of them."""
    n = len(rows)

    def of(values: np.ndarray) -> np.ndarray:
        return spearmanr(values, axis=1).statistic

    every = np.vstack([rows, columns])
    plain, shorter = of(every), of(every[:, :-1])
    recent = plain[0]
    left = np.sqrt(np.outer(1 - recent**2, 1 - recent**2))
    held = np.full_like(plain, np.nan)
    np.divide(plain - np.outer(recent, recent), left, out=held, where=left > 1e-9)
    held[0] = np.nan  # nothing is left of recency
    return np.stack([found[:n, n:] for found in (plain, shorter, held)])


def tables(run: ar.Run, users: int) -> dict[str, Any]:
    """Means over users with 95% intervals and standard deviations, and paired differences."""
    began = time.perf_counter()
    chosen = drawn([user for user in run.users if len(run.past(user)) >= FEWEST], users)
    measured = []
    for user in tqdm(chosen, leave=False):
        case, _ = case_of(run, user=user)
        rows = weights(case)
        columns = importance(case)
        measured.append(correlations(np.array([*rows.values()]), np.array([*columns.values()])))
    values = np.stack(measured)  # [user, reading, row, column]
    names, top = list(rows), len(case.maps)
    pairs = [(f"{name} {top}", f"raw {top}") for name in ("raw with residual", "rollout", "flow")]
    pairs += [(f"{name} {top}", "raw 1") for name in ("rollout", "flow")]
    pairs += [(f"{name} {top}", "recency") for name in ("raw", "rollout", "flow")]
    places = [[names.index(one) for one in pair] for pair in pairs]
    between = np.stack([values[:, :, a] - values[:, :, b] for a, b in places], axis=2)
    told = [*names, *(f"{a} - {b}" for a, b in pairs)]
    table = {
        reading: summary(chosen, told, np.concatenate([values, between], axis=2)[:, i])
        for i, reading in enumerate(READINGS)
    }
    return {
        "benchmark": "rollout and flow",
        **about(run),
        "settings": {"explained": "first", "seed": 0, "fewest items": FEWEST, "layers": top},
        "num_users": len(chosen),
        "median history": int(np.median([len(run.past(user)) for user in chosen])),
        "table": table,
        "wall_seconds": round(time.perf_counter() - began, 1),
    }


def summary(users: list, names: list[str], values: np.ndarray) -> dict[str, Any]:
    """Of `[user, row, column]`: importance by row by mean, low, high and sd."""
    kept = ExplanationBenchmark(
        tuple(users), tuple(names), IMPORTANCE, ("more",) * len(IMPORTANCE), values
    )
    known = np.isfinite(values).any(0)
    sd = np.full(known.shape, np.nan)
    sd[known] = np.nanstd(values[:, known], axis=0, ddof=1)
    ends = np.stack([*kept.intervals(), sd])
    return {
        column: {
            name: dict(zip(("mean", "low", "high", "sd"), rounded(ends[:, i, j]), strict=True))
            for i, name in enumerate(names)
        }
        for j, column in enumerate(IMPORTANCE)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    told = parser.parse_args()
    result = tables(ar.load_run(told.run), told.users)
    result |= {"date": datetime.now(UTC).isoformat(timespec="seconds"), **provenance.environment()}
    told.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
