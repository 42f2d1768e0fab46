"""Categories against counting by hand."""

from __future__ import annotations

import doctest
import importlib
from datetime import date

import numpy as np
import pandas as pd
import pytest

from attnrec.errors import AttnrecError, DataError
from attnrec.features.categorical import Categorical

module = importlib.import_module("attnrec.features.categorical")
MARKUP = "<img src=x onerror=alert(1)>"


def levels(encoder, values, **options):
    return encoder.encode(pd.Series(values, **options)).levels[:, 0].tolist()


def test_levels_go_by_frequency_and_ties_by_first_appearance():
    encoder = Categorical("city").fit(pd.Series(["b", "c", "a", "a", "c", "d"]))
    assert encoder.labels == ("c", "a", "b", "d")
    assert (encoder.name, encoder.kind, encoder.num_columns) == ("city", "category", 1)
    assert levels(encoder, ["a", "b", "c", "d"]) == [2, 3, 1, 4]
    assert encoder.report.rows == ()


def test_nothing_to_encode():
    encoder = Categorical("city").fit(pd.Series(["a"]))
    for empty in (pd.Series([], dtype=object), pd.Series([], dtype="str"), pd.Series(dtype=float)):
        encoded = encoder.encode(empty)
        assert encoded.levels.shape == encoded.weights.shape == (0, 1)


def test_what_train_never_saw_tells_nothing():
    encoder = Categorical("city").fit(pd.Series(["a", "b"]))
    encoded = encoder.encode(pd.Series(["z", "a", None, 3, "A"], dtype=object))
    assert encoded.levels[:, 0].tolist() == [0, 1, 0, 0, 0]
    assert encoded.weights[:, 0].tolist() == [0, 1, 0, 0, 0]


def test_rare_values_share_a_level_with_those_never_seen():
    encoder = Categorical("city", min_count=2).fit(pd.Series(["a", "b", "b", "c", None]))
    assert encoder.labels == ("b", "(other)", "(missing)")
    assert levels(encoder, ["a", "b", "c", "z", None]) == [2, 1, 2, 2, 3]
    assert encoder.report.count("city: values seen less than 2 times") == 2
    assert encoder.report.count("city: missing values") == 1


def test_where_all_are_rare_one_level_is_left():
    encoder = Categorical("city", min_count=9).fit(pd.Series(["a", "b"]))
    assert encoder.labels == ("(other)",)
    assert levels(encoder, ["a", "z", None]) == [1, 1, 0]
    assert encoder.report.count("city: one level, which tells nothing") == 1


def test_missing_as_the_most_frequent():
    encoder = Categorical("city", missing="mode").fit(pd.Series(["a", "b", "b", None, None, None]))
    assert encoder.labels == ("b", "a")
    assert levels(encoder, [None, "a"]) == [1, 2]
    assert "city: missing values: 3, counted as 'b'" in str(encoder.report)
    untold = Categorical("city", missing="mode").fit(pd.Series(["a"]))
    assert levels(untold, [None, "a", "z"]) == [1, 1, 0]


def test_one_level_works_and_is_reported():
    encoder = Categorical("city").fit(pd.Series(["a", "a"]))
    assert levels(encoder, ["a"]) == [1]
    assert str(encoder.report) == "city: one level, which tells nothing: 1, kept"
    assert Categorical("city").fit(pd.Series(["a", None])).report.count("one level") == 0


