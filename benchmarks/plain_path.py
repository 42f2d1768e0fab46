"""Whether what makes training fast costs accuracy: the fast path beside a plain one.

The plain path has the same weights, equations, order of learning and
optimiser, and nothing else of ours: every history padded to the full length,
each batch in one piece, all queries against all keys, `jax.nn.softmax`,
`nnx.Dropout`, and optax's cross-entropy over logits of every position and
item. ML-1M, 64 wide, 2 blocks, histories up to 200, batches of 32, dropout 0.1;
test figures with the weights that did best on validation.

    python -m benchmarks.plain_path [--epochs 12] [--seeds 3] [--json FILE]

Each training in a process of its own. The test: Welch's, of the two means over seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from scipy import stats

import attnrec as ar
from attnrec.models.sasrec import SASRec, SASRecModule
from attnrec.training import batches, step
from benchmarks.peers import TUNED, in_turn
from benchmarks.report import Report

METRICS = ("HR@10", "NDCG@10")
SETTINGS = {"embedding_size": 64, "num_layers": 2, "max_length": 200, "dropout_rate": 0.1}


class PlainModule(SASRecModule):
    """SASRec's weights, its equations written down as they stand."""

    def encode(self, items, mask, *, rngs=None):
        def dropout(x):
            if rngs is None:
                return x
            return nnx.Dropout(self.config.dropout_rate)(x, deterministic=False, rngs=rngs)

        length, size = items.shape[1], self.config.embedding_size
        x = self.item_embedding(items) * math.sqrt(size)
        x = dropout(x + self.position_embedding(jnp.arange(length)[::-1])[None])
        allowed = mask[:, None, :] & jnp.tri(length, dtype=bool)
        for block in self.blocks:
            y, attention = block.attention_norm(x), block.attention
            logits = attention.query(y) @ attention.key(y).swapaxes(1, 2) / math.sqrt(size)
            weights = jax.nn.softmax(jnp.where(allowed, logits, -1e30))
            x = x + dropout(attention.out(weights @ attention.value(y)))
            z, inner = block.feed_forward_norm(x), block.feed_forward.inner
            x = x + dropout(block.feed_forward.outer(dropout(nnx.relu(inner(z)))))
        return self.norm(x)


@dataclass(frozen=True)
class Plain(SASRec):
    """The recipe of `PlainModule`."""

    def build(self, schema, rngs):
        return PlainModule(self, schema.num_items, rngs=rngs)


def plain_softmax(hidden, table, labels, key=None):
    """optax's cross-entropy over logits of every position and item."""
    logits = (hidden @ table.T).at[..., 0].set(-1e30)
    by_label = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
    real = labels > 0
    return jnp.where(real, by_label, 0).sum(), real.sum().astype(hidden.dtype)


def trained(side: str, epochs: int, seed: int) -> dict[str, Any]:
    """Figures of one training, in this process."""
    recipe, loss = SASRec(**SETTINGS), "softmax"
    if side == "plain":
        recipe, loss = Plain(**SETTINGS), plain_softmax
        batches.fixed_lengths = lambda longest: (longest,)
        step.num_parts = lambda *_: 1
    split = ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec"))
    run = ar.fit(recipe, split, epochs=epochs, batch_size=32, loss=loss, seed=seed, progress=False)
    test = run.evaluate(baselines=False).iloc[0]
    return {
        **{name: round(float(test[name]), 4) for name in METRICS},
        "best_epoch": run.provenance["best_epoch"],
        "loss": [round(loss, 4) for loss in run.history["loss"]],
        "seconds": round(run.provenance["wall_seconds"], 1),
    }


def compared(fast: list[float], plain: list[float]) -> dict[str, Any]:
    """The means, their difference, and Welch's test of it."""
    test = stats.ttest_ind(fast, plain, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return {
        "fast": round(float(np.mean(fast)), 4),
        "plain": round(float(np.mean(plain)), 4),
        "deviation_over_seeds": [round(float(np.std(x, ddof=1)), 4) for x in (fast, plain)],
        "difference": round(float(np.mean(fast) - np.mean(plain)), 4),
        "interval_95": [round(float(low), 4), round(float(high), 4)],
        "p": round(float(test.pvalue), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "SEED"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        side, seed = told.one
        print(json.dumps(trained(side, told.epochs, int(seed))))
        return
    report = Report("plain_path")
    found: dict[str, list[dict[str, Any]]] = {}
    own = [sys.executable, "-m", "benchmarks.plain_path", "--epochs", str(told.epochs), "--one"]
    for side in ("fast", "plain"):
        ways = {str(seed): ([*own, side, str(seed)], TUNED) for seed in range(told.seeds)}
        found[side] = [one for [one] in in_turn(ways, rounds=1, label=f"{side}, seed ").values()]
    figures = {
        name: compared(*([run[name] for run in found[side]] for side in ("fast", "plain")))
        for name in METRICS
    }
    print(json.dumps(figures))
    report.write(told.json, {"epochs": told.epochs, "test": figures, "trainings": found})


if __name__ == "__main__":
    main()
