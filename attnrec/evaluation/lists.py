"""The lists that are recommended: the best items of each case."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from attnrec.data import Cases
from attnrec.errors import whole_number
from attnrec.evaluation.ranking import Scorer, not_a_number, scored

Lists = Int[np.ndarray, "case place"]


def top_lists(
    scorer: Scorer,
    cases: Cases,
    num_items: int,
    *,
    filter_seen: bool,
    topn: int = 10,
    batch_size: int | None = None,
) -> Lists:
    """The best `topn` items of each case, best first; equal scores in catalogue order.

    Args:
        scorer, cases, num_items, batch_size: as for `attnrec.evaluation.ranks`.
        filter_seen: whether the items of the history are left out.
        topn: length of a list.

    Returns:
        int32[case, topn], item indices, in the order of `cases`; 0 where fewer
        items are left, and throughout a case that cannot be ranked.
    """
    topn = whole_number("topn", topn)
    lists = np.zeros((len(cases), topn), np.int32)
    parts = []
    for batch, histories, scores in scored(
        scorer, cases, num_items, filter_seen=filter_seen, batch_size=batch_size
    ):
        seen = histories if filter_seen else np.zeros((len(histories), 1), np.int32)
        parts.append((batch, *_best(scores, seen, min(topn, num_items))))
    for batch, best, is_nan in parts:  # fetched last: the device runs ahead
        if is_nan:
            raise not_a_number(scorer)
        lists[batch, : best.shape[1]] = np.asarray(best)[: len(batch)]
    return lists


@partial(jax.jit, static_argnames="topn")
def _best(scores: jax.Array, out: jax.Array, topn: int) -> tuple[jax.Array, jax.Array]:
    """The best columns of each row but for padding and those that are `out`."""
    is_nan = jnp.isnan(scores[:, 1:]).any()
    allowed = scores.at[jnp.arange(len(scores))[:, None], out].set(-jnp.inf).at[:, 0].set(-jnp.inf)
    value, best = jax.lax.top_k(allowed, topn)  # of equals, the lower index first
    return jnp.where(jnp.isneginf(value), 0, best), is_nan
