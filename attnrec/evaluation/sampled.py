"""Ranks among a few drawn items: the protocol of older papers, under a name that says so.

Each target is ranked among items that its user does not have, drawn evenly
(He et al., 2017 [he2017ncf]_, with 99). Such figures are many times those of a
full ranking and may order models otherwise (Krichene and Rendle, 2020
[krichene2020sampled]_): they serve to be held against papers that report them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Int

from attnrec.data import Cases
from attnrec.errors import AttnrecError, whole_number
from attnrec.evaluation.ranking import Scorer, not_a_number, scored


def sampled_ranks(
    scorer: Scorer,
    cases: Cases,
    num_items: int,
    *,
    num_negatives: int = 99,
    seed: int = 0,
    batch_size: int | None = None,
) -> Int[np.ndarray, "case target"]:
    """Ranks every target of every case among drawn items.

    One more than the number of drawn items that score at least as high, and of the case's
    other targets that score higher: as in a full ranking, the ranks of a case are those of one
    real list, targets that tie take neighbouring places, and a target counts once. The items
    drawn depend on the seed and the case alone, so that several models meet the same.

    Args:
        scorer: scores the catalogue for a batch of histories.
        cases: histories, and what came next.
        num_items: size of the catalogue, without padding.
        num_negatives: how many are drawn for each case, each once, from the items that are
            neither in its history nor among its targets.
        seed: of the drawing.
        batch_size: as for `ranks`.

    Returns:
        int32[case, target]: ranks from 1; 0 where a case has fewer targets, a target is a
        repetition, or the case was not ranked.

    Raises:
        AttnrecError: scores that are NaN, or a case with fewer items to draw from.
    """
    num_negatives = whole_number("num_negatives", num_negatives)
    seed = whole_number("seed", seed, least=0)
    counts = cases.targets.lengths
    most = int(counts.max(initial=0))
    found = np.zeros((len(counts), most), np.int32)
    for batch, candidates, values in _scored(
        scorer, cases, num_items, num_negatives, seed, batch_size
    ):
        if np.isnan(values).any():
            raise not_a_number(scorer)
        targets, drawn = np.split(values, [most], axis=1)
        above = (drawn[:, None] >= targets[..., None]).sum(-1)
        items = candidates[:, :most]
        counts_here = _first(items)
        order = np.argsort(np.where(counts_here, -targets, np.inf), axis=1, kind="stable")
        ahead = np.argsort(order, axis=1, kind="stable")  # other targets above it
        found[batch] = np.where(counts_here, 1 + above + ahead, 0)
    return found


def _first(items: Int[np.ndarray, "case target"]) -> Bool[np.ndarray, "case target"]:
    """Where an item stands, and for the first time in its row."""
    order = np.argsort(items, axis=1, kind="stable")
    sorted_ = np.take_along_axis(items, order, axis=1)
    again = np.zeros(items.shape, bool)
    np.put_along_axis(again, order[:, 1:], sorted_[:, 1:] == sorted_[:, :-1], axis=1)
    return (items > 0) & ~again


def _scored(
    scorer: Scorer,
    cases: Cases,
    num_items: int,
    num_negatives: int,
    seed: int,
    batch_size: int | None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Some cases, their targets (0 where there are fewer) and drawn items, and their scores."""
    most = int(cases.targets.lengths.max(initial=0))

    def candidates(batch: np.ndarray) -> np.ndarray:
        of_batch = cases.targets.take(batch)
        targets = np.zeros((len(batch), most), np.int32)
        targets[np.arange(most) < of_batch.lengths[:, None]] = of_batch.items
        drawn = [_drawn(cases, int(case), num_items, num_negatives, seed) for case in batch]
        return np.concatenate([targets, np.array(drawn, np.int32)], axis=1)

    if hasattr(scorer, "of_rows"):  # it need not score the whole catalogue
        size = 256 if batch_size is None else whole_number("batch_size", batch_size)
        ranked = np.flatnonzero(cases.targets.lengths)
        for start in range(0, len(ranked), size):
            batch = ranked[start : start + size]
            asked = candidates(batch)
            filled = np.pad(np.arange(len(batch)), (0, size - len(batch)), mode="edge")
            users, rows = cases.users[batch], cases.targets.starts[batch]
            values = scorer.of_rows(users[filled], rows[filled], asked[filled])
            yield batch, asked, np.asarray(values)[: len(batch)]
        return
    for batch, _, scores in scored(
        scorer, cases, num_items, filter_seen=False, batch_size=batch_size
    ):
        asked = candidates(batch)
        yield batch, asked, np.take_along_axis(np.asarray(scores)[: len(batch)], asked, axis=1)


def _drawn(
    cases: Cases, case: int, num_items: int, num_negatives: int, seed: int
) -> Int[np.ndarray, " item"]:
    free = np.ones(num_items + 1, bool)
    free[0] = free[cases.histories[case]] = free[cases.targets[case]] = False
    items = np.flatnonzero(free)
    if len(items) < num_negatives:
        raise AttnrecError(
            f"num_negatives: {num_negatives} cannot be drawn from the {len(items)} items that "
            f"user index {cases.users[case]} does not have"
        )
    return np.random.default_rng([seed, case]).choice(items, num_negatives, replace=False)
