"""RecBole's SASRec ranks everything for all and is scored: `recbole_evaluation.py CASES ROUNDS`.

Runs in RecBole's own environment, where there is no attnrec; see
`benchmarks.evaluation_speed`, which asks it. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.utils import get_model, get_trainer, init_seed

CUTOFFS = [5, 10, 20]


def write(found: np.lib.npyio.NpzFile, folder: Path) -> None:
    """Histories and targets as RecBole reads them."""
    lengths = np.bincount(found["user"])
    rows = [*zip(found["user"], found["item"], found["order"], strict=True)]
    last = lengths[found["target_user"]]
    rows += zip(found["target_user"], found["target"], last, strict=True)
    lines = ["user_id:token\titem_id:token\ttimestamp:float"]
    lines += [f"{user}\t{item}\t{order}" for user, item, order in rows]
    (folder / "cases").mkdir()
    (folder / "cases" / "cases.inter").write_text("\n".join(lines) + "\n")


def main(path: str, rounds: int) -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        write(np.load(path), Path(folder))
        os.chdir(folder)  # where it leaves its logs
        config = Config(
            model="SASRec",
            dataset="cases",
            config_dict={
                "data_path": folder,
                "checkpoint_dir": folder,
                "USER_ID_FIELD": "user_id",
                "ITEM_ID_FIELD": "item_id",
                "TIME_FIELD": "timestamp",
                "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
                "eval_args": {
                    "split": {"LS": "valid_and_test"},
                    "order": "TO",
                    "mode": "full",
                    "group_by": None,
                },
                "n_layers": 2,
                "n_heads": 1,
                "hidden_size": 64,
                "inner_size": 64,
                "MAX_ITEM_LIST_LENGTH": 200,
                "loss_type": "CE",
                "train_neg_sample_args": None,
                "metrics": ["Hit", "NDCG", "MRR", "Recall", "Precision", "MAP"],
                "topk": CUTOFFS,
                "valid_metric": "NDCG@10",
                "device": "cpu",
                "use_gpu": False,
                "show_progress": False,
                "state": "ERROR",
            },
        )
        init_seed(0, True)
        dataset = create_dataset(config)
        train, _, test = data_preparation(config, dataset)
        model = get_model("SASRec")(config, train.dataset)
        trainer = get_trainer(config["MODEL_TYPE"], "SASRec")(config, model)
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            trainer.evaluate(test, load_best_model=False)
            seconds.append([None, time.perf_counter() - began])
    versions = {name: metadata.version(name) for name in ("recbole", "torch", "numpy")}
    print(json.dumps({"seconds": seconds, "users": len(test.dataset), "versions": versions}))


if __name__ == "__main__":
    path, rounds = sys.argv[1:]
    del sys.argv[1:]  # which RecBole would read
    main(path, int(rounds))
