"""SASRec from torch's own layers: the independent implementation that ours must equal.

Written from Kang & McAuley (2018) and the departures that `attnrec.models.sasrec`
states. It reads one history at a time and knows no padding, so that ours must
give, in every padded length, what it gives in none. It counts in float64: what
differs is our float32.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest
import torch
from flax import nnx
from torch import Tensor

from attnrec.models import SASRec, SASRecModule, Schema
from attnrec.models.weights import named_leaves

torch.set_num_threads(1)  # these matrices are small


class Block(torch.nn.Module):
    """Self-attention, then two layers at each position, both normalised and residual."""

    def __init__(self, size: int, num_heads: int):
        super().__init__()
        self.attention_norm = torch.nn.LayerNorm(size, eps=1e-8)
        self.attention = torch.nn.MultiheadAttention(size, num_heads, batch_first=True)
        self.feed_forward_norm = torch.nn.LayerNorm(size, eps=1e-8)
        self.inner = torch.nn.Linear(size, size)
        self.outer = torch.nn.Linear(size, size)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        normed = self.attention_norm(x)
        future = torch.triu(torch.ones(len(x), len(x), dtype=torch.bool), diagonal=1)
        attended, weights = self.attention(
            *[normed[None]] * 3, attn_mask=future, need_weights=True, average_attn_weights=False
        )
        x = x + attended[0]
        return x + self.outer(torch.relu(self.inner(self.feed_forward_norm(x)))), weights[0]


class TorchSASRec(torch.nn.Module):
    """SASRec without dropout, reading one history."""

    def __init__(self, config: SASRec, num_items: int):
        super().__init__()
        size = config.embedding_size
        self.items = torch.nn.Embedding(num_items + 1, size)
        self.positions = torch.nn.Embedding(config.max_length, size) if config.positions else None
        self.blocks = torch.nn.ModuleList(
            Block(size, config.num_heads) for _ in range(config.num_layers)
        )
        self.norm = torch.nn.LayerNorm(size, eps=1e-8)
        self.double()

    def forward(self, history: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Of int[key]: the output of each position [key, size]; attention [head, query, key]."""
        x = self.items(history) * self.items.embedding_dim**0.5
        if self.positions is not None:
            x = x + self.positions(torch.arange(len(history)).flip(0))  # the newest is 0
        attention = []
        for block in self.blocks:
            x, weights = block(x)
            attention.append(weights)
        return self.norm(x), attention


def state_dict(model: SASRecModule) -> dict[str, Tensor]:
    """Our weights under torch's names. Torch keeps a kernel's transpose, and three in one."""
    ours = {
        name: torch.from_numpy(np.array(leaf, np.float64))
        for name, leaf in named_leaves(nnx.state(model)).items()
    }
    theirs = {"items.weight": ours["item_embedding.embedding"]}
    if model.config.positions:
        theirs["positions.weight"] = ours["position_embedding.embedding"]

    def norm(name: str) -> None:
        theirs[f"{name}.weight"] = ours[f"{name}.scale"]
        theirs[f"{name}.bias"] = ours[f"{name}.bias"]

    def linear(prefix: str, *names: str) -> None:
        theirs[f"{prefix}weight"] = torch.cat([ours[f"{name}.kernel"].T for name in names])
        theirs[f"{prefix}bias"] = torch.cat([ours[f"{name}.bias"] for name in names])

    norm("norm")
    for i in range(model.config.num_layers):
        block = f"blocks.{i}"
        norm(f"{block}.attention_norm")
        norm(f"{block}.feed_forward_norm")
        projections = [f"{block}.attention.{part}" for part in ("query", "key", "value")]
        linear(f"{block}.attention.in_proj_", *projections)
        linear(f"{block}.attention.out_proj.", f"{block}.attention.out")
        linear(f"{block}.inner.", f"{block}.feed_forward.inner")
        linear(f"{block}.outer.", f"{block}.feed_forward.outer")
    return theirs


@pytest.fixture(scope="session")
def to_torch() -> Callable[[SASRecModule], TorchSASRec]:
    """The torch model with the weights of one of ours."""

    def to_torch(model: SASRecModule) -> TorchSASRec:
        weights = state_dict(model)
        made = TorchSASRec(model.config, num_items=len(weights["items.weight"]) - 1)
        made.load_state_dict(weights)  # refuses names that lack or are left over
        return made

    return to_torch


@pytest.fixture(scope="session")
def scrambled() -> Callable[[SASRec, int], SASRecModule]:
    """A model whose every weight, biases and scales too, is random: none hides behind a zero."""

    def scrambled(config: SASRec, num_items: int) -> SASRecModule:
        model = config.build(Schema(num_items), nnx.Rngs(0))
        rng = np.random.default_rng(0)
        noise = lambda x: x + rng.normal(0, 0.3, x.shape).astype(np.float32)  # noqa: E731
        nnx.update(model, jax.tree.map(noise, nnx.state(model)))
        return model

    return scrambled
