"""A view of a model that records its attention, in one compiled call.

The model and its training know nothing of this. Inside the compiled call each
attention layer of the merged module has its `attention_fn` exchanged for one
that writes the weights on a tape, or uses given weights in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float

from attnrec.data.catalogue import Catalogue
from attnrec.errors import AttnrecError, did_you_mean
from attnrec.inspection import (
    UNIFORM,
    AttentionMap,
    AttentionRecord,
    Capabilities,
    Inspection,
    Interventions,
    Request,
    check_weights,
    width_for,
)
from attnrec.models.attention import attention_weights, weighted_values
from attnrec.models.lengths import fixed_lengths
from attnrec.models.protocol import SequenceModel
from attnrec.typing import Array


@dataclass
class Tape:
    """What the attention layers of one forward pass write down, in the order they run."""

    given: Mapping[str, Array] = field(default_factory=dict)
    uniform: tuple[str, ...] = ()
    weights: dict[str, Array] = field(default_factory=dict)
    value_norms: dict[str, Array] = field(default_factory=dict)

    def attend(
        self,
        name: str,
        query: Array,
        key: Array,
        value: Array,
        mask: Array | None = None,
        **unused: Any,
    ) -> Float[Array, "batch query head size"]:
        """Stands in for an `attention_fn`, ours or Flax's (whose dropout settings go unused)."""
        del unused
        while name in self.weights:  # a layer that runs twice has two maps
            name += "'"
        weights = attention_weights(query, key, mask)
        if name in self.uniform:
            allowed = jnp.broadcast_to(True if mask is None else mask, weights.shape)
            weights = allowed / jnp.maximum(allowed.sum(-1, keepdims=True), 1)
        elif name in self.given:
            weights = jnp.broadcast_to(self.given[name], weights.shape).astype(weights.dtype)
        self.weights[name] = weights
        self.value_norms[name] = jnp.linalg.norm(value, axis=-1).swapaxes(1, 2)
        return weighted_values(weights, value)


def recording_view(model: nnx.Module, tape: Tape) -> nnx.Module:
    """`model`, freshly merged, with every attention layer writing on `tape`."""
    for path, module in nnx.iter_modules(model):
        if hasattr(module, "attention_fn"):
            module.attention_fn = partial(tape.attend, ".".join(map(str, path)))
    return model


class ModelInspector:
    """A `SequenceModel` behind the inspection protocol.

    Histories are padded to the nearest of a few `lengths` and batches to a
    power of two, so that a history that changes compiles nothing;
    `num_traces` counts compilations.

    Args:
        model: the model.
        catalogue: labels of its items.
        name: what to call it.
    """

    def __init__(self, model: SequenceModel, catalogue: Catalogue, name: str):
        self.name = name
        self.catalogue = catalogue
        self.lengths = fixed_lengths(model.max_length)
        self.num_traces = 0
        graphdef, self._state = nnx.split(model)

        @partial(jax.jit, static_argnames=("uniform", "value_norms"))
        def forward(state, items, mask, given, uniform, value_norms):
            self.num_traces += 1
            tape = Tape(given, uniform)
            model = recording_view(nnx.merge(graphdef, state), tape)
            last = model.encode(items, mask)[:, -1]
            scores = (last @ model.item_embeddings().T).at[:, 0].set(-jnp.inf)
            real = mask[:, None, :, None]
            # Padding looks at nothing.
            weights = [jnp.where(real, map_, 0) for map_ in tape.weights.values()]
            return scores, weights, list(tape.value_norms.values()) if value_norms else []

        self._forward = forward

        def maps(state):
            tape = Tape()
            view = recording_view(nnx.merge(graphdef, state), tape)
            row = jnp.zeros((1, self.lengths[0]), jnp.int32)
            view.encode(row, row > 0)
            heads.update({name: weights.shape[1] for name, weights in tape.weights.items()})

        heads: dict[str, int] = {}
        jax.eval_shape(maps, self._state)
        self.names = tuple(heads)
        self._heads = heads
        has_attention = bool(self.names)
        self.capabilities = Capabilities(
            attention=has_attention, interventions=has_attention, gradients=True
        )

    def inspect(self, request: Request) -> Inspection:
        """Scores and attention of each history.

        Raises:
            AttnrecError: a history longer than the model can read, an empty
                one, an item beyond the catalogue, or an intervention on a map
                that the model does not have.
        """
        items, mask = request.items, request.mask
        batch, width = items.shape
        if width > self.lengths[-1]:
            raise AttnrecError(
                f"items: {self.name} reads at most {self.lengths[-1]} items, got {width} columns"
            )
        if not mask.any(1).all():
            row = int(np.argmin(mask.any(1)))
            raise AttnrecError(
                f"items: history {row + 1} has no item to look at; expected at least one"
            )
        if items.max(initial=0) > len(self.catalogue):
            raise AttnrecError(
                f"items: expected indices up to {len(self.catalogue)}, got {items.max()}"
            )
        length = width_for(self.lengths, width)
        more = (_power_of_two(batch) - batch, length - width)
        padding = ((0, more[0]), (more[1], 0))
        given, uniform = self._interventions(request.interventions, batch, width, more)
        scores, weights, norms = jax.device_get(
            self._forward(
                self._state,
                np.pad(items, padding),
                np.pad(mask, padding),
                given,
                uniform,
                request.value_norms,
            )
        )
        maps = []
        for i, name in enumerate(self.names):
            own = weights[i][:batch, :, more[1] :, more[1] :]
            maps.append(
                AttentionMap(
                    name,
                    own,
                    causal=not np.triu(own, 1).any(),
                    value_norms=norms[i][:batch, :, more[1] :] if norms else None,
                )
            )
        record = AttentionRecord(tuple(maps), mask)
        return Inspection(request, scores[:batch], record, self.catalogue)

    def warm(self, length: int) -> None:
        """Compiles for histories of up to `length` items, ahead of their coming."""
        self.inspect(Request(np.ones((1, width_for(self.lengths, length)), np.int32)))

    def _interventions(
        self, wanted: Interventions, batch: int, width: int, more: tuple[int, int]
    ) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
        given, uniform = {}, []
        for name, weights in wanted.attention.items():
            if name not in self.names:
                raise AttnrecError(
                    f"attention: {self.name} has no map {name!r}, only {list(self.names)}"
                    + did_you_mean(name, self.names)
                )
            if isinstance(weights, str):
                if weights != UNIFORM:
                    raise AttnrecError(
                        f"attention[{name!r}]: expected weights or 'uniform', got {weights!r}"
                    )
                uniform.append(name)
                continue
            weights = np.asarray(weights, np.float32)
            check_weights(name, weights, "softmax")
            shape = (batch, self._heads[name], width, width)
            if weights.shape[2:] != shape[2:] or any(
                given not in (1, own) for given, own in zip(weights.shape, shape, strict=True)
            ):
                raise AttnrecError(
                    f"attention[{name!r}]: expected shape {shape}, with 1 for batch or head "
                    f"where all share them; got {weights.shape}"
                )
            rows = more[0] if weights.shape[0] > 1 else 0
            given[name] = np.pad(weights, ((0, rows), (0, 0), (more[1], 0), (more[1], 0)))
        return given, tuple(uniform)


def _power_of_two(n: int) -> int:
    return 1 << max(n - 1, 0).bit_length()
