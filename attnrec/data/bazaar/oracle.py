"""How well the simulator itself would recommend: the mark that models are measured by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from attnrec.data.bazaar import intensity, situations
from attnrec.data.split import Cases, Split
from attnrec.errors import DataError

if TYPE_CHECKING:
    from attnrec.data.bazaar.truth import Truth

_BATCH = 512


def metrics(ranks: Int[np.ndarray, " case"], cutoffs: Sequence[int]) -> dict[str, float]:
    """HR, NDCG and MRR of cases with one target each, named as `attnrec.evaluation` does."""
    if not len(ranks):
        raise DataError("cases: expected at least one, got none")
    gains, found = 1 / np.log2(1 + ranks), {}
    for k in cutoffs:
        top = ranks <= k
        found[f"HR@{k}"] = top.mean()
        found[f"NDCG@{k}"] = (gains * top).mean()
        found[f"MRR@{k}"] = (top / ranks).mean()
    found["MRR"] = (1 / ranks).mean()
    return {name: float(value) for name, value in found.items()}


def ranks(truth: Truth, cases: Cases | Split | None) -> Int[np.ndarray, " case"]:
    """The rank, from 1, of each target by its true probability; ties count against it."""
    users, before = _places(truth, cases)
    found = np.zeros(len(users), dtype=np.int64)
    for start in range(0, len(users), _BATCH):
        batch = slice(start, start + _BATCH)
        now = situations.of_users(truth, users[batch], before[batch])
        scores = intensity.distribution(truth.shop, now)
        scores[:, 0] = -np.inf
        targets = truth.sequences.items[truth.sequences.offsets[users[batch] - 1] + before[batch]]
        found[batch] = (scores >= scores[np.arange(len(targets)), targets, None]).sum(axis=1)
    return found


def _places(truth: Truth, cases: Cases | Split | None) -> tuple[np.ndarray, np.ndarray]:
    """User index of each case, and how many purchases precede its target."""
    own = truth.sequences
    if cases is None:
        return own.users, own.lengths - 1
    if isinstance(cases, Split):
        cases = cases.cases("test")
    if (cases.targets.lengths != 1).any():
        raise DataError("cases: expected one target each; split with targets='first'")
    users, before = cases.users, cases.histories.lengths
    if users.max(initial=0) <= len(own) and (before < own.lengths[users - 1]).all():
        starts = own.offsets[users - 1]
        rebuilt = own.slices(starts, starts + before, users)
        if np.array_equal(rebuilt.items, cases.histories.items) and np.array_equal(
            own.items[starts + before], cases.targets.items
        ):
            return users, before
    raise DataError("cases: not of this truth's purchases; split the data that simulate() gave")
