"""What a model of features looks at: scores and attention in one compiled call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.features.fields import FeatureSchema, History, Inputs, Levels
from attnrec.inspection import (
    UNIFORM,
    AttentionMap,
    AttentionRecord,
    Capabilities,
    Interventions,
    check_weights,
)
from attnrec.models.features.protocol import FeatureModel
from attnrec.models.views import EQUAL, GIVEN, Tape, recording_view
from attnrec.models.weights import named_leaves, with_leaves
from attnrec.typing import Array

if TYPE_CHECKING:
    from attnrec.export import FeaturePortable


class FeatureRecorder:
    """Scores and attention of a model of features.

    Args:
        model: any `FeatureModel`.
        schema: the fields it reads.

    Attributes:
        names: of its maps, first layer first; none where it has no attention.
        capabilities: what it can be asked for.
    """

    def __init__(self, model: FeatureModel, schema: FeatureSchema):
        self._schema = schema
        self._graphdef, self._state = nnx.split(model)

        self._forward = jax.jit(self._scores_and_maps)
        tape = Tape()
        row = np.zeros((1, schema.columns[-1].stop), np.int32)
        past = schema.apart(Levels(row, row.astype(np.float32)))
        if schema.history:
            nothing = np.zeros((1, schema.history), np.int32)
            past = past._replace(history=History(nothing, past.items))
        example = past

        def first_pass(state: nnx.State) -> Array:
            return recording_view(nnx.merge(self._graphdef, state), tape).score(example)

        jax.eval_shape(first_pass, self._state)
        self.names = tuple(tape.layers)
        self._shapes = {name: layer.weights.shape for name, layer in tape.layers.items()}
        self._about = {".".join(map(str, path)): module for path, module in nnx.iter_modules(model)}
        self.capabilities = Capabilities(
            attention=bool(self.names),
            interventions=bool(self.names),
            gradients=True,
            page_export=all(leaf.dtype == jnp.float32 for leaf in self._weights.values()),
        )

    def _scores_and_maps(
        self,
        state: nnx.State,
        inputs: Inputs,
        replace: Mapping[str, Array],
        given: Mapping[str, Array],
    ) -> tuple[Array, list[Array]]:
        tape = Tape(replace, given)
        scores = recording_view(nnx.merge(self._graphdef, state), tape).score(inputs)
        return scores, [layer.weights for layer in tape.layers.values()]

    @property
    def _weights(self) -> dict[str, Array]:
        """The real-valued arrays; a state holds whole numbers and random keys, too."""
        return {
            name: leaf
            for name, leaf in named_leaves(self._state).items()
            if jnp.issubdtype(leaf.dtype, jnp.inexact)
        }

    def portable(self, name: str, catalogue: Levels, config: Mapping[str, Any]) -> FeaturePortable:
        """The model as ONNX graphs and weights, to run where there is no Python.

        Args:
            name, catalogue, config: as for `FeaturePortable`.

        Raises:
            AttnrecError: weights that are not float32.
        """
        from attnrec.export import FeaturePortable

        others = named_leaves(self._state)

        def forward(weights, inputs, replace, given):
            state = with_leaves(self._state, others | weights)
            return self._scores_and_maps(state, inputs, replace, given)

        told = ("name", "normalisation", "query_axis", "key_axis", "queries", "keys")
        maps = [vars(self._map(name, np.zeros(self._shapes[name]))) for name in self.names]
        return FeaturePortable(
            forward,
            {name: np.asarray(leaf) for name, leaf in self._weights.items()},
            name=name,
            schema=self._schema,
            catalogue=catalogue,
            maps=[{part: map_[part] for part in told} for map_ in maps],
            config=config,
        )

    def inspect(
        self, inputs: Inputs, interventions: Interventions = Interventions()
    ) -> tuple[np.ndarray, AttentionRecord]:
        """float32[batch] scores, and what was looked at.

        Raises:
            AttnrecError: attention given for a map that is not there, or of
                another shape.
        """
        if not isinstance(interventions, Interventions):
            raise AttnrecError(
                f"interventions: expected attnrec.Interventions(attention={{...}}), "
                f"got {type(interventions).__name__}"
            )
        batch = len(inputs.users.levels)
        replace: dict[str, np.ndarray] = {}
        given: dict[str, np.ndarray] = {}
        for name, wanted in interventions.attention.items():
            if name not in self.names:
                raise AttnrecError(
                    f"attention: no map {name!r} among {list(self.names)}"
                    + did_you_mean(name, self.names)
                )
            if isinstance(wanted, str):
                if wanted != UNIFORM:
                    raise AttnrecError(
                        f"attention[{name!r}]: expected an array or {UNIFORM!r}, got {wanted!r}"
                    )
                replace[name], given[name] = np.full(batch, EQUAL), np.zeros((1, 1, 1, 1))
                continue
            weights = np.asarray(wanted, np.float32)
            check_weights(name, weights, self._told(name, "normalisation", "softmax"))
            shape = (batch, *self._shapes[name][1:])
            if weights.shape[2:] != shape[2:] or any(
                size not in (1, own) for size, own in zip(weights.shape, shape, strict=True)
            ):
                raise AttnrecError(
                    f"attention[{name!r}]: expected shape {shape}, with 1 for batch or head "
                    f"where all share them; got {weights.shape}"
                )
            replace[name], given[name] = np.full(batch, GIVEN), weights
        scores, maps = self._forward(self._state, inputs, replace, given)
        levels = np.asarray(inputs.flat().levels)
        present = np.stack(
            [(levels[:, columns] > 0).any(1) for columns in self._schema.columns], axis=1
        )
        record = AttentionRecord(
            tuple(
                self._map(name, np.asarray(weights))
                for name, weights in zip(self.names, maps, strict=True)
            ),
            present,
        )
        return np.asarray(scores), record

    def _map(self, name: str, weights: np.ndarray) -> AttentionMap:
        query_axis, key_axis = self._told(name, "axes", ("feature", "feature"))
        names = self._schema.names
        return AttentionMap(
            name,
            weights,
            self._told(name, "normalisation", "softmax"),
            query_axis,
            key_axis,
            keys=self._told(name, "keys", names if key_axis == "feature" else ()),
            queries=self._told(name, "queries", names if query_axis == "feature" else ()),
        )

    def _told(self, name: str, what: str, otherwise: Any) -> Any:
        return getattr(self._about.get(name.rstrip("'")), what, otherwise)
