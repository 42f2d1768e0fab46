r"""Item-based nearest neighbours (Sarwar et al., 2001; Deshpande & Karypis, 2004).

Two items are alike when the same users chose both. With $U_i$ the users with
item $i$ in train,

$$\mathrm{sim}(i, j) = \frac{|U_i \cap U_j|}{\sqrt{|U_i|\,|U_j|}},$$

the cosine of the columns of the binary user-item matrix. Each item $j$ keeps
its $k$ most similar others, $N_k(j)$, and a history $H$, as a set, scores

$$s_i = \sum_{j \in H,\ i \in N_k(j)} \mathrm{sim}(i, j).$$

[sarwar2001item]_, [deshpande2004item]_: the latter's model without its
normalisation of each item's neighbours. The order of a history plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from attnrec.data import Split
from attnrec.data.choices import chosen, chosen_of
from attnrec.errors import AttnrecError
from attnrec.typing import Items, Scores

BLOCK = 1024  # items whose similarities are held at once


@dataclass(frozen=True)
class ItemKNN:
    """Hyperparameters of item-kNN.

    Args:
        num_neighbours: the most similar items that each item keeps; of equally
            similar ones those with the lower index.
    """

    num_neighbours: int = 100

    def __post_init__(self) -> None:
        if not isinstance(self.num_neighbours, int) or self.num_neighbours < 1:
            raise AttnrecError(
                f"num_neighbours: expected a whole number from 1, got {self.num_neighbours!r}"
            )

    def fit(self, split: Split) -> ItemKNNScorer:
        """Similarities of the train part."""
        users = chosen(split.train_sequences, len(split.data.items))
        return ItemKNNScorer("ItemKNN", _neighbours(users, self.num_neighbours))


@dataclass(frozen=True, eq=False)
class ItemKNNScorer:
    """Item-kNN, fitted.

    Attributes:
        name: how tables call it.
        similarity: float32[item, item]; row j holds the neighbours of item j.
    """

    name: str
    similarity: sparse.csr_array

    def __call__(self, histories: Items) -> Scores:
        """Summed similarities to the distinct items of each history."""
        asked = chosen_of(np.asarray(histories), self.similarity.shape[0] - 1)
        return (asked @ self.similarity).toarray()


def _neighbours(users: sparse.csr_array, num_neighbours: int) -> sparse.csr_array:
    """The cosines of all columns of `users`, the largest of each row kept."""
    size = users.shape[1]
    by_item = users.T.tocsr()
    norm = np.sqrt(by_item.sum(axis=1))
    items, values = [], []
    for start in range(0, size, BLOCK):
        together = (by_item[start : start + BLOCK] @ users).tocsr()
        together.sort_indices()  # so that the stable sort below prefers the lower index
        for row, (begin, end) in enumerate(pairwise(together.indptr), start):
            other = together.indices[begin:end]
            cosine = together.data[begin:end] / (norm[row] * norm[other])
            cosine[other == row] = 0  # no item is its own neighbour
            best = np.argsort(-cosine, kind="stable")[:num_neighbours]
            best = best[cosine[best] > 0]
            items.append(other[best])
            values.append(cosine[best])
    offsets = np.cumsum([0, *map(len, items)])
    return sparse.csr_array(
        (np.concatenate(values), np.concatenate(items), offsets), shape=(size, size)
    )
