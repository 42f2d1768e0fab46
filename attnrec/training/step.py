"""One compiled step of training: forward, backward, update."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Float

from attnrec.losses import Loss


class TrainState(NamedTuple):
    """All that a step changes."""

    params: nnx.State
    optimizer: optax.OptState


Step = Callable[..., tuple[TrainState, Float[Array, ""]]]


def make_step(
    graphdef: nnx.GraphDef,
    rest: nnx.State,
    loss: Loss,
    optimizer: optax.GradientTransformation,
    targets_per_batch: float,
) -> Step:
    """The step `(state, items, rows, key, length) -> (state, summed loss)`.

    Every label weighs the same, in whatever batch it stands: the batch's sum
    is divided by the mean number of labels in a batch, not by its own.

    Args:
        graphdef, rest: the model but for its parameters, from `nnx.split`.
        loss: over the catalogue.
        optimizer: from optax.
        targets_per_batch: the mean number of labels in a batch.
    """

    @partial(jax.jit, static_argnames="length", donate_argnums=0)
    def step(state: TrainState, items, rows, key, length: int):
        window = items[rows, -(length + 1) :]  # [batch, length + 1]
        inputs, labels = window[:, :-1], window[:, 1:]
        labels = jnp.where(inputs > 0, labels, 0)
        dropout_key, loss_key = jax.random.split(key)

        def objective(params: nnx.State) -> tuple[Array, Array]:
            model = nnx.merge(graphdef, params, rest)
            hidden = model.encode(inputs, inputs > 0, rngs=nnx.Rngs(dropout=dropout_key))
            total, _ = loss(hidden, model.item_embeddings(), labels, loss_key)
            return total / targets_per_batch, total

        gradients, total = jax.grad(objective, has_aux=True)(state.params)
        updates, optimizer_state = optimizer.update(gradients, state.optimizer, state.params)
        return TrainState(optax.apply_updates(state.params, updates), optimizer_state), total

    return step
