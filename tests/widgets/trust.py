"""A model whose effects are known, for the tests of TrustPanel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnrec.data import FILMS, Catalogue
from attnrec.inspection import AttentionRecord, Capabilities, Inspection, Request
from tests.widgets.conftest import TITLES


class Worth:
    """The last item of the catalogue gets what the items shown are worth to it; others score 0.

    Args:
        worth: of each item, by id; of those not named, nothing.
    """

    name = "Worth"
    capabilities = Capabilities()
    lengths: tuple[int, ...] = ()

    def __init__(self, **worth: float) -> None:
        frame = pd.DataFrame({"title": TITLES}, index=[f"m{i}" for i in range(1, 9)])
        self.catalogue = Catalogue(frame, FILMS)
        self.worth = np.array([0, *(worth.get(f"m{i}", 0) for i in range(1, 9))], float)
        self.broken = False

    def inspect(self, request: Request) -> Inspection:
        if self.broken:
            raise RuntimeError("out of order\nwith details")
        scores = np.zeros((len(request.items), 9))
        scores[:, 8] = (self.worth[request.items] * request.mask).sum(1)
        scores[:, 0] = -np.inf
        return Inspection(request, scores, AttentionRecord((), request.mask), self.catalogue)
