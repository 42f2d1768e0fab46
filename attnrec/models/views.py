"""Views of a model: one that records its attention, one that only computes.

The model and its training know nothing of this. Inside a compiled call each
attention layer of the merged module has its `attention_fn` exchanged for one
that writes on a tape what it computes, or uses other weights in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Float

from attnrec.models.attention import attention_weights, dot_product_attention, weighted_values
from attnrec.models.prefixes import Prefixes
from attnrec.models.protocol import last_of
from attnrec.typing import Array

# Which weights a map uses: its own, given ones, or equal ones for all that a query may see.
OWN, GIVEN, EQUAL = range(3)


class Attended(NamedTuple):
    """What one attention layer computes; of the projections, None where they are not wanted."""

    weights: Float[Array, "batch head query key"]
    query: Float[Array, "batch head query size"] | None = None
    key: Float[Array, "batch head key size"] | None = None
    value: Float[Array, "batch head key size"] | None = None


@dataclass
class Tape:
    """What the attention layers of one forward pass write down, in the order they run.

    Args:
        replace: for a map, `OWN`, `GIVEN` or `EQUAL` for each history `[batch]`;
            maps that are not named use their own weights.
        given: for each of these maps, `[batch or 1, head or 1, query, key]`.
        added: for a map, what is added to its weights, to take derivatives by.
    """

    replace: Mapping[str, Array] = field(default_factory=dict)
    given: Mapping[str, Array] = field(default_factory=dict)
    added: Mapping[str, Array] = field(default_factory=dict)
    layers: dict[str, Attended] = field(default_factory=dict)

    def attend(
        self,
        name: str,
        query: Array,
        key: Array,
        value: Array,
        mask: Array | None = None,
        asks: Array | None = None,
        **unused: Any,
    ) -> Float[Array, "batch asked head size"]:
        """Stands in for an `attention_fn`, ours or Flax's (whose dropout settings go unused)."""
        del unused
        weights = attention_weights(query, key, mask, asks)
        heads_first = (part.swapaxes(1, 2) for part in (query, key, value))
        return self._write(name, Attended(weights, *heads_first), value, mask, 1)

    def weigh(
        self, name: str, weights: Array, value: Array, mask: Array | None = None
    ) -> Float[Array, "batch query head size"]:
        """Stands in for a `weigh_fn`."""
        total = weights.sum(-1, keepdims=True)  # one only where they are normalised
        return self._write(name, Attended(weights), value, mask, total)

    def _write(
        self, name: str, layer: Attended, value: Array, mask: Array | None, total: Array | int
    ) -> Float[Array, "batch query head size"]:
        while name in self.layers:  # a layer that runs twice has two maps
            name += "'"
        weights = layer.weights
        allowed = jnp.broadcast_to(True if mask is None else mask, weights.shape)
        weights = jnp.where(allowed.any(-1, keepdims=True), weights, 0)  # nothing to look at
        if name in self.replace:
            allowed = allowed.astype(weights.dtype)
            equal = total * allowed / jnp.maximum(allowed.sum(-1, keepdims=True), 1)
            given = jnp.broadcast_to(self.given[name], weights.shape).astype(weights.dtype)
            code = self.replace[name][:, None, None, None]
            weights = jnp.where(code == GIVEN, given, jnp.where(code == EQUAL, equal, weights))
        if name in self.added:
            weights = weights + self.added[name]
        self.layers[name] = layer._replace(weights=weights)
        return weighted_values(weights, value)


class NoDropout(nnx.Dropout):
    """What dropout is where nothing is trained."""

    def __call__(self, inputs: Array, **unused: Any) -> Array:
        del unused
        return inputs


def recording_view(model: nnx.Module, tape: Tape) -> nnx.Module:
    """`model`, freshly merged, with every attention layer writing on `tape` and no dropout."""
    for path, module in nnx.iter_modules(model):
        name = ".".join(map(str, path))
        if hasattr(module, "attention_fn"):
            module.attention_fn = partial(tape.attend, name)
        if hasattr(module, "weigh_fn"):
            module.weigh_fn = partial(tape.weigh, name)
    return _without_dropout(model)


def inference_view(model: nnx.Module) -> nnx.Module:
    """`model`, freshly merged, with attention that records nothing and no dropout."""
    for _, module in nnx.iter_modules(model):
        if hasattr(module, "attention_fn"):
            module.attention_fn = _attend
    return _without_dropout(model)


def _attend(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None = None,
    asks: Array | None = None,
    causal: bool = False,
    **unused: Any,
) -> Float[Array, "batch asked head size"]:
    """Stands in for an `attention_fn`, ours or Flax's (whose dropout settings go unused)."""
    del unused
    return dot_product_attention(query, key, value, mask, asks, causal=causal)


def _without_dropout(model: nnx.Module) -> nnx.Module:
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Dropout):
            # The module may stand in a list or a dictionary, and at several places.
            object.__setattr__(module, "__class__", NoDropout)
    return model


def read_out(
    view: nnx.Module,
    items: Array | None,
    mask: Array,
    *,
    last_only: bool = False,
    prefixes: Prefixes | None = None,
) -> Float[Array, "batch embedding"]:
    """What a recording view's last position has gathered.

    A masked item leaves nothing but its place: the model meets padding there.
    A history without any item is a last position that looks at nothing, which
    is the same in every padded length.

    Args:
        view: of a `SequenceModel`.
        items, mask: as in a `Request`.
        last_only: other positions need not be worked out, so that the last
            layer's map may have their queries missing.
        prefixes: in place of `items`, where all are variants of one history;
            of a view that has `encode_variants`.
    """
    if prefixes is not None:
        return view.encode_variants(mask, prefixes)
    assert items is not None
    items = jnp.where(mask, items, 0)
    if last_only:
        return last_of(view, items, mask)
    return view.encode(items, mask)[:, -1]


def recorded(
    model: nnx.Module, items: Array, mask: Array, tape: Tape, *, last_only: bool = False
) -> tuple[Float[Array, "batch item"], list[Attended]]:
    """Scores of the whole catalogue after each history, and its layers first to last.

    Args:
        model: a `SequenceModel`, freshly merged: it becomes a recording view.
        items, mask: as in a `Request`.
        tape: a fresh one.
        last_only: the layers are not wanted; there are none.
    """
    view = recording_view(model, tape)
    last = read_out(view, items, mask, last_only=last_only)
    scores = last @ view.item_embeddings().T
    scores = jnp.where(jnp.arange(scores.shape[1])[None] == 0, -jnp.inf, scores)
    if last_only:
        return scores, []
    real = mask[:, None, :, None]
    # Padding looks at nothing.
    layers = [
        layer._replace(weights=jnp.where(real, layer.weights, 0)) for layer in tape.layers.values()
    ]
    return scores, layers
