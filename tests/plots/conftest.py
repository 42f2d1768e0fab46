"""Inspections whose weights are arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from attnrec.data import FILMS, Catalogue
from attnrec.inspection import AttentionMap, AttentionRecord, Inspection, Request

TITLES = ["Alien", "Brazil $x^2$", "<b>Casablanca</b>", "D" * 500, "שלום", "Fargo"]


@pytest.fixture
def catalogue() -> Catalogue:
    frame = pd.DataFrame({"title": TITLES, "year": ["1979"] * 6}, index=[10, 20, 30, 40, 50, 60])
    return Catalogue(frame, FILMS, "year")


@pytest.fixture
def inspect(catalogue: Catalogue) -> Callable[..., Inspection]:
    """Of histories of indices; layer l, head h gives the key at position k a share as k + l + h."""

    def inspect(*histories: list[int], layers: int = 2, causal: bool = True) -> Inspection:
        request = Request.of(histories, length=max(map(len, histories)) + 2)
        batch, width = request.items.shape
        maps = []
        for layer in range(1, layers + 1):
            weights = np.zeros((batch, 2, width, width), np.float32)
            for row, history in enumerate(histories):
                n = len(history)
                for head in (1, 2):
                    raw = np.tile(np.arange(1.0, n + 1) + layer + head, (n, 1))
                    raw = np.tril(raw) if causal else raw
                    weights[row, head - 1, width - n :, width - n :] = raw / raw.sum(
                        1, keepdims=True
                    )
            maps.append(AttentionMap(f"layer{layer}", weights, causal=causal))
        scores = np.tile(np.array([-np.inf, 6, 5, 4, 3, 2, 2]), (batch, 1))
        record = AttentionRecord(tuple(maps), request.mask)
        return Inspection(request, scores, record, catalogue)

    return inspect
