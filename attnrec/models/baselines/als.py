r"""ALS: matrix factorisation for implicit feedback (Hu, Koren & Volinsky, ICDM 2008).

Whoever chose item $i$ is taken to like it, whoever did not is not, and one is the surer of it
the more often they did. With $r_{ui}$ how often, $p_{ui} = 1$ where $r_{ui} > 0$ and else 0,
and the confidence $c_{ui} = 1 + \alpha r_{ui}$, vectors $x_u$ and $y_i$ minimise

$$\sum_{u,i} c_{ui} (p_{ui} - x_u^\top y_i)^2
  + \lambda \Big(\sum_u \lVert x_u \rVert^2 + \sum_i \lVert y_i \rVert^2\Big)$$

(eq. 3), all users given the items and all items given the users in turn. A history is
a user that train has not met, of

$$x = \big(Y^\top Y + Y^\top (C - I) Y + \lambda I\big)^{-1} Y^\top C p$$

(eq. 4), and scores $Y x$. [hu2008collaborative]_ The order of a history plays no part; how often
it holds an item does. The library implicit solves both.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse

from attnrec.data import Split
from attnrec.errors import AttnrecError, whole_number
from attnrec.typing import Items, Scores

MOST = 2**32 - 1  # of a seed
FEW = 50_000  # pairs of a user and an item, for which more threads cost more than they bring


@dataclass(frozen=True)
class ALS:
    r"""Hyperparameters of ALS.

    Args:
        factors: width of the vectors.
        regularisation: $\lambda$.
        alpha: $\alpha$, what each choice adds to a confidence of 1; the paper takes 40.
        iterations: how often users and items are solved in turn.
        seed: of the vectors that the first solution starts from.
    """

    factors: int = 64
    regularisation: float = 10.0
    alpha: float = 10.0
    iterations: int = 15
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("factors", "iterations"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        object.__setattr__(self, "seed", whole_number("seed", self.seed, least=0, most=MOST))
        for name in ("regularisation", "alpha"):
            given = getattr(self, name)
            number = float(given) if isinstance(given, Real) else np.nan
            if isinstance(given, bool) or not 0 < number < np.inf:
                raise AttnrecError(f"{name}: expected a positive number, got {given!r}")
            object.__setattr__(self, name, number)

    def fit(self, split: Split) -> ALSScorer:
        """Factorises the train part; the same whatever the number of cores.

        Raises:
            AttnrecError: implicit is not installed.
        """
        try:
            from implicit.cpu.als import AlternatingLeastSquares
            from threadpoolctl import threadpool_limits
        except ImportError as error:
            raise AttnrecError(
                "ALS is fitted by a library that is not installed: pip install implicit, "
                "or 'attnrec[classic]'"
            ) from error
        train = split.train_sequences
        rows = np.repeat(np.arange(len(train)), train.lengths)
        shape = (len(train), len(split.data.items) + 1)
        users = _confidence(rows, train.items, shape, self.alpha)
        with threadpool_limits(1, "blas"):  # implicit's own threads do better than BLAS's below
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularisation,
                iterations=self.iterations,
                dtype=np.float64,
                use_cg=False,  # solved, where conjugate gradients come near
                num_threads=1 if users.nnz <= FEW else 0,  # 0: one for each core
                random_state=self.seed,
            )
            model.fit(users, show_progress=False)
        return ALSScorer("ALS", model, self.alpha)


@dataclass(frozen=True, eq=False)
class ALSScorer:
    r"""ALS, fitted.

    Attributes:
        name: how tables call it.
        model: implicit's; its `item_factors` are float64[item, factor], those of padding zeros.
        alpha: $\alpha$.
    """

    name: str
    model: Any
    alpha: float

    def __call__(self, histories: Items) -> Scores:
        """Scores of users who chose what each history holds; 0 throughout where it is empty."""
        histories, items = np.asarray(histories), self.model.item_factors
        rows, places = np.nonzero(histories)
        shape = (len(histories), len(items))
        asked = _confidence(rows, histories[rows, places], shape, self.alpha)
        users = self.model.recalculate_user(np.arange(len(histories)), asked)
        return (users @ items.T).astype(np.float32)


def _confidence(
    rows: np.ndarray, items: np.ndarray, shape: tuple[int, int], alpha: float
) -> sparse.csr_matrix:
    """1 + alpha r where a row holds an item r times; as the matrix that implicit reads."""
    found = sparse.coo_matrix((np.ones(len(items)), (rows, items)), shape=shape).tocsr()
    found.data = 1 + alpha * found.data
    return found
