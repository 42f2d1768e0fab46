"""What each row may know of what came before it, read off a table by eye."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attnrec as ar
from attnrec.data import validate
from attnrec.data.parts import RowSplit
from attnrec.data.split import by_user, leave_one_out, temporal
from attnrec.errors import AttnrecError


def letters(data, sequences) -> list[str]:
    titles = ["", *data.items]
    return ["".join(titles[i] for i in sequence) for sequence in sequences]


def table(users: str, items: str, **more) -> pd.DataFrame:
    times = np.arange(len(users))
    return pd.DataFrame({"user": list(users), "item": list(items), "timestamp": times, **more})


def test_each_row_sees_the_rows_before_it():
    data = validate(table("xxxxxyyyy", "abcdebcda"))
    features = ar.features.build(leave_one_out(data), history=3)
    assert letters(data, features.before) == ["", "a", "ab", "abc", "abcd", "", "b", "bc", "bcd"]
    assert letters(data, features.now) == ["abcd", "bcd"]  # but for the test
    rows = features.of_rows(np.array([4, 5]))
    assert rows.history.items.tolist() == [[2, 3, 4], [0, 0, 0]]  # the most recent three


def test_a_basket_does_not_see_itself():
    data = validate(table("xxxxxx", "abcdef", basket=[1, 1, 2, 2, 3, 4]))
    features = ar.features.build(leave_one_out(data), history=5)
    assert letters(data, features.before) == ["", "", "ab", "ab", "abcd", "abcde"]


def test_what_lies_in_a_later_part_is_not_known():
    data = validate(table("xxxxxx", "abcdef"))
    part = np.array([2, 0, 1, 0, 2, 1], np.int8)
    features = ar.features.build(RowSplit(data, part, "at_random"), label="timestamp", history=9)
    # train sees train; validation train; the test both
    assert letters(data, features.before) == ["", "", "b", "b", "bcd", "bd"]
    assert letters(data, features.now) == ["bcdf"]


def test_of_clicks_only_what_was_clicked():
    data = validate(table("xxxxx", "abcde", rating=[5, 1, 3, 4, 5]))
    split = RowSplit(data, np.array([0, 0, 0, 0, 2], np.int8), "at_random")
    features = ar.features.build(split, label="rating", threshold=3, history=9)
    assert letters(data, features.before) == ["", "a", "a", "a", "ad"]
    ratings = ar.features.build(split, label="rating", history=9)
    assert letters(data, ratings.before) == ["", "a", "ab", "abc", "abcd"]


def test_held_out_users_have_their_own_past():
    frame = pd.concat([table(user * 4, "abcd") for user in "pqrstuvwxyz"])
    data = validate(frame)
    split = by_user(data, validation=0.2, test=0.2)
    features = ar.features.build(split, history=5)
    tests = np.flatnonzero(split.part == 2)
    assert len(tests) == 2
    assert [letters(data, features.before)[row] for row in tests] == ["abc", "abc"]


def test_histories_are_those_of_the_cases_that_are_ranked():
    data = ar.datasets.load("bazaar", num_users=40)
    split = temporal(data)
    features = ar.features.build(split, history=200)
    for part in ("validation", "test"):
        cases = split.cases(part)
        rows = cases.targets.starts
        before = features.before.take(rows)
        assert [list(one) for one in before] == [list(one) for one in cases.histories]


def test_what_is_asked_for_may_have_another_history():
    data = validate(table("xxxxxyyyyy", "abcdebcdae"))
    features = ar.features.build(leave_one_out(data), history=3)
    run = ar.fit(ar.DIN(embedding_size=2), features, epochs=1, loss="bce", progress=False)
    own = run.inspect(user="x", item="e")
    given = run.inspect(user="x", item="e", history=["b", "c", "d"])
    np.testing.assert_array_equal(own.scores, given.scores)
    other = run.inspect(user="x", item="e", history=["e", "a"])
    seen = other.to_frame()
    assert seen["feature"].tolist() == ["history 1", "history 2"]
    assert seen["value"].tolist() == ["e", "a"]
    assert run.predict(user="x", item="e", history=["e", "a"]) == other.predictions[0]
    assert len(run.inspect(user="x", item="e", history=[]).to_frame()) == 0
    ranked = run.recommend(user="x", history=["e", "a"], filter_seen=False, topn=9)
    score = ranked.set_index("item").loc["e", "score"]
    np.testing.assert_allclose(score, other.scores[0], atol=1e-6)


@pytest.mark.parametrize(
    ("history", "message"),
    [("ab", r"history: expected a list of item ids, got 'ab'"), (["q"], r"no 'q'|'q'")],
)
def test_bad_histories(history, message):
    data = validate(table("xxxxx", "abcde"))
    features = ar.features.build(leave_one_out(data), history=3)
    run = ar.fit(ar.DIN(embedding_size=2), features, epochs=1, loss="bce", progress=False)
    with pytest.raises(AttnrecError, match=message):
        run.predict(user="x", item="a", history=history)


def test_features_without_a_history():
    data = validate(table("xxxxx", "abcde"))
    features = ar.features.build(leave_one_out(data))
    assert features.of_rows(np.arange(3)).history is None
    run = ar.fit(ar.FM(embedding_size=2), features, epochs=1, loss="bce", progress=False)
    with pytest.raises(AttnrecError, match=r"history: these features have none"):
        run.predict(user="x", item="a", history=["b"])
    with pytest.raises(AttnrecError, match=r"history=50"):
        ar.fit(ar.DIN(), features, epochs=1, progress=False)
    for wrong in (-1, 2.5, "7"):
        with pytest.raises(AttnrecError, match=r"history"):
            ar.features.build(leave_one_out(data), history=wrong)
