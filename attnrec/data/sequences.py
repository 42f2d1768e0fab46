"""Histories of many users, as stretches of one flat array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int32, Int64

AT_ONCE = 1 << 16  # sequences whose items are read together when all are counted


@dataclass(frozen=True, eq=False)
class Sequences:
    """Ragged item sequences, oldest item first.

    Sequence i is `source[starts[i]:stops[i]]`. Parts of sequences, and some of
    many, are stretches of the same source: nothing is copied until it is
    padded, and the source may be a file that is mapped into memory.

    Attributes:
        source: int32[any], item indices.
        starts, stops: int64[n].
        users: int32[n], the user index of each sequence.
    """

    source: Int32[np.ndarray, " any"]
    starts: Int64[np.ndarray, " batch"]
    stops: Int64[np.ndarray, " batch"]
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
        return cls.end_to_end(items, offsets, np.asarray(who, dtype=np.int32))

    @classmethod
    def end_to_end(cls, items: np.ndarray, offsets: np.ndarray, users: np.ndarray) -> Sequences:
        """Sequences that follow one another: i is `items[offsets[i]:offsets[i + 1]]`."""
        return cls(items, offsets[:-1], offsets[1:], users)

    @classmethod
    def from_sorted_rows(cls, users: np.ndarray, items: np.ndarray) -> Sequences:
        """Sequences from parallel columns whose rows are grouped by user."""
        changes = np.flatnonzero(users[1:] != users[:-1]) + 1
        offsets = np.r_[0, changes, len(users)] if len(users) else np.zeros(1, np.int64)
        return cls.end_to_end(items.astype(np.int32), offsets, users[offsets[:-1]].astype(np.int32))

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, i: int) -> np.ndarray:
        if not -len(self) <= i < len(self):
            raise IndexError(f"sequence {i} of {len(self)}")
        return self.source[self.starts[i] : self.stops[i]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Sequences({len(self)} sequences, {self.total} items)"

    @property
    def lengths(self) -> np.ndarray:
        """int64[n], the number of items of each sequence."""
        return self.stops - self.starts

    @property
    def total(self) -> int:
        """The number of items of all sequences."""
        return int(self.lengths.sum())

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64[n + 1]; sequence i is `items[offsets[i]:offsets[i + 1]]`."""
        return np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)

    @cached_property
    def items(self) -> np.ndarray:
        """int32[total], one sequence after the other, in memory."""
        return np.asarray(self.source[self._places()])

    def _places(self) -> slice | np.ndarray:
        """Where in the source the items stand."""
        if not len(self):
            return slice(0)
        if (self.starts[1:] == self.stops[:-1]).all():
            return slice(self.starts[0], self.stops[-1])
        shift = np.repeat(self.starts - self.offsets[:-1], self.lengths)
        return np.arange(self.offsets[-1]) + shift

    def counts(self, num_items: int) -> Int64[np.ndarray, " item"]:
        """int64[num_items + 1]: how often each item index occurs."""
        found = np.zeros(num_items + 1, np.int64)
        for first in range(0, len(self), AT_ONCE):
            some = self.take(np.arange(first, min(first + AT_ONCE, len(self))))
            found += np.bincount(some.items, minlength=num_items + 1)
        return found

    def take(self, which: np.ndarray) -> Sequences:
        """The sequences at these places, in this order."""
        which = np.asarray(which, dtype=np.int64)
        return self.slices(self.starts[which], self.stops[which], self.users[which])

    def slices(self, starts: np.ndarray, stops: np.ndarray, users: np.ndarray) -> Sequences:
        """Other stretches of the same source, one for each start and stop."""
        return Sequences(self.source, starts, stops, users)

    def latest(self, max_length: int) -> Sequences:
        """Each sequence cut to its `max_length` most recent items."""
        return self.slices(np.maximum(self.starts, self.stops - max_length), self.stops, self.users)

    def padded(self, max_length: int) -> Int32[np.ndarray, "batch key"]:
        """int32[n, max_length], right-aligned, 0 before the oldest item.

        Of a longer sequence the most recent items are kept.
        """
        recent = self.latest(max_length)
        out = np.zeros((len(self), max_length), dtype=np.int32)
        row = np.repeat(np.arange(len(self)), recent.lengths)
        from_end = np.repeat(recent.offsets[1:], recent.lengths) - np.arange(recent.offsets[-1])
        out[row, max_length - from_end] = recent.items
        return out
