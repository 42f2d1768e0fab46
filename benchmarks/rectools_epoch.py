"""One epoch of RecTools' SASRec, timed: `python rectools_epoch.py HISTORIES LENGTH LOSS`.

Runs in RecTools' own environment, where there is no attnrec; see
`benchmarks.training_speed`, which asks it. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import torch
from pytorch_lightning import Callback
from rectools.dataset import Dataset
from rectools_model import sasrec, table, versions

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


def main(path: str, length: int, told: str) -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = np.load(path)
    loss, negatives = LOSSES[told]
    model = sasrec(length, {"callbacks": [Clock()]}, loss=loss, n_negatives=negatives)
    model.fit(Dataset.construct(table(found["user"], found["item"], found["order"])))
    [clock] = (one for one in model.fit_trainer.callbacks if isinstance(one, Clock))  # a copy
    print(json.dumps({"seconds": clock.seconds, "targets": clock.targets, "versions": versions()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
