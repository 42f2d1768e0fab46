"""RecTools' SASRec as the benchmarks ask for it; runs in RecTools' own environment."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
from pytorch_lightning import Trainer
from rectools import Columns
from rectools.models import SASRecModel
from rectools.models.nn.item_net import IdEmbeddingsItemNet


def table(user: np.ndarray, item: np.ndarray, order: np.ndarray) -> pd.DataFrame:
    """Interactions, a second apart."""
    when = pd.Timestamp(2000, 1, 1) + pd.to_timedelta(order, "s")
    columns = {Columns.User: user, Columns.Item: item, Columns.Weight: 1.0, Columns.Datetime: when}
    return pd.DataFrame(columns)


def sasrec(
    length: int,
    training: dict[str, Any],
    *,
    batch_size: int = 128,
    dropout_rate: float = 0.2,
    **settings: Any,
) -> SASRecModel:
    """64 wide, 2 blocks, 1 head, items known by their ids alone.

    Args:
        length: histories up to this long.
        training: for Lightning's trainer.
        batch_size: histories in a batch.
        dropout_rate: its own default, unless given.
        settings: for the model.
    """

    def trainer() -> Trainer:
        return Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            **training,
        )

    return SASRecModel(
        n_factors=64,
        n_blocks=2,
        n_heads=1,
        session_max_len=length,
        dropout_rate=dropout_rate,
        batch_size=batch_size,
        lr=1e-3,
        item_net_block_types=(IdEmbeddingsItemNet,),
        get_trainer_func=trainer,
        **settings,
    )


def versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("rectools", "torch", "numpy")}