def test_a_value_that_reads_like_a_special_level_is_a_value():
    encoder = Categorical("x", min_count=2).fit(
        pd.Series(["(other)"] * 3 + ["(missing)"] * 2 + ["a"])
    )
    assert encoder.labels == ("(other)", "(missing)", "((other))")
    assert levels(encoder, ["(other)", "(missing)", "a", None]) == [1, 2, 3, 0]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pd.Series([7, 3, 7]), ("7", "3")),
        (pd.Series([7, 3, 7], dtype="uint8"), ("7", "3")),
        (pd.Series([7.0, 3.5, 7.0, -0.0, 1e22]), ("7", "3.5", "0", str(10**22))),
        (pd.Series([1.1, 1.1, 2], dtype="float32"), ("1.1", "2")),
        (pd.Series([2**63 - 1, 2**63 - 2]), (str(2**63 - 1), str(2**63 - 2))),
        (pd.Series([10**30, 10**30 + 1], dtype=object), (str(10**30), str(10**30 + 1))),
        (pd.Series([True, False, True]), ("True", "False")),
        (pd.Series(["b", "a", "a"], dtype="category"), ("a", "b")),
        (pd.Series([5, 4, 4]).astype("category"), ("4", "5")),
        (
            pd.Series([pd.Timestamp("2020-01-02"), pd.Timestamp("2020-01-02 10:30")]),
            ("2020-01-02", "2020-01-02 10:30:00"),
        ),
        (pd.Series([date(2020, 1, 2)]), ("2020-01-02",)),
        (pd.Series(["Łódź", "北京", MARKUP, "\x00"]), ("Łódź", "北京", MARKUP, "\x00")),
        (pd.Series([np.inf, -np.inf]), ("inf", "-inf")),
    ],
)
def test_values_of_any_kind(values, labels):
    encoder = Categorical("x").fit(values)
    assert encoder.labels == labels
    told = encoder.encode(values).levels[:, 0]
    assert (told > 0).all()
    assert len(set(told)) == len(labels)


def test_ids_are_the_same_as_numbers_with_gaps_and_as_text():
    encoder = Categorical("user").fit(pd.Series([7, 12, 12]))
    assert levels(encoder, [7.0, np.nan, 12.0]) == [2, 0, 1]
    assert levels(encoder, ["7", "12", "07"]) == [2, 1, 0]
    assert levels(encoder, [7, "12", None], dtype=object) == [2, 1, 0]
    assert levels(encoder, [True], dtype=object) == [0]


def test_dates_with_and_without_a_time_and_zone():
    days = pd.Series(pd.to_datetime(["2020-01-02", None]))
    encoder = Categorical("day").fit(days)
    assert encoder.labels == ("2020-01-02", "(missing)")
    assert levels(encoder, days.dt.tz_localize("Europe/Athens")) == [1, 2]


def test_blanks_around_a_text_do_not_count_and_are_told():
    encoder = Categorical("city").fit(pd.Series(["a ", " a", "a", "  ", "b"]))
    assert encoder.labels == ("a", "b", "(missing)")
    assert levels(encoder, ["\ta\n", "b "]) == [1, 2]
    assert encoder.report.count("city: texts with blanks around") == 2
    assert encoder.report.count("city: missing values") == 1


def test_the_index_of_the_rows_does_not_matter():
    encoder = Categorical("city").fit(pd.Series(["a", "b", "b"], index=[5, 5, -1]))
    assert levels(encoder, ["b", "a"], index=["x", "x"]) == [1, 2]


@pytest.mark.parametrize("several", [["a"], ("a", "b"), {"a"}, {"a": 1}, np.array([1])])
def test_several_values_are_refused(several):
    cells = pd.Series([None, None], dtype=object)
    cells.iloc[0] = several
    with pytest.raises(DataError, match="tags: expected one value a row, got .*MultiValued takes"):
        Categorical("tags").fit(cells)
    with pytest.raises(DataError, match="tags: expected one value a row"):
        Categorical("tags").fit(pd.Series(["a"])).encode(cells)


def test_arguments_are_checked():
    for wrong in (0, -1, 1.5, True, "2", None):
        with pytest.raises(AttnrecError, match="min_count: expected a whole number from 1"):
            Categorical("city", min_count=wrong)
    with pytest.raises(DataError, match="missing: expected 'level' or 'mode', got 'mod'; did you"):
        Categorical("city", missing="mod")


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
