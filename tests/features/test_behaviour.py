"""Users and items in figures, against counting by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec.data import Split, validate
from attnrec.data.parts import TEST, TRAIN
from attnrec.features.behaviour import item_behaviour, user_behaviour

ROWS = [
    # user, item, day of January, basket, quantity, price, part
    ("ann", "tea", 1, "b1", 2, 3.0, TRAIN),
    ("ann", "jam", 1, "b1", 1, 5.0, TRAIN),
    ("ann", "tea", 7, "b2", 1, 4.0, TRAIN),
    ("ann", "rum", 9, "b3", 9, 99.0, TEST),
    ("bob", "tea", 5, "b4", 1, None, TRAIN),
    ("bob", "jam", 9, "b5", 1, 6.0, TEST),
    ("cy", "pie", 8, "b6", 1, 7.0, TEST),
]
COLUMNS = ["user", "item", "timestamp", "basket", "quantity", "price", "part"]


def divided(without=(), catalogue=None, rows=ROWS, **columns):
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["timestamp"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(table["timestamp"] - 1, "D")
    table = table.assign(**columns).drop(columns=list(without))
    data = validate(table, catalogue=catalogue)
    return Split.of_rows(data, data.frame["part"].to_numpy(np.int8), "by_hand", {})


def test_users_by_hand():
    table = user_behaviour(divided())
    assert table.index.tolist() == ["ann", "bob", "cy"]
    assert table.index.name == "user"
    assert (table.dtypes == "float64").all()
    expected = {
        "frequency": [3, 1, np.nan],
        "recency": [0, 2, np.nan],  # train ends on the 7th
        "mean_gap": [6, np.nan, np.nan],  # two moments, not three
        "distinct_items": [2, 1, np.nan],
        "average_spend": [(2 * 3 + 1 * 5 + 1 * 4) / 3, np.nan, np.nan],
        "basket_size": [3 / 2, 1, np.nan],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected, table.index))


def test_items_by_hand():
    table = item_behaviour(divided())
    assert table.index.tolist() == ["tea", "jam", "rum", "pie"]
    assert table.index.name == "item"
    expected = {
        "popularity": [3, 1, np.nan, np.nan],
        "users": [2, 1, np.nan, np.nan],
        "recency": [0, 6, np.nan, np.nan],
        "mean_price": [3.5, 5, np.nan, np.nan],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected, table.index))


def test_nothing_of_the_other_parts_counts():
    before = divided()
    changed = [row if row[-1] == TRAIN else (*row[:4], 70, 1e6, row[-1]) for row in ROWS]
    after = divided(rows=changed)
    pd.testing.assert_frame_equal(user_behaviour(before), user_behaviour(after))
    pd.testing.assert_frame_equal(item_behaviour(before), item_behaviour(after))


def test_what_the_data_cannot_tell_is_absent():
    bare = divided(without=["timestamp", "basket", "quantity", "price"])
    assert list(user_behaviour(bare)) == ["frequency", "distinct_items"]
    assert list(item_behaviour(bare)) == ["popularity", "users"]
    counted = divided(without=["basket", "price"], timestamp=[1, 2, 3, 4, 1, 2, 1])
    assert list(user_behaviour(counted)) == ["frequency", "distinct_items"]  # counters, no days
    words = divided(price="free")
    assert "average_spend" not in user_behaviour(words)
    assert "mean_price" not in item_behaviour(words)


def test_the_price_of_the_catalogue_serves_where_events_have_none():
    catalogue = pd.DataFrame({"price": [3.0, np.inf, 1, 1]}, index=["tea", "jam", "rum", "pie"])
    told = divided(without=["price"], catalogue=catalogue)
    spend = user_behaviour(told)["average_spend"]
    assert spend.tolist()[:2] == [(2 * 3 + 1 * 3) / 2, 3]  # an infinite price is not known
    assert "mean_price" not in item_behaviour(told)
    alone = divided(without=["price", "quantity"], catalogue=catalogue)
    assert user_behaviour(alone)["average_spend"].tolist()[:2] == [3, 3]


def test_prices_of_zero_and_below_count():
    table = user_behaviour(divided(price=[0, -4, 1, 1, 1, 1, 1]))
    assert table["average_spend"]["ann"] == pytest.approx((2 * 0 + 1 * -4 + 1 * 1) / 3)


def test_a_train_part_without_rows():
    data = divided().data
    nothing = Split.of_rows(data, np.full(len(data), TEST, np.int8), "by_hand", {})
    for table, count in ((user_behaviour(nothing), 3), (item_behaviour(nothing), 4)):
        assert len(table) == count
        assert table.isna().all(axis=None)
