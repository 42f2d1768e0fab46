import numpy as np
import pandas as pd
import pytest

from attnrec.data import Vocabulary
from attnrec.errors import DataError, UnknownIdError

FILMS = Vocabulary(pd.Index(["heat", "alien", "brazil"]))
NUMBERS = Vocabulary(pd.Index([10, 7, 30]), kind="user")


def test_the_first_id_has_index_one_and_zero_is_padding():
    assert [FILMS.index(id) for id in ["heat", "alien", "brazil"]] == [1, 2, 3]
    with pytest.raises(UnknownIdError, match="expected 1 to 3"):
        FILMS.id(0)
    with pytest.raises(UnknownIdError, match="index 0: expected 1 to 3"):
        FILMS.to_ids([1, 0])


def test_ids_come_back_as_plain_python_values():
    assert NUMBERS.to_ids(np.array([3, 1])) == [30, 10]
    assert {type(id) for id in NUMBERS.to_ids([1, 2, 3])} == {int}
    assert type(NUMBERS.id(2)) is int
    assert type(FILMS.id(2)) is str


@pytest.mark.parametrize("length", [0, 1, 255, 256, 1000])
def test_short_and_long_lists_are_looked_up_alike(length):
    indices = np.random.default_rng(0).integers(1, 4, size=length)
    found = NUMBERS.indices(NUMBERS.to_ids(indices))
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, indices)


@pytest.mark.parametrize("length", [1, 300])
def test_an_unknown_id_names_the_nearest(length):
    with pytest.raises(UnknownIdError, match=r"unknown item 'alein'; did you mean 'alien'\?"):
        FILMS.indices(["heat"] * (length - 1) + ["alein"])


@pytest.mark.parametrize(
    "id", [None, float("nan"), True, ["heat"], ("heat",), {}, slice(2), 2**80, pd.NaT, "x" * 10_000]
)
def test_nothing_but_an_id_is_an_id(id):
    assert id not in FILMS
    assert id not in NUMBERS
    with pytest.raises(UnknownIdError) as error:
        NUMBERS.index(id)
    assert len(str(error.value)) < 300


def test_an_id_of_the_wrong_type_is_told_apart_from_an_unknown_one():
    with pytest.raises(UnknownIdError, match=r"'7': it came as str.* are int; did you mean 7\?"):
        NUMBERS.index("7")


def test_a_string_is_not_a_sequence_of_ids():
    with pytest.raises(TypeError, match="sequence of item ids"):
        FILMS.indices("heat")


def test_repeated_and_missing_ids_are_refused():
    with pytest.raises(DataError, match="'heat' occurs more than once"):
        Vocabulary(pd.Index(["heat", "heat"]))
    with pytest.raises(DataError, match="1 are missing"):
        Vocabulary(pd.Index(["heat", None]))


def test_the_nearest_of_very_many_ids_is_found():
    many = Vocabulary(pd.Index([f"user-{i}" for i in range(30_000)]), kind="user")
    with pytest.raises(UnknownIdError, match=r"did you mean 'user-12345'\?"):
        many.index("user-12345x")
