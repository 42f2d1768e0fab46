"""Learning rates that change in training, written so that a result can name them.

Any optax schedule will do for `fit`; these print what they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp

from attnrec.typing import Array


@dataclass(frozen=True)
class StepDecay:
    """One rate, and from some step on a smaller one.

    Args:
        learning_rate: the rate at the beginning.
        factor: what it is multiplied with, once.
        step: the first step (batch, from 0) at the smaller rate.

    Example:
        >>> schedule = StepDecay(1e-3, factor=0.1, step=100)
        >>> [round(float(schedule(step)), 6) for step in (0, 99, 100)]
        [0.001, 0.001, 0.0001]
    """

    learning_rate: float
    factor: float
    step: int

    def __call__(self, step: int | Array) -> Array:
        return jnp.where(step < self.step, self.learning_rate, self.factor * self.learning_rate)
