"""Who has what, as sparse matrices: the order of a history, and repetitions, play no part."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from scipy import sparse

from attnrec.data.sequences import Sequences


def chosen(sequences: Sequences, num_items: int) -> sparse.csr_array:
    """float32[sequence, num_items + 1]: 1 where a sequence holds an item, however often."""
    rows = np.repeat(np.arange(len(sequences)), sequences.lengths)
    return _ones(rows, sequences.items, (len(sequences), num_items + 1))


def chosen_of(histories: Int[np.ndarray, "batch key"], num_items: int) -> sparse.csr_array:
    """float32[batch, num_items + 1]: the same of padded histories."""
    rows, columns = np.nonzero(histories)
    return _ones(rows, histories[rows, columns], (len(histories), num_items + 1))


def _ones(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    ones = np.ones(len(rows), np.float32)
    matrix = sparse.coo_array((ones, (rows, columns)), shape=shape).tocsr()
    matrix.data[:] = 1  # the sums of what stood there several times
    return matrix
