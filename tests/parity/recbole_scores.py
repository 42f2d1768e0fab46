"""RecBole's models of features with random weights, and what they score: `recbole_scores.py OUT`.

Runs in RecBole's own environment, where there is no attnrec; see
`test_feature_models`, which asks it. OUT.npz holds the fields in the order in
which the models put them side by side, of each its kind, how many rows it has in
a table, padding among them, and its values `[example, column]`; and of each model
the weights that take part, its scores and what it attends to, all in float64. DIN,
which reads a history and no fields of users, has its own fields and its own examples.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from recbole.config import Config
from recbole.data.dataset import Dataset
from recbole.data.interaction import Interaction
from recbole.model.layers import AttLayer, SequenceAttLayer
from recbole.utils import get_model

USERS, ITEMS, EXAMPLES = 6, 8, 48
OCCUPATIONS, GENRES, HOURS = ("clerk", "cook", "smith"), ("comedy", "drama", "war", "western"), 5

LENGTH = 7  # of a history, at most

NEUMF = {"mf_embedding_size": 5, "mlp_embedding_size": 3, "mlp_hidden_size": [7, 6]}
# Our name: RecBole's, the deviation of its weights (attention is far from even), its settings.
MODELS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "LogisticRegression": ("LR", 0.6, {}),
    "FM": ("FM", 0.6, {}),
    "DeepFM": ("DeepFM", 0.6, {"mlp_hidden_size": [7, 6]}),
    "XDeepFM": (
        "xDeepFM",
        0.6,
        {"mlp_hidden_size": [7, 6], "cin_layer_size": [4, 3], "direct": True},
    ),
    "AFM": ("AFM", 1.2, {"attention_size": 4}),
    "AutoInt": (
        "AutoInt",
        0.6,
        {
            "attention_size": 8,
            "num_heads": 2,
            "n_layers": 2,
            "mlp_hidden_size": [7, 6],
            "has_residual": True,
        },
    ),
    "NeuMF": ("NeuMF", 1.0, NEUMF),
    "GMF": ("NeuMF", 1.0, {**NEUMF, "mlp_train": False}),
    "NCF": ("NeuMF", 1.0, {**NEUMF, "mf_train": False}),
}


def write(folder: Path) -> None:
    """Users, items and interactions as RecBole reads them; nothing is missing."""
    rng = np.random.default_rng(0)
    users = [f"{i}\t{rng.choice(OCCUPATIONS)}\t{rng.normal():.2f}" for i in range(USERS)]
    items = [
        f"{i}\t{' '.join(rng.choice(GENRES, rng.integers(1, 4), replace=False))}"
        for i in range(ITEMS)
    ]
    each = (rng.integers(count, size=EXAMPLES) for count in (USERS, ITEMS, HOURS, 2))
    tables = {
        "user": ["user:token\toccupation:token\tage:float", *users],
        "item": ["item:token\tgenres:token_seq", *items],
        "inter": [
            "user:token\titem:token\thour:token\tlabel:float",
            *("\t".join(map(str, row)) for row in zip(*each, strict=True)),
        ],
    }
    (folder / "tiny").mkdir()
    for suffix, lines in tables.items():
        (folder / "tiny" / f"tiny.{suffix}").write_text("\n".join(lines) + "\n")


def configured(name: str, folder: str, settings: dict[str, Any]) -> Config:
    return Config(
        model=name,
        dataset="tiny",
        config_dict={
            "data_path": folder,
            "checkpoint_dir": folder,
            "USER_ID_FIELD": "user",
            "ITEM_ID_FIELD": "item",
            "load_col": {"inter": "*", "user": "*", "item": "*"},
            "numerical_features": ["age"],
            "eval_args": {
                "split": {"RS": [1]},
                "order": "RO",
                "group_by": None,
                "mode": "labeled",
            },
            "embedding_size": 5,
            "use_gpu": False,
            **settings,
        },
    )


def built(config: Config, dataset: Dataset, deviation: float) -> torch.nn.Module:
    """A model whose every weight, biases too, is random: none hides behind a zero."""
    model = get_model(config["model"])(config, dataset).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, deviation)
        if config["model"] == "xDeepFM":  # as in the paper's eq. 6
            for layer in model.conv1d_list:
                layer.bias.zero_()
            model.compressed_interaction_network = partial(
                model.compressed_interaction_network, activation="identity"
            )
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):  # changes nothing
                module.weight.fill_((1 + module.eps) ** 0.5)
                module.bias.zero_()
    return model


def watched(model: torch.nn.Module) -> list[torch.Tensor]:
    """Where each attention layer will put its `[example, head, query, key]`."""
    seen: list[torch.Tensor] = []
    for module in model.modules():
        if isinstance(module, torch.nn.MultiheadAttention):
            module.register_forward_pre_hook(
                lambda _, args, named: (args, {**named, "average_attn_weights": False}),
                with_kwargs=True,
            )
            module.register_forward_hook(lambda _, args, output: seen.append(output[1]))
        elif isinstance(module, AttLayer):  # AFM's, of pairs
            module.register_forward_hook(lambda _, args, output: seen.append(output[:, None, None]))
        elif isinstance(module, SequenceAttLayer):  # DIN's, from which the pooled history comes

            def weights(module: Any, args: tuple[Any, ...], output: Any) -> None:
                module.return_seq_weight = True
                seen.append(module.forward(*args)[:, None])
                module.return_seq_weight = False

            module.register_forward_hook(weights)
    return seen


def din(folder: str, dataset: Dataset) -> dict[str, np.ndarray]:
    """DIN with candidates and histories of several lengths, the oldest item first, 0 at the end."""
    settings = {
        "mlp_hidden_size": [7, 6],
        "MAX_ITEM_LIST_LENGTH": LENGTH,
        "pooling_mode": "mean",
        "LABEL_FIELD": "label",
    }
    model = built(configured("DIN", folder, settings), dataset, 0.6)
    attention = watched(model)
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, LENGTH + 1, EXAMPLES)
    there = np.arange(LENGTH) < lengths[:, None]
    histories = rng.integers(1, ITEMS + 1, (EXAMPLES, LENGTH)) * there
    candidates = rng.integers(1, ITEMS + 1, EXAMPLES)
    given = (np.ones(EXAMPLES, np.int64), histories, lengths, candidates)
    scores = model(*map(torch.from_numpy, given))
    scores.sum().backward()
    found = {"histories": histories, "candidates": candidates, "scores": scores.detach().numpy()}
    found["attention/0"] = attention[0].detach().numpy()
    found["genres"] = dataset.get_item_feature()["genres"].numpy()  # row 0 is padding
    for part, weight in model.named_parameters():
        if weight.grad is not None and ".user" not in part:
            found[f"weights/{part}"] = weight.detach().numpy()
    return {f"DIN/{name}": value for name, value in found.items()}


def fields(model: torch.nn.Module, examples: Interaction) -> dict[str, np.ndarray]:
    """The fields, in the order in which models of this kind put them side by side."""
    found: dict[str, list] = {"fields": [], "kinds": [], "counts": []}
    values = {}
    for kind in ("token_seq", "token", "float"):
        names = getattr(model, f"{kind}_field_names")
        found["fields"] += names
        found["kinds"] += [kind] * len(names)
        found["counts"] += getattr(model, f"{kind}_field_dims")
        for name in names:
            given = examples[name].reshape(len(examples), -1).numpy()
            # A number comes with the row of its field's table, which is always 1.
            values[f"values/{name}"] = given[:, :1] if kind == "float" else given
    return {name: np.array(one) for name, one in found.items()} | values


def main(path: Path) -> None:
    warnings.simplefilter("ignore")
    for old, new in {"float_": "float64", "complex_": "complex128", "unicode_": "str_"}.items():
        setattr(np, old, getattr(np, new))  # RecBole asks for names that NumPy 2 has no more
    found: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        os.chdir(folder)  # where it would leave its logs
        torch.manual_seed(0)
        (dataset,) = Dataset(configured("FM", folder, {})).build()
        examples = dataset.join(dataset.inter_feat)
        for ours, (name, deviation, settings) in MODELS.items():
            model = built(configured(name, folder, settings), dataset, deviation)
            attention = watched(model)
            given = (examples["user"], examples["item"]) if name == "NeuMF" else (examples,)
            scores = model(*given)
            scores.sum().backward()  # what takes no part has no gradient
            found[f"{ours}/scores"] = scores.detach().numpy()
            for part, weight in model.named_parameters():
                if weight.grad is not None:
                    found[f"{ours}/weights/{part}"] = weight.detach().numpy()
            for i, weights in enumerate(attention):
                found[f"{ours}/attention/{i}"] = weights.detach().numpy()
            if ours == "FM":
                found |= fields(model, examples)
        found |= din(folder, dataset)
    np.savez(path, **found)


if __name__ == "__main__":
    (path,) = sys.argv[1:]
    del sys.argv[1:]  # which RecBole would read
    main(Path(path).resolve())
