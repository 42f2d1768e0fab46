import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec.data import Split, split, validate
from attnrec.errors import DataError

DAYS = pd.date_range("2020-01-01", periods=10, freq="D")
HISTORIES = st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=8), min_size=1, max_size=6)


def of(histories, **columns):
    rows = [(user, item) for user, items in enumerate(histories, 1) for item in items]
    return validate(pd.DataFrame(rows, columns=["user", "item"]).assign(**columns))


def told(data, cases):
    """Each case in ids: user -> (history, targets)."""
    items = data.catalogue.vocabulary.to_ids
    users = data.user_vocabulary.to_ids(cases.users)
    both = zip(cases.histories, cases.targets, strict=True)
    return {
        user: (items(history), items(targets))
        for user, (history, targets) in zip(users, both, strict=True)
    }


@given(HISTORIES)
def test_leave_one_out_is_that_of_a_plain_loop(histories):
    data = of(histories)
    made = split.leave_one_out(data)
    long = {user: items for user, items in enumerate(histories, 1) if len(items) >= 3}
    assert told(data, made.cases("test")) == {u: (h[:-1], [h[-1]]) for u, h in long.items()}
    assert told(data, made.cases("validation")) == {u: (h[:-2], [h[-2]]) for u, h in long.items()}
    kept = [h[:-2] if len(h) >= 3 else h for h in histories]
    assert [data.catalogue.vocabulary.to_ids(one) for one in made.train_sequences] == kept
    assert made.part.dtype == np.int8


def test_leave_one_out_of_baskets_leaves_out_whole_baskets():
    data = of(
        [[1, 2, 3, 4, 5], [1, 2, 3]],
        basket=["a", "b", "b", "c", "c", "x", "y", "y"],
        timestamp=[1, 2, 2, 3, 3, 1, 2, 2],
    )
    made = split.leave_one_out(data)
    assert told(data, made.cases("test")) == {1: ([1, 2, 3], [4, 5])}
    assert told(data, made.cases("validation")) == {1: ([1], [2, 3])}
    assert data.user_vocabulary.to_ids(made.train_sequences.users) == [1, 2]


def test_one_basket_number_at_two_users_is_two_baskets():
    data = of([[1, 2, 3], [4, 5, 6]], basket=["a", "b", "c", "c", "d", "e"])
    made = split.leave_one_out(data)
    assert made.test["item"].tolist() == [3, 6]
    assert made.validation["item"].tolist() == [2, 5]


def test_a_temporal_split_cuts_everyone_at_the_same_moment():
    data = of([[1, 2, 3, 4], [1, 2], [5, 6], [7]], timestamp=DAYS[[0, 6, 7, 9, 1, 2, 3, 8, 9]])
    made = split.temporal(data, validation=DAYS[6], test=DAYS[8], targets="all")
    assert told(data, made.cases("validation")) == {1: ([1], [2, 3])}
    assert told(data, made.cases("test")) == {1: ([1, 2, 3], [4]), 3: ([5], [6])}
    assert made.describe().loc["test", ["interactions", "cases", "new_items"]].tolist() == [3, 2, 3]


def test_the_first_target_of_a_period_is_told_all_that_came_before():
    data = of([[1, 2, 3, 4, 5, 6]], timestamp=DAYS[:6])
    made = split.temporal(data, validation=DAYS[2], test=DAYS[4])
    assert made.part.tolist() == [0, 0, 1, -1, 2, -1]
    assert told(data, made.cases("validation")) == {1: ([1, 2], [3])}
    assert told(data, made.cases("test")) == {1: ([1, 2, 3, 4], [5])}


def test_the_first_target_of_baskets_is_a_basket():
    data = of([[1, 2, 3, 4]], timestamp=[1, 2, 3, 3], basket=["a", "b", "c", "c"])
    made = split.temporal(data, validation=2, test=3)
    assert told(data, made.cases("test")) == {1: ([1, 2], [3, 4])}


