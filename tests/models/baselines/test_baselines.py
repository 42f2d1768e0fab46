"""Baselines: the contract of all, then each against counting by hand."""

import doctest

import numpy as np
import pandas as pd
import pytest

from attnrec.data import split, validate
from attnrec.data.bazaar import simulate
from attnrec.errors import AttnrecError
from attnrec.evaluation import compare
from attnrec.models.baselines import (
    ALS,
    EASE,
    ContentBased,
    Hybrid,
    ItemKNN,
    Popularity,
    RecentPopularity,
    UserKNN,
    ease,
    item_knn,
    popularity,
)

ALL = [Popularity(), RecentPopularity(), ItemKNN(), UserKNN(), EASE(), ALS(), ContentBased()]
ALL.append(Hybrid((ItemKNN(), ContentBased())))


def leave_one_out(histories, times=None):
    """A split of the histories of users a, b, ...: strings of one-letter items."""
    table = pd.DataFrame(
        [(chr(ord("a") + n), item) for n, items in enumerate(histories) for item in items],
        columns=["user", "item"],
    )
    if times is not None:
        table["timestamp"] = pd.to_datetime(times)
    return split.leave_one_out(validate(table))


def scores(scorer, divided, history="") -> dict:
    items = divided.data.catalogue.vocabulary
    row = np.zeros((1, max(len(history), 1)), np.int32)
    row[0, 1 if not history else 0 :] = items.indices(list(history)) if history else []
    found = np.asarray(scorer(row))
    assert found.shape == (1, len(items) + 1)
    return dict(zip(items.ids, found[0, 1:].tolist(), strict=True))


@pytest.fixture(scope="module")
def shop():
    return split.leave_one_out(simulate(num_users=80, num_items=40, seed=3))


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: type(recipe).__name__)
def test_contract(recipe, shop):
    scorer = recipe.fit(shop)
    assert scorer.name == type(recipe).__name__
    histories = shop.cases("test").histories.padded(64)[:7]
    found = np.asarray(scorer(histories))
    assert found.shape == (7, 41)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    shorter = np.asarray(scorer(histories[:, -60:]))
    np.testing.assert_array_equal(shorter, found)  # the longest history has 60 items
    np.testing.assert_array_equal(np.asarray(recipe.fit(shop)(histories)), found)


@pytest.mark.parametrize("recipe", ALL[:6], ids=lambda recipe: type(recipe).__name__)
def test_learns_nothing_from_validation_and_test(recipe):
    # the same train part, other items at the end
    one, two = leave_one_out(["xyzxy", "yxxzz"]), leave_one_out(["xyzzx", "yxxyx"])
    assert one.train["item"].tolist() == two.train["item"].tolist()
    assert scores(recipe.fit(one), one, "xy") == scores(recipe.fit(two), two, "xy")


def test_popularity_counts_train():
    divided = leave_one_out(["xxyzz", "xyz"])
    assert scores(Popularity().fit(divided), divided) == {"x": 3, "y": 1, "z": 0}


