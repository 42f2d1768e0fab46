"""An epoch of one of RecBole's models of features, timed: `recbole_epoch.py TABLE MODEL`.

Runs in RecBole's own environment, where there is no attnrec; see
`benchmarks.feature_training`, which asks it and says what TABLE holds. The last line is
JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.utils import get_dataloader
from recbole.utils import get_model, get_trainer, init_seed

# Our name: RecBole's, and its settings as ours are. It has no other rates and penalties than 0.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "LogisticRegression": ("LR", {}),
    "FM": ("FM", {}),
    "DeepFM": ("DeepFM", {"mlp_hidden_size": [128, 128]}),
    "XDeepFM": (
        "xDeepFM",
        {"mlp_hidden_size": [128, 128], "cin_layer_size": [64, 64], "direct": True},
    ),
    "AFM": ("AFM", {"attention_size": 16}),
    "AutoInt": (
        "AutoInt",
        {
            "attention_size": 16,
            "num_heads": 2,
            "n_layers": 3,
            "mlp_hidden_size": [128, 128],
            "dropout_probs": [0.0, 0.0, 0.0],
            "has_residual": True,
        },
    ),
    "NeuMF": (
        "NeuMF",
        {"mf_embedding_size": 16, "mlp_embedding_size": 16, "mlp_hidden_size": [64, 32, 16]},
    ),
    "DIN": ("DIN", {"mlp_hidden_size": [80, 40]}),
}
WARM = 3  # batches before the epoch that counts, in which libraries are loaded
SIDES = {"user": "user_", "item": "item_", "inter": "context_"}


def write(found: np.lib.npyio.NpzFile, folder: Path, name: str) -> None:
    """The table as RecBole reads it."""
    (folder / name).mkdir()
    columns = {"user": found["user"], "item": found["item"]}
    columns |= {"timestamp": np.arange(len(found["user"])), "label": found["label"]}
    for suffix, prefix in SIDES.items():
        here = {part: found[part] for part in found.files if part.startswith(prefix)}
        if suffix == "inter":
            here = columns | here
        else:
            here = {suffix: np.arange(len(next(iter(here.values())))), **here}
        kinds = {"timestamp": "float", "label": "float"}
        head = "\t".join(f"{column}:{kinds.get(column, 'token')}" for column in here)
        path = folder / name / f"{name}.{suffix}"
        np.savetxt(path, np.stack([*here.values()], 1), "%d", "\t", header=head, comments="")


def main(path: str, name: str) -> None:
    warnings.simplefilter("ignore")
    for old, new in {"float_": "float64", "complex_": "complex128", "unicode_": "str_"}.items():
        setattr(np, old, getattr(np, new))  # RecBole asks for names that NumPy 2 has no more
    model_name, settings = MODELS[name]
    found = np.load(path)
    with tempfile.TemporaryDirectory() as folder:
        write(found, Path(folder), "rows")
        os.chdir(folder)  # where it leaves its logs
        config = Config(
            model=model_name,
            dataset="rows",
            config_dict={
                "data_path": folder,
                "checkpoint_dir": folder,
                "USER_ID_FIELD": "user",
                "ITEM_ID_FIELD": "item",
                "TIME_FIELD": "timestamp",
                "LABEL_FIELD": "label",
                "load_col": {
                    # Its DIN reads none of the circumstances, nor does ours here.
                    "inter": ["user", "item", "timestamp", "label"]
                    + [one for one in found.files if one.startswith("context_")] * (name != "DIN"),
                    "user": "*",
                    "item": "*",
                },
                "eval_args": {
                    "split": {"RS": [1.0]},
                    "order": "TO",
                    "group_by": None,
                    "mode": "labeled",
                },
                "train_neg_sample_args": None,
                "train_batch_size": int(found["batch_size"]),
                "embedding_size": 16,
                "learning_rate": 0.001,
                "MAX_ITEM_LIST_LENGTH": int(found["history"]),
                "dropout_prob": 0.0,
                "reg_weight": 0.0,
                "use_gpu": False,
                "show_progress": False,
                "state": "ERROR",
                **settings,
            },
        )
        init_seed(0, False)
        dataset = create_dataset(config)
        (rows,) = dataset.build()
        train = get_dataloader(config, "train")(config, rows, None, shuffle=True)
        model = get_model(model_name)(config, train.dataset)
        trainer = get_trainer(config["MODEL_TYPE"], model_name)(config, model)
        trainer._train_epoch([*islice(train, WARM)], 0)
        began = time.perf_counter()
        loss = trainer._train_epoch(train, 0)
        seconds = time.perf_counter() - began
    versions = {one: metadata.version(one) for one in ("recbole", "torch", "numpy")}
    told = {"seconds": seconds, "rows": len(rows), "loss": round(loss / len(train), 4)}
    print(json.dumps(told | {"versions": versions}))


if __name__ == "__main__":
    table, model = sys.argv[1:]
    del sys.argv[1:]  # which RecBole would read
    main(str(Path(table).resolve()), model)
