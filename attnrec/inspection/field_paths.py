r"""How fields combine layer by layer: who looks at what, and what of each input arrives where.

In every layer a field gathers from those it looks at, so that after two of them its place holds
something of fields that it never looked at itself. Attention rollout [abnar2020quantifying]
follows that through the layers: with $A_l$ the attention of layer $l$ and half of every step kept,
as a residual connection does,

$$R_l = (\tfrac12 A_l + \tfrac12 I)\, R_{l-1}, \qquad R_0 = I,$$

row $i$ of $R_l$ being the shares of the inputs in what field $i$ holds after layer $l$. It takes
the weights at their word: neither values nor other parts of a layer enter. Of the mean over cases
it is the rollout of the mean, which is not the mean of rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.inspection.field_map import FieldMap

SHARE = 0.4  # of a layer's attention, which the ribbons that are drawn carry


@dataclass(frozen=True, eq=False)
class FieldPaths:
    """Attention between fields as paths from the inputs to the last layer.

    Attributes:
        fields: that look or are looked at.
        layers: their names.
        numbers: of these layers, as `layer=` takes them.
        weights: attention, the first field looking at the second; 0 where no case tells.
        counts: the cases behind each.
        looks: which fields look in a layer; the others stay what they are.
        rollout: what of each input, the last axis, a field holds after the layer.
        found: the map that this is made of.
    """

    fields: tuple[str, ...]
    layers: tuple[str, ...]
    numbers: tuple[int, ...]
    weights: Float[np.ndarray, "layer field field"]
    counts: Int[np.ndarray, "layer field field"]
    looks: Bool[np.ndarray, "layer field"]
    rollout: Float[np.ndarray, "layer field field"]
    found: FieldMap

    @property
    def steps(self) -> Float[np.ndarray, "layer field field"]:
        """Half of the attention of each layer and half of what was there."""
        return _steps(self.weights, self.looks)

    @property
    def title(self) -> str:
        return "How fields combine"

    @property
    def told(self) -> str:
        """What was averaged over how many cases, and how to read the picture."""
        cases, _, _ = self.found.told.partition(" · ")
        return f"{cases} · from what is looked at, left, to who looks"

    @staticmethod
    def told_of_ribbons(share: str) -> str:
        """Which ribbons are drawn."""
        return f"the strongest ribbons, with {share} of each layer's attention"

    @staticmethod
    def told_of_rollout(field: str, layer: str) -> str:
        """What is drawn of a field that is chosen."""
        return (
            f"blue: what of each input is in {field} after {layer}, by rollout, half of every step "
            "kept"
        )

    def strongest(self, share: float = SHARE) -> Bool[np.ndarray, "layer field field"]:
        """The fewest weights of each layer that together make up a share of its attention.

        Raises:
            AttnrecError: a share that is not above 0, or above 1.
        """
        if not 0 < share <= 1:
            raise AttnrecError(f"share: expected above 0 to 1, got {share!r}")
        flat = self.weights.reshape(len(self.weights), -1)
        order = np.argsort(-flat, axis=1, kind="stable")
        values = np.take_along_axis(flat, order, 1)
        before = values.cumsum(1) - values
        # The one that reaches the share belongs to them, and so does the first.
        wanted = (before < (share - 1e-9) * values.sum(1, keepdims=True)) | (before == 0)
        chosen = np.zeros(flat.shape, bool)
        np.put_along_axis(chosen, order, wanted, 1)
        return (chosen & (flat > 0)).reshape(self.weights.shape)

    def layer_of(self, layer: int | None) -> int:
        """Where a layer stands in the arrays; the last unless given.

        Raises:
            AttnrecError: no such layer.
        """
        if layer is not None and layer not in self.numbers:
            raise AttnrecError(f"layer: expected one of {list(self.numbers)}, got {layer!r}")
        return len(self.numbers) - 1 if layer is None else self.numbers.index(layer)

    def into(self, field: str, layer: int | None = None) -> Float[np.ndarray, "layer field field"]:
        """What runs from each field to each on its way into one, of which 1 arrives.

        The sums over the fields that look are what the field below passes on; in the first layer
        they are the field's row of the rollout.

        Args:
            field: that is reached.
            layer: after which, from 1; the last unless given. What lies above it is 0.

        Raises:
            AttnrecError: no such field or layer.
        """
        if field not in self.fields:
            raise AttnrecError(
                f"field: no {field!r} among {list(self.fields)}{did_you_mean(field, self.fields)}"
            )
        amounts = np.zeros(self.weights.shape)
        held = np.zeros(len(self.fields))
        held[self.fields.index(field)] = 1
        for place in range(self.layer_of(layer), -1, -1):
            amounts[place] = held[:, None] * self.steps[place]
            held = amounts[place].sum(0)
        return amounts

    def to_frame(self) -> pd.DataFrame:
        """A row a pair and layer: `layer`, `looks`, `at`, `attention`, `cases` and `rollout`.

        `rollout` is what of the input of `at` is in `looks` after the layer.
        """
        layer, one, other = np.indices(self.weights.shape).reshape(3, -1)
        names = np.array(self.fields, dtype=object)
        return pd.DataFrame(
            {
                "layer": np.array(self.layers, dtype=object)[layer],
                "looks": names[one],
                "at": names[other],
                "attention": self.weights.ravel(),
                "cases": self.counts.ravel(),
                "rollout": self.rollout.ravel(),
            }
        )


def field_paths(found: FieldMap) -> FieldPaths:
    """The paths of a map of fields.

    Args:
        found: of all layers, from `run.field_map()` or `run.inspect(...).field_map()`; of one
            layer, that layer is taken to be the first.

    Raises:
        AttnrecError: pairs, which nobody looks at, or a map in which no case tells anything.
    """
    if found.of_pairs:
        raise AttnrecError(
            "attention: this model weighs pairs of fields, and no field gathers from others; "
            "field_heatmap draws the pairs"
        )
    there = np.logical_or(*found.shown)
    if not there.any():
        raise AttnrecError("attention: no case tells anything")
    weights = found.weights[:, there][:, :, there]
    looks = ~np.isnan(weights).all(2)
    weights = np.nan_to_num(weights)
    rolled = [np.eye(len(looks[0]))]
    for step in _steps(weights, looks):
        rolled.append(step @ rolled[-1])
    return FieldPaths(
        fields=tuple(np.array(found.fields, dtype=object)[there].tolist()),
        layers=tuple(f"layer {number}" for number in found.numbers),
        numbers=found.numbers,
        weights=weights,
        counts=found.counts[:, there][:, :, there],
        looks=looks,
        rollout=np.stack(rolled[1:]),
        found=found,
    )


def _steps(
    weights: Float[np.ndarray, "layer field field"], looks: Bool[np.ndarray, "layer field"]
) -> Float[np.ndarray, "layer field field"]:
    same = np.eye(weights.shape[1])
    return np.where(looks[..., None], 0.5 * weights + 0.5 * same, same)
