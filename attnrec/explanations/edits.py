"""What one item more, or another in place of one, would do to a target's rank.

Every edit of a kind is tried, in bounded batches. Items are ranked as the case
says, whatever is put in; where the case leaves its own history out of the
ranking, it leaves out what is put in, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.columns import Columns
from attnrec.errors import AttnrecError, whole_number
from attnrec.explanations.case import Case
from attnrec.explanations.counterfactuals import SCORES
from attnrec.explanations.variants import POSITIONS
from attnrec.inspection import Request, width_for

Kind = Literal["insertion", "swap"]
Indices = Sequence[int] | Int[np.ndarray, " item"]


@dataclass(frozen=True, eq=False)
class Edits:
    """All edits of one kind, best first: by the target's rank, then by its score.

    Attributes:
        case: history, model and target.
        kind: `"insertion"` before the item at a position, or a `"swap"` of it.
        positions: where, from 1, oldest first; one more than there are items
            is the end.
        items: catalogue index of what is put in.
        scores, ranks: the target's, afterwards; equal scores share a rank.
        score, rank: the target's, before.
    """

    case: Case
    kind: Kind
    positions: Int[np.ndarray, " edit"]
    items: Int[np.ndarray, " edit"]
    scores: Float[np.ndarray, " edit"]
    ranks: Int[np.ndarray, " edit"]
    score: float
    rank: int

    def __len__(self) -> int:
        return len(self.items)

    def table(self, topn: int = 10) -> pd.DataFrame:
        """The best edits.

        Args:
            topn: how many.

        Returns:
            Columns `position`, `item` and `title` of what is put in,
            `replaces` (the title there, of swaps), `rank`, `score`, and
            `change`, of the score.
        """
        topn = whole_number("topn", topn)
        catalogue, positions, items = (
            self.case.inspector.catalogue,
            self.positions[:topn],
            self.items[:topn],
        )
        columns = {
            Columns.POSITION: positions,
            Columns.ITEM: catalogue.vocabulary.to_ids(items),
            Columns.TITLE: [catalogue.titles[i - 1] for i in items],
            Columns.RANK: self.ranks[:topn],
            Columns.SCORE: self.scores[:topn],
            "change": self.scores[:topn] - self.score,
        }
        frame = pd.DataFrame(columns)
        if self.kind == "swap":
            frame.insert(3, "replaces", [self._title_at(p) for p in positions.tolist()])
        return frame

    def __repr__(self) -> str:
        catalogue, n = self.case.inspector.catalogue, len(self.case)
        target = catalogue.titles[self.case.target - 1]
        put_in = catalogue.titles[self.items[0] - 1]
        position = int(self.positions[0])
        if self.kind == "swap":
            how = f"{put_in!r} in place of {self._title_at(position)!r}"
        elif position == n + 1:
            how = f"{put_in!r} at the end"
        else:
            how = f"{put_in!r} before {self._title_at(position)!r}"
        tried = f"1 {self.kind}" if len(self) == 1 else f"{len(self):,} {self.kind}s"
        if self.ranks[0] >= self.rank:
            return f"Of {tried}, none brings {target!r} above place {self.rank}."
        moved = f"from place {self.rank} to {self.ranks[0]}"
        return f"Of {tried}, {how} brings {target!r} highest, {moved}."

    def _title_at(self, position: int) -> str:
        items = self.case.items
        return self.case.inspector.catalogue.titles[items[position - 1] - 1]


def insertions(
    case: Case, *, candidates: Indices | None = None, position: int | None = None
) -> Edits:
    """What each single item, put into the history, would do to the target's rank.

    Args:
        case: history, model and target.
        candidates: catalogue indices of what to put in; default all but the target.
        position: before which item, from 1, oldest first; default at the end,
            as the most recent. Of a history as long as the model reads, the
            oldest item makes room.

    Raises:
        AttnrecError: candidates or a position that do not exist, an insertion
            that would be the first to fall out, or scores that are not numbers.

    Example:
        >>> insertions(case)  # doctest: +SKIP
        Of 499 insertions, 'Laundry powder, Willowbasin' at the end brings ...
    """
    n, lengths = len(case), case.inspector.lengths
    place = n + 1 if position is None else whole_number("position", position, most=n + 1)
    if lengths and n == lengths[-1] and place == 1:
        raise AttnrecError(f"position: the model reads {n} items, so that one before them is lost")
    if candidates is None:
        candidates = [i for i in range(1, len(case.candidates)) if i != case.target]
    chosen = _indices(case, candidates)
    histories = np.insert(np.tile(case.items, (len(chosen), 1)), place - 1, chosen, axis=1)
    return _edits(case, "insertion", np.full(len(chosen), place), chosen, histories)


def swaps(case: Case, candidates: Indices, *, positions: Indices | None = None) -> Edits:
    """What each candidate, in place of one item of the history, would do to the target's rank.

    Args:
        case: history, model and target.
        candidates: catalogue indices of what to put in.
        positions: of the items to replace, from 1, oldest first; default all.
            An item is not replaced by itself.

    Raises:
        AttnrecError: candidates or positions that do not exist, nothing to
            swap, or scores that are not numbers.
    """
    chosen, n = _indices(case, candidates), len(case)
    asked = range(1, n + 1) if positions is None else positions
    places = np.array([whole_number("positions", p, most=n) for p in asked], int)
    place, put_in = np.repeat(places, len(chosen)), np.tile(chosen, len(places))
    another = case.items[place - 1] != put_in
    place, put_in = place[another], put_in[another]
    if not len(place):
        raise AttnrecError("candidates: expected one that does not stand in its place already")
    histories = np.tile(case.items, (len(place), 1))
    histories[np.arange(len(place)), place - 1] = put_in
    return _edits(case, "swap", place, put_in, histories)


def _indices(case: Case, candidates: Indices) -> Int[np.ndarray, " item"]:
    most = len(case.candidates) - 1
    chosen = [whole_number("candidates", i, most=most) for i in candidates]
    if not chosen:
        raise AttnrecError("candidates: expected at least one item to put in, got none")
    return np.array(chosen, np.int32)


def _edits(
    case: Case, kind: Kind, positions: np.ndarray, items: np.ndarray, histories: np.ndarray
) -> Edits:
    others = case.items[case.items != case.target]  # a target is ranked in any case
    seen_is_out = len(others) > 0 and not case.candidates[others].any()
    scores, ranks = _scores_and_ranks(case, histories, items if seen_is_out else None)
    before, rank = _scores_and_ranks(case, case.items[None], None)
    order = np.lexsort((-scores, ranks))
    return Edits(
        case,
        kind,
        positions[order],
        items[order],
        scores[order],
        ranks[order],
        float(before[0]),
        int(rank[0]),
    )


def _scores_and_ranks(
    case: Case, histories: Int[np.ndarray, "edit position"], put_in: np.ndarray | None
) -> tuple[Float[np.ndarray, " edit"], Int[np.ndarray, " edit"]]:
    """The target's score and rank after each history; `put_in` is not ranked."""
    inspector, target, size = case.inspector, case.target, len(case.candidates)
    width = width_for(inspector.lengths, histories.shape[1])
    histories = histories[:, -width:]
    most = max(1, min(POSITIONS // width, SCORES // size))
    score = np.zeros(len(histories), np.float32)
    rank = np.zeros(len(histories), np.int64)
    for start in range(0, len(histories), most):
        part = slice(start, start + most)
        every = _every(case, histories[part], width)
        ranked = np.broadcast_to(case.candidates, every.shape).copy()
        if put_in is not None:
            ranked[np.arange(len(every)), put_in[part]] = False
        own = every[:, target, None]
        if not np.isfinite(own).all() or np.isnan(every[ranked]).any():
            raise AttnrecError(f"scores: {inspector.name} gives some that are not finite")
        score[part] = own[:, 0]
        ranked[:, target] = False
        rank[part] = 1 + ((every > own) & ranked).sum(1)
    return score, rank


def _every(case: Case, histories: np.ndarray, width: int) -> Float[np.ndarray, "edit item"]:
    """Scores of the whole catalogue; few shapes where widths are fixed."""
    rows = 1 << (len(histories) - 1).bit_length() if case.inspector.lengths else len(histories)
    items = np.zeros((rows, width), np.int32)
    items[: len(histories), width - histories.shape[1] :] = histories
    if case.probe is not None:
        return np.asarray(case.probe.every(items, items != 0))[: len(histories)]
    return case.inspector.inspect(Request(items[: len(histories)])).scores
