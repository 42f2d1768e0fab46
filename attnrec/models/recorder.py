"""A model behind the inspection protocol: scores and attention in one compiled call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

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
from attnrec.models.lengths import fixed_lengths
from attnrec.models.protocol import SequenceModel, configuration_of
from attnrec.models.views import EQUAL, GIVEN, Attended, Tape, recorded
from attnrec.models.weights import named_leaves, with_leaves
from attnrec.typing import Array

if TYPE_CHECKING:
    from attnrec.export import Portable
    from attnrec.models.probe import Probe


class ModelInspector:
    """A `SequenceModel` behind the inspection protocol.

    Histories are padded to the nearest of a few `lengths` and batches to a
    power of two, so that a history that changes compiles nothing;
    `num_traces` counts compilations.

    Args:
        model: the model.
        catalogue: labels of its items.
        name: what to call it.
        graphs: graphs of its portable form that were made earlier, as
            `Portable.made` gives them.
    """

    def __init__(
        self,
        model: SequenceModel,
        catalogue: Catalogue,
        name: str,
        *,
        graphs: Mapping[str, bytes] | None = None,
    ):
        self.name = name
        self.catalogue = catalogue
        self.lengths = fixed_lengths(model.max_length)
        self.num_traces = 0
        config = getattr(model, "config", None)
        self._config = configuration_of(config if is_dataclass(config) else model)
        self._graphs = graphs or {}
        self._graphdef, self._state = nnx.split(model)

        @partial(jax.jit, static_argnames="projections")
        def forward(state, items, mask, replace, given, projections):
            self.num_traces += 1
            model = nnx.merge(self._graphdef, state)
            scores, layers = recorded(model, items, mask, Tape(replace, given))
            return scores, layers if projections else [Attended(layer.weights) for layer in layers]

        self._forward = forward

        names: list[str] = []

        def first_pass(state):
            row = jnp.zeros((1, self.lengths[0]), jnp.int32)
            tape = Tape()
            recorded(nnx.merge(self._graphdef, state), row, row > 0, tape)
            names.extend(tape.layers)
            return list(tape.layers.values())

        shapes = jax.eval_shape(first_pass, self._state)
        self._shapes: dict[str, Attended] = dict(zip(names, shapes, strict=True))
        self.names = tuple(names)
        has_attention = bool(self.names)
        self.capabilities = Capabilities(
            attention=has_attention,
            interventions=has_attention,
            gradients=True,
            page_export=all(leaf.dtype == jnp.float32 for leaf in self._weights.values()),
        )

    @property
    def _weights(self) -> dict[str, Array]:
        """The real-valued arrays; a state holds whole numbers and random keys, too."""
        return {
            name: leaf
            for name, leaf in named_leaves(self._state).items()
            if jnp.issubdtype(leaf.dtype, jnp.inexact)
        }

    @cached_property
    def portable(self) -> Portable:
        """The model as ONNX graphs and weights, to run where there is no Python.

        Raises:
            AttnrecError: weights that are not float32.
        """
        from attnrec.export import Portable

        others = named_leaves(self._state)

        def forward(weights, items, mask, replace, given, scores_only):
            model = nnx.merge(self._graphdef, with_leaves(self._state, others | weights))
            return recorded(model, items, mask, Tape(replace, given), last_only=scores_only)

        # Whether a map is causal is seen from a history.
        row = np.random.default_rng(0).integers(1, len(self.catalogue) + 1, self.lengths[0])
        maps = [
            {
                "name": map_.name,
                "heads": map_.num_heads,
                "head_size": self._shapes[map_.name].key.shape[-1],  # type: ignore[union-attr]
                "causal": map_.causal,
                "normalisation": map_.normalisation,
            }
            for map_ in self.inspect(Request(row[None])).record.maps
        ]
        return Portable(
            forward,
            {name: np.asarray(leaf) for name, leaf in self._weights.items()},
            name=self.name,
            num_items=len(self.catalogue),
            lengths=self.lengths,
            maps=maps,
            config=self._config,
            graphs=self._graphs,
        )

    @cached_property
    def probe(self) -> Probe:
        """The model as explanations ask it, about one item's score."""
        from attnrec.models.probe import Probe

        return Probe(self._graphdef, self._state, self.names, self.name)

    @property
    def graphs(self) -> dict[str, bytes]:
        """The graphs of its portable form that there are so far."""
        return self.portable.made if self._graphs or "portable" in vars(self) else {}

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
        replace, given = self._interventions(request.interventions, batch, width, more)
        scores, layers = jax.device_get(
            self._forward(
                self._state,
                np.pad(items, padding),
                np.pad(mask, padding),
                replace,
                given,
                projections=request.projections,
            )
        )

        def cut(part):
            return None if part is None else part[:batch, :, more[1] :]

        maps = []
        for name, layer in zip(self.names, layers, strict=True):
            own = cut(layer.weights)[..., more[1] :]
            projections = {part: cut(getattr(layer, part)) for part in ("query", "key", "value")}
            maps.append(AttentionMap(name, own, causal=not np.triu(own, 1).any(), **projections))
        record = AttentionRecord(tuple(maps), mask)
        return Inspection(request, scores[:batch], record, self.catalogue)

    def warm(self, length: int) -> None:
        """Compiles for histories of up to `length` items, ahead of their coming."""
        self.inspect(Request(np.ones((1, width_for(self.lengths, length)), np.int32)))

    def _interventions(
        self, wanted: Interventions, batch: int, width: int, more: tuple[int, int]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """`replace` and `given` of a `Tape`, for the padded batch."""
        replace, given = {}, {}
        for name, weights in wanted.attention.items():
            if name not in self.names:
                raise AttnrecError(
                    f"attention: {self.name} has no map {name!r}, only {list(self.names)}"
                    + did_you_mean(name, self.names)
                )
            code = GIVEN
            if isinstance(weights, str):
                if weights != UNIFORM:
                    raise AttnrecError(
                        f"attention[{name!r}]: expected weights or 'uniform', got {weights!r}"
                    )
                code, weights = EQUAL, np.zeros((1, 1, width, width), np.float32)
            weights = np.asarray(weights, np.float32)
            check_weights(name, weights, "softmax")
            shape = (batch, self._shapes[name].weights.shape[1], width, width)
            if weights.shape[2:] != shape[2:] or any(
                size not in (1, own) for size, own in zip(weights.shape, shape, strict=True)
            ):
                raise AttnrecError(
                    f"attention[{name!r}]: expected shape {shape}, with 1 for batch or head "
                    f"where all share them; got {weights.shape}"
                )
            rows = more[0] if weights.shape[0] > 1 else 0
            given[name] = np.pad(weights, ((0, rows), (0, 0), (more[1], 0), (more[1], 0)))
            replace[name] = np.full(batch + more[0], code, np.int32)
        return replace, given


def _power_of_two(n: int) -> int:
    return 1 << max(n - 1, 0).bit_length()
