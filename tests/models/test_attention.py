"""Causal attention in pieces is attention."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from attnrec.models.attention import PIECE, attention_mask, dot_product_attention


@pytest.mark.parametrize("length", [1, 7, PIECE, 2 * PIECE - 1, 2 * PIECE + 1, 200])
def test_in_pieces_it_gathers_the_same_and_learns_the_same(length):
    rng = np.random.default_rng(0)
    query, key, value = (
        jnp.asarray(rng.normal(size=(3, length, 2, 4)), jnp.float32) for _ in range(3)
    )
    real = jnp.asarray(np.arange(length) >= np.array([[0], [length // 2], [length - 1]]))
    mask = attention_mask(real, causal=True)

    def gathered(causal: bool, *parts):
        out = dot_product_attention(*parts, mask, causal=causal)
        return jnp.where(real[:, :, None, None], out, 0)  # padding asks nothing

    @partial(jax.jit, static_argnums=0)
    def both(causal: bool, *parts):
        out, back = jax.vjp(partial(gathered, causal), *parts)
        return out, *back(query)

    for one, other in zip(
        both(True, query, key, value), both(False, query, key, value), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_without_a_mask_the_pieces_still_look_no_further():
    length = 2 * PIECE
    rng = np.random.default_rng(1)
    query, key, value = (
        jnp.asarray(rng.normal(size=(1, length, 1, 4)), jnp.float32) for _ in range(3)
    )
    changed = value.at[:, PIECE:].add(1)
    first, second = (
        dot_product_attention(query, key, each, causal=True)[:, :PIECE] for each in (value, changed)
    )
    np.testing.assert_array_equal(first, second)
