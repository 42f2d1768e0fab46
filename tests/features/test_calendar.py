"""Calendar features of dates that are known by heart."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec.errors import DataError
from attnrec.features.calendar import NAMES, calendar
from attnrec.features.categorical import Categorical
from attnrec.features.infer import infer

module = importlib.import_module("attnrec.features.calendar")


def told(time, name, zone=None, **options):
    times = pd.Series([pd.Timestamp(time) if isinstance(time, str) else time])
    return calendar(times, [name], zone, **options)[name].iloc[0]


@pytest.mark.parametrize(
    ("day", "weekday", "month", "season", "weekend"),
    [
        ("1969-07-20", "Sunday", "July", "summer", "weekend"),  # the landing on the Moon
        ("1970-01-01", "Thursday", "January", "winter", "weekday"),
        ("2000-02-29", "Tuesday", "February", "winter", "weekday"),
        ("2011-12-09", "Friday", "December", "winter", "weekday"),  # Online Retail ends
        ("2020-03-01", "Sunday", "March", "spring", "weekend"),
        ("2021-10-30", "Saturday", "October", "autumn", "weekend"),
        ("2024-11-30", "Saturday", "November", "autumn", "weekend"),
    ],
)
def test_days(day, weekday, month, season, weekend):
    names = ["weekday", "month", "season", "weekend"]
    row = calendar(pd.Series(pd.to_datetime([day])), names).iloc[0]
    assert row.tolist() == [weekday, month, season, weekend]
    south = {"winter": "summer", "summer": "winter", "spring": "autumn", "autumn": "spring"}
    assert told(day, "season", southern=True) == south[season]


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (0, "night"),
        (5, "night"),
        (6, "morning"),
        (11, "morning"),
        (12, "afternoon"),
        (17, "afternoon"),
        (18, "evening"),
        (23, "evening"),
    ],
)
def test_hours(hour, part):
    time = f"2020-05-05 {hour:02}:59:59"
    assert (told(time, "hour"), told(time, "part_of_day")) == (hour, part)


@pytest.mark.parametrize(
    ("utc", "hour"),
    [
        ("2021-03-28 00:59", 0),  # Greenwich time
        ("2021-03-28 01:00", 2),  # summer time begins: there is no hour 1
        ("2021-10-31 00:59", 1),
        ("2021-10-31 01:00", 1),  # and ends: hour 1 again
        ("2021-10-31 02:00", 2),
    ],
)
def test_summer_time_in_london(utc, hour):
    assert told(utc, "hour", "Europe/London") == hour
    assert told(utc, "hour") == int(utc[11:13])
    elsewhere = pd.Timestamp(utc, tz="UTC").tz_convert("Asia/Tokyo")
    assert told(elsewhere, "hour", "Europe/London") == hour


def test_a_zone_may_change_the_day():
    assert told("2021-12-31 23:30", "weekday") == "Friday"
    assert told("2021-12-31 23:30", "weekday", "Asia/Tokyo") == "Saturday"
    assert told("2021-12-31 23:30", "month", "Asia/Tokyo") == "January"
    assert told("2022-01-01 01:30", "month", "America/New_York") == "December"
    kept = pd.Timestamp("2021-12-31 23:30", tz="Asia/Tokyo")
    assert told(kept, "hour") == 23  # as they are, where no zone is asked for


def test_categories_are_ordered_and_the_index_stays():
    times = pd.Series(pd.to_datetime(["2020-01-06", None, "2020-01-05"]), index=[7, 7, -1])
    table = calendar(times, NAMES)
    assert tuple(table) == NAMES
    assert table.index.tolist() == [7, 7, -1]
    assert table["weekday"].tolist() == ["Monday", np.nan, "Sunday"]
    assert table["weekday"].min() == "Monday"
    assert table["hour"].max() == 0
    assert all(table[name].cat.ordered for name in NAMES)
    assert table.isna().sum().tolist() == [1] * 6


@pytest.mark.parametrize(
    "seconds",
    [
        pd.Series([951_827_696, 951_827_696]),
        pd.Series([951_827_696.75, 951_827_696.0]),
        pd.Series([951_827_696, 951_827_696], dtype="Int64"),
    ],
)
def test_seconds_since_1970(seconds):
    table = calendar(seconds, ["hour", "weekday", "month"])  # 2000-02-29 12:34:56
    assert table.to_numpy().tolist() == [[12, "Tuesday", "February"]] * 2


def test_seconds_before_1970_missing_and_infinite():
    table = calendar(pd.Series([-0.5, np.nan, np.inf]), ["hour", "weekday"])
    assert table["hour"].tolist() == [23, np.nan, np.nan]
    assert table["weekday"].tolist() == ["Wednesday", np.nan, np.nan]


def test_hours_are_categories_however_many_there_are():
    table = calendar(pd.Series(pd.date_range("2020-01-01", periods=24, freq="h")), ["hour"])
    assert infer(table["hour"]) == Categorical("hour")


def test_nothing():
    for empty in (pd.Series([], dtype="datetime64[us]"), pd.Series([], dtype=float)):
        assert calendar(empty, NAMES, "Asia/Tokyo").shape == (0, 6)
    assert calendar(pd.Series([0]), []).shape == (1, 0)
    gaps = calendar(pd.Series(pd.to_datetime([None, None])), NAMES)
    assert gaps.isna().all(axis=None)


@given(st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")))
def test_any_moment_is_what_python_says_it_is(moment):
    table = calendar(pd.Series([moment]), ["hour", "month", "weekend"])
    row = table.iloc[0]
    assert row["hour"] == moment.hour
    assert row["month"] == moment.strftime("%B")
    assert row["weekend"] == ("weekend" if moment.isoweekday() > 5 else "weekday")


def test_arguments_are_checked():
    now = pd.Series(pd.to_datetime(["2020-01-01"]))
    with pytest.raises(DataError, match="names: expected some of hour, .* did you mean 'weekday'"):
        calendar(now, ["hour", "weekdays"])
    with pytest.raises(DataError, match=r"names: expected several, such as \['hour'\]"):
        calendar(now, "hour")
    with pytest.raises(DataError, match="got 'europe/Lundon'; did you mean 'Europe/London'"):
        calendar(now, ["hour"], "europe/Lundon")
    for wrong in ("Europe", "", "../etc", 3, "x" * 300, "\x00"):
        with pytest.raises(DataError, match="time_zone: expected a name such as 'Europe/London'"):
            calendar(now, ["hour"], wrong)
    for wrong in (["2020-01-01"], [True], [pd.Timestamp("2020-01-01").date()]):
        with pytest.raises(DataError, match="times: expected dates or seconds since 1970, got"):
            calendar(pd.Series(wrong), ["hour"])
    with pytest.raises(DataError, match="got 1.6e[+]12, which lies .* milliseconds"):
        calendar(pd.Series([1.6e12]), ["hour"])


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
