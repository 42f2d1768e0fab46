"""Many maskings of one history, of which those that begin alike have their beginning in common.

In a causal model what a position has gathered depends on what stands before
it. Maskings of one history therefore form a tree: position 9 of two of them
that agree up to there is one node, worked out once. Where each of n items is
masked in turn, half of the n² positions are left, and of the coalitions along
a permutation a quarter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from attnrec.typing import Array


class Prefixes(NamedTuple):
    """The nodes of the tree, and where each masking meets them.

    Attributes:
        variant: of each node, a masking that passes it.
        query: and its position.
        node: of each masking and position, the node; where a position is
            masked, any. The last position has one of its own, masked or not.
    """

    variant: Int[Array, " node"]
    query: Int[Array, " node"]
    node: Int[Array, "batch key"]


def distinct_prefixes(keep: Bool[np.ndarray, "batch key"]) -> Prefixes:
    """The tree of maskings, in each of which `keep` says what is there.

    Args:
        keep: in any order, but what is alike is found only in neighbours:
            sort them first, the first position counting most.
    """
    differs = np.ones_like(keep)
    np.logical_or.accumulate(keep[1:] != keep[:-1], axis=1, out=differs[1:])
    new = differs & keep
    new[:, -1] = differs[:, -1]
    number = new.cumsum().reshape(new.shape) - 1
    node = np.maximum.accumulate(np.where(new, number, 0), axis=0)
    variant, query = np.nonzero(new)
    return Prefixes(variant.astype(np.int32), query.astype(np.int32), node.astype(np.int32))
