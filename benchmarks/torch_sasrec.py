"""SASRec in torch as captum may ask it, as fast as plain torch goes: in batches, without padding.

Of the last block only the last query; query, key and value in one product;
torch's fused attention; weights laid out once. What captum turns on and off is
the presence of each item of one history.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from flax import nnx
from torch import Tensor

from attnrec.explanations.removal import Removal
from attnrec.models import SASRecModule
from attnrec.models.weights import named_leaves


class TorchSASRec:
    """Ours, with its weights.

    Args:
        model: of one head.
    """

    def __init__(self, model: SASRecModule):
        ours = named_leaves(nnx.state(model)).items()
        self.weights = weights = {name: torch.from_numpy(np.array(leaf)) for name, leaf in ours}
        self.size, self.num_layers = model.config.embedding_size, model.config.num_layers
        self.items = weights["item_embedding.embedding"]
        self.positions = weights["position_embedding.embedding"]
        self.layers: dict[str, tuple[Tensor, Tensor]] = {}
        for i in range(self.num_layers):
            attention, feed_forward = f"blocks.{i}.attention", f"blocks.{i}.feed_forward"
            self._lay_out(f"{i} qkv", *(f"{attention}.{x}" for x in ("query", "key", "value")))
            self._lay_out(f"{i} kv", f"{attention}.key", f"{attention}.value")
            self._lay_out(f"{i} q", f"{attention}.query")
            self._lay_out(f"{i} out", f"{attention}.out")
            self._lay_out(f"{i} inner", f"{feed_forward}.inner")
            self._lay_out(f"{i} outer", f"{feed_forward}.outer")

    def _lay_out(self, name: str, *of: str) -> None:
        kernel = torch.cat([self.weights[f"{one}.kernel"].T for one in of]).contiguous()
        self.layers[name] = kernel, torch.cat([self.weights[f"{one}.bias"] for one in of])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        scale, bias = self.weights[f"{name}.scale"], self.weights[f"{name}.bias"]
        return F.layer_norm(x, (self.size,), scale, bias, 1e-8)

    def last(self, x: Tensor, keep: Tensor | None) -> Tensor:
        """What the last position has gathered.

        Args:
            x: float[batch, key, size], the input of each position.
            keep: bool[batch, key], what may be looked at; all unless given.
        """
        allowed, length = None, x.shape[1]
        if keep is not None:
            # Who may look at nothing looks at itself, which is taken back where it is the last:
            # nobody looks at the others.
            itself = torch.eye(length, dtype=torch.bool)
            itself[-1, -1] = False
            allowed = torch.ones(length, length, dtype=torch.bool).tril() & keep[:, None] | itself
            some = keep.any(1)
            allowed[:, -1, -1] |= ~some
            allowed = allowed[:, None]
        for i in range(self.num_layers):
            keys = self._norm(x, f"blocks.{i}.attention_norm")
            if i < self.num_layers - 1:
                query, key, value = F.linear(keys, *self.layers[f"{i} qkv"]).chunk(3, -1)
            else:
                key, value = F.linear(keys, *self.layers[f"{i} kv"]).chunk(2, -1)
                query, x = F.linear(keys[:, -1:], *self.layers[f"{i} q"]), x[:, -1:]
                allowed = None if allowed is None else allowed[:, :, -1:]
            found = F.scaled_dot_product_attention(
                query[:, None],
                key[:, None],
                value[:, None],
                attn_mask=allowed,
                is_causal=allowed is None and i < self.num_layers - 1,
            )[:, 0]
            if keep is not None:
                found[:, -1] *= some[:, None]
            x = x + F.linear(found, *self.layers[f"{i} out"])
            hidden = F.linear(
                self._norm(x, f"blocks.{i}.feed_forward_norm"), *self.layers[f"{i} inner"]
            )
            x = x + F.linear(F.relu(hidden), *self.layers[f"{i} outer"])
        return self._norm(x[:, -1], "norm")

    def of_presence(
        self, history: np.ndarray, target: int, removal: Removal
    ) -> Callable[[Tensor], Tensor]:
        """The target's score where only some items of a history are there, `[batch, key]`."""
        items = torch.from_numpy(history.astype(np.int64))
        from_the_end = torch.arange(len(items)).flip(0)

        def score(present: Tensor) -> Tensor:
            keep = present > 0.5
            if removal == "mask":
                found = items * keep
            else:  # what is there moves up to the end; so many columns as the longest needs
                order = keep.int().argsort(dim=1, stable=True)
                order = order[:, -max(1, int(keep.sum(1).max())) :]
                keep = keep.gather(1, order)
                found = items[order] * keep
            x = self.items[found] * self.size**0.5
            x = x + self.positions[from_the_end[-found.shape[1] :]]
            return self.last(x, keep) @ self.items[target]

        return score

    def of_embeddings(self, history: np.ndarray, target: int) -> Callable[[Tensor], Tensor]:
        """The target's score of embeddings `[batch, key, size]` that stand in for the items'."""
        positions = self.positions[torch.arange(len(history)).flip(0)]

        def score(embeddings: Tensor) -> Tensor:
            return self.last(embeddings * self.size**0.5 + positions, None) @ self.items[target]

        return score
