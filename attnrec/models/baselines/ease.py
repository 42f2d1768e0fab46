r"""EASE: an item-item model with a closed solution (Steck, WWW 2019).

Of all matrices with a diagonal of zeros, the one that best makes each user's
items of one another,

$$\min_B \lVert X - XB \rVert_F^2 + \lambda \lVert B \rVert_F^2,
  \quad \mathrm{diag}(B) = 0,$$

with $X$ the binary user-item matrix. With $P = (X^\top X + \lambda I)^{-1}$ it is
$B_{ij} = -P_{ij} / P_{jj}$ off the diagonal (eq. 8), and a history scores the sum of its
items' rows. [steck2019ease]_ The order of a history plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from jaxtyping import Float
from scipy import linalg

from attnrec.data import Split
from attnrec.data.choices import chosen, chosen_of
from attnrec.errors import AttnrecError
from attnrec.typing import Items, Scores

MOST_ITEMS = 30_000  # of which float64 weights fill 7 GB


@dataclass(frozen=True)
class EASE:
    r"""Hyperparameters of EASE.

    Args:
        regularisation: $\lambda$; the paper takes 200 to 1,000 on large data.
    """

    regularisation: float = 300.0

    def __post_init__(self) -> None:
        given = self.regularisation
        if not isinstance(given, Real) or isinstance(given, bool) or not 0 < given < np.inf:
            raise AttnrecError(f"regularisation: expected a positive number, got {given!r}")

    def fit(self, split: Split) -> EASEScorer:
        """Inverts a matrix of items x items.

        Raises:
            AttnrecError: more than 30,000 items.
        """
        num_items = len(split.data.items)
        if num_items > MOST_ITEMS:
            raise AttnrecError(
                f"EASE: inverts a matrix of items x items, {num_items:,} here; "
                f"expected at most {MOST_ITEMS:,}"
            )
        users = chosen(split.train_sequences, num_items).astype(np.float64)
        together = (users.T @ users).toarray()
        together[np.diag_indices_from(together)] += self.regularisation
        inverse = linalg.inv(together, overwrite_a=True, check_finite=False)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return EASEScorer("EASE", weights.astype(np.float32))


@dataclass(frozen=True, eq=False)
class EASEScorer:
    """EASE, fitted.

    Attributes:
        name: how tables call it.
        weights: float32[item, item]; row i is what having item i says for each other.
    """

    name: str
    weights: Float[np.ndarray, "item item"]

    def __call__(self, histories: Items) -> Scores:
        """The summed rows of the distinct items of each history."""
        return chosen_of(np.asarray(histories), len(self.weights) - 1) @ self.weights
