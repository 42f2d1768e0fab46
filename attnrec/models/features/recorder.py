"""What a model of features looks at: scores and attention in one compiled call."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from flax import nnx

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.features.fields import FeatureSchema, History, Inputs, Levels
from attnrec.inspection import (
    UNIFORM,
    AttentionMap,
    AttentionRecord,
    Interventions,
    check_weights,
)
from attnrec.models.features.protocol import FeatureModel
from attnrec.models.views import EQUAL, GIVEN, Tape, recording_view
from attnrec.typing import Array


class FeatureRecorder:
    """Scores and attention of a model of features.

    Args:
        model: any `FeatureModel`.
        schema: the fields it reads.

    Attributes:
        names: of its maps, first layer first; none where it has no attention.
    """

    def __init__(self, model: FeatureModel, schema: FeatureSchema):
        self._schema = schema
        self._graphdef, self._state = nnx.split(model)

        @jax.jit
        def forward(state, inputs, replace, given):
            tape = Tape(replace, given)
            view = recording_view(nnx.merge(self._graphdef, state), tape)
            scores = view.score(inputs)
            return scores, [layer.weights for layer in tape.layers.values()]

        self._forward = forward
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
