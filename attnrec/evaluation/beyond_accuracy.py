r"""Beyond accuracy: what the lists of all users are like, together and each in itself.

With $L_u$ the list of user $u$, $n$ items long, $p_i$ the share of train users
that have item $i$, and $H_u$ the history:

=================== ==========================================================
Coverage@n          share of the catalogue that stands in any list [ge2010beyond]_
Gini@n              inequality of how often items stand in lists: 0 where all
                    do equally often, 1 where one item fills them all
Novelty@n           mean of $-\log_2 p_i$ over the items of all lists, in bits
                    [zhou2010solving]_; an item nobody has in train counts as had once
PopularityLift@n    mean over users of $\bar p(L_u) / \bar p(H_u) - 1$: above 0, lists
                    are more popular than what the user chose [abdollahpouri2020connection]_
Diversity@n         mean over users of the mean of $1 - \cos(v_i, v_j)$ over the
                    pairs of a list [ziegler2005improving]_
=================== ==========================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import sparse

from attnrec.data import Cases, Split
from attnrec.data.choices import chosen, chosen_of
from attnrec.errors import AttnrecError
from attnrec.evaluation.lists import Lists, top_lists
from attnrec.evaluation.ranking import Scorer, scorer_name

Vectors = Float[np.ndarray, "item size"]
AT_ONCE = 1024  # lists whose vectors are added up together


def beyond_accuracy(
    scorers: Sequence[Scorer],
    split: Split,
    part: Literal["validation", "test"] = "test",
    *,
    topn: int = 10,
    vectors: Vectors | None = None,
) -> pd.DataFrame:
    """Coverage, inequality, novelty, popularity lift and diversity of what is recommended.

    Args:
        scorers: models and baselines; their names must differ.
        split: whose train part says how popular items are; whose protocol says
            whether seen items are left out.
        part: which cases.
        topn: length of the lists.
        vectors: of each item, in the order of their indices, for diversity. Unless
            given, which train users have it: items are alike that the same users have.

    Returns:
        A frame indexed by model: the metrics above and `cases`, the number of lists.

    Raises:
        AttnrecError: names that do not differ, vectors that are not finite or of
            another number of items, or no case that all of them can rank.
    """
    names = [scorer_name(scorer) for scorer in scorers]
    if not names or len(set(names)) < len(names):
        raise AttnrecError(
            f"scorers are called {names}, expected at least one and names that differ"
        )
    num_items = len(split.data.items)
    if vectors is not None:
        vectors = np.asarray(vectors, float)
        if vectors.ndim != 2 or len(vectors) != num_items or not np.isfinite(vectors).all():
            raise AttnrecError(
                f"vectors: expected finite numbers [{num_items}, size], one row for each of "
                f"{num_items} items, got shape {vectors.shape}"
            )
    cases, seen = split.cases(part), split.data.protocol.filter_seen
    lists = [top_lists(one, cases, num_items, filter_seen=seen, topn=topn) for one in scorers]
    ranked = np.all([(one > 0).any(axis=1) for one in lists], axis=0)
    if not ranked.any():
        raise AttnrecError(f"part: no case of {part!r} can be ranked by all of {names}")
    train = chosen(split.train_sequences, num_items)
    share = np.asarray(train.sum(axis=0)).ravel() / max(train.shape[0], 1)
    items = train if vectors is None else np.concatenate([np.zeros_like(vectors[:1]), vectors]).T
    normal = unit_rows(sparse.csr_array(items.T))
    before = mean_share(cases, share)
    rows = [
        {
            f"Coverage@{topn}": coverage(one[ranked], num_items),
            f"Gini@{topn}": gini(one[ranked], num_items),
            f"Novelty@{topn}": novelty(one[ranked], share, train.shape[0]),
            f"PopularityLift@{topn}": popularity_lift(one[ranked], share, before[ranked]),
            f"Diversity@{topn}": diversity(one[ranked], normal),
        }
        for one in lists
    ]
    frame = pd.DataFrame(rows, index=pd.Index(names, name="model"))
    frame["cases"] = int(ranked.sum())
    return frame


def coverage(lists: Lists, num_items: int) -> float:
    """The share of the catalogue that stands in any list.

    Example:
        >>> coverage(np.array([[1, 2], [1, 3]]), num_items=4)
        0.75
    """
    return len(np.unique(lists[lists > 0])) / num_items


def gini(lists: Lists, num_items: int) -> float:
    """The Gini index of how often each item of the catalogue stands in a list.

    Example:
        >>> gini(np.array([[1, 2], [3, 4]]), num_items=4), gini(np.array([[1], [1]]), num_items=1)
        (0.0, 0.0)
    """
    counts = np.sort(np.bincount(lists[lists > 0], minlength=num_items + 1)[1:])
    if num_items == 1:
        return 0.0
    place = np.arange(1, num_items + 1)
    return float(((2 * place - num_items - 1) * counts).sum() / ((num_items - 1) * counts.sum()))


def novelty(lists: Lists, share: Float[np.ndarray, " item"], num_users: int) -> float:
    """The mean surprise, in bits, at meeting a user who has the items of the lists."""
    return float(-np.log2(np.maximum(share[lists[lists > 0]], 1 / max(num_users, 1))).mean())


def mean_share(cases: Cases, share: Float[np.ndarray, " item"]) -> Float[np.ndarray, " case"]:
    """How popular the history of each case is: the mean over its items."""
    histories = cases.histories
    total = np.zeros(len(cases))
    np.add.at(total, np.repeat(np.arange(len(cases)), histories.lengths), share[histories.items])
    return total / np.maximum(histories.lengths, 1)


def popularity_lift(
    lists: Lists, share: Float[np.ndarray, " item"], before: Float[np.ndarray, " case"]
) -> float:
    """By how much lists are more popular than histories, relative to these.

    Cases whose history holds nothing that train users have are left out.
    """
    count = np.maximum((lists > 0).sum(axis=1), 1)
    now = np.where(lists > 0, share[lists], 0).sum(axis=1) / count
    known = before > 0
    return float((now[known] / before[known] - 1).mean()) if known.any() else float("nan")


def diversity(lists: Lists, normal: sparse.csr_array) -> float:
    """The mean over lists of the mean of one minus the cosine over their pairs.

    Args:
        lists: item indices; lists of a single item are left out.
        normal: [item + 1, size], rows of length one, or zero: unlike everything.
    """
    means = []
    for first in range(0, len(lists), AT_ONCE):
        held = chosen_of(lists[first : first + AT_ONCE], normal.shape[0] - 1)
        sums, count = held @ normal, np.asarray(held.sum(axis=1)).ravel()
        # The length of a sum, squared, holds each vector with itself, and each pair twice.
        alike = _squares(sums) - held @ _squares(normal)
        some = count > 1
        means.append(1 - alike[some] / (count * (count - 1))[some])
    found = np.concatenate(means)
    return float(found.mean()) if len(found) else float("nan")


def _squares(rows: sparse.csr_array) -> Float[np.ndarray, " row"]:
    """The squared length of each row."""
    return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()


def unit_rows(rows: sparse.csr_array) -> sparse.csr_array:
    """Each row over its length; rows of zeros stay."""
    length = np.sqrt(_squares(rows))
    return sparse.csr_array(sparse.diags_array(1 / np.where(length > 0, length, 1)) @ rows)
