"""Clusters of users: groups that were planted, and what stands at the edge."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from attnrec.data import Split, split, validate
from attnrec.data.bazaar import simulate
from attnrec.data.parts import TEST, TRAIN
from attnrec.errors import AttnrecError
from attnrec.features.build import build
from attnrec.features.clusters import interest_clusters
from attnrec.models.features import FM
from attnrec.run_files import load_run
from attnrec.training import fit

SIZES = {"tea": 30, "jam": 50, "rum": 10}  # users of each group


def of_rows(rows, catalogue=None) -> Split:
    """A split of user, item, part."""
    table = pd.DataFrame(rows, columns=["user", "item", "part"])
    data = validate(table, catalogue=catalogue)
    return Split.of_rows(data, data.frame["part"].to_numpy(np.int8), "by_hand", {})


def planted(common=0, seed=0) -> Split:
    """Three groups, each with ten items of its own, and `common` items that are everybody's."""
    rng = np.random.default_rng(seed)
    rows = []
    for group, size in SIZES.items():
        for user in range(size):
            own = [f"{group}{item}" for item in rng.choice(10, rng.integers(4, 9), replace=False)]
            shared = [f"all{item}" for item in range(common)]
            rows += [(f"{group}-{user}", item, TRAIN) for item in own + shared]
    return of_rows([rows[i] for i in rng.permutation(len(rows))])


