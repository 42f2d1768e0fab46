"""Attention in pieces, with derivatives of its own, is attention as JAX derives it."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from attnrec.models.attention import (
    PIECE,
    attention_mask,
    attention_weights,
    dot_product_attention,
    weighted_values,
)


def by_definition(query, key, value, mask):
    """Whose derivatives are JAX's."""
    return weighted_values(attention_weights(query, key, mask), value)


@pytest.mark.parametrize("length", [1, 7, PIECE, 2 * PIECE - 1, 2 * PIECE + 1, 200])
def test_in_pieces_it_gathers_the_same_and_learns_the_same(length):
    rng = np.random.default_rng(0)
    query, key, value = (
        jnp.asarray(rng.normal(size=(3, length, 2, 4)), jnp.float32) for _ in range(3)
    )
    real = jnp.asarray(np.arange(length) >= np.array([[0], [length // 2], [length - 1]]))
    mask = attention_mask(real, causal=True)

    def gathered(attend, *parts):
        out = attend(*parts, mask)
        return jnp.where(real[:, :, None, None], out, 0)  # padding asks nothing

    in_pieces = partial(gathered, partial(dot_product_attention, causal=True))
    agree(in_pieces, partial(gathered, by_definition), query, key, value)


@pytest.mark.parametrize("masked", [True, False])
def test_other_queries_than_keys_learn_the_same_and_blind_ones_too(masked):
    rng = np.random.default_rng(2)
    query, key, value = (
        jnp.asarray(rng.normal(size=(3, length, 2, 4)), jnp.float32) for length in (5, 9, 9)
    )
    mask = None
    if masked:
        mask = rng.random((3, 1, 5, 9)) < 0.5
        mask[0, 0, 2] = False  # a query that may look at nothing
    agree(
        partial(dot_product_attention, mask=mask),
        partial(by_definition, mask=mask),
        query,
        key,
        value,
    )


def agree(one, other, query, key, value):
    """In what they gather and in its derivatives by all three."""

    @partial(jax.jit, static_argnums=0)
    def both(function, *parts):
        out, back = jax.vjp(function, *parts)
        return out, *back(query)

    parts = query, key, value
    for first, second in zip(both(one, *parts), both(other, *parts), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-4)


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
