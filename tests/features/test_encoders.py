"""What holds of every encoder, whatever its kind."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float32, Int32

from attnrec.errors import DataError
from attnrec.features.categorical import Categorical
from attnrec.features.encoders import from_state
from attnrec.features.multi_valued import MultiValued
from attnrec.features.number import Number
from attnrec.features.text import Text
from attnrec.features.vectors import Vectors

WORDS = st.sampled_from(["red", "Blue", " red ", "", "x" * 40, "ünïcode", "<b>bold</b>", "(other)"])
NUMBERS = st.one_of(
    st.floats(-1e100, 1e100), st.integers(-3, 3), st.sampled_from([np.nan, np.inf, None])
)
CELLS = st.one_of(st.none(), st.lists(WORDS, max_size=6))
PAIRS = st.one_of(st.none(), st.just([]), st.tuples(NUMBERS, NUMBERS).map(list))
TEXTS = st.one_of(st.none(), st.lists(WORDS, max_size=6).map(" ".join))
SPECS = [
    (Categorical("c"), WORDS | st.none()),
    (Categorical("c", min_count=2, missing="mode"), st.integers(0, 5) | st.none()),
    (Number("n", bins=4), NUMBERS),
    (Number("n", bins=[-1, 0, 2.5], missing="mean"), NUMBERS),
    (Number("n", bins=None, scale="standard"), NUMBERS),
    (Number("n", bins=None, scale="minmax", missing="median"), NUMBERS),
    (Number("n", bins=None, scale="log", missing="mode"), NUMBERS),
    (MultiValued("m"), CELLS),
    (MultiValued("m", min_count=2), CELLS),
    (Text("t", keep=2), TEXTS),
    (Text("t", hashed=True, max_terms=8, stop_words="english"), TEXTS),
    (Vectors("v"), PAIRS),
]


def column(values):
    return pd.Series(values, dtype=object, name="column")


def fitted(spec, values):
    """The encoder; None where nothing is known, or texts have no words."""
    try:
        return spec.fit(column(values))
    except DataError as error:
        if "expected some values" in str(error) or "expected words" in str(error):
            return None
        raise


@pytest.mark.parametrize(("spec", "values"), SPECS, ids=lambda value: str(value)[:60])
def test_levels_weights_and_state(spec, values):
    @settings(deadline=None, max_examples=50)
    @given(st.lists(values, max_size=30), st.lists(values, max_size=10))
    def check(train, later):
        encoder = fitted(spec, train)
        if encoder is None:
            return
        again = from_state(json.loads(json.dumps(encoder.state())))
        assert again == encoder
        assert len(set(encoder.labels)) == len(encoder.labels)
        met = set()
        for some in (train, later):
            levels, weights = encoder.encode(column(some))
            assert isinstance(levels, Int32[np.ndarray, f"{len(some)} {encoder.num_columns}"])
            assert isinstance(weights, Float32[np.ndarray, f"{len(some)} {encoder.num_columns}"])
            assert levels.min(initial=0) >= 0
            assert levels.max(initial=0) <= len(encoder.labels)
            assert np.isfinite(weights).all()
            assert not weights[levels == 0].any()
            for before, after in zip((levels, weights), again.encode(column(some)), strict=True):
                np.testing.assert_array_equal(before, after)
            met |= set(levels.ravel()) if some is train else set()
        # every level is of train: none stays untrained
        assert set(range(1, len(encoder.labels) + 1)) <= met

    check()


@pytest.mark.parametrize(
    "spec",
    [
        Categorical("age"),
        Number("age"),
        Number("age", bins=[0, 1], missing="mean"),
        Number("age", bins=None, scale="standard"),
        MultiValued("age"),
        Text("age"),
        Text("age", hashed=True),
        Vectors("age"),
    ],
)
def test_a_column_that_is_empty_or_missing_cannot_be_fitted(spec):
    with pytest.raises(DataError, match=r"^age: expected some values in train, got no rows$"):
        spec.fit(pd.Series([], dtype=object))
    for gaps in ([None, np.nan, " "], [pd.NA, None, ""]):
        with pytest.raises(DataError, match="age: expected some values in train, got 3 missing"):
            spec.fit(pd.Series(gaps, dtype=object))


def test_missing_is_missing_in_every_dtype():
    for gaps in (
        pd.Series([1, None], dtype="Int64"),
        pd.Series([1.0, np.nan]),
        pd.Series(["1", None]),
        pd.Series(["1", None], dtype="category"),
        pd.Series([1, pd.NA], dtype=object),
    ):
        for spec in (Categorical("age"), Number("age")):
            encoder = spec.fit(gaps)
            assert encoder.labels == ("1", "(missing)")
            assert encoder.encode(gaps).levels.tolist() == [[1], [2]]
            assert encoder.report.count("age: missing values") == 1


def test_an_unknown_kind_of_state():
    state = Categorical("age").fit(pd.Series(["a"])).state()
    with pytest.raises(
        DataError, match="kind: expected 'category', .* got 'categry'; did you mean"
    ):
        from_state(state | {"kind": "categry"})