@given(st.lists(st.integers(0, 9), min_size=10, max_size=40))
def test_shares_are_cut_between_moments_and_never_inside_one(days):
    data = of([list(range(len(days)))], timestamp=DAYS[days])
    ordered = sorted(days)  # half is train, 0.3 validation, 0.2 test, but for ties
    validation, test = ordered[round(0.5 * len(days))], ordered[round(0.8 * len(days))]
    if not min(days) < validation < test:
        with pytest.raises(DataError, match="no interactions in"):
            split.temporal(data, validation=0.3, test=0.2, targets="all")
        return
    made = split.temporal(data, validation=0.3, test=0.2, targets="all")
    assert made.part.tolist() == [(day >= validation) + (day >= test) for day in ordered]
    assert made.parameters == {
        "targets": "all",
        "validation_from": str(DAYS[validation]),
        "test_from": str(DAYS[test]),
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"targets": "last"}, "targets: expected 'first' or 'all', got 'last'"),
        ({"validation": 0.5, "test": 0.5}, "leaves nothing to train on"),
        ({"validation": -0.1}, "validation: expected a share between 0 and 1, got -0.1"),
        ({"test": 1.5}, "test: expected a share between 0 and 1, got 1.5"),
        ({"test": DAYS[3]}, "two shares or two moments"),
        ({"validation": "soon", "test": "later"}, "cannot read 'soon' and 'later' as moments"),
        ({"validation": DAYS[5], "test": DAYS[3]}, "expected before the test's start"),
        ({"validation": "1999-01-01", "test": "2020-01-05"}, "no interactions in train"),
        ({"validation": "2020-01-05", "test": "2077-01-01"}, "no interactions in test"),
    ],
)
def test_temporal_splits_that_cannot_be_made(arguments, message):
    data = of([range(10)], timestamp=DAYS)
    with pytest.raises(DataError, match=message):
        split.temporal(data, **arguments)


def test_a_temporal_split_needs_times():
    with pytest.raises(DataError, match="needs timestamps, and this data has none"):
        split.temporal(of([[1, 2, 3]]))


def test_held_out_users_are_strangers_to_train():
    data = of([[1, 2, 3, 4]] * 40 + [[1]] * 10)
    made = split.by_user(data, validation=0.25, test=0.5, seed=3)
    held = {name: set(told(data, made.cases(name))) for name in ("validation", "test")}
    assert (len(held["validation"]), len(held["test"])) == (10, 20)
    assert not held["validation"] & held["test"]
    assert not (held["validation"] | held["test"]) & set(made.train["user"])
    assert set(range(41, 51)) <= set(made.train["user"])
    assert set(map(str, told(data, made.cases("test")).values())) == {"([1, 2, 3], [4])"}


def test_users_are_drawn_by_the_seed():
    data = of([[1, 2]] * 100)
    first, again, other = (split.by_user(data, seed=seed).part for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_too_few_users_are_an_error():
    with pytest.raises(DataError, match="1 users have two items or more, too few"):
        split.by_user(of([[1, 2], [3]]))


def test_parts_are_named():
    made = split.leave_one_out(of([[1, 2, 3]]))
    with pytest.raises(DataError, match="part: expected 'validation' or 'test', got 'train'"):
        made.cases("train")
    assert repr(made) == "Split(leave_one_out of 'data': 1 train, 1 validation, 1 test)"
    assert repr(made.cases("test")) == "Cases(1 users, 1 targets)"


@given(HISTORIES, st.data())
def test_a_split_is_made_again_from_the_part_of_each_row(histories, draw):
    data = of(histories)
    part = []
    for items in histories:  # train, left out, validation, left out, test, left out
        edges = sorted(draw.draw(st.integers(0, len(items))) for _ in range(5))
        parts = zip([0, -1, 1, -1, 2, -1], [0, *edges], [*edges, len(items)], strict=True)
        part += [code for code, begin, end in parts for _ in range(begin, end)]
    made = Split.of_rows(data, np.array(part, np.int8), "drawn", {})
    assert made.part.tolist() == part
    expected = [
        [item for item, code in zip(items, part[first:], strict=False) if code == 0]
        for items, first in zip(histories, np.cumsum([0, *map(len, histories)]), strict=False)
    ]
    found = [data.catalogue.vocabulary.to_ids(one) for one in made.train_sequences]
    assert found == [items for items in expected if items]


def test_a_part_in_two_pieces_is_refused():
    with pytest.raises(DataError, match="rows of one part do not stand together"):
        Split.of_rows(of([[1, 2, 3]]), np.array([0, 1, 0], np.int8), "odd", {})


def test_at_random_every_row_falls_into_a_part():
    data = of([[1, 2, 3, 4, 5]] * 40)
    made = split.at_random(data, validation=0.2, test=0.1, seed=3)
    assert np.bincount(made.part).tolist() == [140, 40, 20]
    assert made.train.equals(data.frame[made.part == 0])
    assert repr(made) == "RowSplit(at_random of 'data': 140 train, 40 validation, 20 test)"
    again, other = (split.at_random(data, 0.2, 0.1, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(made.part, again.part)
    assert (made.part != other.part).any()
    firsts = made.part[::5]
    assert len(np.unique(firsts)) == 3


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0, 0.1), "validation: expected a share between 0 and 1, got 0"),
        ((0.5, 0.5), "leaves nothing to train on"),
        ((0.1, 0.1), "2 rows are too few"),
    ],
)
def test_at_random_refuses(shares, told):
    with pytest.raises(DataError, match=told):
        split.at_random(of([[1, 2]]), *shares)
