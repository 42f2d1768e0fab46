"""The rank of every true next item among the whole catalogue.

The protocol, in full:

* **Full ranking.** A target is ranked among all items of the catalogue, never
  among a sample of them (sampled metrics reorder models: Krichene and Rendle,
  2020 [krichene2020sampled]_).
* **Seen items.** With `filter_seen`, the items of the case's history do not
  compete. A target always does, even when the history holds it too.
* **Ties count against the target.** Its rank is one more than the number of
  other items that score at least as high. A model that gives every item the
  same score ranks its target last, not first. Targets of one case that tie
  with each other take neighbouring ranks, so that the ranks of a case are
  always those of a real list.
* **A target counts once**, however often it stands among the targets of its
  case.
* **Empty histories** are ranked only by scorers that say they need none
  (`needs_history = False`, as popularity does). Cases not ranked are rows of
  zeros: every metric leaves them out of its mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Int

from attnrec.data import Cases, Sequences
from attnrec.errors import AttnrecError, whole_number
from attnrec.typing import Items, Scores

AT_ONCE = 1 << 24  # scores at hand at once, 64 MB, unless one case has more
SHORTEST = 32  # histories are padded to 32, 64, 128, ... columns


@runtime_checkable
class Scorer(Protocol):
    """Anything that scores the whole catalogue for a batch of histories.

    Three optional attributes say more: `name` (used in tables and errors; the
    class name otherwise), `max_length` (only that many of the most recent
    items are given) and `needs_history` (False where a history may be empty;
    True otherwise). One that asks who and when in place of a history has
    `of_rows(users, rows, candidates=None)`, given the user index int32[batch] of each case,
    the row of the data, int64[batch], with which its targets begin, and, where not the whole
    catalogue is asked for, int32[batch, candidate] items.
    """

    def __call__(self, histories: Items) -> Scores:
        """Scores of a batch.

        Args:
            histories: int32[batch, key], item indices, right-aligned, padded
                with 0. `batch` never changes within one ranking, and `key` is
                one of a few widths.

        Returns:
            float[batch, item], NumPy or JAX; entry 0 (padding) is ignored.
        """
        ...


def scorer_name(scorer: Scorer) -> str:
    """The name under which a scorer stands in tables and errors."""
    return str(getattr(scorer, "name", None) or getattr(scorer, "__name__", type(scorer).__name__))


def ranks(
    scorer: Scorer,
    cases: Cases,
    num_items: int,
    *,
    filter_seen: bool,
    batch_size: int | None = None,
) -> Int[np.ndarray, "case target"]:
    r"""Ranks every target of every case among the whole catalogue.

    $$\mathrm{rank}(t) = 1 + |\{i \ne t : s_i \ge s_t,\ i \text{ not filtered}\}|$$

    See the module for the protocol. Nothing is sorted: scores are compared
    with the target's own, in one compiled call a batch. Cases go in order of
    length, so that a batch is padded no further than its longest member needs.

    Args:
        scorer: scores the catalogue for a batch of histories.
        cases: histories, and what came next.
        num_items: size of the catalogue, without padding.
        filter_seen: whether the items of a history are kept from competing.
        batch_size: cases scored together; the last batch is filled up. Unless
            given 128, and fewer where their scores would be more than `AT_ONCE`.

    Returns:
        int32[case, target]: ranks from 1, in the order of `cases` and, within
        a case, of its targets. 0 where a case has fewer targets, a target is
        a repetition, or the case was not ranked.

    Raises:
        AttnrecError: scores that are NaN or of another shape than
            [batch, num_items + 1]; a batch size that is no whole number from 1.
    """
    counts = cases.targets.lengths
    result = np.zeros((len(counts), int(counts.max(initial=0))), np.int32)
    parts: list[tuple[Any, ...]] = []
    for batch, histories, scores in scored(
        scorer, cases, num_items, filter_seen=filter_seen, batch_size=batch_size
    ):
        size = len(histories)
        row, column, item = _distinct(cases.targets.take(batch))
        spare = size * _power_of_two(-(-len(row) // size)) - len(row)
        pairs = np.pad(np.array([row, item], np.int32), ((0, 0), (0, spare)), mode="edge")
        rows, items = pairs.reshape(2, -1, size)
        rank, target, is_nan = _compare(scores, rows, items)
        if filter_seen:
            rank -= _among(_filtered(histories, row, item), scores, rows, target)
        parts.append((batch[row], column, rank, target, is_nan))

    for case, column, rank, score, is_nan in parts:  # fetched last: the device runs ahead
        if is_nan:
            raise not_a_number(scorer)
        rank, score = (np.asarray(x).ravel()[: len(case)] for x in (rank, score))
        result[case, column] = rank - _tied_later(case, score)
    return result


def scored(
    scorer: Scorer,
    cases: Cases,
    num_items: int,
    *,
    filter_seen: bool,
    batch_size: int | None = None,
) -> Iterator[tuple[Int[np.ndarray, " case"], Int[np.ndarray, "batch key"], jax.Array]]:
    """The scores of all cases that can be ranked, a batch at a time, shortest histories first.

    Args:
        scorer, cases, num_items, filter_seen, batch_size: as for `ranks`.

    Yields:
        The places of some cases; their histories, padded, whole where seen items
        are filtered; and their scores. The last batch is filled up in the latter two.
    """
    fitting = max(1, min(128, AT_ONCE // (num_items + 1)))
    batch_size = fitting if batch_size is None else whole_number("batch_size", batch_size)
    lengths = cases.histories.lengths
    ranked = cases.targets.lengths > 0
    if getattr(scorer, "needs_history", True):
        ranked &= lengths > 0
    order = np.flatnonzero(ranked)
    order = order[np.argsort(lengths[order], kind="stable")]
    max_length = getattr(scorer, "max_length", None)
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        filled = np.pad(batch, (0, batch_size - len(batch)), mode="edge")
        longest = int(lengths[batch[-1]])
        if max_length is not None and not filter_seen:
            longest = min(longest, max_length)
        histories = cases.histories.take(filled).padded(_width(longest))
        if hasattr(scorer, "of_rows"):
            found = scorer.of_rows(cases.users[filled], cases.targets.starts[filled])
        else:
            found = scorer(histories[:, -max_length:] if max_length else histories)
        scores = jnp.asarray(found)
        _check_shape(scores, scorer, batch_size, num_items)
        yield batch, histories, scores


def not_a_number(scorer: Scorer) -> AttnrecError:
    """What is wrong with scores that are NaN."""
    return AttnrecError(
        f"scores of {scorer_name(scorer)} hold NaN, expected finite numbers: "
        "did the training diverge? A smaller learning_rate may help"
    )


def _filtered(
    seen: Int[np.ndarray, "batch key"],
    row: Int[np.ndarray, " target"],
    target: Int[np.ndarray, " target"],
) -> Int[np.ndarray, "batch key"]:
    """The items of each row that do not compete, each once; 0 in the place of all others."""
    found = np.sort(seen, axis=1)
    found[:, 1:][found[:, 1:] == found[:, :-1]] = 0
    wide = int(max(found.max(initial=0), target.max(initial=0))) + 1
    rows = np.arange(len(found))[:, None]
    found[np.isin(rows * wide + found, row.astype(np.int64) * wide + target)] = 0
    return found


@jax.jit
def _compare(
    scores: jax.Array, row: jax.Array, item: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """For each (row, item) pair how many items, itself among them, score at least as high.

    And its own score, and whether any score is NaN. `row` and `item` are
    [chunk, pair]: chunks are compared one after another, which bounds memory
    where a case has hundreds of targets.
    """
    target = scores[row, item]

    def count(chunk: tuple[jax.Array, jax.Array]) -> jax.Array:
        row, target = chunk
        above = (scores[row] >= target[:, None]).sum(-1, dtype=jnp.int32)
        return above - (scores[row, 0] >= target)  # padding is no item

    return jax.lax.map(count, (row, target)), target, jnp.isnan(scores[:, 1:]).any()


@jax.jit
def _among(filtered: jax.Array, scores: jax.Array, row: jax.Array, target: jax.Array) -> jax.Array:
    """How many of the row's `filtered` items score at least as high as each target."""
    theirs = jnp.where(filtered > 0, jnp.take_along_axis(scores, filtered, 1), jnp.nan)

    def count(chunk: tuple[jax.Array, jax.Array]) -> jax.Array:
        row, target = chunk
        return (theirs[row] >= target[:, None]).sum(-1, dtype=jnp.int32)

    return jax.lax.map(count, (row, target))


