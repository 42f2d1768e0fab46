"""RecTools' SASRec recommends to all and is scored, timed: `rectools_evaluation.py CASES ROUNDS`.

Runs in RecTools' own environment, where there is no attnrec; see
`benchmarks.evaluation_speed`, which asks it. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import torch
from rectools.dataset import Dataset
from rectools.metrics import MAP, MRR, NDCG, F1Beta, HitRate, Precision, Recall, calc_metrics
from rectools_model import sasrec, table, versions

CUTOFFS = (5, 10, 20)
KINDS = (HitRate, NDCG, MRR, Recall, Precision, F1Beta, MAP)


def main(path: str, rounds: int) -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = np.load(path)
    past = Dataset.construct(table(found["user"], found["item"], found["order"]))
    truth = table(found["target_user"], found["target"], np.zeros(len(found["target"])))
    users = found["target_user"]

    # One batch: what it has learned makes no difference here.
    model = sasrec(200, {"limit_train_batches": 1}, loss="BCE", recommend_batch_size=256)
    model.fit(past)
    metrics = {f"{kind.__name__}@{k}": kind(k=k) for kind in KINDS for k in CUTOFFS}
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        ranked = model.recommend(users, past, k=max(CUTOFFS), filter_viewed=True)
        ranked_in = time.perf_counter() - began
        calc_metrics(metrics, ranked, truth)
        seconds.append([ranked_in, time.perf_counter() - began])
    print(json.dumps({"seconds": seconds, "users": len(users), "versions": versions()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
