r"""Groups of users by what they are interested in: clusters of their histories in train.

A history is read as a text whose words are items, by latent semantic analysis
[deerwester1990indexing]_. With $n_{ui}$ how often user $u$ has item $i$, and $n_i$ of $n$
users having it, the item weighs

$$w_{ui} = (1 + \ln n_{ui}) \Big(1 + \ln \frac{1 + n}{1 + n_i}\Big)$$

in the vector of the user, which is brought to length one, to its components along the
leading singular vectors of all users, and to length one again. K-means of such vectors
groups them by direction, as spherical k-means [dhillon2001concept]_ does: who has
much is not apart from who has little. It finds as many groups as it is asked for, whether
or not users fall into any.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy import sparse

from attnrec.columns import Columns
from attnrec.data.parts import RowSplit, Split
from attnrec.errors import AttnrecError, whole_number

COMPONENTS = 32
STARTS = 10  # of K-means, of which the best counts
NAMED = 2  # items in the name of a cluster
DIGITS = 6  # by which users differ; below stands the rounding of those who do not


def interest_clusters(
    split: Split | RowSplit,
    k: int = 8,
    seed: int = 0,
    *,
    vectors: Float[np.ndarray, "item size"] | None = None,
) -> pd.DataFrame:
    """The cluster of each user, by the items of their train part.

    Clusters count from the largest, and each is named by the two items whose share of
    its users lies furthest above their share of all others: "cluster 1: Teapot / Mug".

    Args:
        split: whose train part is read, and nothing else.
        k: how many clusters; fewer where fewer users differ.
        seed: of where K-means starts.
        vectors: of each item, in the order of their indices, such as embeddings;
            a user is then the direction of the sum of those of their items, each
            weighing 1 + ln n_ui.

    Returns:
        A column `interest`, of categories in the order of the clusters, indexed by user id
        in the order of user indices. Users without an event in train have none.

    Raises:
        AttnrecError: a number of clusters or a seed that is none, or vectors that are
            not finite or of another number of items.
        DataError: data that stay on disk.
    """
    k = whole_number("k", k)
    seed = whole_number("seed", seed, least=0, most=2**32 - 1)
    train, users, items = split.train, split.data.users, split.data.items
    given = None if vectors is None else _checked(vectors, len(items))
    pairs = users.get_indexer(train[Columns.USER]), items.get_indexer(train[Columns.ITEM])
    counts = sparse.coo_array((np.ones(len(train)), pairs), shape=(len(users), len(items))).tocsr()
    some = np.diff(counts.indptr) > 0
    counts = counts[some]
    places = _directions(counts, seed) if given is None else _means(counts, given)
    clusters = _ordered(_grouped(places, k, seed))
    names = _names(counts > 0, clusters, split.data.catalogue.titles)
    codes = np.full(len(some), -1)
    codes[some] = clusters
    found = {"interest": pd.Categorical.from_codes(codes, names)}
    return pd.DataFrame(found, index=users.rename(Columns.USER))


def _checked(vectors: np.ndarray, num_items: int) -> Float[np.ndarray, "item size"]:
    try:
        found = np.asarray(vectors, float)
        got = f"shape {found.shape}"
    except (TypeError, ValueError):
        found, got = np.zeros(0), repr(vectors)
    if found.ndim != 2 or len(found) != num_items or not np.isfinite(found).all():
        raise AttnrecError(
            f"vectors: expected finite numbers [{num_items}, size], one row for each of "
            f"{num_items} items, got {got}"
        )
    return found


def _directions(counts: sparse.csr_array, seed: int) -> Float[np.ndarray, "user component"]:
    """Users along the leading singular vectors of all of them."""
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.utils.extmath import randomized_svd

    if not counts.nnz:
        return np.zeros((counts.shape[0], 0))
    weighed = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    size = min(COMPONENTS, *counts.shape)
    left, singular, _ = randomized_svd(weighed, size, random_state=seed)
    return _unit(left * singular)


def _means(
    counts: sparse.csr_array, vectors: Float[np.ndarray, "item size"]
) -> Float[np.ndarray, "user size"]:
    """The direction of the mean of each user's items."""
    weights = counts.copy()
    weights.data = 1 + np.log(weights.data)
    return _unit(weights @ vectors)


def _unit(rows: Float[np.ndarray, "user size"]) -> Float[np.ndarray, "user size"]:
    """Each row over its length; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _grouped(places: Float[np.ndarray, "user size"], k: int, seed: int) -> Int[np.ndarray, " user"]:
    """The cluster of each user, in whatever order."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    places = np.round(places, DIGITS)
    k = min(k, len(np.unique(places, axis=0)))
    if k < 2:
        return np.zeros(len(places), np.int64)
    with threadpool_limits(1):  # with more, sums round differently from one run to the next
        return KMeans(k, n_init=STARTS, random_state=seed).fit(places).labels_.astype(np.int64)


def _ordered(clusters: Int[np.ndarray, " user"]) -> Int[np.ndarray, " user"]:
    """The same clusters by falling size; of the same size, whose first user comes first."""
    _, first, own, size = np.unique(
        clusters, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(size), np.int64)
    place[np.lexsort((first, -size))] = np.arange(len(size))
    return place[own]


def _names(has: sparse.csr_array, clusters: Int[np.ndarray, " user"], titles: list[str]) -> list:
    """What each cluster is called; the only one, which differs from none, by its number."""
    size = np.bincount(clusters)[:, None]
    if len(size) < 2:
        return [f"cluster {number + 1}" for number in range(len(size))]
    member = sparse.csr_array(
        (np.ones(len(clusters)), (clusters, np.arange(len(clusters)))),
        shape=(len(size), len(clusters)),
    )
    inside = (member @ has.astype(float)).toarray()
    outside = inside.sum(axis=0) - inside
    lead = inside / size - outside / (len(clusters) - size)
    names = []
    for number, own in enumerate(lead, 1):
        best = np.argsort(-own, kind="stable")[:NAMED]
        told = dict.fromkeys(titles[item] for item in best if own[item] > 0)
        names.append(f"cluster {number}: {' / '.join(told)}" if told else f"cluster {number}")
    return names
