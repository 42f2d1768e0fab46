"""RecTools' SASRec recommends to all and is scored, timed: `rectools_evaluation.py CASES ROUNDS`.

Runs in RecTools' own environment, where there is no attnrec; see
`benchmarks.evaluation_speed`, which asks it. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib import metadata

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.metrics import MAP, MRR, NDCG, F1Beta, HitRate, Precision, Recall, calc_metrics
from rectools.models import SASRecModel
from rectools.models.nn.item_net import IdEmbeddingsItemNet

CUTOFFS = (5, 10, 20)
KINDS = (HitRate, NDCG, MRR, Recall, Precision, F1Beta, MAP)


def table(user: np.ndarray, item: np.ndarray, order: np.ndarray) -> pd.DataFrame:
    when = pd.Timestamp(2000, 1, 1) + pd.to_timedelta(order, "s")
    columns = {Columns.User: user, Columns.Item: item, Columns.Weight: 1.0, Columns.Datetime: when}
    return pd.DataFrame(columns)


def main(path: str, rounds: int) -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = np.load(path)
    past = Dataset.construct(table(found["user"], found["item"], found["order"]))
    truth = table(found["target_user"], found["target"], np.zeros(len(found["target"])))
    users = found["target_user"]

    def trainer() -> Trainer:  # one batch: what it has learned makes no difference here
        return Trainer(
            max_epochs=1,
            limit_train_batches=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    model = SASRecModel(
        n_factors=64,
        n_blocks=2,
        n_heads=1,
        session_max_len=200,
        loss="BCE",
        batch_size=128,
        recommend_batch_size=256,
        item_net_block_types=(IdEmbeddingsItemNet,),
        get_trainer_func=trainer,
    )
    model.fit(past)
    metrics = {f"{kind.__name__}@{k}": kind(k=k) for kind in KINDS for k in CUTOFFS}
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        ranked = model.recommend(users, past, k=max(CUTOFFS), filter_viewed=True)
        ranked_in = time.perf_counter() - began
        calc_metrics(metrics, ranked, truth)
        seconds.append([ranked_in, time.perf_counter() - began])
    versions = {name: metadata.version(name) for name in ("rectools", "torch", "numpy")}
    print(json.dumps({"seconds": seconds, "users": len(users), "versions": versions}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
