"""What models read of a log: who chose what, in which order, from which catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from attnrec.data.catalogue import Catalogue
from attnrec.data.report import Report
from attnrec.data.sequences import AT_ONCE, Sequences
from attnrec.data.vocabulary import Vocabulary


@dataclass(frozen=True)
class Protocol:
    """How models of this data are used and judged.

    Attributes:
        filter_seen: leave out of a ranking what the user already has. Films
            are watched once (True); shops sell again what was bought (False).
    """

    filter_seen: bool = True


class Histories(ABC):
    """A log, in memory (`Interactions`) or on disk (`Log`).

    Attributes:
        catalogue: the items that occur, in the order of their indices.
        protocol: whether a seen item may be recommended again.
        name: what the data is called in results and provenance.
        report: what was found in it and done.
        truth: what really caused each interaction, for simulated data; or None.
    """

    catalogue: Catalogue
    protocol: Protocol
    name: str
    report: Report
    truth: Any

    @property
    @abstractmethod
    def user_vocabulary(self) -> Vocabulary:
        """User ids and their indices."""

    @property
    @abstractmethod
    def sequences(self) -> Sequences:
        """The whole history of every user; sequence i belongs to user index i + 1.

        One after the other in their source, whose places are the log's rows.
        """

    @property
    @abstractmethod
    def times(self) -> np.ndarray | None:
        """The time of each row, ascending for each user: dates or numbers; None without times."""

    @property
    @abstractmethod
    def basket_starts(self) -> np.ndarray | None:
        """int64: the rows with which baskets begin; None where every row is on its own."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the content, equal in every process and on every machine."""

    @property
    def users(self) -> pd.Index:
        """User ids, in the order of their indices."""
        return self.user_vocabulary.ids

    @property
    def items(self) -> pd.Index:
        """Item ids, in the order of their indices."""
        return self.catalogue.ids

    def history(self, user: object) -> list:
        """The ids of one user's items, oldest first.

        Raises:
            UnknownIdError: naming the nearest known user.
        """
        return self.catalogue.vocabulary.to_ids(
            self.sequences[self.user_vocabulary.index(user) - 1]
        )

    def first_rows_from(self, moment: Any, *, after: bool = False) -> np.ndarray:
        """int64[user]: the first row of each at or after a moment; the end if none.

        Args:
            moment: as `times` are.
            after: not at the moment itself.
        """
        assert self.times is not None
        starts, stops = self.sequences.starts, self.sequences.stops
        found = np.empty(len(starts), np.int64)
        for first in range(0, len(starts), AT_ONCE):
            of = slice(first, first + AT_ONCE)
            begin = starts[of][0]
            rows = self.times[begin : stops[of][-1]]
            before = rows <= moment if after else rows < moment
            found[of] = np.add.reduceat(before, starts[of] - begin, dtype=np.int64)
        return starts + found

    def __len__(self) -> int:
        return self.sequences.total

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name!r}: {len(self):,} interactions of "
            f"{len(self.users):,} users with {len(self.items):,} {self.catalogue.words.items})"
        )
