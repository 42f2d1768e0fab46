"""What a figure reads out of an inspection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnrec.errors import AttnrecError
from attnrec.inspection import Inspection


@dataclass(frozen=True)
class OneHistory:
    """One history of an inspection, without its padding.

    Attributes:
        inspection: all of it.
        row: which history, from 0.
        ids: its item ids, oldest first.
    """

    inspection: Inspection
    row: int
    ids: list

    @classmethod
    def of(cls, inspection: Inspection, row: int = 0) -> OneHistory:
        batch = len(inspection.request.items)
        if not 0 <= row < batch:
            raise AttnrecError(f"row: expected 0 to {batch - 1}, got {row}")
        items = inspection.request.items[row]
        ids = inspection.catalogue.vocabulary.to_ids(items[items != 0])
        return cls(inspection, row, ids)

    @property
    def titles(self) -> list[str]:
        return [self.inspection.catalogue.title(id) for id in self.ids]

    @property
    def details(self) -> list[str]:
        catalogue = self.inspection.catalogue
        return [catalogue.details[i - 1] for i in catalogue.vocabulary.indices(self.ids)]

    def block(self, layer: int | str | None, head: int | None) -> Float[np.ndarray, "query key"]:
        """Attention between the items; positions from 1 are rows from 0."""
        weights = self.inspection.record.weights(layer, head)
        if weights.ndim != 3:
            raise AttnrecError("layer: a map with a candidate axis has no single matrix")
        n = len(self.ids)
        return weights[self.row, -n:, -n:]

    def number_of(self, layer: int | str | None) -> int:
        """The layer's number, from 1."""
        record = self.inspection.record
        return record.names.index(record.layer(layer).name) + 1
