"""One epoch of pmixer's SASRec.pytorch: `python pmixer_epoch.py CHECKOUT HISTORIES LENGTH`.

With BCE and one negative, as its own script trains it, which does nothing else
in a step. Runs in an environment with torch, where there is no attnrec; see
`benchmarks.training_speed`, which asks it. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

BATCH = 128


def main(checkout: str, path: str, length: int) -> None:
    sys.path.insert(0, str(Path(checkout) / "python"))
    from model import SASRec
    from utils import WarpSampler

    torch.manual_seed(0)
    found = np.load(path)
    begins = np.flatnonzero(np.r_[True, found["user"][1:] != found["user"][:-1]])
    histories = np.split(found["item"].astype(int), begins[1:])
    users = {number: items.tolist() for number, items in enumerate(histories, 1)}
    items = int(found["item"].max())
    settings = argparse.Namespace(
        hidden_units=64,
        num_blocks=2,
        num_heads=1,
        maxlen=length,
        dropout_rate=0.2,
        device="cpu",
        norm_first=False,
    )
    model = SASRec(len(users), items, settings)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.xavier_normal_(parameter.data)
    model.train()
    of_labels = torch.nn.BCEWithLogitsLoss()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.98))
    sampler = WarpSampler(users, len(users), items, BATCH, length, n_workers=3)
    targets, began = 0, time.perf_counter()
    for _ in range(-(-len(users) // BATCH)):
        user, seq, pos, neg = (np.array(part) for part in sampler.next_batch())
        real = np.where(pos != 0)
        wanted, unwanted = (scores[real] for scores in model(user, seq, pos, neg))
        adam.zero_grad()
        loss = of_labels(wanted, torch.ones_like(wanted))
        loss += of_labels(unwanted, torch.zeros_like(unwanted))
        loss.backward()
        adam.step()
        targets += len(real[0])
    seconds = time.perf_counter() - began
    sampler.close()
    commit = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "--short", "HEAD"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout.strip()
    versions = {"SASRec.pytorch": commit or "unknown", "torch": torch.__version__}
    print(json.dumps({"seconds": seconds, "targets": targets, "versions": versions}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