def test_recent_popularity_counts_the_last_days_of_train():
    times = ["2026-01-01", "2026-01-02", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    divided = leave_one_out(["xxzywy"], times)
    found = scores(RecentPopularity(days=30).fit(divided), divided)
    # train: x x in January, z and y in March; w only later
    assert found["z"] == found["y"] > found["x"] > found["w"]
    # 31 December is 60 days before 1 March: all of train, and x leads
    found = scores(RecentPopularity(days=90).fit(divided), divided)
    assert found["x"] > found["z"] == found["y"] > found["w"]


def test_recent_popularity_without_dates_counts_each_users_latest():
    divided = leave_one_out(["xxxyww", "xxxzww"])
    found = scores(RecentPopularity(last=1).fit(divided), divided)
    assert found["y"] == found["z"] > found["x"] > found["w"]
    found = scores(RecentPopularity(last=4).fit(divided), divided)
    assert found["x"] > found["y"] == found["z"] > found["w"]


def test_recent_popularity_of_equals_is_popularity():
    divided = leave_one_out(["xxyzww", "xyyzww"])
    found = scores(RecentPopularity(last=1).fit(divided), divided)
    assert found["z"] > found["x"] == found["y"] > found["w"]


@pytest.mark.parametrize("recipe", [Popularity(), RecentPopularity()])
def test_popularity_answers_without_a_history(recipe, shop):
    scorer = recipe.fit(shop)
    assert scorer.needs_history is False
    assert scorer(np.zeros((2, 5), np.int32)).shape == (2, 41)


def test_item_knn_by_hand():
    # train: a has x y, b has x y z, c has x
    divided = leave_one_out(["xyww", "xyzww", "xww"])
    found = scores(ItemKNN().fit(divided), divided, "x")
    assert found == pytest.approx({"x": 0, "y": 2 / np.sqrt(6), "z": 1 / np.sqrt(3), "w": 0})
    found = scores(ItemKNN().fit(divided), divided, "xy")
    assert found["z"] == pytest.approx(1 / np.sqrt(3) + 1 / np.sqrt(2))
    nearest = scores(ItemKNN(num_neighbours=1).fit(divided), divided, "x")
    assert nearest == pytest.approx({"x": 0, "y": 2 / np.sqrt(6), "z": 0, "w": 0})


@pytest.mark.parametrize("num_neighbours", [1, 3, 10, 39, 500])
def test_item_knn_equals_brute_force(shop, num_neighbours, monkeypatch):
    monkeypatch.setattr(item_knn, "BLOCK", 7)  # so that blocks do not end where items do
    chosen = np.zeros((len(shop.train_sequences), 41))
    for row, items in zip(chosen, shop.train_sequences, strict=True):
        row[items] = 1
    length = np.sqrt((chosen**2).sum(0))
    cosine = chosen.T @ chosen / np.maximum(np.outer(length, length), 1)
    np.fill_diagonal(cosine, 0)
    for row in cosine:
        kept = sorted(range(41), key=lambda i: (-row[i].astype(np.float32), i))[:num_neighbours]
        row[[i for i in range(41) if i not in kept]] = 0
    histories = shop.cases("test").histories.padded(60)
    found = ItemKNN(num_neighbours).fit(shop)(histories)
    expected = [cosine[sorted(set(row) - {0})].sum(0) for row in histories.tolist()]
    np.testing.assert_allclose(found, expected, atol=1e-5)  # float32 sums of at most 40 terms


def test_item_knn_reads_a_history_as_a_set(shop):
    scorer = ItemKNN().fit(shop)
    ordered, repeated = np.array([[0, 5, 9]], np.int32), np.array([[9, 5, 9]], np.int32)
    np.testing.assert_array_equal(scorer(ordered), scorer(repeated))


def test_item_knn_of_an_unseen_item_is_silent():
    divided = leave_one_out(["xyww", "xyvw"])  # v and w are never in train
    assert set(scores(ItemKNN().fit(divided), divided, "w").values()) == {0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ItemKNN(0), "num_neighbours: expected a whole number from 1, got 0"),
        (lambda: RecentPopularity(days=0), "days: expected a positive number, got 0"),
        (lambda: RecentPopularity(days=float("nan")), "days: expected a positive number, got nan"),
        (lambda: RecentPopularity(last=0), "last: expected a whole number from 1, got 0"),
    ],
)
def test_hyperparameters_out_of_range(make, message):
    with pytest.raises(AttnrecError, match=message):
        make()


def test_known_answer():
    # Whoever has an item of a pair takes the other: only item-kNN can know.
    pairs = ["ab", "cd", "ef", "gh"]
    trained = [pair for pair in pairs for _ in range(5)]  # two items: all of them train
    asked = [2 * pair[0] + pair[1] for pair in pairs]  # aab: the test asks for b after a
    divided = leave_one_out(trained + asked)
    scorers = [recipe.fit(divided) for recipe in (Popularity(), ItemKNN())]
    table = compare(scorers, divided.cases("test"), 8, filter_seen=True, cutoffs=(1,))
    assert table["cases"].tolist() == [4, 4]
    assert table.loc["ItemKNN", "HR@1"] == 1
    assert table.loc["Popularity", "HR@1"] < 1