def _width(length: int) -> int:
    """The padded width for a history of `length` items."""
    return max(SHORTEST, _power_of_two(length))


def _power_of_two(n: int) -> int:
    """The smallest power of two that is at least `n`."""
    return 1 << max(n - 1, 0).bit_length()


def _distinct(targets: Sequences) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequence, place in the sequence, and item of every target that is no repetition."""
    row = np.repeat(np.arange(len(targets)), targets.lengths)
    column = np.arange(len(row)) - targets.offsets[row]
    item = targets.items
    if len(row) > len(targets):
        first = ~pd.DataFrame({"row": row, "item": item}).duplicated().to_numpy()
        row, column, item = row[first], column[first], item[first]
    return row, column, item


def _tied_later(case: np.ndarray, score: np.ndarray) -> np.ndarray | int:
    """For each target, how many later targets of its case score the same."""
    if len(np.unique(case)) == len(case):
        return 0
    groups = pd.DataFrame({"case": case, "score": score}).groupby(["case", "score"])
    return groups.cumcount(ascending=False).to_numpy()


def _check_shape(scores: jax.Array, scorer: Scorer, batch_size: int, num_items: int) -> None:
    expected = (batch_size, num_items + 1)
    if scores.shape != expected:
        raise AttnrecError(
            f"scores of {scorer_name(scorer)} have shape {scores.shape}, expected {expected}: "
            "[batch, num_items + 1], entry 0 being padding"
        )
