"""A model small enough to do its sums by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec.data import FILMS, Catalogue
from attnrec.inspection import (
    AttentionMap,
    AttentionRecord,
    Capabilities,
    Inspection,
    Request,
)

TITLES = [
    "Alien",
    "Brazil",
    "Casablanca",
    "Dune",
    "Elf",
    "Fargo",
    "Gattaca",
    "<img src=x onerror=alert(1)>",
]


class Steps:
    """Scores item i with i - 4 plus the length of the history; its attention is arithmetic.

    Two layers of two heads. Layer l, head h gives the key at position k the
    weight k + l + h, divided so that a causal row sums to one.
    """

    name = "Steps"
    capabilities = Capabilities(attention=True)
    lengths: tuple[int, ...] = ()

    def __init__(self) -> None:
        years = [str(1979 + i) for i in range(len(TITLES))]
        frame = pd.DataFrame({"title": TITLES, "year": years}, index=[f"m{i}" for i in range(1, 9)])
        self.catalogue = Catalogue(frame, FILMS, "year")
        self.asked: list[list[int]] = []

    @staticmethod
    def weights(n: int, layer: int, head: int) -> np.ndarray:
        raw = np.tril(np.tile(np.arange(1, n + 1) + layer + head, (n, 1)).astype(np.float32))
        return raw / raw.sum(1, keepdims=True)

    def inspect(self, request: Request) -> Inspection:
        self.asked.append(request.items[0].tolist())
        width, n = request.items.shape[1], int(request.mask.sum())
        scores = np.arange(9, dtype=np.float32)[None] - 4 + n
        scores[0, 0] = -np.inf
        maps = []
        for layer in (1, 2):
            weights = np.zeros((1, 2, width, width), np.float32)
            for head in (1, 2):
                weights[0, head - 1, width - n :, width - n :] = self.weights(n, layer, head)
            maps.append(AttentionMap(f"layer{layer}", weights, causal=True))
        record = AttentionRecord(tuple(maps), request.mask)
        return Inspection(request, scores, record, self.catalogue)


@pytest.fixture
def steps() -> Steps:
    return Steps()
