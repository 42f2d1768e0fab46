"""Popularity: everybody is recommended what most have chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnrec.data import Split
from attnrec.typing import Items, Scores


@dataclass(frozen=True)
class Popularity:
    """The number of train interactions of each item, the same for every user.

    Example:
        >>> from attnrec.data import validate
        >>> from attnrec.data.split import leave_one_out
        >>> import pandas as pd
        >>> table = pd.DataFrame({"user": list("aaaabbb"), "item": list("xyxyxyy")})
        >>> scorer = Popularity().fit(leave_one_out(validate(table)))
        >>> scorer(np.zeros((1, 4), np.int32)).tolist()
        [[0.0, 2.0, 1.0]]
    """

    def fit(self, split: Split) -> SameForAll:
        """Counts the train part."""
        counts = split.train_sequences.counts(len(split.data.items))
        return SameForAll("Popularity", counts.astype(np.float32))


@dataclass(frozen=True, eq=False)
class SameForAll:
    """A scorer that does not look at the history, and so needs none.

    Attributes:
        name: how tables call it.
        scores: float32[item], entry 0 being padding.
    """

    name: str
    scores: Float[np.ndarray, " item"]
    needs_history = False

    def __call__(self, histories: Items) -> Scores:
        """The same scores for every row."""
        return np.broadcast_to(self.scores, (len(histories), len(self.scores)))
