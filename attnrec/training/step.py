"""One compiled step of training: forward, backward, update."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jaxtyping import Array, Float

from attnrec import sharding
from attnrec.cores import IN_CACHE, parts_in_cache
from attnrec.losses import Loss

PARAMS_PER_POSITION = 256  # so that adding up gradients takes little beside working them out


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
    num_items: int,
    shardings: TrainState | None = None,
) -> Step:
    """The step `(state, items, rows, key, length) -> (state, summed loss)`.

    Every label weighs the same, in whatever batch it stands: the batch's sum
    is divided by the mean number of labels in a batch, not by its own.

    On a processor a batch is worked on in parts, of which each stays in its
    cache, and their gradients are added up. Under a mesh each device works on
    its own rows; see `attnrec.sharding`.

    Args:
        graphdef, rest: the model but for its parameters, from `nnx.split`.
        loss: over the catalogue.
        optimizer: from optax.
        targets_per_batch: the mean number of labels in a batch.
        num_items: in the catalogue.
        shardings: where the state lies, under a mesh.
    """

    lie = {} if shardings is None else {"out_shardings": (shardings, None)}

    @partial(jax.jit, static_argnames="length", donate_argnums=0, **lie)
    def step(state: TrainState, items, rows, key, length: int):
        def objective(params: nnx.State, rows, key) -> tuple[Array, Array]:
            window = sharding.by_row(items[rows, -(length + 1) :])  # [row, length + 1]
            inputs, labels = window[:, :-1], window[:, 1:]
            labels = jnp.where(inputs > 0, labels, 0)
            dropout_key, loss_key = jax.random.split(key)
            model = nnx.merge(graphdef, params, rest)
            hidden = model.encode(inputs, inputs > 0, rngs=nnx.Rngs(dropout=dropout_key))
            table = model.item_embeddings()[: num_items + 1]  # without what fills up shards
            total, _ = loss(hidden, table, labels, loss_key)
            return total / targets_per_batch, total

        gradient = jax.grad(objective, has_aux=True)
        parts = num_parts(sharding.rows_at_once(len(rows)), length, state.params)
        if parts == 1:
            gradients, total = gradient(state.params, rows, key)
        else:

            def add(sums, part):
                return jax.tree.map(jnp.add, sums, gradient(state.params, *part)), None

            nothing = jax.tree.map(jnp.zeros_like, state.params), jnp.zeros(())
            spare = -len(rows) % parts  # filled with the last row of `items`, which is empty
            by_part = jnp.pad(rows, (0, spare), constant_values=len(items) - 1).reshape(parts, -1)
            keys = jax.random.split(key, parts)
            (gradients, total), _ = jax.lax.scan(add, nothing, (by_part, keys))
        updates, optimizer_state = optimizer.update(gradients, state.optimizer, state.params)
        return TrainState(optax.apply_updates(state.params, updates), optimizer_state), total

    return step


def num_parts(rows: int, length: int, params: Any) -> int:
    """Into how many parts a batch of `rows` by `length` positions goes.

    The more parameters there are, whose gradients have to be added up, the fewer.
    """
    num_params = sum(leaf.size for leaf in jax.tree.leaves(params))
    return parts_in_cache(rows, length, max(IN_CACHE, num_params // PARAMS_PER_POSITION))
