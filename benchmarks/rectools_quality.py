"""RecTools' SASRec after each epoch: `rectools_quality.py CASES BATCH_SIZE DROPOUT GOAL EPOCHS`.

Runs in RecTools' own environment, where there is no attnrec; see
`benchmarks.time_to_quality`, which asks it. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
import torch
from rectools import Columns
from rectools.dataset import Dataset
from rectools_model import sasrec, table, versions


def ndcg(model, past: Dataset, users: np.ndarray, targets: np.ndarray) -> float:
    """NDCG@10 of one target for each user."""
    ranked = model.recommend(users, past, k=10, filter_viewed=True)
    truth = pd.DataFrame({Columns.User: users, Columns.Item: targets})
    found = ranked.merge(truth, on=[Columns.User, Columns.Item])
    return float(np.sum(1 / np.log2(found[Columns.Rank] + 1)) / len(users))


def main(path: str, batch_size: int, dropout_rate: float, goal: float, epochs: int) -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = np.load(path)
    train = table(found["user"], found["item"], found["order"])
    users, latest = found["target_user"], np.full(len(found["target_user"]), found["order"].max())
    seen = pd.concat([train, table(users, found["validation"], latest + 1)])
    past, until_test = Dataset.construct(train), Dataset.construct(seen)
    model = sasrec(200, {}, batch_size=batch_size, dropout_rate=dropout_rate, loss="softmax")
    rows: list[dict[str, float]] = []
    while len(rows) < epochs:
        began = time.perf_counter()
        model.fit_partial(past, min_epochs=1, max_epochs=1)
        row = {
            "seconds": time.perf_counter() - began,
            "validation": ndcg(model, past, users, found["validation"]),
            "test": ndcg(model, until_test, users, found["test"]),
        }
        rows.append(row)
        print(json.dumps(row), flush=True)
        if max(rows, key=lambda row: row["validation"])["test"] >= goal:
            break
    print(json.dumps({"epochs": rows, "versions": versions()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