@pytest.mark.parametrize("common", [0, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_planted_groups_are_found_ordered_by_size_and_named_by_their_items(common, seed):
    table = interest_clusters(planted(common, seed), k=3, seed=seed)
    assert table.columns.tolist() == ["interest"]
    group = table.index.str.split("-").str[0]
    found = pd.crosstab(group, table["interest"])
    assert (found > 0).to_numpy().sum() == 3  # every group is one cluster
    names = table["interest"].cat.categories
    counts = table["interest"].value_counts()[names]
    assert counts.tolist() == [50, 30, 10]
    for number, (name, stem) in enumerate(zip(names, ("jam", "tea", "rum"), strict=True), 1):
        title, items = name.split(": ")
        assert title == f"cluster {number}"
        assert [item.rstrip("0123456789") for item in items.split(" / ")] == [stem, stem]


def test_names_are_what_a_clusters_users_have_more_often_than_others():
    rows = [(f"a{n}", item, TRAIN) for n in range(3) for item in ("x", "y", "both")]
    rows += [("a0", "z", TRAIN)]
    rows += [(f"b{n}", item, TRAIN) for n in range(2) for item in ("v", "both")]
    titles = pd.DataFrame({"title": ["Tea", "Mug", "Bag", "Jar", "Jam"]})
    titles.index = ["x", "y", "both", "z", "v"]
    table = interest_clusters(of_rows(rows, titles), k=2)
    # of three users: x and y 3 of 3 against 0 of 2, z 1 of 3; of two: v only, as all have "both"
    assert table["interest"].cat.categories.tolist() == ["cluster 1: Tea / Mug", "cluster 2: Jam"]
    assert table["interest"].cat.codes.tolist() == [0, 0, 0, 1, 1]


def test_how_much_a_user_has_does_not_matter_but_what():
    rows = [(f"{item}{n}", item, TRAIN) for item in "xy" for n in range(1, 6) for _ in range(n**2)]
    codes = interest_clusters(of_rows(rows), k=2)["interest"].cat.codes
    assert codes.tolist() == [0] * 5 + [1] * 5


def test_only_train_counts_and_users_without_it_have_none():
    before = [*((f"a{n}", "x", TRAIN) for n in range(3)), ("b", "y", TRAIN), ("c", "y", TEST)]
    after = [*before[:4], ("b", "x", TEST), ("c", "x", TEST), ("a0", "y", TEST)]
    one, two = (interest_clusters(of_rows(rows), k=2) for rows in (before, after))
    assert one.index.name == "user"
    assert one.index.tolist() == ["a0", "a1", "a2", "b", "c"]
    assert one["interest"].isna().tolist() == [False] * 4 + [True]
    pd.testing.assert_frame_equal(one, two)


def test_a_train_part_without_rows():
    table = interest_clusters(of_rows([("a", "x", TEST), ("b", "y", TEST)]))
    assert table.index.tolist() == ["a", "b"]
    assert table["interest"].isna().all()
    vectors = np.eye(2)
    assert interest_clusters(of_rows([("a", "x", TEST), ("b", "y", TEST)]), vectors=vectors).equals(
        table
    )


@pytest.mark.parametrize("k", [1, 2, 8])
def test_users_who_do_not_differ_are_one_cluster(k):
    # the same direction, and lengths that differ
    rows = [(user, item, TRAIN) for n, user in enumerate("abc", 1) for item in "xy" * n]
    interest = interest_clusters(of_rows(rows), k=k)["interest"]
    assert interest.tolist() == ["cluster 1"] * 3  # which differs from no other


def test_fewer_clusters_where_fewer_users_differ():
    rows = [(f"{item}{n}", item, TRAIN) for item in "xyz" for n in range(3)]
    interest = interest_clusters(of_rows(rows), k=8)["interest"]
    # of the same size: in the order of their first users
    assert interest.cat.codes.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    names = ["cluster 1: x", "cluster 2: y", "cluster 3: z"]
    assert interest.cat.categories.tolist() == names
    alone = interest_clusters(of_rows([("a", "x", TRAIN)]))["interest"]
    assert alone.tolist() == ["cluster 1"]


def test_the_seed_decides():
    shop = split.leave_one_out(simulate(num_users=200, num_items=60, seed=3))
    found = interest_clusters(shop, k=6, seed=1)
    pd.testing.assert_frame_equal(interest_clusters(shop, k=6, seed=1), found)
    assert found["interest"].nunique() == 6
    assert not found.equals(interest_clusters(shop, k=6, seed=2))


def test_of_vectors_the_directions_of_users_are_grouped():
    rows = [(f"a{n}", item, TRAIN) for n in range(3) for item in ("tea", "mug")[n % 2 :]]
    rows += [(f"b{n}", item, TRAIN) for n in range(2) for item in ("jam", "pot")[n % 2 :]]
    divided = of_rows(rows)
    assert divided.data.items.tolist() == ["tea", "mug", "jam", "pot"]
    near = np.array([[1, 0.1], [3, 0], [0, 1], [0.1, 5]])  # tea by mug, and jam by pot
    codes = interest_clusters(divided, k=2, vectors=near)["interest"].cat.codes
    assert codes.tolist() == [0, 0, 0, 1, 1]
    across = near[[0, 2, 1, 3]]  # tea by jam, and mug by pot: a1 has only a mug, b1 only a pot
    codes = interest_clusters(divided, k=2, vectors=across)["interest"].cat.codes
    assert codes["a1"] == codes["b1"]
    nowhere = interest_clusters(divided, k=2, vectors=np.zeros((4, 2)))
    assert nowhere["interest"].tolist() == ["cluster 1"] * 5


def test_a_division_of_rows_will_do():
    rows = split.at_random(simulate(num_users=100, num_items=30, seed=3))
    table = interest_clusters(rows, k=4)
    assert table["interest"].cat.categories.size == 4
    assert table["interest"].notna().sum() == rows.train["user"].nunique()


def test_clusters_are_a_feature_of_users():
    shop = simulate(num_users=60, num_items=30, seed=3)
    table = interest_clusters(split.leave_one_out(shop), k=3)
    people = validate(shop.frame[["user", "item", "timestamp"]], people=table)
    features = build(split.leave_one_out(people), user=["interest"])
    labels = features.schema.fields[features.schema.names.index("interest")].labels
    assert labels == tuple(table["interest"].cat.categories)  # both by falling size


def test_a_run_keeps_the_clusters_it_was_trained_with(tmp_path, monkeypatch):
    division = split.leave_one_out(simulate(num_users=60, num_items=30, seed=3))
    features = build(division, user=["interest"])
    expected = interest_clusters(division)["interest"]
    field = features.schema.fields[features.schema.names.index("interest")]
    assert set(field.labels) == set(expected.cat.categories)
    run = fit(FM(2), features, epochs=1, loss="bce", progress=False)
    path = run.save(tmp_path / "run")
    monkeypatch.setattr(
        sys.modules["attnrec.features.build"], "interest_clusters", None
    )  # not asked again
    again = load_run(path)
    np.testing.assert_array_equal(again.features.users.levels, features.users.levels)
    assert again.features.data.people["interest"].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"k": 0}, "k: expected a whole number from 1, got 0"),
        ({"k": 2.5}, "k: expected a whole number from 1, got 2.5"),
        ({"seed": -1}, "seed: expected 0 to 4294967295, got -1"),
        (
            {"vectors": np.eye(3)},
            r"vectors: expected finite numbers \[2, size\].*got shape \(3, 3\)",
        ),
        ({"vectors": np.ones(2)}, r"vectors: .*got shape \(2,\)"),
        ({"vectors": [[1, np.nan], [0, 1]]}, r"vectors: expected finite numbers"),
        ({"vectors": [[1], [2, 3]]}, r"vectors: .*got \[\[1\], \[2, 3\]\]"),
        ({"vectors": "tea"}, "vectors: .*got 'tea'"),
    ],
)
def test_what_is_refused(wrong, told):
    with pytest.raises(AttnrecError, match=told):
        interest_clusters(of_rows([("a", "x", TRAIN), ("b", "y", TRAIN)]), **wrong)
