"""Many variants of one history, of which those that begin alike have their beginning in common.

In a causal model what a position has gathered depends on what stands before
it. Variants of one history therefore form a tree: position 9 of two of them
that agree up to there is one node, worked out once. Where each of n items is
masked in turn, half of the n² positions are left, and of the coalitions along
a permutation a quarter. So too where each item is dropped in turn: what
stands before it moves up by one place, and is the same for all later items.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Integer

from attnrec.models.lengths import few_sizes
from attnrec.typing import Array


class Prefixes(NamedTuple):
    """Variants as a tree over tokens, each an item that stands somewhere in some of them.

    Attributes:
        items: of each token, the catalogue index; the last is padding.
        column: and where it stands; padding, at the end.
        token: of each variant and position, the token; padding's where
            nothing stands.
        variant: of each node, a variant that passes it.
        query: and its position.
        node: of each variant and position, the node; where nothing stands,
            any. The last position has one of its own, empty or not.
    """

    items: Int[Array, " token"]
    column: Int[Array, " token"]
    token: Int[Array, "batch key"]
    variant: Int[Array, " node"]
    query: Int[Array, " node"]
    node: Int[Array, "batch key"]


def prefixes_of(
    items: Int[np.ndarray, " item"], stands: Integer[np.ndarray, "batch key"]
) -> Prefixes:
    """The tree of variants, with tokens and nodes in one of a few numbers.

    Args:
        items: catalogue indices of the history.
        stands: of each variant and position, which item of the history stands
            there, from 1; 0, nothing. In any order, but what is alike is
            found only in neighbours: sort them first, the first position
            counting most.
    """
    width = stands.shape[1]
    used = np.zeros((width, len(items) + 1), bool)
    used[np.arange(width), stands] = True
    column, item = np.nonzero(used[:, 1:])
    tokens = _size(len(column) + 1, width)
    number = np.full(used.shape, tokens - 1, np.int32)
    number[column, item + 1] = np.arange(len(column))
    variant, query, node = distinct_prefixes(stands)
    nodes = few_sizes(len(query))
    return Prefixes(
        _filled(items[item], tokens, 0),
        _filled(column, tokens, width - 1),
        number[np.arange(width), stands],
        _filled(variant, nodes, 0),
        _filled(query, nodes, 0),
        node,
    )


def distinct_prefixes(
    stands: Bool[np.ndarray, "batch key"] | Integer[np.ndarray, "batch key"],
) -> tuple[Int[np.ndarray, " node"], Int[np.ndarray, " node"], Int[np.ndarray, "batch key"]]:
    """`variant`, `query` and `node` of `Prefixes`."""
    differs = np.ones(stands.shape, bool)
    np.logical_or.accumulate(stands[1:] != stands[:-1], axis=1, out=differs[1:])
    new = differs & (stands > 0)
    new[:, -1] = differs[:, -1]
    number = new.cumsum().reshape(new.shape) - 1
    node = np.maximum.accumulate(np.where(new, number, 0), axis=0)
    variant, query = np.nonzero(new)
    return variant, query, node.astype(np.int32)


def _size(tokens: int, width: int) -> int:
    """Tokens as numbers that depend on little but the width, as each compiles for seconds."""
    sizes = (width, 9 * width // 8, 3 * width // 2, 2 * width)
    return next((size for size in sizes if tokens <= size), few_sizes(tokens))


def _filled(values: np.ndarray, size: int, rest: int) -> Int[np.ndarray, " {size}"]:
    filled = np.full(size, rest, np.int32)
    filled[: len(values)] = values
    return filled
