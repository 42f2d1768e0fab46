r"""A target's score as a function of which items of the history are there.

Every perturbation, metric and counterfactual asks this one function,
:math:`v(S)`, in batches. There are two ways to take an item out, and what is
measured in one says nothing of the other:

- `"drop"`: the item is gone and the sequence closes up, as if the user had
  never chosen it. Items before it come closer to the present.
- `"mask"`: its place stays, with nothing in it. Others keep their positions.

They agree on the whole history and on the empty one. Of an empty history a
model of ours reads a last position that has looked at nothing; a model that
only answers requests cannot be asked, and scores 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from attnrec.cores import calls_at_once, side_by_side
from attnrec.errors import AttnrecError, did_you_mean
from attnrec.explanations.case import Case
from attnrec.inspection import Request
from attnrec.models.lengths import few_sizes
from attnrec.models.prefixes import Prefixes, distinct_prefixes

Removal = Literal["drop", "mask"]
POSITIONS = 1 << 13  # in one compiled call: what it works on fits in a cache
WORTH_A_CALL = 16  # rows, at least, that a core is given of its own


def check_removal(removal: str) -> Removal:
    """`removal`, or an error that names what was expected."""
    known = get_args(Removal)
    if removal not in known:
        raise AttnrecError(
            f"removal: expected 'drop' or 'mask', got {removal!r}{did_you_mean(removal, known)}"
        )
    return removal  # type: ignore[return-value]


class Batch(NamedTuple):
    """Variants to ask about in one call; rows beyond those `chosen` hold nothing."""

    chosen: Int[np.ndarray, " variant"]
    items: Int[np.ndarray, "#row key"]
    mask: Bool[np.ndarray, "row key"]
    prefixes: Prefixes | None = None


class ValueFunction:
    """`v(keep)`: the target's score where only what `keep` says is there.

    Args:
        case: history, target and model.
        removal: what taking an item out means.

    Attributes:
        asked: how many variants the model has been asked about so far.

    Raises:
        AttnrecError: another `removal`, or `"mask"` of a model that cannot mask.
    """

    def __init__(self, case: Case, removal: Removal = "drop"):
        self.case = case
        self.removal = check_removal(removal)
        self.asked = 0
        inspector = case.inspector
        if removal == "mask" and not inspector.capabilities.interventions:
            raise AttnrecError(f"removal: {inspector.name} cannot mask positions; use 'drop'")

    def __call__(self, keep: Bool[np.ndarray, "variant position"]) -> Float[np.ndarray, " variant"]:
        """The target's score in each variant."""
        return self._in_batches(keep, ranks=False)[0]

    def ranked(
        self, keep: Bool[np.ndarray, "variant position"]
    ) -> tuple[Float[np.ndarray, " variant"], Int[np.ndarray, " variant"]]:
        """The target's score and its rank, from 1, among the case's candidates."""
        return self._in_batches(keep, ranks=True)

    def every(
        self, keep: Bool[np.ndarray, "variant position"]
    ) -> Float[np.ndarray, "variant item"]:
        """The scores of the whole catalogue in each variant, minus infinity where not ranked."""
        scores = np.full((len(keep), len(self.case.candidates)), -np.inf, np.float32)
        for chosen, items, mask, prefixes in self._batches(np.asarray(keep, bool)):
            found = self._ask(items, mask, prefixes)[: len(chosen)]
            scores[chosen] = np.where(self.case.candidates, found, -np.inf)
        return scores

    def _in_batches(self, keep: np.ndarray, ranks: bool) -> tuple[np.ndarray, np.ndarray]:
        keep, case = np.asarray(keep, bool), self.case
        if keep.ndim != 2 or keep.shape[1] != len(case):
            raise AttnrecError(f"keep: expected shape [variant, {len(case)}], got {keep.shape}")
        score = np.zeros(len(keep), np.float32)
        rank = np.ones(len(keep), np.int64)

        def ask(batch: Batch) -> tuple[Batch, np.ndarray, np.ndarray | None]:
            return batch, *self._of_target(batch, ranks)

        # Of a model that is not ours nobody knows whether it may be asked from several threads.
        each = map if case.probe is None else side_by_side
        for batch, own, place in each(ask, self._batches(keep)):
            n = len(batch.chosen)
            score[batch.chosen] = own[:n]
            if place is not None:
                rank[batch.chosen] = place[:n]
        return score, rank

    def _of_target(self, batch: Batch, ranks: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """Its score in each row, and its rank where that is wanted."""
        case, (_, items, mask, prefixes) = self.case, batch
        if case.probe is None:
            every = self._ask(items, mask, None)
            own = every[:, case.target]
            return own, 1 + ((every > own[:, None]) & case.candidates).sum(1)
        if not ranks:
            return np.asarray(case.probe.scores(items, mask, case.target, prefixes)), None
        found = case.probe.ranked(items, mask, case.target, case.candidates, prefixes)
        return np.asarray(found.score), np.asarray(found.rank)

    def _ask(self, items: np.ndarray, mask: np.ndarray, prefixes: Prefixes | None) -> np.ndarray:
        """Scores of the whole catalogue."""
        if self.case.probe is not None:
            return np.asarray(self.case.probe.every(items, mask, prefixes))
        scores = np.zeros((len(items), len(self.case.candidates)), np.float32)
        full = mask.any(1)
        if full.any():
            asked = self.case.inspector.inspect(Request(items[full], mask[full]))
            scores[full] = asked.scores
        return scores

    def _batches(self, keep: np.ndarray) -> Iterator[Batch]:
        """What to ask about, in few shapes of bounded size."""
        self.asked += len(keep)
        probe = self.case.probe
        if self.removal == "mask" and probe is not None and probe.shares_prefixes:
            return self._maskings(keep)
        return self._histories(keep)

    def _histories(self, keep: np.ndarray) -> Iterator[Batch]:
        """Variants of like length together, each with its items."""
        case, lengths = self.case, self.case.inspector.lengths
        kept = keep.sum(1) if self.removal == "drop" else np.full(len(keep), len(case))
        shapes = np.array(lengths or range(1, len(case) + 1))
        widths = shapes[np.minimum(np.searchsorted(shapes, kept), len(shapes) - 1)]
        for width in np.unique(widths):
            which = np.flatnonzero(widths == width)
            most = self._rows_of(int(width), len(which))
            for start in range(0, len(which), most):
                chosen = which[start : start + most]
                rows = _padded(len(chosen), most) if lengths else len(chosen)
                yield Batch(chosen, *self._rows(keep[chosen], int(width), rows))

    def _maskings(self, keep: np.ndarray) -> Iterator[Batch]:
        """Variants that begin alike together, with their common beginnings once."""
        case = self.case
        width, n = case.length, len(case)
        packed = np.packbits(keep, axis=1)
        order = np.argsort(packed.view(f"V{packed.shape[1]}")[:, 0])
        most = _rows_of(width)
        for start in range(0, len(order), most):
            chosen = order[start : start + most]
            mask = np.zeros((_padded(len(chosen), most), width), bool)
            mask[: len(chosen), -n:] = keep[chosen]
            variant, query, node = distinct_prefixes(mask)
            padded = np.zeros((2, few_sizes(len(query))), np.int32)
            padded[:, : len(query)] = variant, query
            prefixes = Prefixes(padded[0], padded[1], node)
            yield Batch(chosen, case.request.items, mask, prefixes)

    def _rows_of(self, width: int, variants: int) -> int:
        """How many go into one call: a power of two, which needs no rows beyond.

        As many as a cache holds; of few variants, what gives every core a call.
        """
        most = _rows_of(width)
        if self.case.probe is None:
            return most
        of_a_core = -(-variants // calls_at_once())
        return min(most, max(WORTH_A_CALL, 1 << (of_a_core - 1).bit_length()))

    def _rows(self, keep: np.ndarray, width: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Items and mask `[rows, width]`; rows beyond the variants hold nothing."""
        items = np.zeros((rows, width), np.int32)
        mask = np.zeros((rows, width), bool)
        n = len(self.case)
        if self.removal == "mask":
            items[: len(keep), -n:] = self.case.items
            mask[: len(keep), -n:] = keep
            return items, mask
        # Column by column from the right: what is kept moves up to the end, in its order.
        from_end = keep[:, ::-1].cumsum(1)[:, ::-1]
        variant, position = np.nonzero(keep)
        items[variant, width - from_end[variant, position]] = self.case.items[position]
        return items, items != 0


def _rows_of(width: int) -> int:
    """As many as a cache holds: a power of two, which needs no rows beyond."""
    return 1 << max(1, POSITIONS // width).bit_length() - 1


def _padded(rows: int, most: int) -> int:
    """1, 8, 64 or 512 rows, and never more than `most`: each size compiles once, for seconds."""
    return min(most, 8 ** -(-(rows - 1).bit_length() // 3))
