"""Scores and attention of some users and items in some circumstances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from attnrec.features.examples import Features
from attnrec.features.fields import Inputs
from attnrec.inspection import AttentionRecord
from attnrec.inspection.field_map import FieldMap, field_map


@dataclass(frozen=True, eq=False)
class FeatureInspection:
    """Scores and attention of some users and items in some circumstances.

    Attributes:
        inputs: what was asked, each with its one candidate.
        scores: `[batch]`, any real number.
        predictions: `[batch]`, probabilities or ratings; None where scores only rank, as
            those of choices do that were not trained with `"bce"`.
        record: what the model looked at; `record.real` is `[batch, feature]`.
        features: whose fields these are.
    """

    inputs: Inputs
    scores: np.ndarray
    predictions: np.ndarray | None
    record: AttentionRecord
    features: Features = field(repr=False)

    def to_frame(self, *, layer: int | str | None = None, head: int | None = None) -> pd.DataFrame:
        """Attention as a table, one row for each real key of each map and case.

        Where every field looks at every field, what a key gets is the mean over
        the real queries.

        Args:
            layer: number (from 1) or name of a map; unless given, all of them.
            head: number (from 1); default the mean over heads.

        Returns:
            Columns: `map`, `case` (from 1), `feature` (a field, two joined by ×, or `history 1`,
            the oldest item of a history, and so on), `value` (what it says, in words, or an
            item's title) and `attention`.
        """
        record = self.record
        maps = record.maps if layer is None else (record.layer(layer),)
        rows = []
        for map_ in maps:
            weights = record.weights(map_.name, head)
            for case, given in enumerate(weights):
                there = dict(zip(self.features.schema.names, record.real[case], strict=True))
                queries = [there.get(name, True) for name in map_.queries] or [True] * len(given)
                mean = given[queries].mean(0) if any(queries) else np.zeros(given.shape[1])
                if map_.key_axis == "position":
                    keys = self._history(case)
                else:
                    keys = self._fields(map_.keys, case, there)
                rows += [(map_.name, case + 1, *told, mean[key]) for key, told in keys.items()]
        return pd.DataFrame(rows, columns=["map", "case", "feature", "value", "attention"])

    def field_map(self, *, layer: int | str | None = None, head: int | None = None) -> FieldMap:
        """Where each field looks, or what each pair gets: of one case, or the mean of several.

        Arguments and errors as of `FeatureRun.field_map`.
        """
        return field_map([self.record], self.features.schema, layer=layer, head=head)

    def _fields(
        self, keys: Sequence[str], case: int, there: Mapping[str, bool]
    ) -> dict[int, tuple[str, str]]:
        """Which keys, fields or pairs of fields, say anything, and what."""
        names = self.features.schema.names
        said = self.features.values(np.asarray(self.inputs.take(np.array([case])).flat().levels)[0])
        words = dict(zip(names, said, strict=True))
        parts: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
        parts |= {f"{one} × {other}": (one, other) for one, other in combinations(names, 2)}
        return {
            i: (key, " × ".join(words[part] for part in parts[key]))
            for i, key in enumerate(keys)
            if all(there[part] for part in parts[key])
        }

    def _history(self, case: int) -> dict[int, tuple[str, str]]:
        """Which positions hold an item, and its title."""
        assert self.inputs.history is not None
        items, titles = self.inputs.history.items[case], self.features.data.catalogue.titles
        real = np.flatnonzero(items)
        return {
            int(key): (f"history {number}", titles[items[key] - 1])
            for number, key in enumerate(real, 1)
        }
