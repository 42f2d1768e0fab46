"""Sets of categories against counting by hand."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec.errors import AttnrecError, DataError
from attnrec.features.multi_valued import MultiValued

module = importlib.import_module("attnrec.features.multi_valued")
LETTERS = st.lists(st.text("abcde |", max_size=8), max_size=12)


def test_levels_weights_and_columns():
    encoder = MultiValued("genres").fit(pd.Series(["Comedy|Drama", "Drama|War", "Drama", "", None]))
    assert encoder.labels == ("Drama", "Comedy", "War")
    assert (encoder.name, encoder.kind, encoder.num_columns) == ("genres", "set", 2)
    encoded = encoder.encode(pd.Series(["War|Comedy", "Drama", "", None, "Western", "Western|War"]))
    assert encoded.levels.tolist() == [[2, 3], [1, 0], [0, 0], [0, 0], [0, 0], [3, 0]]
    assert encoded.weights.tolist() == [[0.5, 0.5], [1, 0], [0, 0], [0, 0], [0, 0], [1, 0]]
    assert str(encoder.report) == "genres: missing values: 2, tell nothing"


def test_nothing_to_encode():
    encoder = MultiValued("genres").fit(pd.Series(["a|b|c"]))
    assert encoder.encode(pd.Series([], dtype="str")).levels.shape == (0, 3)


def test_more_values_than_columns_leave_those_that_train_has_most():
    encoder = MultiValued("genres").fit(pd.Series(["a", "b|c", "b|d", "c|b"]))
    assert encoder.labels == ("b", "c", "a", "d")
    encoded = encoder.encode(pd.Series(["d|a|c|b", "d|a"]))
    assert encoded.levels.tolist() == [[1, 2], [3, 4]]
    assert encoded.weights.tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_blanks_and_repetitions_do_not_count():
    encoder = MultiValued("genres").fit(pd.Series([" a | b||a", "|", " | "]))
    assert encoder.labels == ("a", "b")
    assert encoder.encode(pd.Series(["b|b|b "])).weights.tolist() == [[1, 0]]
    assert encoder.report.count("genres: missing values") == 2


@pytest.mark.parametrize(
    "cell", [["a", "b"], ("a", "b"), {"b", "a"}, frozenset("ba"), np.array(["a", "b"]), "a|b"]
)
def test_lists_and_sets_are_read_as_texts_are(cell):
    cells = pd.Series([None, None], dtype=object)
    cells.iloc[0] = cell
    encoder = MultiValued("tags").fit(cells)
    assert encoder.labels == ("a", "b")  # of a set, whose order is chance, the alphabet's
    assert encoder.encode(cells).levels.tolist() == [[1, 2], [0, 0]]


def test_other_separators_numbers_and_gaps_within():
    assert MultiValued("tags", separator=", ").fit(pd.Series(["x, y|z"])).labels == ("x", "y|z")
    cells = pd.Series([[1, 2.0, None, np.nan, ""], [2], 3, [True]], dtype=object)
    assert MultiValued("tags").fit(cells).labels == ("2", "1", "3", "True")


def test_rare_values_share_a_level_and_count_once():
    encoder = MultiValued("tags", min_count=2).fit(pd.Series(["a|x|y", "a|z", "a"]))
    assert encoder.labels == ("a", "(other)")
    encoded = encoder.encode(pd.Series(["a|x|new", "new", "a"]))
    assert encoded.levels.tolist() == [[1, 2], [2, 0], [1, 0]]
    assert encoded.weights.tolist() == [[0.5, 0.5], [1, 0], [1, 0]]
    assert encoder.report.count("tags: values of less than 2 rows") == 3


def test_one_level_is_reported_and_markup_stays_text():
    encoder = MultiValued("tags").fit(pd.Series(["<b>Łódź</b>"]))
    assert encoder.labels == ("<b>Łódź</b>",)
    assert encoder.report.count("tags: one level, which tells nothing") == 1


@given(LETTERS, LETTERS, st.integers(1, 3))
def test_weights_of_a_row_are_equal_and_sum_to_one_or_nothing(train, later, min_count):
    if not any(cell.replace("|", "").strip() for cell in train):
        return
    encoder = MultiValued("x", min_count=min_count).fit(pd.Series(train, dtype="str"))
    levels, weights = encoder.encode(pd.Series(train + later, dtype="str"))
    some = (levels > 0).any(axis=1)
    np.testing.assert_allclose(weights.sum(axis=1), some, rtol=1e-6)  # sums of float32
    count = (levels > 0).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weights * count, levels > 0, rtol=1e-6)
    for row, cell in enumerate(train):
        values = {value.strip() for value in cell.split("|")} - {""}
        known = {encoder.labels[level - 1] for level in levels[row] if level}
        assert known == {value if value in encoder.labels else "(other)" for value in values}


def test_arguments_are_checked():
    for wrong in ("", None, 3):
        with pytest.raises(DataError, match="separator: expected some text"):
            MultiValued("tags", separator=wrong)
    with pytest.raises(AttnrecError, match="min_count: expected a whole number from 1, got 0"):
        MultiValued("tags", min_count=0)
    with pytest.raises(DataError, match="tags: expected one value a row, got list"):
        MultiValued("tags").fit(pd.Series([[["nested"]]]))


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
