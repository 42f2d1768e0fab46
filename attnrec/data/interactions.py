"""One table of who chose what, and when: what every other part of the package reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import Catalogue
from attnrec.data.fingerprint import fingerprint
from attnrec.data.histories import Histories, Protocol
from attnrec.data.report import Report
from attnrec.data.sequences import Sequences
from attnrec.data.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False, repr=False)
class Interactions(Histories):
    """A validated log of interactions and the catalogue of its items.

    Made by `attnrec.datasets.load`, or by `attnrec.data.validation.validate`
    from any table; the constructor trusts what it is given.

    Attributes:
        frame: columns user, item, and where known timestamp, rating, basket
            and extras; sorted by user (in order of first appearance in the
            source), then by time, stably; its index counts from 0.
        catalogue: the items that occur in `frame`, in the order of their indices.
        protocol: whether a seen item may be recommended again.
        name: what the data is called in results and provenance.
        report: what validation and filters found and did.
        truth: what really caused each interaction, for simulated data; or None.
        people: attributes of users, indexed by user id in the order of `users`; or None.
    """

    frame: pd.DataFrame
    catalogue: Catalogue
    protocol: Protocol = field(default_factory=Protocol)
    name: str = "data"
    report: Report = field(default_factory=Report)
    truth: Any = None
    people: pd.DataFrame | None = None

    @cached_property
    def user_vocabulary(self) -> Vocabulary:
        """User ids and their indices."""
        return Vocabulary(pd.Index(self.frame[Columns.USER].unique()), kind="user")

    @cached_property
    def user_indices(self) -> np.ndarray:
        """int32[rows], the user index of each row of `frame`."""
        return self.users.get_indexer(self.frame[Columns.USER]).astype(np.int32) + 1

    @cached_property
    def item_indices(self) -> np.ndarray:
        """int32[rows], the item index of each row of `frame`."""
        return self.items.get_indexer(self.frame[Columns.ITEM]).astype(np.int32) + 1

    @cached_property
    def sequences(self) -> Sequences:
        """The whole history of every user; sequence i belongs to user index i + 1."""
        return Sequences.from_sorted_rows(self.user_indices, self.item_indices)

    @property
    def times(self) -> np.ndarray | None:
        """The time of each row of `frame`; None without times."""
        has = Columns.TIMESTAMP in self.frame
        return self.frame[Columns.TIMESTAMP].to_numpy() if has else None

    @cached_property
    def basket_starts(self) -> np.ndarray | None:
        """int64: the rows with which baskets begin; None where the data has none."""
        if Columns.BASKET not in self.frame:
            return None
        basket, user = pd.factorize(self.frame[Columns.BASKET])[0], self.user_indices
        return np.flatnonzero(np.r_[True, (basket[1:] != basket[:-1]) | (user[1:] != user[:-1])])

    def rows(self, user: object) -> pd.DataFrame:
        """The rows of one user, oldest first."""
        i = self.user_vocabulary.index(user) - 1
        return self.frame.iloc[self.sequences.offsets[i] : self.sequences.offsets[i + 1]]

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the content, equal in every process and on every machine.

        Covers user and item ids, the order of items in each history, and,
        where there are any, times, ratings and baskets; not titles or people.
        """
        columns = (Columns.TIMESTAMP, Columns.RATING, Columns.BASKET)
        given = {name: self.frame[name] for name in columns if name in self.frame.columns}
        return fingerprint(self.users, self.items, self.sequences, given)

    def filter(
        self,
        *,
        min_rating: float | None = None,
        min_user_count: int | None = None,
        min_item_count: int | None = None,
        max_history: int | None = None,
    ) -> Interactions:
        """Fewer interactions; see `attnrec.data.filters.filter_rows`."""
        from attnrec.data.filters import filter_rows

        return filter_rows(self, min_rating, min_user_count, min_item_count, max_history)

    def keep_rows(self, keep: np.ndarray, report: Report) -> Interactions:
        """The data with only the rows where `keep` is true, their items and their users."""
        if keep.all():
            return replace(self, report=report)
        frame = self.frame[keep].reset_index(drop=True)
        catalogue = self.catalogue.subset(frame[Columns.ITEM].unique())
        people = self.people
        if people is not None:
            people = people[people.index.isin(frame[Columns.USER].unique())]
        if self.truth is not None:  # it speaks of rows that are no longer these
            report = report.with_rows(("simulator's truth", 1, "left out, since rows were dropped"))
        return replace(
            self, frame=frame, catalogue=catalogue, report=report, truth=None, people=people
        )
