"""Which kind a column is taken for."""

from __future__ import annotations

import doctest
import importlib
from datetime import date

import numpy as np
import pandas as pd
import pytest

from attnrec.errors import DataError
from attnrec.features.categorical import Categorical
from attnrec.features.infer import infer
from attnrec.features.multi_valued import MultiValued
from attnrec.features.number import Number
from attnrec.features.text import Text

module = importlib.import_module("attnrec.features.infer")
MANY = list(range(21))
SENTENCE = "a lamp of model"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False, None], Categorical),
        (pd.Series([True, None], dtype="boolean"), Categorical),
        (pd.Series(MANY, dtype="category"), Categorical),
        (["a", "b", None], Categorical),
        ([date(2020, 1, day) for day in range(1, 30)], Categorical),
        (MANY[:20] * 2, Categorical),
        (MANY, Number),
        ([*MANY[:20], None], Categorical),  # floats, because of the gap
        (pd.Series([*MANY, None], dtype="Int64"), Number),
        ([*MANY[:20], np.inf], Categorical),
        ([0.5, 1.0, 1.5], Number),
        (list(map(str, MANY)), Number),
        (list(map(str, MANY[:20])), Categorical),
        ([f" {number}.50 " for number in MANY], Number),
        ([f"{number:03}" for number in MANY], Categorical),
        ([*map(str, range(95)), *"abcde"], Number),
        ([*map(str, range(94)), *"abcdef"], Categorical),
        (["a|b", *["a"] * 9], MultiValued),
        (["a|b", *["a"] * 10], Categorical),
        ([["a"], None], MultiValued),
        ([{"a", "b"}], MultiValued),
        (pd.Series([np.array(["a"])], dtype=object), MultiValued),
        ([f"{SENTENCE} {number}" for number in MANY], Text),
        ([SENTENCE] * 21, Categorical),
        ([f"lamp {number}" for number in MANY], Categorical),
        (["<b>", "<i>"], Categorical),
    ],
)
def test_kinds(values, kind):
    values = pd.Series(values).rename("x")
    spec = infer(values)
    assert type(spec) is kind
    assert spec == kind("x")


@pytest.mark.parametrize(
    "name", ["user", "item", "id", "user_id", "StoreId", "CustomerID", "shop id"]
)
def test_ids_are_categories(name):
    assert infer(pd.Series(MANY, name=name)) == Categorical(name)


@pytest.mark.parametrize("name", ["paid", "PAID", "valid", "idle", "grid"])
def test_other_names_with_these_letters_are_no_ids(name):
    assert infer(pd.Series(MANY, name=name)) == Number(name)


@pytest.mark.parametrize("zone", [None, "Europe/London"])
def test_dates_are_for_the_calendar(zone):
    times = pd.Series(pd.date_range("2020-01-01", periods=3, tz=zone), name="when")
    with pytest.raises(DataError, match=r"when: datetime64.* is no feature as it is; calendar\("):
        infer(times)


@pytest.mark.parametrize("gaps", [[], [None], [np.nan, None], ["", " "]])
def test_nothing_to_tell_from(gaps):
    with pytest.raises(DataError, match="x: expected some values in train, got"):
        infer(pd.Series(gaps, dtype=object, name="x"))


def test_a_name_is_needed():
    with pytest.raises(DataError, match="values: expected a column with a name, got None"):
        infer(pd.Series([1]))


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