@pytest.mark.needs_data
def test_movielens_100k_orders_the_baselines_as_known():
    from attnrec.data import datasets

    divided = split.leave_one_out(datasets.load("ml-100k"))
    scorers = [Popularity().fit(divided), ItemKNN().fit(divided)]
    table = compare(scorers, divided.cases("test"), 1682, filter_seen=True, cutoffs=(10,))
    assert table["cases"].tolist() == [943, 943]
    assert table.loc["ItemKNN", "NDCG@10"] > table.loc["Popularity", "NDCG@10"] > 0.02


def test_examples_run():
    found = doctest.testmod(popularity)
    assert found.attempted > 0
    assert found.failed == 0


def test_user_knn_by_hand():
    # train: a has x y, b has y z, c has z w; then two held out each
    divided = leave_one_out(["xyzz", "yzxx", "zwxx"])
    found = scores(UserKNN(num_neighbours=2).fit(divided), divided, "xy")
    # of the history x y: a is like it by 2 / 2, b by 1 / 2, c not at all
    assert found == pytest.approx({"x": 1, "y": 1.5, "z": 0.5, "w": 0})
    nearest = scores(UserKNN(num_neighbours=1).fit(divided), divided, "xy")
    assert nearest == pytest.approx({"x": 1, "y": 1, "z": 0, "w": 0})


def test_of_equally_similar_users_the_first_are_asked():
    divided = leave_one_out(["xyzz", "xwzz"])
    assert scores(UserKNN(num_neighbours=1).fit(divided), divided, "x")["y"] > 0
    assert scores(UserKNN(num_neighbours=1).fit(divided), divided, "x")["w"] == 0


def test_ease_is_where_its_objective_is_flat(shop):
    """At the least of a convex function its derivative is zero, where it may move."""
    weights = EASE(regularisation=7.0).fit(shop).weights.astype(float)
    users = np.zeros((len(shop.train_sequences), 41))
    for row, items in zip(users, shop.train_sequences, strict=True):
        row[items] = 1
    slope = 2 * users.T @ (users @ weights - users) + 2 * 7.0 * weights
    assert np.diag(weights).tolist() == [0] * 41
    np.fill_diagonal(slope, 0)
    np.testing.assert_allclose(slope, 0, atol=1e-4)
    assert np.abs(weights).max() > 0.05


def test_ease_adds_up_the_rows_of_distinct_items(shop):
    scorer = EASE().fit(shop)
    found = np.asarray(scorer(np.array([[0, 3, 5, 3]])))
    np.testing.assert_allclose(found[0], scorer.weights[3] + scorer.weights[5], rtol=1e-6)


def test_ease_of_too_many_items_is_refused(shop, monkeypatch):
    monkeypatch.setattr(ease, "MOST_ITEMS", 39)
    with pytest.raises(AttnrecError, match="inverts a matrix of items x items, 40 here"):
        EASE().fit(shop)


@pytest.mark.parametrize("wrong", [0, -1.0, float("inf"), float("nan"), "much", True])
def test_ease_needs_a_positive_regularisation(wrong):
    with pytest.raises(AttnrecError, match="regularisation: expected a positive number"):
        EASE(regularisation=wrong)


def with_catalogue(frame) -> split.Split:
    """Three users and the items of a catalogue, each chosen at least once."""
    ids = list(frame.index)
    table = pd.DataFrame([(user, item) for user in "ab" for item in ids], columns=["user", "item"])
    return split.leave_one_out(validate(table, catalogue=frame))


def test_content_based_by_hand():
    divided = with_catalogue(
        pd.DataFrame(
            {"genres": ["Drama|War", "Drama", "War", None, "Drama"], "here": ["yes"] * 5},
            index=list("vwxyz"),
        )
    )
    drama, war = np.log(5 / 3), np.log(5 / 2)  # that all are here says nothing
    v = np.array([drama, war]) / np.hypot(drama, war)
    found = scores(ContentBased().fit(divided), divided, "w")
    assert found == pytest.approx({"v": v[0], "w": 1, "x": 0, "y": 0, "z": 1}, abs=1e-6)
    found = scores(ContentBased().fit(divided), divided, "wxx")
    assert found["v"] == pytest.approx((v[0] + v[1]) / 2, abs=1e-6)
    assert set(scores(ContentBased().fit(divided), divided, "y").values()) == {0}


