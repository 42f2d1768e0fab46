r"""Multi-head scaled dot-product attention, the block every attention model here shares.

$$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d_h}} + M\right) V$$

(Vaswani et al. 2017, eq. 1; the mask M is 0 where a query may look, minus
infinity elsewhere.) The weights never leave the function that computes them,
so training pays nothing for explanation. To look inside, `views.recorded`
takes a view of the same parameters in which each block's `attention_fn`, the
line above, is exchanged for one that also writes its weights down.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Bool, Float, Int

from attnrec.typing import Array

PIECE = 64  # queries, about, that causal attention takes at once


def attention_mask(
    mask: Bool[Array, "batch key"], *, causal: bool
) -> Bool[Array, "batch 1 query key"]:
    """Who may look at whom: real keys only and, if causal, none after the query."""
    length = mask.shape[-1]
    allowed = mask[:, None, None, :]
    if causal:
        allowed = allowed & jnp.tri(length, dtype=bool)[None, None]
    return jnp.broadcast_to(allowed, (mask.shape[0], 1, length, length))


def attention_weights(
    query: Float[Array, "batch query head size"],
    key: Float[Array, "batch key head size"],
    mask: Bool[Array, "batch #head #asked key"] | None,
    asks: Int[Array, " asked"] | None = None,
) -> Float[Array, "batch head asked key"]:
    """The softmax above. The row of a query that may look at nothing means nothing.

    Args:
        query, key: of each head.
        mask: who may look at whom.
        asks: which query each row of the mask is about, where one may be asked
            several times; each once unless given.
    """
    query, key = query.swapaxes(1, 2) / math.sqrt(query.shape[-1]), key.swapaxes(1, 2)
    logits = _of_all_pairs(query, key)
    if asks is not None:
        logits = logits[:, :, asks]
    if mask is not None:
        logits = jnp.where(mask, logits, jnp.finfo(logits.dtype).min)
    return jax.nn.softmax(logits)


def _of_all_pairs(
    rows: Float[Array, "batch head query size"], columns: Float[Array, "batch head key size"]
) -> Float[Array, "batch head query key"]:
    """Products of each row with each column."""
    if rows.shape[2] == 1:  # `rows @ columns.T` would lay out anew what is long
        return (columns @ rows.swapaxes(2, 3)).swapaxes(2, 3)
    return rows @ columns.swapaxes(2, 3)


def masked_softmax(
    logits: Float[Array, "*batch key"], mask: Bool[Array, "*batch key"]
) -> Float[Array, "*batch key"]:
    """Softmax over what may be looked at; zeros where that is nothing."""
    weights = jax.nn.softmax(jnp.where(mask, logits, jnp.finfo(logits.dtype).min))
    return jnp.where(mask, weights, 0)


def weighted_values(
    weights: Float[Array, "batch head query key"],
    value: Float[Array, "batch key head size"],
    mask: Bool[Array, "batch #head #query key"] | None = None,
) -> Float[Array, "batch query head size"]:
    """What each query gathers; the mask, of what it may look at, is for those who stand in."""
    del mask
    return (weights @ value.swapaxes(1, 2)).swapaxes(1, 2)


def dot_product_attention(
    query: Float[Array, "batch query head size"],
    key: Float[Array, "batch key head size"],
    value: Float[Array, "batch key head size"],
    mask: Bool[Array, "batch #head #asked key"] | None = None,
    asks: Int[Array, " asked"] | None = None,
    *,
    causal: bool = False,
) -> Float[Array, "batch asked head size"]:
    """Values averaged by `attention_weights`.

    Args:
        query, key, value: of each head.
        mask, asks: as there.
        causal: queries stand where their keys stand, and `mask` lets none look
            at a later one. Then they are taken in a few pieces, each with no
            more keys than it needs.

    Without `asks` its derivatives are written out, backward only: `jax.jvp`
    cannot take it.
    """
    if asks is not None:
        return weighted_values(attention_weights(query, key, mask, asks), value)
    if not causal:
        return _attend(query, key, value, mask)
    length = query.shape[1]
    size = -(-length // max(1, length // PIECE))
    pieces = []
    for start in range(0, length, size):
        end = min(start + size, length)
        allowed = None if mask is None else mask[:, :, start:end, :end]
        pieces.append(_attend(query[:, start:end], key[:, :end], value[:, :end], allowed))
    return jnp.concatenate(pieces, 1)


@jax.custom_vjp
def _attend(query: Array, key: Array, value: Array, mask: Array | None) -> Array:
    return weighted_values(attention_weights(query, key, mask), value)


def _forward(query: Array, key: Array, value: Array, mask: Array | None) -> tuple[Array, tuple]:
    weights = attention_weights(query, key, mask)
    found = weighted_values(weights, value)
    return found, (query, key, value, mask, weights, found)


def _backward(kept: tuple, by_found: Array) -> tuple[Array, Array, Array, None]:
    """Derivatives with one sum over a head's size, where softmax's own sum over keys.

    The mean of a row's derivatives by its weights is the product of what it
    found and the derivative by that (Dao et al. 2022 [dao2022flashattention], app. B.2).
    """
    *parts, mask, weights, found = kept
    mean = (by_found * found).sum(-1).swapaxes(1, 2)[..., None]
    query, key, value, by_found = (part.swapaxes(1, 2) for part in (*parts, by_found))
    by_logits = weights * (_of_all_pairs(by_found, value) - mean)
    if mask is not None:  # a row that may look at nothing depends on no logit
        by_logits = jnp.where(mask, by_logits, 0)
    by_logits /= math.sqrt(query.shape[-1])
    by_query, by_key = by_logits @ key, by_logits.swapaxes(-1, -2) @ query
    by_value = weights.swapaxes(-1, -2) @ by_found
    return by_query.swapaxes(1, 2), by_key.swapaxes(1, 2), by_value.swapaxes(1, 2), None


_attend.defvjp(_forward, _backward)


class MultiHeadAttention(nnx.Module):
    """Project to heads, attend, and project back.

    Args:
        embedding_size: width of input and output.
        num_heads: number of heads; must divide `embedding_size`.
        causal: where queries are keys, masks let none look at a later one.
        rngs: for the initial weights (Glorot uniform, zero bias).
    """

    def __init__(
        self, embedding_size: int, num_heads: int, *, causal: bool = False, rngs: nnx.Rngs
    ):
        self.num_heads = num_heads
        self.causal = causal
        self.attention_fn = dot_product_attention

        def linear() -> nnx.Linear:
            return nnx.Linear(
                embedding_size,
                embedding_size,
                kernel_init=nnx.initializers.xavier_uniform(),
                rngs=rngs,
            )

        self.query, self.key, self.value, self.out = linear(), linear(), linear(), linear()

    def __call__(
        self,
        queries: Float[Array, "batch query embedding"],
        keys: Float[Array, "batch key embedding"],
        mask: Bool[Array, "batch 1 asked key"],
        asks: Int[Array, " asked"] | None = None,
    ) -> Float[Array, "batch asked embedding"]:
        """What each query gathers; with `asks`, each row of the mask, of the query it is about."""
        if queries.shape[1] == 1 < keys.shape[1]:
            return self._of_one_query(queries, keys, mask)

        def heads(x: Array) -> Array:  # [batch, position, head, size]
            return x.reshape(*x.shape[:2], self.num_heads, -1)

        attended = self.attention_fn(
            heads(self.query(queries)),
            heads(self.key(keys)),
            heads(self.value(keys)),
            mask=mask,
            asks=asks,
            causal=self.causal and keys is queries and asks is None,
        )
        return self.out(attended.reshape(*attended.shape[:2], -1))

    def _of_one_query(
        self,
        query: Float[Array, "batch 1 embedding"],
        keys: Float[Array, "batch key embedding"],
        mask: Bool[Array, "batch 1 1 key"],
    ) -> Float[Array, "batch 1 embedding"]:
        r"""The same without a projection of each key.

        As $q^\top (W_K x_k + b_K) = (W_K^\top q)^\top x_k + c$, where the softmax forgets
        $c$, and $\sum_k a_k (W_V x_k + b_V) = W_V \sum_k a_k x_k + b_V$ of weights that
        sum to one, each head can ask the keys as they are, and gather them so.
        """
        batch, _, size = query.shape
        by_head = (size, self.num_heads, -1)
        wanted = self.query(query).reshape(batch, self.num_heads, -1)
        asked = jnp.einsum("bhs,ehs->bhe", wanted, self.key.kernel[...].reshape(by_head))
        asked *= math.sqrt(self.num_heads)  # attention divides by the root of the larger size
        asked, keys = asked[:, :, None], keys[:, :, None]  # the heads' questions, as if of one head
        gathered = self.attention_fn(asked, keys, keys, mask=mask)[:, :, 0]  # [batch, head, size]
        value = jnp.einsum("bhe,ehs->bhs", gathered, self.value.kernel[...].reshape(by_head))
        bias = self.value.bias[...].reshape(1, self.num_heads, -1)
        value += jnp.where(mask[:, 0].any(-1, keepdims=True), bias, 0)
        return self.out(value.reshape(query.shape))
