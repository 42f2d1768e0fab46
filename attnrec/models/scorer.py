"""Scores of the whole catalogue for a batch of histories, in one compiled call."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Float, Int

from attnrec.cores import parts_in_cache
from attnrec.models.protocol import SequenceModel, last_of
from attnrec.typing import Array


@partial(jax.jit, static_argnums=0)
def _scores(
    graphdef: nnx.GraphDef, state: nnx.State, items: Int[Array, "batch key"]
) -> Float[Array, "batch item"]:
    model = nnx.merge(graphdef, state)
    parts = parts_in_cache(*items.shape)
    spare = -len(items) % parts  # rows without items, to make parts of one size
    by_part = jnp.pad(items, ((0, spare), (0, 0))).reshape(parts, -1, items.shape[1])
    last = jax.lax.map(lambda part: last_of(model, part, part > 0), by_part)
    last = last.reshape(-1, last.shape[-1])[: len(items)]
    return (last @ model.item_embeddings().T).at[:, 0].set(-jnp.inf)


class ModelScorer:
    """A model as `attnrec.evaluation` wants it.

    Args:
        model: any `SequenceModel`.
        name: how tables and errors call it.
    """

    def __init__(self, model: SequenceModel, name: str):
        self.name = name
        self.max_length = model.max_length
        self._graphdef, self._state = nnx.split(model)

    def __call__(self, histories: Int[Array, "batch key"]) -> Float[Array, "batch item"]:
        """Scores `[batch, item]`; entry 0 (padding) is minus infinity.

        Of more columns than the model reads, the latest count.
        """
        latest = jnp.asarray(histories)[:, -self.max_length :]
        return _scores(self._graphdef, self._state, latest)
