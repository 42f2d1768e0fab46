"""Training rows, and the order in which an epoch visits them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int32

from attnrec.data.sequences import Sequences
from attnrec.errors import AttnrecError
from attnrec.models.lengths import fixed_lengths

RESIDENT = 1 << 30  # bytes of padded histories that may stay on the device
AHEAD = 16  # batches that are read before their turn


class Planned(NamedTuple):
    """Which histories make a batch.

    Attributes:
        rows: int32[batch], histories; the number of all of them is that of an empty
            one, which fills up a batch that is too small.
        length: columns that the longest of them needs.
    """

    rows: np.ndarray
    length: int


class Batch(NamedTuple):
    """What a step is given.

    Attributes:
        items: int32[any, length + 1 or more], on the device, right-aligned; the last row is empty.
        rows: int32[batch], those of `items` that make the batch.
        length: columns to learn from.
    """

    items: jax.Array
    rows: np.ndarray
    length: int


class Batches:
    """Histories, one a row, from each of which every position's next item is learned.

    Rows of like length go together, so that little work is spent on padding:
    a batch is as wide as one of a few fixed lengths. Of long rows fewer make a
    batch, of short ones more, so that all batches teach about as much: Adam's
    steps are as long as the larger gradients allow, and smaller ones between
    them would go to waste. Empty rows fill up what does not divide.

    All rows stay on the device, or, where they are too many, each batch is
    read when its turn comes, some ahead, by Grain. The batches are the same.

    Args:
        sequences: training histories; of each, the latest `max_length + 1`
            items. Histories of one item have nothing to predict and are left out.
        max_length: columns of the widest batch.
        batch_size: rows in a batch, on average.
        multiple: of which the rows of every batch are one, with empty ones.
        place: puts an array on the device, or on all of a mesh.
        stream: read batches as they are needed; unless given, where all rows
            would take more than `RESIDENT`.

    Attributes:
        num_targets: positions whose next item is learned, in one epoch.
        lengths, sizes: columns and rows of the batches of each width, without the
            empty ones that make a `multiple`.
        streamed: whether batches are read as they are needed.
    """

    def __init__(
        self,
        sequences: Sequences,
        max_length: int,
        batch_size: int,
        *,
        multiple: int = 1,
        place: Callable[[Any], Any] = jnp.asarray,
        stream: bool | None = None,
    ):
        self._histories = sequences.take(np.flatnonzero(sequences.lengths >= 2))
        self.lengths = fixed_lengths(max_length)
        needed = np.minimum(self._histories.lengths - 1, max_length)
        self.num_targets = int(needed.sum())
        self._width = np.searchsorted(self.lengths, needed)  # index of each row's length
        self._place = place
        self.sizes = _sizes(needed, self._width, len(self.lengths), batch_size)
        self._multiple = multiple
        padded_bytes = (len(needed) + 1) * (max_length + 1) * np.dtype(np.int32).itemsize
        self.streamed = padded_bytes > RESIDENT if stream is None else stream
        if self.streamed:
            _grain()  # missing, it is missed now
        else:
            rows = self._histories.padded(max_length + 1)
            self._items = place(np.pad(rows, ((0, 1), (0, 0))))

    def __len__(self) -> int:
        """Batches in an epoch."""
        rows = np.bincount(self._width, minlength=len(self.sizes))
        return sum(math.ceil(n / size) for n, size in zip(rows, self.sizes, strict=True))

    def plan(self, seed: int, epoch: int) -> list[Planned]:
        """The batches of one epoch, in an order that (seed, epoch) alone decides."""
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self._width)).astype(np.int32)
        batches = []
        for width, (length, size) in enumerate(zip(self.lengths, self.sizes, strict=True)):
            rows = order[self._width[order] == width]
            dealt = _filled(rows, size, len(order)).reshape(-1, size)
            batches += [
                Planned(_filled(part, self._multiple, len(order)), length) for part in dealt
            ]
        return [batches[i] for i in rng.permutation(len(batches))]

    def epoch(self, seed: int, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The batches of `plan`, from number `first` on."""
        plan = self.plan(seed, epoch)[first:]
        if not self.streamed:
            return (Batch(self._items, rows, length) for rows, length in plan)
        return self._read(plan)

    def _read(self, plan: list[Planned]) -> Iterator[Batch]:
        grain = _grain()
        read = grain.MapDataset.source(plan).map(self.rows)
        ahead = grain.ReadOptions(num_threads=2, prefetch_buffer_size=AHEAD)
        for items in read.to_iter_dataset(ahead):
            every = np.arange(len(items) - 1, dtype=np.int32)
            yield Batch(self._place(items), every, items.shape[1] - 1)

    def rows(self, planned: Planned) -> Int32[np.ndarray, "row column"]:
        """int32[batch + 1, length + 1]: the histories of a batch and an empty one."""
        rows, length = planned
        real = np.flatnonzero(rows < len(self._histories))
        items = np.zeros((len(rows) + 1, length + 1), np.int32)
        items[real] = self._histories.take(rows[real]).padded(length + 1)
        return items


def _sizes(targets: np.ndarray, width: np.ndarray, widths: int, batch_size: int) -> list[int]:
    """For each width, how many rows have about the targets of `batch_size` rows of all widths.

    So many that the rows of the width are dealt out evenly, and none of its
    batches is much emptier than the others.
    """
    wanted = batch_size * targets.mean() if len(targets) else 0.0
    sizes = []
    for one in range(widths):
        here = targets[width == one]
        batches = max(1, round(here.sum() / wanted)) if len(here) else 1
        sizes.append(max(1, math.ceil(len(here) / batches)))
    return sizes


def _filled(rows: np.ndarray, multiple: int, empty: int) -> np.ndarray:
    return np.pad(rows, (0, -len(rows) % multiple), constant_values=empty)


def _grain():
    try:
        import grain
    except ImportError as error:
        raise AttnrecError(
            "stream: histories that stay on disk are read by Grain: pip install 'attnrec[large]'"
        ) from error
    return grain
