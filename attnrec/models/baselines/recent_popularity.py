"""Recent popularity: what most have chosen lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int

from attnrec.columns import Columns
from attnrec.data import Split
from attnrec.errors import AttnrecError
from attnrec.models.baselines.popularity import SameForAll, count


@dataclass(frozen=True)
class RecentPopularity:
    """Popularity over the last days of the train part; of equals, over all of it.

    Simple, and on a temporal split it can beat a transformer: Ji et al., "A
    Re-visit of the Popularity Baseline in Recommender Systems", SIGIR 2020
    [ji2020popularity]_.

    Args:
        days: how far back to count, from the latest train interaction. Used
            where the data has dates.
        last: where it has none, the number of each user's latest train
            interactions that count.
    """

    days: float = 30
    last: int = 10

    def __post_init__(self) -> None:
        if not self.days > 0:
            raise AttnrecError(f"days: expected a positive number, got {self.days!r}")
        if not isinstance(self.last, int) or self.last < 1:
            raise AttnrecError(f"last: expected a whole number from 1, got {self.last!r}")

    def fit(self, split: Split) -> SameForAll:
        """Counts the recent rows of the train part."""
        num_items = len(split.data.items)
        recent = count(self._recent_items(split), num_items)
        overall = count(split.train_sequences.items, num_items)
        pairs = np.stack([recent, overall], axis=1)
        order = np.unique(pairs, axis=0, return_inverse=True)[1]  # equal pairs stay equal
        return SameForAll("RecentPopularity", order.reshape(-1).astype(np.float32))

    def _recent_items(self, split: Split) -> Int[np.ndarray, " row"]:
        train = split.train
        dated = Columns.TIMESTAMP in train and pd.api.types.is_datetime64_dtype(
            train[Columns.TIMESTAMP]
        )
        if not dated:
            return split.train_sequences.latest(self.last).items
        times = train[Columns.TIMESTAMP]
        rows = train.index[times > times.max() - pd.Timedelta(days=self.days)]
        return split.data.item_indices[rows]
