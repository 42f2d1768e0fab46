"""Bins and scales against arithmetic by hand, numpy, pandas and scikit-learn."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from attnrec.errors import AttnrecError, DataError
from attnrec.features.number import Number
from attnrec.features.reading import intervals, rounded

module = importlib.import_module("attnrec.features.number")
reading = importlib.import_module("attnrec.features.reading")


def levels(encoder, values, **options):
    return encoder.encode(pd.Series(values, **options)).levels[:, 0].tolist()


def weights(encoder, values, **options):
    return encoder.encode(pd.Series(values, **options)).weights[:, 0].tolist()


def test_bins_are_those_of_pandas_where_nothing_ties():
    values = pd.Series(np.random.default_rng(0).lognormal(size=997))
    encoder = Number("price").fit(values)
    assert (encoder.name, encoder.kind, encoder.num_columns) == ("price", "bins", 1)
    assert levels(encoder, values) == (pd.qcut(values, 10, labels=False) + 1).tolist()
    np.testing.assert_array_equal(encoder.edges, np.quantile(values, np.linspace(0, 1, 11)[1:-1]))
    assert len(encoder.labels) == 10


def test_an_edge_belongs_to_the_bin_below_and_the_ends_are_open():
    encoder = Number("price", bins=2).fit(pd.Series([1.0, 2.0, 3.0]))  # the median is 2
    assert encoder.labels == ("1 to 2", "3")
    assert levels(encoder, [2.0, 2.0001, -1e9, 1e9, np.inf, np.nan]) == [1, 2, 1, 2, 0, 0]
    assert weights(encoder, [2.0, np.nan]) == [1, 0]


def test_labels_tell_the_numbers_of_train_in_each_bin():
    prices = [0.39, 0.85, 0.95, 1.25, 1.65, 2.1, 2.95, 3.75, 4.95, 1234.5]
    encoder = Number("price", bins=5).fit(pd.Series(prices))
    assert encoder.labels == (
        *("0.39 to 0.85", "0.95 to 1.25", "1.65 to 2.1", "2.95 to 3.75", "4.95 to 1234"),
    )


def test_no_more_values_than_bins_are_a_bin_each():
    encoder = Number("n", bins=4).fit(pd.Series([0] * 97 + [1, 2, 4]))
    assert encoder.labels == ("0", "1", "2", "4")
    assert levels(encoder, [0, 1, 2, 4, 3, -1, 99]) == [1, 2, 3, 4, 4, 1, 4]


def test_bins_are_fewer_where_quantiles_coincide_and_none_is_empty():
    values = pd.Series([0] * 80 + list(range(1, 21)))
    encoder = Number("n", bins=10).fit(values)  # quantiles 0 to .7 are 0; .8 is .2; .9 is 10.1
    assert encoder.labels == ("0", "1 to 10", "11 to 20")
    assert np.bincount(levels(encoder, values)).tolist() == [0, 80, 10, 10]


@settings(deadline=None)
@given(st.lists(st.integers(-4, 12), min_size=1, max_size=60), st.integers(2, 12))
def test_bins_part_train_in_order_and_all_have_some(numbers, bins):
    values = pd.Series(sorted(numbers))
    encoder = Number("n", bins=bins).fit(values)
    found = levels(encoder, values)
    assert found == sorted(found)
    assert set(found) == set(range(1, len(encoder.labels) + 1))
    assert len(encoder.labels) <= bins
    assert len(encoder.labels) == len(set(numbers)) or bins < len(set(numbers))
    together = pd.Series(found).groupby(values).nunique()
    assert (together == 1).all()


def test_given_edges():
    encoder = Number("age", bins=[0, 18, 35.5, 60, 99]).fit(pd.Series([-3, 18, 19, 35, 70, 120]))
    assert encoder.labels == ("0 to 18", "18 to 35.5", "60 to 99")
    # nobody of train is between 35.5 and 60: that tells nothing
    assert levels(encoder, [-99, 0, 18, 18.5, 40, 60, 61, 1e6]) == [1, 1, 1, 2, 0, 0, 3, 3]
    assert encoder.report.count("age: numbers beyond the edges") == 2
    assert encoder.report.count("age: bins without a train value") == 1


def test_one_level_works_and_is_reported():
    for bins in (10, [0, 5]):
        encoder = Number("n", bins=bins).fit(pd.Series([3, 3]))
        assert encoder.labels == (("3",) if bins == 10 else ("0 to 5",))
        assert levels(encoder, [3, -8]) == [1, 1]
        assert encoder.report.count("n: one level, which tells nothing") == 1
    for scale in ("standard", "minmax", "log"):
        encoder = Number("n", bins=None, scale=scale).fit(pd.Series([0.1, 0.1, 0.1]))
        assert weights(encoder, [0.1]) == [0]
        assert levels(encoder, [0.1]) == [1]
        assert encoder.report.count("n: one value, which tells nothing") == 1


def test_scales_by_hand():
    values = pd.Series([0.0, 2.0, 4.0])  # mean 2, deviation sqrt(8 / 3)
    encoder = Number("n", bins=None, scale="standard").fit(values)
    assert (encoder.labels, encoder.kind, encoder.num_columns) == (("n",), "number", 1)
    assert weights(encoder, [2.0, 4.0]) == pytest.approx([0, 2 / np.sqrt(8 / 3)])
    assert levels(encoder, [2.0, np.nan]) == [1, 0]  # a weight of 0 at level 1, and nothing
    encoder = Number("n", bins=None, scale="minmax").fit(values)
    assert weights(encoder, [0, 1, 4, 9, -9]) == [0, 0.25, 1, 1, 0]
    encoder = Number("n", bins=None, scale="log").fit(pd.Series([-1.0, 0.0, 1.0]))
    # the logarithms are -log 2, 0, log 2, and their deviation log 2 sqrt(2 / 3)
    assert weights(encoder, [0, 3, -3]) == pytest.approx(
        [0, 2 / np.sqrt(2 / 3), -2 / np.sqrt(2 / 3)]
    )
    assert encoder.report.count("n: numbers of zero and below") == 2


def test_scales_are_those_of_scikit_learn():
    values = pd.Series(np.random.default_rng(1).normal(3, 40, size=200))
    for scale, peer in (("standard", StandardScaler()), ("minmax", MinMaxScaler(clip=True))):
        encoder = Number("n", bins=None, scale=scale).fit(values)
        later = np.linspace(-300, 300, 50)
        expected = peer.fit(values.to_numpy()[:, None]).transform(later[:, None])[:, 0]
        np.testing.assert_allclose(weights(encoder, later), expected, rtol=1e-6)  # float32


@pytest.mark.parametrize(("missing", "filled"), [("mean", 3.25), ("median", 2.5), ("mode", 2.0)])
def test_what_stands_in_for_missing_numbers(missing, filled):
    train = pd.Series([2.0, 2.0, 3.0, np.nan, 6.0, np.inf])
    encoder = Number("n", bins=None, scale="minmax", missing=missing).fit(train)
    assert weights(encoder, [np.nan, None, -np.inf]) == [(filled - 2) / 4] * 3
    assert levels(encoder, [np.nan]) == [1]
    encoder = Number("n", missing=missing).fit(train)
    assert encoder.labels == ("2", "3", "6")
    assert levels(encoder, [np.nan]) == levels(encoder, [filled])
    assert f"n: missing values: 2, filled with the {missing}, {filled:g}" in str(encoder.report)
    assert encoder.report.count("n: infinite numbers") == 1


def test_missing_numbers_are_a_level_if_train_has_any():
    encoder = Number("n", bins=2).fit(pd.Series([1.0, np.nan, 2.0]))
    assert encoder.labels == ("1", "2", "(missing)")
    assert levels(encoder, [np.nan, np.inf, 1]) == [3, 3, 1]
    encoder = Number("n", bins=None, scale="standard").fit(pd.Series([1.0, np.nan, 3.0]))
    assert encoder.labels == ("n", "(missing)")
    assert levels(encoder, [np.nan, 3.0]) == [2, 1]
    assert weights(encoder, [np.nan, 3.0]) == [1, 1]


def test_nothing_to_encode():
    for spec in (Number("n"), Number("n", bins=None, scale="log"), Number("n", bins=[0, 1, 2])):
        encoder = spec.fit(pd.Series([1.0, 2.0]))
        for empty in (pd.Series([], dtype=object), pd.Series([], dtype=float)):
            assert encoder.encode(empty).weights.shape == (0, 1)


def test_numbers_written_as_text():
    text = pd.Series(["12.50", " 3 ", "1e2", "-7", None, "", "nan", "inf"], index=list("aabbccdd"))
    encoder = Number("price", bins=None, scale="minmax", missing="mean").fit(text)
    assert encoder.report.count("price: numbers written as text") == 5  # inf is one
    assert encoder.report.count("price: infinite numbers") == 1
    assert encoder.report.count("price: missing values") == 4
    assert weights(encoder, ["12.50", 100, "-7"], dtype=object) == pytest.approx([19.5 / 107, 1, 0])
    assert levels(encoder, ["100"], dtype="category") == [1]


@pytest.mark.parametrize("text", ["12,50", "cheap", "1 2", "1_0", "٣٫", "True", "<b>1</b>"])
def test_text_that_is_no_number_is_refused(text):
    values = pd.Series(["1", text, text, None])
    with pytest.raises(DataError) as caught:
        Number("price").fit(values)
    assert str(caught.value) == (
        f"price: expected numbers, got 2 of 4 values that are none, such as {text!r}"
    )
    with pytest.raises(DataError, match="price: expected numbers, got 2 of 4"):
        Number("price").fit(pd.Series([1, 2])).encode(values)


def test_dates_and_lists_are_refused():
    for wrong in (pd.to_datetime(["2020-01-01"]), pd.to_timedelta(["1D"])):
        with pytest.raises(DataError, match="day: expected numbers, got .*`calendar` reads dates"):
            Number("day").fit(pd.Series(wrong))
    with pytest.raises(DataError, match=r"day: expected numbers, got 1 of 1 .* such as \[1, 2\]"):
        Number("day").fit(pd.Series([[1, 2]]))


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "Int64", "Float64", "bool", object])
def test_numbers_of_any_dtype(dtype):
    encoder = Number("n").fit(pd.Series([0, 1, 1], dtype=dtype))
    assert encoder.labels == ("0", "1")
    assert levels(encoder, [1, 0]) == [2, 1]
    assert encoder.report.rows == ()


def test_huge_numbers():
    huge = pd.Series([2**63 - 1, -(2**63), 0])
    assert levels(Number("n").fit(huge), huge) == [3, 1, 2]
    text = pd.Series([str(2**64 - 1), "-1", str(10**40)])
    assert levels(Number("n").fit(text), text) == [2, 1, 3]
    extreme = pd.Series([1e308, 1.5e308, -1.7e308] * 9)
    assert levels(Number("n").fit(extreme), extreme[:3]) == [2, 3, 1]
    for wrong in (
        Number("n", bins=None, scale="standard"),
        Number("n", bins=None, scale="minmax"),
        Number("n", missing="mean"),
    ):
        with pytest.raises(DataError, match="n: numbers too large to be added up"):
            wrong.fit(pd.Series([1.6e308, 1.7e308, 1.7e308, -1.7e308, np.nan]))
    encoder = Number("n", bins=None, scale="standard").fit(pd.Series([1.0, 2.0]))
    assert weights(encoder, [1e300, -1e308]) == [np.finfo(np.float32).max, np.finfo(np.float32).min]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-2.5, "-2.5"),
        (1 / 3, "0.333"),
        (0.00123456, "0.00123"),
        (12345.678, "12346"),
        (1e7, "10000000"),
        (1e-9, "1e-09"),
        (2.5e20, "2.5e+20"),
    ],
)
def test_numbers_in_three_digits(number, text):
    assert rounded(number) == text


@pytest.mark.parametrize(
    ("bounds", "texts"),
    [
        ([(1.0, 2.0), (2.0, 3.0)], ["1 to 2", "2 to 3"]),
        ([(0.0, 18.135), (18.219, 23.937)], ["0 to 18.1", "18.2 to 23.9"]),
        ([(0.1231, 0.1234), (0.5, 0.5)], ["0.1231 to 0.1234", "0.5"]),
        ([(10.01, 10.01), (10.02, 10.02)], ["10.01", "10.02"]),
        ([(1.0, 1.0 + 2**-52)], ["1 to 1.0000000000000002"]),
    ],
)
def test_intervals_are_written_so_that_they_can_be_told_apart(bounds, texts):
    lows, highs = np.array(bounds).T
    assert intervals(lows, highs) == texts


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, unique=True))
def test_texts_of_different_intervals_differ(numbers):
    edges = np.unique(np.array(numbers, float))
    assert len(set(intervals(edges[:-1], edges[1:]))) == len(edges) - 1
    assert len(set(intervals(edges, edges))) == len(edges)


@pytest.mark.parametrize(
    "bins", ["10", [1], [], [2, 1], [1, 1], [0, np.nan], [0, np.inf], ["a", "b"], [None, 1]]
)
def test_edges_are_checked(bins):
    with pytest.raises(DataError, match="bins: expected two or more finite edges that ascend"):
        Number("n", bins=bins)


def test_arguments_are_checked():
    for wrong in (1, 0, -3, 2.5, True):
        with pytest.raises(AttnrecError, match="bins: expected a whole number from 2"):
            Number("n", bins=wrong)
    with pytest.raises(DataError, match="bins: expected none with scale='log', got 10"):
        Number("n", bins=10, scale="log")
    assert Number("n", scale="log").bins is None
    assert Number("n").bins == 10
    with pytest.raises(DataError, match="scale: expected 'standard', .* got 'standart'; did you"):
        Number("n", bins=None, scale="standart")
    with pytest.raises(DataError, match="missing: expected 'level', .* got 'zero'"):
        Number("n", missing="zero")
    assert Number("n", bins=np.array([0, 1])).bins == (0.0, 1.0)


@pytest.mark.parametrize("module", [module, reading])
def test_the_examples_hold(module):
    assert doctest.testmod(module).failed == 0
