"""Training rows on the device, and the order in which an epoch visits them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from attnrec.data.sequences import Sequences
from attnrec.models.lengths import fixed_lengths


@dataclass(frozen=True)
class Batch:
    """Some rows, padded to a width.

    Args:
        rows: int32[batch], rows of `Batches.items`; the last row is empty and
            fills up a batch that is too small.
        length: columns that the longest of them needs.
    """

    rows: np.ndarray
    length: int


class Batches:
    """Histories, one a row, from each of which every position's next item is learned.

    Rows of like length go together, so that little work is spent on padding:
    a batch is as wide as one of a few fixed lengths. What is left over in one
    width moves up to the next.

    Args:
        sequences: training histories; of each, the latest `max_length + 1`
            items. Histories of one item have nothing to predict and are left out.
        max_length: columns of the widest batch.
        batch_size: rows in a batch.

    Attributes:
        items: int32[row + 1, max_length + 1], on the device, right-aligned.
        num_targets: positions whose next item is learned, in one epoch.
    """

    def __init__(self, sequences: Sequences, max_length: int, batch_size: int):
        kept = sequences.take(np.flatnonzero(sequences.lengths >= 2))
        self.batch_size = batch_size
        self.lengths = fixed_lengths(max_length)
        needed = np.minimum(kept.lengths - 1, max_length)
        self.num_targets = int(needed.sum())
        self._width = np.searchsorted(self.lengths, needed)  # index of each row's length
        rows = kept.padded(max_length + 1)
        self.items: jax.Array = jnp.asarray(np.pad(rows, ((0, 1), (0, 0))))

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self._width) / self.batch_size)

    def epoch(self, seed: int, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, in an order that (seed, epoch) alone decides."""
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self._width))
        batches = []
        left = np.zeros(0, order.dtype)
        for width, length in enumerate(self.lengths):
            rows = np.concatenate([left, order[self._width[order] == width]])
            whole = len(rows) // self.batch_size * self.batch_size
            batches += [Batch(part, length) for part in rows[:whole].reshape(-1, self.batch_size)]
            left = rows[whole:]
        if len(left):
            filled = np.full(self.batch_size, len(self._width))
            filled[: len(left)] = left
            length = self.lengths[self._width[left].max()]
            batches.append(Batch(filled, length))
        return (batches[i] for i in rng.permutation(len(batches)))
