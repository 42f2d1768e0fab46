"""Histories of many users in three flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64


@dataclass(frozen=True, eq=False)
class Sequences:
    """Ragged item sequences, oldest item first.

    Attributes:
        items: int32[total], item indices, one sequence after the other.
        offsets: int64[n + 1]; sequence i is `items[offsets[i]:offsets[i + 1]]`.
        users: int32[n], the user index of each sequence.
    """

    items: Int32[np.ndarray, " total"]
    offsets: Int64[np.ndarray, " batch+1"]
    users: Int32[np.ndarray, " batch"]

    @classmethod
    def of(
        cls, sequences: Iterable[Iterable[int]], users: Iterable[int] | None = None
    ) -> Sequences:
        """Sequences from lists of item indices; users count from 1 unless given.

        Example:
            >>> Sequences.of([[3, 1], [2]]).padded(3).tolist()
            [[0, 3, 1], [0, 0, 2]]
        """
        lists = [np.asarray(sequence, dtype=np.int32) for sequence in sequences]
        items = np.concatenate(lists) if lists else np.zeros(0, np.int32)
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
        who = np.arange(1, len(lists) + 1) if users is None else list(users)
        return cls(items, offsets, np.asarray(who, dtype=np.int32))

    @classmethod
    def from_sorted_rows(cls, users: np.ndarray, items: np.ndarray) -> Sequences:
        """Sequences from parallel columns whose rows are grouped by user."""
        changes = np.flatnonzero(users[1:] != users[:-1]) + 1
        offsets = np.r_[0, changes, len(users)] if len(users) else np.zeros(1, np.int64)
        return cls(items.astype(np.int32), offsets, users[offsets[:-1]].astype(np.int32))

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, i: int) -> np.ndarray:
        if not -len(self) <= i < len(self):
            raise IndexError(f"sequence {i} of {len(self)}")
        i %= len(self)
        return self.items[self.offsets[i] : self.offsets[i + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Sequences({len(self)} sequences, {len(self.items)} items)"

    @property
    def lengths(self) -> np.ndarray:
        """int64[n], the number of items of each sequence."""
        return np.diff(self.offsets)

    def take(self, which: np.ndarray) -> Sequences:
        """The sequences at these places, in this order."""
        which = np.asarray(which, dtype=np.int64)
        return self.slices(self.offsets[:-1][which], self.offsets[1:][which], self.users[which])

    def slices(self, starts: np.ndarray, stops: np.ndarray, users: np.ndarray) -> Sequences:
        """New sequences `items[start:stop]`, one for each start and stop."""
        lengths = stops - starts
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift = np.repeat(starts - offsets[:-1], lengths)
        return Sequences(self.items[np.arange(offsets[-1]) + shift], offsets, users)

    def latest(self, max_length: int) -> Sequences:
        """Each sequence cut to its `max_length` most recent items."""
        stops = self.offsets[1:]
        starts = np.maximum(self.offsets[:-1], stops - max_length)
        return self.slices(starts, stops, self.users)

    def padded(self, max_length: int) -> Int32[np.ndarray, "batch key"]:
        """int32[n, max_length], right-aligned, 0 before the oldest item.

        Of a longer sequence the most recent items are kept.
        """
        recent = self.latest(max_length)
        out = np.zeros((len(self), max_length), dtype=np.int32)
        row = np.repeat(np.arange(len(self)), recent.lengths)
        from_end = np.repeat(recent.offsets[1:], recent.lengths) - np.arange(len(recent.items))
        out[row, max_length - from_end] = recent.items
        return out
