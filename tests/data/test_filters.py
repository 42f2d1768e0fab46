from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec.data import validate
from attnrec.errors import DataError

ROWS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=40)


def of(rows, **columns):
    return validate(pd.DataFrame(rows, columns=["user", "item"]).assign(**columns))


def pairs(data):
    return list(zip(data.frame["user"], data.frame["item"], strict=True))


def core_by_hand(rows, user_count, item_count):
    while True:
        users, items = Counter(u for u, _ in rows), Counter(i for _, i in rows)
        kept = [(u, i) for u, i in rows if users[u] >= user_count and items[i] >= item_count]
        if len(kept) == len(rows):
            return kept
        rows = kept


@given(ROWS, st.integers(1, 4), st.integers(1, 4))
def test_the_core_is_that_of_a_plain_loop(rows, user_count, item_count):
    data = of(rows)
    expected = core_by_hand(pairs(data), user_count, item_count)
    if not expected:
        with pytest.raises(DataError, match="no interactions pass the filters"):
            data.filter(min_user_count=user_count, min_item_count=item_count)
        return
    core = data.filter(min_user_count=user_count, min_item_count=item_count)
    assert pairs(core) == expected
    assert set(core.items) == {item for _, item in expected}
    assert sum(row.count for row in core.report.rows if "core" in row.what) == len(rows) - len(core)


@given(ROWS, st.integers(1, 6))
def test_the_most_recent_of_each_user_stay(rows, max_history):
    data = of(rows)
    short = data.filter(max_history=max_history)
    for user in data.users:
        assert short.history(user) == data.history(user)[-max_history:]


def test_low_and_missing_ratings_do_not_pass():
    data = of([(1, 1), (1, 2), (1, 3)], rating=[4.0, 2.0, np.nan])
    good = data.filter(min_rating=4)
    assert pairs(good) == [(1, 1)]
    assert good.report.rows[-1] == ("ratings below 4", 2, "rows dropped")


def test_filters_apply_in_the_stated_order():
    rows = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    data = of(rows, rating=[5, 5, 5, 5, 5, 1])
    kept = data.filter(min_rating=3, min_item_count=2, max_history=1)
    assert pairs(kept) == [(1, 2), (2, 2)]


def test_a_filter_that_drops_nothing_keeps_the_truth_and_one_that_drops_says_so():
    data = replace(of([(1, 1), (1, 2)]), truth="causes")
    assert data.filter(max_history=2).truth == "causes"
    cut = data.filter(max_history=1)
    assert cut.truth is None
    assert cut.report.count("simulator's truth") == 1


@pytest.mark.parametrize("limit", [0, -1, 1.5, True])
@pytest.mark.parametrize("name", ["min_user_count", "min_item_count", "max_history"])
def test_limits_are_whole_numbers_from_one(name, limit):
    with pytest.raises(DataError, match=f"{name}: expected a whole number from 1, got {limit}"):
        of([(1, 1)]).filter(**{name: limit})


def test_ratings_are_needed_to_filter_by_them():
    with pytest.raises(DataError, match="min_rating: data has no ratings"):
        of([(1, 1)]).filter(min_rating=3)
