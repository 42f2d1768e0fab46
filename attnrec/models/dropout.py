"""Dropout from one random byte for each activation."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Float, UInt8

from attnrec.typing import Array

LEVELS = 256  # of a byte


class Dropout(nnx.Dropout):
    """`nnx.Dropout` with a rate of whole 256ths, the nearest to the one asked for.

    At most 255 of them below a rate of 1: something stays. What is kept is
    scaled by that rate, so that expectations are exact. A quarter of the
    random bits are drawn, and what is dropped is written down as it is,
    forward and backward: fused into the products beside it, as XLA would have
    it, it is worked out again for each of them, in an order that
    suits the product and not the memory.
    """

    def __call__(
        self,
        inputs: Float[Array, "..."],
        *,
        deterministic: bool = False,
        rngs: nnx.Rngs | None = None,
    ) -> Float[Array, "..."]:
        dropped = min(round(self.rate * LEVELS), LEVELS - 1)
        if deterministic or rngs is None or not dropped:
            return inputs
        if self.rate == 1:
            return jnp.zeros_like(inputs)
        drawn = random_bytes(rngs.dropout(), inputs.shape)
        scale = jnp.where(drawn >= dropped, LEVELS / (LEVELS - dropped), 0).astype(inputs.dtype)
        return _scaled(inputs, jax.lax.optimization_barrier(scale))


def random_bytes(key: Array, shape: tuple[int, ...]) -> UInt8[Array, "..."]:
    """Four of each word; `jax.random.bits` draws two words for each byte."""
    size = math.prod(shape)
    words = jax.random.bits(key, (-(-size // 4),), jnp.uint32)
    return jax.lax.bitcast_convert_type(words, jnp.uint8).ravel()[:size].reshape(shape)


@jax.custom_vjp
def _scaled(inputs: Array, scale: Array) -> Array:
    return jax.lax.optimization_barrier(inputs * scale)


def _forward(inputs: Array, scale: Array) -> tuple[Array, Array]:
    return _scaled(inputs, scale), scale


def _backward(scale: Array, cotangent: Array) -> tuple[Array, None]:
    return jax.lax.optimization_barrier(cotangent * scale), None


_scaled.defvjp(_forward, _backward)
