r"""Maps over vectors of many components: two for each point.

========= ================================================================
`pca`     the two directions along which the points vary most
          [hotelling1933analysis]_; distances on the map are never larger than
          between the vectors
`tsne`    t-SNE [vandermaaten2008visualizing]_: neighbours stay neighbours; how
          far groups lie apart, and how wide they are, says nothing
`umap`    UMAP [mcinnes2018umap]_: likewise, and faster with many points
========= ================================================================
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from attnrec.errors import AttnrecError, did_you_mean, whole_number

Vectors = Float[np.ndarray, "item size"]
Points = Float[np.ndarray, "item 2"]
Method = Literal["pca", "tsne", "umap"]

LEAST = {"pca": 2, "tsne": 4, "umap": 4}  # points
FEW = 2000  # points, for which threads that wait for busy cores cost more than they bring
OURS = ("n_components", "random_state")  # settings that are not the caller's to choose


@dataclass(frozen=True, eq=False)
class Projection:
    """A map.

    Attributes:
        points: float64[item, 2], a row for each vector.
        method: what made it.
        explained: the share of the variance that each axis of PCA holds; None of others,
            whose axes mean nothing.
    """

    points: Points
    method: Method
    explained: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.points)


def project(vectors: Vectors, method: Method = "pca", seed: int = 0, **settings: Any) -> Projection:
    """Puts vectors on a map; the same one for the same seed.

    Args:
        vectors: a row for each point, of two columns or more.
        method: `"pca"`, `"tsne"`, or `"umap"`, which needs `pip install umap-learn`.
        seed: of what is left to chance.
        settings: of scikit-learn's `PCA` or `TSNE`, or of umap-learn's `UMAP`. Unless given,
            the perplexity of t-SNE is 30, or a third of the other points where these
            are fewer than 90, and the neighbours of UMAP are 15, or all other points.

    Raises:
        AttnrecError: too few points, vectors that are not finite or all the same, a method
            or setting that is not known, or UMAP that is not installed.

    Example:
        >>> found = project(np.array([[0.0, 0, 0], [2, 0, 0], [4, 0, 0]]))
        >>> found.explained
        (1.0, 0.0)
    """
    if not isinstance(method, str) or method not in LEAST:
        raise AttnrecError(
            f"method: expected one of {', '.join(LEAST)}, got {method!r}"
            + did_you_mean(method, LEAST)
        )
    seed = whole_number("seed", seed, least=0, most=2**32 - 1)
    given = _checked(vectors, LEAST[method], method)
    make = {"pca": _pca, "tsne": _tsne, "umap": _umap}[method]
    return make(given, seed, settings)


def _checked(vectors: Any, least: int, method: str) -> Vectors:
    try:
        found = np.asarray(vectors, np.float64)
        got = f"shape {found.shape}"
    except (TypeError, ValueError):
        found, got = np.zeros(0), repr(vectors)
    if found.ndim != 2 or found.shape[1] < 2:
        raise AttnrecError(f"vectors: expected numbers [item, size], of size 2 or more, got {got}")
    if len(found) < least:
        raise AttnrecError(f"vectors: {method} needs {least} points or more, got {len(found)}")
    wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(wrong):
        raise AttnrecError(
            f"vectors: expected finite numbers, got {len(wrong)} rows with others, "
            f"the first of them row {wrong[0]}"
        )
    if (found == found[0]).all():
        raise AttnrecError(f"vectors: expected points that differ, got {len(found)} times the same")
    return found


def _made(kind: type, method: str, seed: int, settings: dict[str, Any]) -> Any:
    """An estimator with two components and this seed.

    Raises:
        AttnrecError: a setting that it does not have.
    """
    known = [name for name in kind().get_params() if name not in OURS]
    for name in settings:
        if name not in known:
            raise AttnrecError(
                f"settings: {method} has no {name!r}{did_you_mean(name, known)}"
                if name not in OURS
                else f"settings: {name} is not to choose: a map has two, and seed= is {seed}"
            )
    return kind(n_components=2, random_state=seed, **settings)


def _pca(vectors: Vectors, seed: int, settings: dict[str, Any]) -> Projection:
    from sklearn.decomposition import PCA

    fitted = _made(PCA, "pca", seed, settings)
    points = fitted.fit_transform(vectors)
    share, other = fitted.explained_variance_ratio_.tolist()
    return Projection(points, "pca", (share, other))


def _tsne(vectors: Vectors, seed: int, settings: dict[str, Any]) -> Projection:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    others = len(vectors) - 1
    settings = {"perplexity": min(30.0, others / 3)} | settings
    perplexity = settings["perplexity"]
    if not isinstance(perplexity, Real) or not 0 < float(perplexity) <= others:
        raise AttnrecError(
            f"perplexity: expected above 0, and at most {others} with {len(vectors)} points, "
            f"got {perplexity!r}"
        )
    with threadpool_limits(1 if len(vectors) <= FEW else None):
        points = _made(TSNE, "tsne", seed, settings).fit_transform(vectors)
    return Projection(points.astype(np.float64), "tsne")


def _umap(vectors: Vectors, seed: int, settings: dict[str, Any]) -> Projection:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # without TensorFlow, which is not used
            from umap import UMAP
    except ImportError as error:
        raise AttnrecError(
            "method: 'umap' needs a library that is not installed: pip install umap-learn, "
            "or 'attnrec[maps]'"
        ) from error
    settings = {"n_neighbors": min(15, len(vectors) - 1), "n_jobs": 1} | settings
    points = _made(UMAP, "umap", seed, settings).fit_transform(vectors)
    return Projection(points.astype(np.float64), "umap")
