"""Variants of one history laid out for a model: in few shapes of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Integer

from attnrec.explanations.case import Case
from attnrec.inspection import width_for
from attnrec.models.prefixes import Prefixes, prefixes_of

POSITIONS = 1 << 13  # in one compiled call: what it works on fits in a cache
WORTH_SHARING = 1 << 11  # positions; below, a graph of its own costs more than it saves


class Batch(NamedTuple):
    """Variants to ask about in one call; rows beyond those `chosen` hold nothing.

    Attributes:
        chosen: which of all variants.
        items: of each its items, or with `prefixes` none.
        mask: what is there.
        prefixes: what they are made of, where it can be shared.
    """

    chosen: Int[np.ndarray, " variant"]
    items: Int[np.ndarray, "batch key"] | None
    mask: Bool[np.ndarray, "batch key"]
    prefixes: Prefixes | None = None


def in_batches(
    case: Case, keep: Bool[np.ndarray, "variant position"], closing: bool
) -> Iterator[Batch]:
    """What to ask about where only what `keep` says is there.

    Args:
        case: the history and its model.
        keep: of each variant, which items.
        closing: whether the sequence closes up, or places stay.
    """
    if case.probe is not None and case.probe.shares_prefixes and len(keep):
        if not closing:
            return _sharing(case, _standing(keep, case.length, closing))
        left = keep.sum(1)
        width = width_for(case.inspector.lengths, int(left.max()))
        if np.ptp(left) <= 1 and len(keep) * width >= WORTH_SHARING:
            stands = _standing(keep, width, closing)
            if _few_in_each_column(stands, len(case)):
                return _sharing(case, stands)
    return _apart(case, keep, closing)


def _few_in_each_column(stands: np.ndarray, n: int) -> bool:
    """Two at most, as where each item of a history, or of a part of it, is dropped in turn."""
    used = np.zeros((stands.shape[1], n + 1), bool)
    used[np.arange(stands.shape[1]), stands] = True
    return bool(used[:, 1:].sum(1).max() <= 2)


def _sharing(case: Case, stands: np.ndarray) -> Iterator[Batch]:
    """Variants that begin alike together, with their common beginnings once."""
    width = stands.shape[1]
    order = np.argsort(stands.view(f"V{stands.itemsize * width}")[:, 0])
    most = _rows_of(width)
    for start in range(0, len(order), most):
        chosen = order[start : start + most]
        batch = np.zeros((_padded(len(chosen), most), width), stands.dtype)
        batch[: len(chosen)] = stands[chosen]
        yield Batch(chosen, None, batch > 0, prefixes_of(case.items, batch))


def _apart(case: Case, keep: np.ndarray, closing: bool) -> Iterator[Batch]:
    """Variants of like length together, each with its items."""
    lengths = case.inspector.lengths
    kept = keep.sum(1) if closing else np.full(len(keep), len(case))
    shapes = np.array(lengths or range(1, len(case) + 1))
    widths = shapes[np.minimum(np.searchsorted(shapes, kept), len(shapes) - 1)]
    history = np.append(np.int32(0), case.items)
    for width in map(int, np.unique(widths)):
        which = np.flatnonzero(widths == width)
        most = _rows_of(width)
        for start in range(0, len(which), most):
            chosen = which[start : start + most]
            rows = _padded(len(chosen), most) if lengths else len(chosen)
            shown = np.zeros((rows, len(case)), bool)
            shown[: len(chosen)] = keep[chosen]
            stands = _standing(shown, width, closing)
            # What is masked is told with its mask, so that its place stays.
            told = stands if closing else _standing(np.ones_like(shown), width, closing)
            yield Batch(chosen, history[told], stands > 0)


def _standing(
    keep: np.ndarray, width: int, closing: bool
) -> Integer[np.ndarray, "variant {width}"]:
    """Which item, from 1, stands at each position of each variant; 0, none."""
    n = keep.shape[1]
    stands = np.zeros((len(keep), width), np.uint8 if n < 256 else np.int32)
    if not closing:
        stands[:, -n:] = np.where(keep, np.arange(1, n + 1), 0)
        return stands
    from_end = keep[:, ::-1].cumsum(1)[:, ::-1]  # what is kept moves up to the end, in its order
    variant, position = np.nonzero(keep)
    stands[variant, width - from_end[variant, position]] = position + 1
    return stands


def _rows_of(width: int) -> int:
    """How many go into one call: a power of two, which needs no rows beyond."""
    return 1 << max(1, POSITIONS // width).bit_length() - 1


def _padded(rows: int, most: int) -> int:
    """1, 8, 64 or 512 rows, and never more than `most`: each size compiles once, for seconds."""
    return min(most, 8 ** -(-(rows - 1).bit_length() // 3))
