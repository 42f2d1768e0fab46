import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from attnrec.data import validate
from attnrec.errors import UnknownIdError

SOURCE = """
import pandas as pd
from attnrec.data import validate
print(validate(pd.DataFrame({"user": ["u1", "u2", "u1"], "item": [7, 7, 9]})).fingerprint)
"""


@pytest.fixture
def data():
    rows = {"user": ["u1", "u2", "u1"], "item": [7, 7, 9]}
    return validate(pd.DataFrame(rows), name="tiny")


def test_users_items_and_histories_are_the_data_s_own(data):
    assert data.users.tolist() == ["u1", "u2"]
    assert data.items.tolist() == [7, 9]
    assert data.history("u1") == [7, 9]
    assert {type(id) for id in data.history("u1")} == {int}
    assert len(data) == 3


def test_sequences_hold_indices(data):
    assert [one.tolist() for one in data.sequences] == [[1, 2], [1]]
    assert data.sequences.users.tolist() == [1, 2]
    assert data.item_indices.dtype == data.user_indices.dtype == np.int32


def test_an_unknown_user_is_told_the_nearest(data):
    with pytest.raises(UnknownIdError, match=r"unknown user 'u1x'; did you mean 'u1'\?"):
        data.history("u1x")


def test_the_repr_is_short_and_always_the_same(data):
    assert repr(data) == "Interactions('tiny': 3 interactions of 2 users with 2 items)"


def test_the_fingerprint_is_equal_in_another_process(data):
    command = [sys.executable, "-c", SOURCE]
    other = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert data.fingerprint == other
    assert len(data.fingerprint) == 16
    assert int(data.fingerprint, 16) >= 0


ROWS = {"user": ["a", "a", "b"], "item": ["x", "y", "x"], "timestamp": [1e9, 2e9, 3e9]}


@pytest.mark.parametrize(
    "change",
    [
        {"user": ["a", "a", "c"]},
        {"item": ["x", "z", "x"]},
        {"item": ["y", "x", "x"]},
        {"timestamp": [1e9, 2e9, 4e9]},
        {"rating": [1, 2, 3]},
        {"basket": ["p", "q", "r"]},
        {"user": ["a", "b", "b"]},
    ],
)
def test_the_fingerprint_changes_with_the_content(change):
    assert validate(pd.DataFrame(ROWS | change)).fingerprint != _fingerprint(ROWS)


def test_the_fingerprint_tells_numbers_from_text_and_ignores_titles():
    numbers = {"user": [1], "item": [2]}
    assert _fingerprint(numbers) != _fingerprint({"user": ["1"], "item": ["2"]})
    assert _fingerprint(numbers) == _fingerprint(numbers | {"title": ["Tea"]})


def test_the_fingerprint_does_not_depend_on_how_times_are_stored():
    coarse = {**ROWS, "timestamp": pd.to_datetime(ROWS["timestamp"], unit="s").astype("M8[s]")}
    fine = {**ROWS, "timestamp": coarse["timestamp"].astype("M8[ns]")}
    assert _fingerprint(coarse) == _fingerprint(fine) == _fingerprint(ROWS)


def test_the_fingerprint_ignores_people():
    people = pd.DataFrame({"age": [30, 40]}, index=["b", "a"])
    assert validate(pd.DataFrame(ROWS), people=people).fingerprint == _fingerprint(ROWS)


def test_people_without_rows_leave():
    people = pd.DataFrame({"age": [30, 40, 50]}, index=["c", "b", "a"])
    rows = {"user": ["a", "b", "b", "c", "c"], "item": ["x", "x", "y", "y", "x"]}
    data = validate(pd.DataFrame(rows), people=people)
    assert data.people["age"].tolist() == [50, 40, 30]
    fewer = data.filter(min_user_count=2)
    assert fewer.people.index.equals(fewer.users)
    assert fewer.people["age"].to_dict() == {"b": 40, "c": 30}
    kept = data.keep_rows(np.array([0, 0, 0, 1, 0], bool), data.report)
    assert kept.people["age"].to_dict() == {"c": 30}
    assert data.filter(max_history=9).people is data.people  # nothing was dropped
    assert validate(pd.DataFrame(rows)).filter(max_history=1).people is None


def _fingerprint(rows):
    return validate(pd.DataFrame(rows)).fingerprint
