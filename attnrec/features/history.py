"""What users had before: of each row of the data, and now."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from attnrec.data.interactions import Interactions
from attnrec.data.parts import PARTS, TEST, TRAIN, RowSplit, Split
from attnrec.data.sequences import Sequences


def before(split: Split | RowSplit, counts: Bool[np.ndarray, " row"]) -> Sequences:
    """Of each row, the items that its user had before it and that may be known there.

    A row of train sees others of train; one of validation all but its own part
    and the test; one of the test all but the test. Rows of one basket do not
    see each other.

    Args:
        split: the data, and which part of it is what.
        counts: which rows make a history.

    Returns:
        One sequence for each row; empty for rows that are in no part.
    """
    data, part = _data(split), split.part
    rows = np.arange(len(data))
    of_user = data.sequences.starts[data.user_indices - 1]
    baskets = data.basket_starts
    of_basket = rows
    if baskets is not None:
        of_basket = baskets[np.searchsorted(baskets, rows, side="right") - 1]
    starts, stops = np.zeros(len(data), np.int64), np.zeros(len(data), np.int64)
    sources: list[np.ndarray] = []
    for code in PARTS.values():
        known = counts & (part == TRAIN if code == TRAIN else part < code)
        first = sum(map(len, sources))
        earlier = first + np.r_[0, np.cumsum(known)]  # places in the source before each row
        here = part == code
        starts[here], stops[here] = earlier[of_user[here]], earlier[of_basket[here]]
        sources.append(data.item_indices[known])
    source = np.concatenate(sources).astype(np.int32)
    return Sequences(source, starts, stops, data.user_indices)


def now(split: Split | RowSplit, counts: Bool[np.ndarray, " row"]) -> Sequences:
    """Of each user all items that count, but for the test part; sequence i of user i + 1."""
    data = _data(split)
    known = counts & (split.part != TEST)
    lengths = np.bincount(data.user_indices[known], minlength=len(data.users) + 1)
    users = np.arange(1, len(lengths), dtype=np.int32)
    offsets = np.cumsum(lengths).astype(np.int64)
    return Sequences.end_to_end(data.item_indices[known], offsets, users)


def _data(split: Split | RowSplit) -> Interactions:
    assert isinstance(split.data, Interactions)
    return split.data
