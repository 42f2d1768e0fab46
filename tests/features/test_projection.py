"""Maps of vectors, against NumPy's singular values and groups that were planted."""

from __future__ import annotations

import doctest
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from attnrec.errors import AttnrecError
from attnrec.features import projection
from attnrec.features.projection import Projection, project


@pytest.fixture(scope="module")
def groups() -> np.ndarray:
    """Three groups of 20 points, far from each other in 8 dimensions."""
    centres = 20 * np.eye(8)[:3]
    return np.repeat(centres, 20, axis=0) + np.random.default_rng(0).normal(size=(60, 8))


def nearest_is_of_the_same_group(points) -> np.ndarray:
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(apart, np.inf)
    return apart.argmin(axis=1) // 20 == np.arange(60) // 20


@pytest.mark.parametrize("shape", [(40, 7), (5, 30), (2, 2), (3, 2)])
def test_pca_is_the_singular_value_decomposition(shape):
    vectors = np.random.default_rng(1).normal(size=shape)
    found = project(vectors)
    left, singular, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    expected = left[:, :2] * singular[:2]
    sign = np.sign((found.points * expected).sum(axis=0))  # either direction will do
    np.testing.assert_allclose(found.points, expected * sign, atol=1e-9)
    share = singular**2 / (singular**2).sum()
    assert found.explained == pytest.approx(tuple(share[:2]))
    assert found.method == "pca"
    assert found.points.shape == (shape[0], 2)
    assert len(found) == shape[0]


def check_contract(groups, method, least):
    """Groups stay apart, the same seed makes the same map, few and repeated points have one."""
    found = project(groups, method, seed=3)
    assert isinstance(found, Projection)
    assert found.method == method
    assert found.points.shape == (60, 2)
    assert found.points.dtype == np.float64
    assert nearest_is_of_the_same_group(found.points).all()
    mixed = np.random.default_rng(0).permutation(found.points)
    assert not nearest_is_of_the_same_group(mixed).all()
    np.testing.assert_array_equal(project(groups, method, seed=3).points, found.points)
    assert np.isfinite(project(groups[::7][:least], method).points).all()
    repeated = project(np.repeat(groups[::12], 4, axis=0), method, seed=2**32 - 1).points
    assert repeated.shape == (20, 2)
    assert np.isfinite(repeated).all()
    if method != "pca":
        assert found.explained is None
        assert (project(groups, method, seed=4, init="random").points != found.points).any()


@pytest.mark.parametrize(("method", "least"), [("pca", 2), ("tsne", 4)])
def test_the_contract(groups, method, least):
    check_contract(groups, method, least)


@pytest.mark.slow  # UMAP is compiled when first used
def test_the_contract_of_umap(groups):
    check_contract(groups, "umap", 4)


@pytest.mark.parametrize(("method", "least"), [("pca", 2), ("tsne", 4), ("umap", 4)])
def test_too_few_points(groups, method, least):
    for few in range(least):
        told = f"vectors: {method} needs {least} points or more, got {few}"
        with pytest.raises(AttnrecError, match=told):
            project(groups[:few], method)


def test_few_points_have_one_thread(groups, monkeypatch):
    import sklearn.manifold

    class Noted(sklearn.manifold.TSNE):
        def fit_transform(self, vectors):
            noted.append(threads())
            return np.zeros((len(vectors), 2), np.float32)

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info()]

    noted: list[list[int]] = []
    monkeypatch.setattr(sklearn.manifold, "TSNE", Noted)
    with threadpool_limits(2):
        project(groups, "tsne")
        monkeypatch.setattr(projection, "FEW", 59)
        project(groups, "tsne")
        assert [set(one) for one in noted] == [{1}, {2}]
        assert threads() == noted[1]


def test_the_perplexity_follows_the_number_of_points(groups, monkeypatch):
    import sklearn.manifold

    class Noted(sklearn.manifold.TSNE):
        def fit_transform(self, vectors):
            noted.append(self.perplexity)
            return np.zeros((len(vectors), 2), np.float32)

    noted: list[float] = []
    monkeypatch.setattr(sklearn.manifold, "TSNE", Noted)
    project(groups, "tsne")
    project(groups[:4], "tsne")
    project(np.random.default_rng(0).normal(size=(91, 3)), "tsne")
    project(groups, "tsne", perplexity=5)
    assert noted == [59 / 3, 1, 30, 5]


@pytest.mark.parametrize("perplexity", [0, -1, 60, 10_000, float("nan"), "much", None])
def test_a_perplexity_that_cannot_be(groups, perplexity):
    with pytest.raises(AttnrecError, match="perplexity: expected above 0, and at most 59 with 60"):
        project(groups, "tsne", perplexity=perplexity)


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (np.ones(5), r"vectors: expected numbers \[item, size\], of size 2 or more, got shape"),
        (np.ones((5, 1)), r"got shape \(5, 1\)"),
        (np.ones((5, 2, 2)), r"got shape \(5, 2, 2\)"),
        ([[1, 2], [3]], r"got \[\[1, 2\], \[3\]\]"),
        ("pca", "got 'pca'"),
        (None, r"got shape \(\)"),
        (np.zeros((0, 3)), "vectors: pca needs 2 points or more, got 0"),
        ([[0, 1], [np.nan, 0], [np.inf, 0]], "got 2 rows with others, the first of them row 1"),
        (np.ones((5, 3)), "vectors: expected points that differ, got 5 times the same"),
    ],
)
def test_vectors_that_make_no_map(vectors, told):
    with pytest.raises(AttnrecError, match=told):
        project(vectors)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"method": "t-sne"}, "method: expected one of pca, tsne, umap, got 't-sne'; did you mean"),
        ({"method": 2}, "method: expected one of pca, tsne, umap, got 2"),
        ({"method": ["pca"]}, r"method: expected one of pca, tsne, umap, got \['pca'\]"),
        ({"seed": -1}, "seed: expected 0 to 4294967295, got -1"),
        ({"seed": None}, "seed: expected 0 to 4294967295, got None"),
        ({"whitten": True}, "settings: pca has no 'whitten'; did you mean 'whiten'"),
        ({"method": "tsne", "n_neighbors": 3}, "settings: tsne has no 'n_neighbors'"),
        ({"n_components": 3}, "settings: n_components is not to choose"),
        ({"random_state": 3}, "settings: random_state is not to choose"),
    ],
)
def test_what_is_refused(groups, given, told):
    with pytest.raises(AttnrecError, match=told):
        project(groups, **given)


def test_without_umap_the_error_says_how_to_get_it(groups, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)  # which makes importing it fail
    with pytest.raises(AttnrecError, match="not installed: pip install umap-learn"):
        project(groups, "umap")


def test_the_examples_hold():
    found = doctest.testmod(projection)
    assert found.attempted > 0
    assert found.failed == 0
