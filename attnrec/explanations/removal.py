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
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from attnrec.cores import side_by_side
from attnrec.errors import AttnrecError, did_you_mean
from attnrec.explanations.case import Case
from attnrec.explanations.variants import Batch, in_batches
from attnrec.inspection import Request

Removal = Literal["drop", "mask"]


def check_removal(removal: str) -> Removal:
    """`removal`, or an error that names what was expected."""
    known = get_args(Removal)
    if removal not in known:
        raise AttnrecError(
            f"removal: expected 'drop' or 'mask', got {removal!r}{did_you_mean(removal, known)}"
        )
    return removal  # type: ignore[return-value]


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
        for batch in self._batches(np.asarray(keep, bool)):
            found = self._ask(batch)[: len(batch.chosen)]
            scores[batch.chosen] = np.where(self.case.candidates, found, -np.inf)
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
            every = self._ask(batch)
            own = every[:, case.target]
            return own, 1 + ((every > own[:, None]) & case.candidates).sum(1)
        if not ranks:
            return np.asarray(case.probe.scores(items, mask, case.target, prefixes)), None
        found = case.probe.ranked(items, mask, case.target, case.candidates, prefixes)
        return np.asarray(found.score), np.asarray(found.rank)

    def _ask(self, batch: Batch) -> np.ndarray:
        """Scores of the whole catalogue."""
        _, items, mask, prefixes = batch
        if self.case.probe is not None:
            return np.asarray(self.case.probe.every(items, mask, prefixes))
        assert items is not None
        scores = np.zeros((len(items), len(self.case.candidates)), np.float32)
        full = mask.any(1)
        if full.any():
            asked = self.case.inspector.inspect(Request(items[full], mask[full]))
            scores[full] = asked.scores
        return scores

    def _batches(self, keep: np.ndarray) -> Iterator[Batch]:
        self.asked += len(keep)
        return in_batches(self.case, keep, closing=self.removal == "drop")
