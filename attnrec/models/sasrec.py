r"""SASRec: self-attentive sequential recommendation (Kang & McAuley, ICDM 2018).

An item's embedding and its position's make the input (eq. 1). Each block lets
every position look at itself and at what came before it, then transforms what
it found, both with a residual connection and layer normalisation (eqs. 2-5):

$$S = X + \mathrm{Dropout}(\mathrm{SA}(\mathrm{LN}(X))),\qquad
  X' = S + \mathrm{Dropout}(\mathrm{FFN}(\mathrm{LN}(S)))$$

and an item's score is the product of its embedding, shared with the input,
and the last position's output (eq. 6).

Departures: an output projection after attention and several heads, as in
Vaswani et al. (2017); no dropout on attention weights, so that what is
recorded is what was used; the output is normalised once more.

Positions count from the recent end: the newest item of a row has position 0.
The same history therefore gets the same answer in every padded length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, share, whole_number
from attnrec.models.attention import MultiHeadAttention, attention_mask
from attnrec.models.dropout import Dropout
from attnrec.models.prefixes import Prefixes
from attnrec.sharding import OVER_CATALOGUE
from attnrec.typing import Array

if TYPE_CHECKING:
    from attnrec.models.schema import Schema


@dataclass(frozen=True)
class SASRec:
    """Hyperparameters of SASRec.

    Args:
        embedding_size: width of item embeddings and of every layer.
        num_layers: attention blocks.
        num_heads: attention heads in each block; must divide `embedding_size`.
        max_length: most recent items that the model sees.
        dropout_rate: share of activations dropped in training, at the input
            and after each attention and feed-forward layer; to the nearest 256th.
        positions: learn an embedding for each position; without it the model
            cannot tell order except through the causal mask (the paper's
            ablation, its Table IV and Figure 4c).
    """

    embedding_size: int = 64
    num_layers: int = 2
    num_heads: int = 1
    max_length: int = 200
    dropout_rate: float = 0.1
    positions: bool = True

    def __post_init__(self) -> None:
        for name in ("embedding_size", "num_layers", "num_heads", "max_length"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.embedding_size % self.num_heads:
            raise AttnrecError(
                f"num_heads: {self.num_heads} does not divide embedding_size {self.embedding_size}"
            )
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))
        object.__setattr__(self, "positions", bool(self.positions))

    def build(self, schema: Schema, rngs: nnx.Rngs) -> SASRecModule:
        """The model for a catalogue, with fresh weights."""
        return SASRecModule(self, schema.num_items, rngs=rngs)


class FeedForward(nnx.Module):
    """Two layers with a ReLU between, applied to each position alone (eq. 4)."""

    def __init__(self, embedding_size: int, *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_uniform()
        self.inner = nnx.Linear(embedding_size, embedding_size, kernel_init=init, rngs=rngs)
        self.outer = nnx.Linear(embedding_size, embedding_size, kernel_init=init, rngs=rngs)

    def __call__(
        self, x: Float[Array, "batch query embedding"], dropout: nnx.Dropout, rngs: nnx.Rngs | None
    ) -> Float[Array, "batch query embedding"]:
        hidden = dropout(nnx.relu(self.inner(x)), deterministic=rngs is None, rngs=rngs)
        return self.outer(hidden)


class Block(nnx.Module):
    """Attend, then transform; normalise before each, add after each (eq. 5)."""

    def __init__(self, config: SASRec, *, rngs: nnx.Rngs):
        size = config.embedding_size
        self.attention_norm = nnx.LayerNorm(size, epsilon=1e-8, rngs=rngs)
        self.attention = MultiHeadAttention(size, config.num_heads, causal=True, rngs=rngs)
        self.feed_forward_norm = nnx.LayerNorm(size, epsilon=1e-8, rngs=rngs)
        self.feed_forward = FeedForward(size, rngs=rngs)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(
        self,
        x: Float[Array, "batch query embedding"],
        mask: Bool[Array, "batch 1 query key"],
        rngs: nnx.Rngs | None,
        *,
        keys: Float[Array, "batch key embedding"] | None = None,
        asks: Int[Array, " query"] | None = None,
    ) -> Float[Array, "batch query embedding"]:
        """Of what comes in at each query.

        Args:
            x: that.
            mask: who may look at whom.
            rngs: for dropout.
            keys: what is looked at, normalised; the queries unless given.
            asks: which of `keys`, which must then be given, each query is.
        """

        def dropout(y: Array) -> Array:
            return self.dropout(y, deterministic=rngs is None, rngs=rngs)

        if asks is None:
            queries = self.attention_norm(x)
            keys = queries if keys is None else keys
        else:
            assert keys is not None
            queries = keys
        x = x + dropout(self.attention(queries, keys, mask, asks))
        return x + dropout(self.feed_forward(self.feed_forward_norm(x), self.dropout, rngs))


class SASRecModule(nnx.Module):
    """SASRec with its weights.

    Args:
        config: hyperparameters.
        num_items: size of the catalogue.
        rngs: for the initial weights (embeddings normal with deviation
            0.02, so that first scores are near zero; layers Glorot uniform).
    """

    def __init__(self, config: SASRec, num_items: int, *, rngs: nnx.Rngs):
        size = config.embedding_size
        self.config = config
        self.max_length = config.max_length
        normal = nnx.initializers.normal(0.02)
        self.item_embedding = nnx.Embed(
            num_items + 1,
            size,
            embedding_init=normal,
            embedding_metadata=OVER_CATALOGUE,
            rngs=rngs,
        )
        if config.positions:
            self.position_embedding = nnx.Embed(
                config.max_length, size, embedding_init=normal, rngs=rngs
            )
        self.dropout = Dropout(config.dropout_rate)
        self.blocks = nnx.List([Block(config, rngs=rngs) for _ in range(config.num_layers)])
        self.norm = nnx.LayerNorm(size, epsilon=1e-8, rngs=rngs)

    def encode(
        self,
        items: Int[Array, "batch key"],
        mask: Bool[Array, "batch key"],
        *,
        rngs: nnx.Rngs | None = None,
    ) -> Float[Array, "batch key embedding"]:
        """What each position has gathered, for scoring what comes after it.

        Args:
            items: catalogue indices, right-aligned, 0 at padding.
            mask: what is real and may be looked at.
            rngs: random keys for dropout; none, no dropout.

        Raises:
            AttnrecError: more columns than `max_length`.
        """
        x, allowed = self._input(items, rngs), attention_mask(mask, causal=True)
        for block in self.blocks:
            x = block(x, allowed, rngs)
        return self.norm(x)

    def encode_last(
        self, items: Int[Array, "batch key"], mask: Bool[Array, "batch key"]
    ) -> Float[Array, "batch embedding"]:
        """`encode(...)[:, -1]`, without what only other positions need."""
        allowed = attention_mask(mask, causal=True)
        return self._last(self._input(items, None), allowed, self.blocks)

    def encode_variants(
        self,
        mask: Bool[Array, "batch key"],
        prefixes: Prefixes,
    ) -> Float[Array, "batch embedding"]:
        """`encode_last` of many variants of one history, common beginnings once.

        In the first block, that is, where all look at the same few keys; in
        two blocks that is nearly all of the work.

        Args:
            mask: of each variant, what is real and may be looked at.
            prefixes: what they are made of.
        """
        items, column, token, variant, query, node = prefixes
        tokens, length = jnp.arange(len(items)), mask.shape[1]
        x = self._placed(items, length - 1 - column)
        asks = token[variant, query]  # padding, where nothing stands at the last position
        there = (token[:, column] == tokens[None]) & (tokens < len(items) - 1)[None]
        seen = there[variant] & (column[None] <= query[:, None])
        first, *others = self.blocks
        keys = first.attention_norm(x)[None]
        [nodes] = first(x[asks][None], seen[None, None], None, keys=keys, asks=asks)
        if not others:
            return self.norm(nodes[node[:, -1]])
        return self._last(nodes, attention_mask(mask, causal=True), others, node)

    def _last(
        self,
        x: Float[Array, "batch key embedding"] | Float[Array, "node embedding"],
        allowed: Bool[Array, "batch 1 key key"],
        blocks: Sequence[Block],
        node: Int[Array, "batch key"] | None = None,
    ) -> Float[Array, "batch embedding"]:
        """The last position after these blocks; in the last of them nobody else asks.

        Args:
            x: what comes in, of each position or, where `node` says which
                stands where, of each node.
            allowed: who may look at whom.
            blocks: at least one.
            node: as in `Prefixes`.
        """
        *others, last = blocks
        for block in others:
            x = block(x if node is None else x[node], allowed, None)
            node = None
        keys, newest = last.attention_norm(x), x[:, -1:]
        if node is not None:
            keys, newest = keys[node], x[node[:, -1:]]
        return self.norm(last(newest, allowed[:, :, -1:], None, keys=keys)[:, -1])

    def _input(
        self, items: Int[Array, "batch key"], rngs: nnx.Rngs | None
    ) -> Float[Array, "batch key embedding"]:
        length = items.shape[1]
        if length > self.max_length:
            raise AttnrecError(
                f"items: the model reads at most {self.max_length} items, got {length} columns"
            )
        x = self._placed(items, jnp.arange(length - 1, -1, -1)[None])
        return self.dropout(x, deterministic=rngs is None, rngs=rngs)

    def _placed(
        self, items: Int[Array, "..."], from_the_end: Int[Array, "..."]
    ) -> Float[Array, "... embedding"]:
        """Items that stand so many places before the last (eq. 1)."""
        x = self.item_embedding(items) * self.config.embedding_size**0.5
        return x + self.position_embedding(from_the_end) if self.config.positions else x

    def item_embeddings(self) -> Float[Array, "item embedding"]:
        """The output layer: the same table as the input's, entry 0 being padding."""
        return self.item_embedding.embedding[...]
