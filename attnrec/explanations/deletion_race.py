"""Items deleted one at a time, in the orders of several explanations side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from attnrec.columns import Columns
from attnrec.errors import whole_number
from attnrec.explanations.case import Case
from attnrec.explanations.counterfactuals import SCORES
from attnrec.explanations.faithfulness import (
    BAND,
    checked_attributions,
    in_equal_parts,
    order_of,
    random_values,
)
from attnrec.explanations.removal import Removal, ValueFunction

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DeletionRace:
    """What becomes of a target as each racer deletes what it gives most, and goes on.

    Attributes:
        case: history, target and model.
        names: the racers, then `"random"`, the first of the random orders.
        orders: positions from 0, first deleted first.
        counts: how many items are gone, ascending from 0.
        scores: of the target, these being gone.
        ranks: its place, from 1, of equal scores the best.
        firsts: catalogue index of what is recommended first; 0 where nothing
            is left of the history.
        band: of the scores, two rows between which 95% of the random orders lie.
        removal: what deleting means.
        num_random: how many random orders.
        seed: of these.
    """

    case: Case
    names: tuple[str, ...]
    orders: Int[np.ndarray, "racer position"]
    counts: Int[np.ndarray, " count"]
    scores: Float[np.ndarray, "racer count"]
    ranks: Int[np.ndarray, "racer count"]
    firsts: Int[np.ndarray, "racer count"]
    band: Float[np.ndarray, "2 count"]
    removal: Removal
    num_random: int
    seed: int

    def table(self) -> pd.DataFrame:
        """A row for each racer and count: `racer`, `removed`, `score`, `rank`, `first`, `title`."""
        import pandas as pd

        catalogue, firsts = self.case.inspector.catalogue, self.firsts.ravel().tolist()
        return pd.DataFrame(
            {
                "racer": np.repeat(self.names, len(self.counts)),
                "removed": np.tile(self.counts, len(self.names)),
                Columns.SCORE: self.scores.ravel(),
                Columns.RANK: self.ranks.ravel(),
                "first": [catalogue.vocabulary.id(first) if first else None for first in firsts],
                Columns.TITLE: [catalogue.titles[first - 1] if first else "" for first in firsts],
            }
        )


def deletion_race(
    case: Case,
    attributions: Mapping[str, np.ndarray],
    removal: Removal = "drop",
    *,
    steps: int = 50,
    orders: int = 100,
    seed: int = 0,
) -> DeletionRace:
    """Deletes a history's items in each explanation's order, and in random ones.

    The deletion curves of `attnrec.explanations.faithfulness` at every item,
    with what is recommended first on the way. What may be recommended stays
    what `case.candidates` says, whatever is deleted.

    Args:
        case: history, target and model.
        attributions: by name, a value for each position, oldest first; what
            has most goes first, of equal values the most recent position.
            Under the name `"random"` always stands an order drawn here.
        removal: `"drop"`: one item stays, for nothing is recommended from
            nothing; `"mask"`: the last goes, too.
        steps: the most deletions at which is looked, in equal parts of a
            longer history.
        orders: how many random orders make the band.
        seed: of these.

    Raises:
        AttnrecError: an attribution of another length than the history, or
            with a value that is not finite, by its name.

    Example:
        >>> last, first = np.eye(len(case))[[-1, 0]]                           # doctest: +SKIP
        >>> deletion_race(case, {"last": last, "first": first}).table()        # doctest: +SKIP
    """
    steps, orders, n = whole_number("steps", steps), whole_number("orders", orders), len(case)
    given = checked_attributions(attributions, n, but=("random",))
    drawn = order_of(random_values(n, orders, seed))  # as for `faithfulness`
    racing = np.stack([*(order_of(values) for values in given.values()), drawn[0]])

    counts = in_equal_parts(n, steps)
    counts = counts[counts < n] if removal == "drop" else counts
    value = ValueFunction(case, removal)
    random = value(_kept(drawn, counts)).reshape(orders, -1).astype(float)
    scores, ranks, firsts = _places(value, _kept(racing, counts))
    shape = len(racing), len(counts)
    return DeletionRace(
        case=case,
        names=(*given, "random"),
        orders=racing,
        counts=counts,
        scores=scores.reshape(shape),
        ranks=ranks.reshape(shape),
        firsts=np.where(counts < n, firsts.reshape(shape), 0),
        band=np.quantile(random, BAND, axis=0),
        removal=removal,
        num_random=orders,
        seed=seed,
    )


def _kept(orders: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """`[order * count, position]`: what is there once the first of each order are gone."""
    place = np.argsort(orders, axis=1)
    return (place[:, None, :] >= counts[None, :, None]).reshape(-1, orders.shape[1])


def _places(value: ValueFunction, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each variant: the target's score and rank, and the index of what comes first."""
    target, rows = value.case.target, max(1, SCORES // len(value.case.candidates))
    found = []
    for start in range(0, len(keep), rows):
        every = value.every(keep[start : start + rows])
        own = every[:, target]
        found.append((own.astype(float), 1 + (every > own[:, None]).sum(1), every.argmax(1)))
    scores, ranks, firsts = (np.concatenate(part) for part in zip(*found, strict=True))
    return scores, ranks, firsts
