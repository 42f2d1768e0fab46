"""Metrics of the set: which targets stand in the top n, in whatever order.

All take the ranks that `attnrec.evaluation.ranks` gives: int[case, target],
from 1, and 0 for padding. $T$ is the set of targets of a case and $r_t$ the
rank of target $t$.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

Ranks = Int[np.ndarray, "case target"]
Reduce = Callable[[np.ndarray], Any] | None


def reduce(values: Float[np.ndarray, " case"], ranks: Ranks, reduce_fn: Reduce) -> Any:
    """Reduces over the cases that were ranked; with None, NaN marks the others."""
    ranked = (ranks > 0).any(axis=1)
    if reduce_fn is None:
        return np.where(ranked, values, np.nan)
    return reduce_fn(values[ranked])


def hits(ranks: Ranks, topn: int | None) -> np.ndarray:
    """bool[case, target]: whether each target stands in the top n."""
    return (ranks > 0) & (ranks <= (np.inf if topn is None else topn))


def num_targets(ranks: Ranks) -> np.ndarray:
    """int[case]: the number of targets, at least 1 so that one can divide."""
    return np.maximum((ranks > 0).sum(axis=1), 1)


def hit_rate(ranks: Ranks, *, topn: int, reduce_fn: Reduce = np.mean) -> Any:
    r"""Hit rate: the share of cases with a target in the top n.

    $$\mathrm{HR@}n = [\exists t \in T : r_t \le n]$$

    Args:
        ranks: int[case, target], 0 is padding.
        topn: length of the list that is looked at.
        reduce_fn: what makes one number of the cases; None gives each case's.

    Returns:
        The mean over cases, or float[case].

    Example:
        >>> float(hit_rate(np.array([[1], [7]]), topn=5))
        0.5
    """
    return reduce(hits(ranks, topn).any(axis=1).astype(float), ranks, reduce_fn)


def recall(ranks: Ranks, *, topn: int, reduce_fn: Reduce = np.mean) -> Any:
    r"""Recall: the share of a case's targets that stand in the top n.

    $$\mathrm{Recall@}n = \frac{|\{t \in T : r_t \le n\}|}{|T|}$$

    With one target a case it equals the hit rate. Arguments and result as
    for `hit_rate`.

    Example:
        >>> float(recall(np.array([[1, 7]]), topn=5))
        0.5
    """
    return reduce(hits(ranks, topn).sum(axis=1) / num_targets(ranks), ranks, reduce_fn)


def precision(ranks: Ranks, *, topn: int, reduce_fn: Reduce = np.mean) -> Any:
    r"""Precision: the share of the top n that are targets.

    $$\mathrm{Precision@}n = \frac{|\{t \in T : r_t \le n\}|}{n}$$

    The divisor is n also where the catalogue is smaller. Arguments and
    result as for `hit_rate`.

    Example:
        >>> float(precision(np.array([[1, 7]]), topn=5))
        0.2
    """
    return reduce(hits(ranks, topn).sum(axis=1) / topn, ranks, reduce_fn)


def f1(ranks: Ranks, *, topn: int, reduce_fn: Reduce = np.mean) -> Any:
    r"""F1: the harmonic mean of precision and recall, taken case by case.

    $$\mathrm{F1@}n = \frac{2\,|\{t \in T : r_t \le n\}|}{n + |T|}$$

    The mean over cases is of the cases' F1, not the F1 of mean precision and
    mean recall. Arguments and result as for `hit_rate`.

    Example:
        >>> round(float(f1(np.array([[1, 7]]), topn=4)), 4)
        0.3333
    """
    return reduce(2 * hits(ranks, topn).sum(axis=1) / (topn + num_targets(ranks)), ranks, reduce_fn)
