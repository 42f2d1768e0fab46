from datetime import date

import numpy as np
import pandas as pd
import pytest

from attnrec.data.reading import read_ids, read_ratings, read_times
from attnrec.errors import DataError


def named(values, **options):
    return pd.Series(values, name="item", **options)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (named([1, 2]), [1, 2]),
        (named([1.0, 2.0]), [1, 2]),
        (named([1, 2], dtype="Int64"), [1, 2]),
        (named([1, 2], dtype="uint8"), [1, 2]),
        (named([1, 2], dtype=object), [1, 2]),
        (named(["a", "007"]), ["a", "007"]),
        (named(["a", "b"], dtype="category"), ["a", "b"]),
        (named([date(2020, 1, 2)]), ["2020-01-02"]),
    ],
)
def test_ids_of_one_kind_need_no_report(ids, expected):
    values, notes = read_ids(ids)
    assert values.tolist() == expected
    assert notes == []


def test_mixed_ids_become_text_and_those_that_become_equal_are_counted():
    values, notes = read_ids(named([7, "7", "x", 8.0], dtype=object))
    assert values.tolist() == ["7", "7", "x", "8"]
    what, count, action = notes[0]
    assert "2 str" in what
    assert (count, action) == (4, "all read as text")
    assert notes[1] == ("item ids that are the same as text", 1, "merged")


def test_true_and_false_are_text():
    values, notes = read_ids(named([True, False]))
    assert values.tolist() == ["True", "False"]
    assert notes == [("item ids that are true or false", 2, "read as text")]


@pytest.mark.parametrize("wrong", [1.5, np.inf])
def test_fractions_are_no_ids(wrong):
    with pytest.raises(DataError, match=f"whole numbers or text as ids, got {wrong} and 0 more"):
        read_ids(named([1.0, wrong]))


def test_ratings_may_be_missing_or_negative_but_not_words_or_infinite():
    values, wrong, notes = read_ratings(pd.Series(["4.5", None, "-2", "five", "inf"]))
    assert values.iloc[[0, 2]].tolist() == [4.5, -2.0]
    assert wrong.tolist() == [False, False, False, True, True]
    assert notes == [
        ("missing ratings", 1, "kept, without a rating"),
        ("negative ratings", 1, "kept as they are"),
    ]


NOON = pd.Timestamp("2001-09-09 12:00:00")  # 1,000,036,800 seconds since 1970


@pytest.mark.parametrize(
    ("times", "notes"),
    [
        ([1_000_036_800], []),
        (["1000036800"], []),
        ([1_000_036_800.0], []),
        ([1_000_036_800_000], [("times in ms since 1970", 1, "read as dates")]),
        ([1_000_036_800_000_000], [("times in us since 1970", 1, "read as dates")]),
        (["2001-09-09T12:00"], []),
        (["2001-09-09 12:00:00.000"], []),
        (["2001-09-09T14:00:00+02:00"], []),
        ([NOON], []),
        ([NOON.tz_localize("Europe/Athens") + pd.Timedelta("3h")],
         [("times with a zone", 1, "converted to UTC")]),
    ],
)  # fmt: skip
def test_one_moment_in_many_forms(times, notes):
    values, wrong, found = read_times(pd.Series(times))
    assert values.tolist() == [NOON]
    assert not wrong.any()
    assert [note for note in found if note[1]] == notes


def test_parts_of_a_second_still_order_events():
    values, _, _ = read_times(pd.Series([1_000_036_800.75, 1_000_036_800.25]))
    assert (values - NOON).dt.total_seconds().tolist() == [0.75, 0.25]


def test_counters_stay_numbers():
    values, wrong, _ = read_times(pd.Series([3, 1, 2]))
    assert values.tolist() == [3, 1, 2]
    assert not wrong.any()


def test_the_day_may_come_first_where_the_column_shows_it():
    values, wrong, notes = read_times(pd.Series(["01/02/2011", "13/02/2011"]))
    assert values.tolist() == [pd.Timestamp("2011-02-01"), pd.Timestamp("2011-02-13")]
    assert not wrong.any()
    assert notes == []


def test_the_month_may_come_first_where_the_column_shows_it():
    values, _, notes = read_times(pd.Series(["12/1/2010 8:26", "12/13/2010 18:05"]))
    assert values.tolist() == [pd.Timestamp("2010-12-01 08:26"), pd.Timestamp("2010-12-13 18:05")]
    assert notes == []


def test_where_nothing_shows_it_the_report_says_what_was_taken():
    values, _, notes = read_times(pd.Series(["01/02/2011", "03/03/2011"]))
    assert values.tolist() == [pd.Timestamp("2011-01-02"), pd.Timestamp("2011-03-03")]
    assert notes == [("dates that could be day or month first", 1, "read as month first")]


@pytest.mark.parametrize("bad", ["yesterday", "2011-13-01", "31.02.2011", "inf"])
def test_what_is_no_date_is_pointed_at(bad):
    _, wrong, _ = read_times(pd.Series(["2011-01-01", "2011-01-02", bad]))
    assert wrong.tolist() == [False, False, True]
    _, wrong, _ = read_times(pd.Series([1e9, 1e9, np.inf]))
    assert wrong.tolist() == [False, False, True]


def test_a_column_of_words_holds_no_dates():
    _, wrong, _ = read_times(pd.Series(["soon", "later"]))
    assert wrong.all()
