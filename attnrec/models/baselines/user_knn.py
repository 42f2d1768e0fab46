r"""User-based nearest neighbours (Herlocker et al., 1999; Sarwar et al., 2000).

Who has chosen much the same as this history? With $H$ the history as a set and
$I_u$ the train items of user $u$,

$$\mathrm{sim}(H, u) = \frac{|H \cap I_u|}{\sqrt{|H|\,|I_u|}},\qquad
  s_i = \sum_{u \in N_k(H),\ i \in I_u} \mathrm{sim}(H, u),$$

summed over the $k$ most similar users, $N_k(H)$. A user of the train part may
be a neighbour of their own history. [herlocker1999algorithmic]_
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from attnrec.data import Split
from attnrec.data.choices import chosen, chosen_of
from attnrec.errors import whole_number
from attnrec.typing import Items, Scores


@dataclass(frozen=True)
class UserKNN:
    """Hyperparameters of user-kNN.

    Args:
        num_neighbours: the most similar users that are asked; of equally similar
            ones those who come first in the data.
    """

    num_neighbours: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "num_neighbours", whole_number("num_neighbours", self.num_neighbours)
        )

    def fit(self, split: Split) -> UserKNNScorer:
        """Remembers the train part."""
        users = chosen(split.train_sequences, len(split.data.items))
        return UserKNNScorer("UserKNN", users, self.num_neighbours)


@dataclass(frozen=True, eq=False)
class UserKNNScorer:
    """User-kNN, fitted.

    Attributes:
        name: how tables call it.
        users: float32[user, item], the items of each train user.
        num_neighbours: how many of them are asked.
    """

    name: str
    users: sparse.csr_array
    num_neighbours: int

    def __call__(self, histories: Items) -> Scores:
        """Summed similarities of the neighbours that have each item."""
        asked = chosen_of(np.asarray(histories), self.users.shape[1] - 1)
        sizes = np.outer(asked.sum(axis=1), self.users.sum(axis=1))
        alike = (asked @ self.users.T).toarray() / np.sqrt(np.maximum(sizes, 1))
        others = np.argsort(-alike, axis=1, kind="stable")[:, self.num_neighbours :]
        np.put_along_axis(alike, others, 0, axis=1)
        return (sparse.csr_array(alike.astype(np.float32)) @ self.users).toarray()
