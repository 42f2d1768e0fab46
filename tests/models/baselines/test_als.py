"""ALS against its equations, written out in NumPy."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from attnrec.data import Split, split, validate
from attnrec.data.bazaar import simulate
from attnrec.data.parts import TEST
from attnrec.errors import AttnrecError
from attnrec.models.baselines import ALS, als


@pytest.fixture(scope="module")
def shop():
    return split.leave_one_out(simulate(num_users=80, num_items=40, seed=3))


def counts_of(histories) -> np.ndarray:
    """[history, 41]: how often each item stands in each; 0 for padding."""
    counts = np.array([np.bincount(history, minlength=41) for history in histories], float)
    counts[:, 0] = 0
    return counts


def solved(counts, items, alpha, regularisation) -> np.ndarray:
    """The vectors of users by equation 4, one after the other, over the whole catalogue."""
    found = []
    for count in counts:
        confidence, liked = np.diag(1 + alpha * count), (count > 0).astype(float)
        left = items.T @ confidence @ items + regularisation * np.eye(items.shape[1])
        found.append(np.linalg.solve(left, items.T @ confidence @ liked))
    return np.array(found)


def objective(counts, users, items, alpha, regularisation) -> float:
    """Equation 3."""
    error = (1 + alpha * counts) * ((counts > 0) - users @ items.T) ** 2
    return error.sum() + regularisation * ((users**2).sum() + (items**2).sum())


def test_a_history_is_folded_in_as_the_closed_form_says(shop):
    scorer = ALS(factors=6, regularisation=0.7, alpha=3).fit(shop)
    histories = shop.cases("test").histories.padded(60)[:20]
    counts, items = counts_of(histories), scorer.model.item_factors
    assert counts.max() > 1  # how often counts
    expected = solved(counts, items, alpha=3, regularisation=0.7) @ items.T
    found = scorer(histories)
    np.testing.assert_allclose(found, expected, atol=1e-6)  # float32 of scores about 1
    assert np.abs(expected).max() > 0.5


@pytest.mark.parametrize(("alpha", "regularisation"), [(1, 2.0), (10, 10.0)])
def test_after_many_iterations_the_objective_is_flat(shop, alpha, regularisation):
    recipe = ALS(factors=3, alpha=alpha, regularisation=regularisation, iterations=500)
    items = recipe.fit(shop).model.item_factors
    counts = counts_of(shop.train_sequences)
    users = solved(counts, items, alpha, regularisation)
    wrong = (1 + alpha * counts) * ((counts > 0) - users @ items.T)
    for slope in (
        -2 * wrong.T @ users + 2 * regularisation * items,
        -2 * wrong @ items + 2 * regularisation * users,
    ):
        # confidences are float32, of values up to some hundred
        np.testing.assert_allclose(slope, 0, atol=1e-3)
    assert np.linalg.norm(items) > 1  # not flat for being zero
    best = objective(counts, users, items, alpha, regularisation)
    rng = np.random.default_rng(0)
    for _ in range(20):
        near = items + 0.05 * rng.normal(size=items.shape)
        assert objective(counts, users, near, alpha, regularisation) > best


def test_the_seed_decides_and_the_number_of_threads_does_not(shop, monkeypatch):
    histories = shop.cases("test").histories.padded(60)
    found = ALS(seed=1).fit(shop)(histories)
    np.testing.assert_array_equal(ALS(seed=1).fit(shop)(histories), found)
    assert (ALS(seed=2).fit(shop)(histories) != found).any()
    monkeypatch.setattr(als, "FEW", 0)
    np.testing.assert_array_equal(ALS(seed=1).fit(shop)(histories), found)


def test_an_empty_history_says_nothing(shop):
    scorer = ALS().fit(shop)
    alone = scorer(np.array([[0, 5, 9, 5]], np.int32))
    found = scorer(np.array([[0, 0, 0, 0], [9, 5, 0, 5]], np.int32))
    assert not found[0].any()
    np.testing.assert_array_equal(found[1], alone[0])  # as a set with repetitions
    assert (scorer(np.array([[0, 0, 5, 9]])) != alone).any()  # which count
    assert scorer(np.zeros((0, 4), np.int32)).shape == (0, 41)
    assert scorer(np.zeros((2, 0), np.int32)).tolist() == np.zeros((2, 41)).tolist()


def test_pairs_that_are_chosen_together_are_found():
    pairs = [["a", "b"], ["c", "d"], ["e", "f"]]
    rows = [(f"u{n}{k}", item) for n, pair in enumerate(pairs) for k in range(4) for item in pair]
    divided = split.leave_one_out(validate(pd.DataFrame(rows, columns=["user", "item"])))
    items = divided.data.catalogue.vocabulary
    found = ALS(factors=3, regularisation=0.1).fit(divided)(items.indices(["a", "d"])[:, None])
    a, b, c, d = items.indices(list("abcd"))
    # 0.1 for what regularisation takes
    assert found[0, [a, b, c, d]].tolist() == pytest.approx([1, 1, 0, 0], abs=0.1)
    assert found[1, [a, b, c, d]].tolist() == pytest.approx([0, 0, 1, 1], abs=0.1)


def test_without_a_row_in_train_nothing_is_learned(shop):
    nothing = Split.of_rows(shop.data, np.full(len(shop.data), TEST, np.int8), "by_hand", {})
    assert not ALS().fit(nothing)(np.array([[5, 9]])).any()


def test_more_factors_than_users_and_items():
    rows = [(user, item) for user in "abc" for item in "xyz"]
    divided = split.leave_one_out(validate(pd.DataFrame(rows, columns=["user", "item"])))
    found = ALS(factors=64, regularisation=1e-3, iterations=50).fit(divided)(np.array([[1]]))
    assert np.isfinite(found).all()
    assert found[0, 1] == pytest.approx(1, abs=0.01)
    assert found[0, [0, 2, 3]].tolist() == [0, 0, 0]  # y and z stand in no train part


@pytest.mark.parametrize("without", ["implicit.cpu.als", "threadpoolctl"])
def test_without_the_library_the_error_says_how_to_get_it(shop, monkeypatch, without):
    monkeypatch.setitem(sys.modules, without, None)  # which makes importing it fail
    with pytest.raises(AttnrecError, match="not installed: pip install implicit"):
        ALS().fit(shop)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"factors": 0}, "factors: expected a whole number from 1, got 0"),
        ({"factors": 2.0}, "factors: expected a whole number from 1, got 2.0"),
        ({"iterations": True}, "iterations: expected a whole number from 1, got True"),
        ({"seed": -1}, "seed: expected 0 to 4294967295, got -1"),
        ({"seed": None}, "seed: expected 0 to 4294967295, got None"),
        ({"regularisation": 0}, "regularisation: expected a positive number, got 0"),
        ({"regularisation": float("nan")}, "regularisation: expected a positive number, got nan"),
        ({"alpha": -1.0}, "alpha: expected a positive number, got -1.0"),
        ({"alpha": "much"}, "alpha: expected a positive number, got 'much'"),
        ({"alpha": True}, "alpha: expected a positive number, got True"),
    ],
)
def test_hyperparameters_out_of_range(wrong, told):
    with pytest.raises(AttnrecError, match=told):
        ALS(**wrong)
