"""Scores of the whole catalogue for a batch of histories, in one compiled call."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float, Int

from attnrec import sharding
from attnrec.cores import parts_in_cache
from attnrec.models.protocol import SequenceModel, last_of
from attnrec.typing import Array


@partial(jax.jit, static_argnums=(0, 1))
def _scores(
    graphdef: nnx.GraphDef, rows: int | None, state: nnx.State, items: Int[Array, "batch key"]
) -> Float[Array, "batch item"]:
    model = nnx.merge(graphdef, state)
    parts = parts_in_cache(sharding.rows_at_once(len(items)), items.shape[1])
    spare = -len(items) % parts  # rows without items, to make parts of one size
    by_part = jnp.pad(items, ((0, spare), (0, 0))).reshape(parts, -1, items.shape[1])
    last = jax.lax.map(lambda part: last_of(model, part, part > 0), sharding.by_row(by_part, 1))
    last = last.reshape(-1, last.shape[-1])[: len(items)]
    return sharding.everywhere((last @ model.item_embeddings()[:rows].T).at[:, 0].set(-jnp.inf))


class ModelScorer:
    """A model as `attnrec.evaluation` wants it.

    Args:
        model: any `SequenceModel`.
        name: how tables and errors call it.
        num_items: in the catalogue, where the model's table may have more rows: those
            that fill it up to a multiple of devices.
    """

    def __init__(self, model: SequenceModel, name: str, num_items: int | None = None):
        self.name = name
        self.max_length = model.max_length
        self._rows = None if num_items is None else num_items + 1
        self._graphdef, self._state = nnx.split(model)

    def __call__(self, histories: Int[Array, "batch key"]) -> Float[Array, "batch item"]:
        """Scores `[batch, item]`; entry 0 (padding) is minus infinity.

        Of more columns than the model reads, the latest count.
        """
        latest = np.asarray(histories)[:, -self.max_length :]
        return _scores(self._graphdef, self._rows, self._state, latest)
