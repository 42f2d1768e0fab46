"""Metrics of the order: the higher a target stands, the more it counts.

Ranks and symbols as in `attnrec.evaluation.set_metrics`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec.evaluation.set_metrics import Ranks, Reduce, hits, num_targets, reduce


def mrr(ranks: Ranks, *, topn: int | None = None, reduce_fn: Reduce = np.mean) -> Any:
    r"""Reciprocal rank of the first target; its mean is the MRR.

    $$\mathrm{RR@}n = \max_{t \in T,\ r_t \le n} \frac{1}{r_t}$$

    and 0 where no target stands in the top n.

    Args:
        ranks: int[case, target], 0 is padding.
        topn: length of the list that is looked at; None looks at all of it.
        reduce_fn: what makes one number of the cases; None gives each case's.

    Returns:
        The mean over cases, or float[case].

    Example:
        >>> float(mrr(np.array([[2], [4]])))
        0.375
    """
    reciprocal = np.where(hits(ranks, topn), 1 / np.maximum(ranks, 1), 0)
    return reduce(reciprocal.max(axis=1, initial=0), ranks, reduce_fn)


def ndcg(ranks: Ranks, *, topn: int | None = None, reduce_fn: Reduce = np.mean) -> Any:
    r"""Normalised discounted cumulative gain, with binary gains.

    $$\mathrm{NDCG@}n = \frac{\sum_{t \in T,\ r_t \le n} 1 / \log_2(1 + r_t)}
                            {\sum_{r = 1}^{\min(n, |T|)} 1 / \log_2(1 + r)}$$

    [jarvelin2002cumulated]_; with one target a case the divisor is 1, as in
    the papers on sequential recommendation. Arguments and result as for `mrr`.

    Example:
        >>> float(ndcg(np.array([[3]]), topn=10))
        0.5
    """
    gains = np.where(hits(ranks, topn), 1 / np.log2(1 + np.maximum(ranks, 1)), 0)
    best = np.cumsum(1 / np.log2(1 + np.arange(1, max(ranks.shape[1], 1) + 1)))
    length = num_targets(ranks) if topn is None else np.minimum(num_targets(ranks), topn)
    return reduce(gains.sum(axis=1) / best[length - 1], ranks, reduce_fn)


def average_precision(ranks: Ranks, *, topn: int | None = None, reduce_fn: Reduce = np.mean) -> Any:
    r"""Average precision; its mean is the MAP.

    $$\mathrm{AP@}n = \frac{1}{\min(n, |T|)}
        \sum_{t \in T,\ r_t \le n} \frac{|\{u \in T : r_u \le r_t\}|}{r_t}$$

    The divisor is the number of targets that a list of n can hold, so that a
    perfect list scores 1; trec_eval divides by $|T|$. Arguments and result as
    for `mrr`.

    Example:
        >>> float(average_precision(np.array([[1, 4]]), topn=10))
        0.75
    """
    ordered = np.sort(np.where(ranks > 0, ranks, np.iinfo(np.int32).max), axis=1)
    found = hits(ranks, topn).sum(axis=1)  # the first `found` of each ordered row
    place = np.arange(1, ranks.shape[1] + 1)
    precisions = np.where(place <= found[:, None], place / ordered, 0)
    length = num_targets(ranks) if topn is None else np.minimum(num_targets(ranks), topn)
    return reduce(precisions.sum(axis=1) / length, ranks, reduce_fn)
