"""Fields and groups of them: what is mixed comes from where it was asked for."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnrec.errors import AttnrecError
from attnrec.explanations.features import Players
from attnrec.explanations.features.players import silent
from tests.explanations.feature_shop import choices, clicks


@pytest.fixture(scope="module")
def shop():
    return clicks(400)


@pytest.fixture(scope="module")
def past():
    return choices(history=5)


def rows_of(features, part="train"):
    return features.of_rows(features.examples(part).rows)


def test_each_field_is_one_and_the_history_too(shop, past):
    players = Players.of(shop.schema)
    assert players.names == ("taste", "colour", "tags", "hour", "noise")
    assert players.sides == ("user", "item", "item", "context", "context")
    assert players.of_candidate.tolist() == [False, True, True, False, False]
    assert Players.of(past.schema).names == ("taste", "colour", "size", "history")
    assert Players.of(past.schema).sides[-1] == "history"


def test_groups_stand_where_their_first_field_stood(shop):
    players = Players.of(shop.schema, {"when": ["noise", "hour"], "match": ["colour", "taste"]})
    assert players.names == ("match", "tags", "when")
    assert players.members == ((0, 1), (2,), (3, 4))
    assert players.sides == ("user, item", "item", "context")
    assert players.of_candidate.tolist() == [True, True, False]


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 2**5 - 1))
def test_mixed_fields_come_from_one_or_the_other(shop, code):
    players, inputs = Players.of(shop.schema), rows_of(shop)
    cases, others = inputs.take(np.arange(40)), inputs.take(np.arange(40, 80))
    own = np.tile([bool(code >> i & 1) for i in range(5)], (40, 1))
    mixed, one, other = (x.flat() for x in (players.mixed(cases, others, own), cases, others))
    for i, columns in enumerate(shop.schema.columns):
        expected = one if own[0, i] else other
        np.testing.assert_array_equal(mixed.levels[:, columns], expected.levels[:, columns])
        np.testing.assert_array_equal(mixed.weights[:, columns], expected.weights[:, columns])


def test_a_history_is_mixed_as_a_whole(past):
    players, inputs = Players.of(past.schema), rows_of(past)
    cases, others = inputs.take(np.arange(10)), inputs.take(np.arange(10, 20))
    own = np.zeros((10, 4), bool)
    own[::2, 3] = True
    mixed = players.mixed(cases, others, own)
    np.testing.assert_array_equal(mixed.history.items[::2], cases.history.items[::2])
    np.testing.assert_array_equal(mixed.history.items[1::2], others.history.items[1::2])
    np.testing.assert_array_equal(mixed.items.levels, others.items.levels)


def test_what_is_dropped_says_nothing(past):
    players, inputs = Players.of(past.schema), rows_of(past, "test")
    assert players.present(inputs).all()
    assert not players.present(silent(inputs)).any()
    dropped = np.zeros((len(inputs.users.levels), 4), bool)
    dropped[:, [1, 3]] = True
    left = players.without(inputs, dropped)
    np.testing.assert_array_equal(players.present(left), ~dropped)
    assert (np.asarray(left.flat().weights)[:, past.schema.columns[1]] == 0).all()
    assert players.words(past, left)[0][1] == ""
    assert players.words(past, left)[0][3] == "0 items"
    assert players.words(past, inputs)[0][3] == "5 items"


def test_a_group_says_what_its_fields_say(shop):
    players, inputs = Players.of(shop.schema, {"match": ["taste", "colour"]}), rows_of(shop)
    one = inputs.take(np.zeros(1, int))
    taste, colour, *_ = Players.of(shop.schema).words(shop, one)[0]
    assert players.words(shop, one)[0][0] == f"{taste}, {colour}"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"a": ["tast"]}, r"groups\['a'\]: no 'tast' among .*; did you mean 'taste'"),
        ({"a": ["history"]}, r"groups\['a'\]: no 'history' among"),
        ({"a": ["hour"], "b": ["hour"]}, r"groups\['b'\]: 'hour' stands in groups twice"),
        ({"a": ["hour", "hour"]}, "stands in groups twice"),
        ({"a": []}, r"groups\['a'\]: expected a list of fields, got \[\]"),
        ({"a": "hour"}, r"groups\['a'\]: expected a list of fields, got 'hour'"),
        ({"hour": ["noise"]}, r"groups\['hour'\]: a field outside of it has that name"),
        ([["hour"]], "groups: expected names and their fields"),
    ],
)
def test_groups_that_are_none_are_refused(shop, groups, told):
    with pytest.raises(AttnrecError, match=told):
        Players.of(shop.schema, groups)


def test_a_group_may_be_called_like_a_field_of_its_own(shop):
    assert Players.of(shop.schema, {"hour": ["hour", "noise"]}).names[-1] == "hour"


def test_the_examples_hold():
    module = importlib.import_module("attnrec.explanations.features.players")
    assert doctest.testmod(module).failed == 0
