"""What each field of a model may be set to, as a page offers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from attnrec.inspection.field_map import maps_of_fields
from attnrec_widgets.figure import plain

MOST = 2_000  # values, users or items that a page offers; others can be set from Python
STEPS = 21  # of a number to scale


class Choices:
    """Values of fields, users and items to choose from.

    Args:
        features: whose fields these are.
    """

    def __init__(self, features: Any):
        self._features = features

    @property
    def schema(self) -> Any:
        return self._features.schema

    @property
    def most(self) -> float:
        """The largest threshold of attention: twice an even share, 1 at most."""
        return min(1.0, 2 / len(self.schema))

    @property
    def unit(self) -> str:
        return {"rating": "rating", "click": "probability of a click"}.get(
            self._features.label, "probability of a choice"
        )

    @cached_property
    def circumstances(self) -> Mapping[str, Sequence[str]]:
        """The levels of the fields of the context that have such, as text."""
        fields = [self.schema.fields[place] for place in self.schema.of("context")]
        return {
            one.name: tuple(map(str, one.labels))
            for one in fields
            if one.kind in ("category", "bins")
        }

    def value(self, name: str, level: str) -> Any:
        """The label of a circumstance that is spelled like this."""
        field = self.schema.fields[self.schema.index(name)]
        return next(label for label in field.labels if str(label) == level)

    def layers(self, recorder: Any) -> tuple[int, ...]:
        """The numbers of the maps that tell of fields."""
        record = recorder.inspect(self._features.of_rows(np.zeros(1, int)))[1]
        told = {map_.name for map_ in maps_of_fields(record, self.schema)}
        return tuple(n for n, name in enumerate(record.names, 1) if name in told)

    def num_heads(self, recorder: Any) -> int:
        """Heads to choose from: those of the map with the fewest; none of one head."""
        row = np.zeros(1, int)
        nothing = self._features.of_rows(row)
        heads = [map_.num_heads for map_ in recorder.inspect(nothing)[1].maps]
        return min(heads, default=0) if min(heads, default=0) > 1 else 0

    def first(self) -> dict[str, Any]:
        """The first test case, or of all rows: user, item and circumstances."""
        features, data = self._features, self._features.data
        rows = features.examples("test").rows
        row = int(rows[0]) if len(rows) else 0
        words = features.values(np.asarray(features.of_rows(np.array([row])).flat().levels)[0])
        said = dict(zip(self.schema.names, words, strict=True))
        names = [name for name in self.circumstances if said[name]]
        return {
            "user": data.user_vocabulary.to_ids(data.user_indices[[row]])[0],
            "item": data.catalogue.vocabulary.to_ids(data.item_indices[[row]])[0],
            "changes": {name: self.value(name, said[name]) for name in names},
        }

    def setup(self, importance: pd.DataFrame | None, steps: int) -> dict[str, Any]:
        """What stays as it is: fields with their values, users, items, what shuffling costs."""
        data = self._features.data
        values = None if importance is None else importance["importance"].fillna(0).tolist()
        ids = data.catalogue.vocabulary.ids[:MOST]
        return {
            "fields": [self._told(place) for place in range(len(self.schema))],
            "importance": values,
            "users": [plain(id) for id in data.users[:MOST]],
            "items": [[plain(id), data.catalogue.titles[i]] for i, id in enumerate(ids)],
            "threshold": [self.most, steps],
        }

    def _told(self, place: int) -> dict[str, Any]:
        field = self.schema.fields[place]
        values: list[Any] = []
        if field.name not in self._features.encoders:  # ids: of the user, of the item
            values = []
        elif field.kind in ("category", "bins"):
            values = [plain(label) for label in field.labels[:MOST]]
        elif field.kind == "number":
            values = self._numbers(place)
        return {"name": field.name, "side": field.side, "kind": field.kind, "values": values}

    def _numbers(self, place: int) -> list[float]:
        """Numbers from the least to the greatest, as frequent as each other."""
        features, field = self._features, self.schema.fields[place]
        side = {"user": features.users, "item": features.items, "context": features.context}
        start = sum(
            self.schema.fields[one].num_columns for one in self.schema.of(field.side) if one < place
        )
        table = side[field.side]
        said = np.asarray(table.levels)[:, start] == self.schema.offsets[place] + 1
        weights = np.asarray(table.weights)[said, start]
        if not len(weights):
            return []
        marks = np.quantile(weights, np.linspace(0, 1, STEPS))
        decoded = features.encoders[field.name].decode(marks)
        return np.unique([float(f"{value:.3g}") for value in decoded]).tolist()