def test_numbers_are_alike_in_the_same_part_of_the_catalogue():
    prices = pd.DataFrame({"price": [1.0, 1.1, 5.0, 5.2, np.inf, np.nan]}, index=list("abcdef"))
    divided = with_catalogue(prices)
    found = scores(ContentBased(num_bins=2).fit(divided), divided, "a")
    assert found == pytest.approx({"a": 1, "b": 1, "c": 0, "d": 0, "e": 0, "f": 0})


def test_lists_are_attributes_and_vectors_of_numbers_are_none():
    frame = pd.DataFrame(
        {
            "genres": [["drama", "war"], np.array(["war"], object), ["drama", None], None],
            "image": [np.array([0.1, 0.2]), [0.3, 0.4], [0.5, 0.6], None],
        },
        index=list("abcd"),
    )
    divided = with_catalogue(frame)
    expected = {"a": 1, "b": np.sqrt(0.5), "c": np.sqrt(0.5), "d": 0}
    found = scores(ContentBased().fit(divided), divided, "a")
    assert found == pytest.approx(expected, abs=1e-6)
    with pytest.raises(AttnrecError, match="columns: 'image' holds vectors, which are no attr"):
        ContentBased(["image"]).fit(divided)


def test_content_based_needs_attributes(shop):
    with pytest.raises(AttnrecError, match="catalogue has no 'brnd'; did you mean 'brand'"):
        ContentBased(["brnd"]).fit(shop)
    with pytest.raises(AttnrecError, match=r"expected several, such as \['brand'\]"):
        ContentBased("brand")
    with pytest.raises(AttnrecError, match="columns: expected a list of names, got 5"):
        ContentBased(5)
    with pytest.raises(AttnrecError, match="tells nothing of its items but their titles"):
        ContentBased().fit(leave_one_out(["xyz"]))
    with pytest.raises(AttnrecError, match="columns: expected one or more, got none"):
        ContentBased([])
    nothing = pd.DataFrame({"tags": [[], None], "price": [5.0, 5.0]}, index=list("ab"))
    with pytest.raises(AttnrecError, match="columns: tags, price say nothing of any item"):
        ContentBased().fit(with_catalogue(nothing))
    only = ContentBased(["brand"]).fit(shop).vectors
    assert only.shape[1] == shop.data.catalogue.frame["brand"].nunique()


def test_a_hybrid_is_the_sum_of_what_is_brought_to_one_scale(shop):
    parts = (ItemKNN(), ContentBased(["category"]))
    histories = shop.cases("test").histories.padded(64)[:9]
    one, other = (np.asarray(part.fit(shop)(histories))[:, 1:].astype(float) for part in parts)
    expected = sum(
        weight * (s - s.mean(1)[:, None]) / s.std(1)[:, None]
        for weight, s in ((2, one), (-1, other))
    )
    found = Hybrid(parts, (2, -1)).fit(shop)(histories)
    np.testing.assert_allclose(found[:, 1:], expected, atol=1e-5)
    assert not found[:, 0].any()


def test_a_part_that_says_nothing_adds_nothing():
    divided = leave_one_out(["xyxy", "xyyx"])
    scorer = Hybrid((Popularity(), UserKNN())).fit(divided)
    assert scorer.needs_history
    assert not Hybrid((Popularity(), RecentPopularity())).fit(divided).needs_history
    assert set(scores(scorer, divided, "x").values()) == {0}  # both items are alike to all


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"parts": (Popularity(),)}, "parts: expected two baselines or more, got 1"),
        ({"parts": (1, 2)}, "parts: expected recipes"),
        ({"parts": (EASE, UserKNN)}, "parts: expected recipes"),
        ({"parts": None}, "parts: expected recipes"),
        ({"parts": ALL[:2], "weights": (1,)}, "weights: expected 2 numbers"),
        ({"parts": ALL[:2], "weights": (1, float("nan"))}, "weights: expected 2 numbers"),
        ({"parts": ALL[:2], "weights": "ab"}, "weights: expected 2 numbers"),
    ],
)
def test_hybrids_that_cannot_be(wrong, told):
    with pytest.raises(AttnrecError, match=told):
        Hybrid(**wrong)
