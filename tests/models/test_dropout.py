"""Dropout: what stays, how often, and that what goes is gone backward, too."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from attnrec.models.dropout import Dropout, random_bytes


def dropped(rate: float, x, seed: int = 0):
    return Dropout(rate)(x, rngs=nnx.Rngs(dropout=seed))


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5])
def test_what_stays_is_scaled_so_that_the_mean_stays(rate):
    n, share = 1 << 18, round(rate * 256) / 256  # 26/256, 51/256, 128/256
    out = np.asarray(dropped(rate, jnp.ones(n)))
    assert set(np.unique(out).tolist()) == {0, np.float32(1 / (1 - share))}
    deviation = np.sqrt(share * (1 - share) / n)
    assert abs((out == 0).mean() - share) < 5 * deviation
    assert abs(out.mean() - 1) < 5 * deviation / (1 - share)


def test_what_goes_gets_no_gradient_and_the_rest_its_scale():
    x = jnp.arange(1.0, 1025)
    out, back = jax.vjp(lambda x: dropped(0.5, x), x)
    (gradient,) = back(jnp.ones_like(out))
    np.testing.assert_array_equal(np.asarray(gradient), np.asarray(out / x))
    assert set(np.unique(gradient).tolist()) == {0, 2}


def test_each_call_and_each_seed_drops_anew():
    x, layer, rngs = jnp.ones(256), Dropout(0.5), nnx.Rngs(dropout=0)
    first, second = layer(x, rngs=rngs), layer(x, rngs=rngs)
    assert (first != second).any()
    np.testing.assert_array_equal(dropped(0.5, x, seed=3), dropped(0.5, x, seed=3))
    assert (dropped(0.5, x, seed=3) != dropped(0.5, x, seed=4)).any()


def test_close_to_one_a_256th_stays():
    out = np.asarray(dropped(0.999, jnp.ones(1 << 16)))
    assert set(np.unique(out).tolist()) == {0, 256}
    assert abs(out.mean() - 1) < 5 * np.sqrt(255 / 256 / 256 / (1 << 16)) * 256
    assert not np.asarray(dropped(1, jnp.ones(1 << 10))).any()


def test_bytes_are_uniform_and_each_its_own():
    drawn = np.asarray(random_bytes(jax.random.key(0), (3, 7, 8191))).ravel()  # no whole words
    expected = len(drawn) / 256
    excess = ((np.bincount(drawn, minlength=256) - expected) ** 2 / expected).sum()
    assert abs(excess - 255) < 5 * np.sqrt(2 * 255)  # chi squared
    for apart in (1, 2, 3, 4, 8191):  # those of one word, of the next, of the next row
        agreement = np.corrcoef(drawn[apart:], drawn[:-apart])[0, 1]
        assert abs(agreement) < 5 / np.sqrt(len(drawn))


@pytest.mark.parametrize("rate", [0, 0.001])  # less than half a 256th is none
def test_nothing_is_dropped_where_nothing_is_asked_for(rate):
    x = jnp.ones(4096)
    assert dropped(rate, x) is x
    layer = Dropout(0.5)
    assert layer(x) is x
    assert layer(x, deterministic=True, rngs=nnx.Rngs(0)) is x
