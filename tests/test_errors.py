"""Errors: what they are, and the whole numbers they ask for."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError, UnknownIdError, did_you_mean, nearest, whole_number


def test_an_unknown_id_is_a_key_error_that_reads_like_a_sentence():
    error = UnknownIdError("unknown user 'u99'")
    assert isinstance(error, (AttnrecError, KeyError))
    assert str(error) == "unknown user 'u99'"


def test_nearest_names():
    assert nearest("NDGC", ["HR", "NDCG", "MRR"]) == ["NDCG"]
    assert did_you_mean("ndcg", ["NDCG"]) == "; did you mean 'NDCG'?"
    assert did_you_mean("xyz", ["NDCG"]) == did_you_mean("x", []) == ""


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_become_plain(value):
    assert type(whole_number("topn", value)) is int
    assert whole_number("topn", value, most=3) == 3


@pytest.mark.parametrize("value", [0, -1, 2.0, np.float32(2), "2", None, True, np.True_, [2]])
def test_what_is_none_is_named(value):
    with pytest.raises(AttnrecError, match="topn: expected a whole number from 1, got"):
        whole_number("topn", value)


def test_bounds():
    assert whole_number("seed", 0, least=0) == 0
    with pytest.raises(AttnrecError, match="head: expected 1 to 2, got 3"):
        whole_number("head", 3, most=2)
