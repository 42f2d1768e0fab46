"""Recent popularity: what most have chosen lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attnrec.data import Sequences, Split
from attnrec.errors import AttnrecError
from attnrec.models.baselines.popularity import SameForAll


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
        recent = self._recent(split).counts(num_items)
        overall = split.train_sequences.counts(num_items)
        pairs = np.stack([recent, overall], axis=1)
        order = np.unique(pairs, axis=0, return_inverse=True)[1]  # equal pairs stay equal
        return SameForAll("RecentPopularity", order.reshape(-1).astype(np.float32))

    def _recent(self, split: Split) -> Sequences:
        train, times = split.train_sequences, split.data.times
        if times is None or not pd.api.types.is_datetime64_dtype(times):
            return train.latest(self.last)
        newest = pd.Timestamp(times[train.stops - 1].max())
        begin = (newest - pd.Timedelta(days=self.days)).to_datetime64()
        first = split.data.first_rows_from(begin, after=True)[train.users - 1]
        return train.slices(first.clip(train.starts, train.stops), train.stops, train.users)
