"""One epoch of RecTools' SASRec, timed: `python rectools_epoch.py HISTORIES LOSS`.

Runs in RecTools' own environment, where there is no attnrec; see
`benchmarks.training_speed`, which asks it. The last line is JSON.
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
from pytorch_lightning import Callback, Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.item_net import IdEmbeddingsItemNet

LOSSES = {
    "bce": ("BCE", 1),
    "softmax": ("softmax", 1),
    "gbce": ("gBCE", 256),
    "sampled_softmax": ("sampled_softmax", 256),
}


class Clock(Callback):
    """Seconds and targets of an epoch."""

    seconds = 0.0
    targets = 0

    def on_train_epoch_start(self, trainer, module) -> None:
        self.began = time.perf_counter()

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        self.targets += int((batch["y"] != 0).sum())

    def on_train_epoch_end(self, trainer, module) -> None:
        self.seconds = time.perf_counter() - self.began


def main(path: str, told: str) -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = np.load(path)
    table = pd.DataFrame(
        {
            Columns.User: found["user"],
            Columns.Item: found["item"],
            Columns.Weight: 1.0,
            Columns.Datetime: pd.Timestamp(2000, 1, 1) + pd.to_timedelta(found["order"], "s"),
        }
    )
    loss, negatives = LOSSES[told]

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=1,
            accelerator="cpu",
            callbacks=[Clock()],
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
        dropout_rate=0.2,
        loss=loss,
        n_negatives=negatives,
        batch_size=128,
        lr=1e-3,
        item_net_block_types=(IdEmbeddingsItemNet,),
        get_trainer_func=trainer,
    )
    model.fit(Dataset.construct(table))
    [clock] = (one for one in model.fit_trainer.callbacks if isinstance(one, Clock))  # a copy
    versions = {name: metadata.version(name) for name in ("rectools", "torch", "numpy")}
    print(json.dumps({"seconds": clock.seconds, "targets": clock.targets, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
