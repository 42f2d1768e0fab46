"""A user's events in their order, each as the model sees it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import leave_one_out
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations.features import AttentionLife
from attnrec.explanations.features.attention import of_record
from attnrec.models.features import FM, AutoInt, ContextAttention
from tests.explanations.feature_shop import choices, clicks, run_of


@pytest.fixture(scope="module")
def run():
    rows = pd.DataFrame(
        {
            "user": list("abababa"),
            "item": list("xyzxyzx"),
            "timestamp": pd.to_datetime(
                [f"2024-0{month}-01 12:00" for month in (7, 1, 3, 5, 2, 6, 4)]
            ),
        }
    )
    features = ar.features.build(leave_one_out(validate(rows)), context=["month"])
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=1), features, spread=1)


def test_events_in_their_order(run):
    life = run.attention_over_life("a")
    assert life.titles == life.items == ("y", "z", "x", "x")
    assert [time.month for time in life.times] == [2, 3, 4, 7]
    assert life.parts == ("train", "train", "validation", "test")
    assert life.fields == ("user", "item", "month")
    months = ["February", "March", "April", "July"]
    for event, (title, month) in enumerate(zip(life.titles, months, strict=True)):
        context = {"month": month} if event < 2 else {}  # the others were never seen
        asked = run.inspect(user="a", item=title, context=context)
        there = asked.record.real[0]
        expected = asked.record.weights(1)[0][there].mean(0)
        np.testing.assert_allclose(life.weights[event], expected, atol=1e-6)
    np.testing.assert_allclose(life.weights.sum(1), 1, atol=1e-6)
    table = life.to_frame()
    assert list(table) == ["time", "title", "part", "user", "item", "month"]
    np.testing.assert_array_equal(table[list(life.fields)].to_numpy(), life.weights)
    assert table.index.tolist() == [1, 2, 3, 4]


def test_counters_are_no_dates():
    life = run_of(AutoInt(embedding_size=4, attention_size=8), choices()).attention_over_life(3)
    assert len(life) == 8
    assert life.times is None
    grid_of = run_of(AutoInt(embedding_size=4, attention_size=8), choices()).attention_by_context
    with pytest.raises(AttnrecError, match="by: no 'hour' among"):
        grid_of(("hour", "timestamp"))


def test_times_are_those_of_the_features_zone(run):
    features = ar.features.build(run.split, context=["month"], time_zone="Asia/Tokyo")
    there = run_of(AutoInt(embedding_size=4, attention_size=8), features)
    assert [time.hour for time in there.attention_over_life("a").times] == [21] * 4  # noon in UTC


def test_a_history_is_that_of_the_event():
    """What was bought before bears on the attention that is paid above it."""
    rows = pd.DataFrame(
        {"user": list("aaabbb"), "item": list("xyzyxz"), "timestamp": [1, 2, 3] * 2}
    )
    data = validate(rows.assign(mood="low"))
    features = ar.features.build(leave_one_out(data), context=["mood"], history=2)
    run = run_of(ContextAttention(embedding_size=4), features, spread=1)
    life = run.attention_over_life("a")
    seen = [run.features.before.take(np.array([row])).padded(2)[0].tolist() for row in range(3)]
    assert seen == [[0, 0], [0, 1], [1, 2]]
    for event, past in enumerate([[], ["x"], ["x", "y"]]):
        asked = run.inspect(user="a", item="xyz"[event], context={"mood": "low"}, history=past)
        got = of_record(asked.record, features.schema)[0]
        np.testing.assert_allclose(life.weights[event], got[~np.isnan(got)], atol=1e-6)


def test_without_times_and_labels_events_are_those_that_have_one():
    life = run_of(AutoInt(embedding_size=4, attention_size=8), clicks(300)).attention_over_life(5)
    assert life.times is None
    assert "time" not in life.to_frame()
    assert len(life) > 2


def test_it_says_what_is_drawn(run):
    life = run.attention_over_life("a", layer=1)
    assert life.title == "Attention through the life of a"
    assert life.told() == "4 events, each by itself, in their order · layer 1, all sum to 100%"
    assert life.told(2).startswith("4 events, each step the mean of 2, in their order · ")
    assert life.told_in_time.startswith("4 events, at their times, those too close to be told ")
    one = AttentionLife("b", ("c",), np.array([[0.3]]), ("x",), None, ("train",))
    assert one.told().startswith("one event · mean of layers and heads, weights that need not sum")
    assert one.told_in_time == one.told()


def test_ids_are_plain(run):
    life = run_of(AutoInt(embedding_size=4, attention_size=8), choices()).attention_over_life(3)
    assert {type(item) for item in life.items} == {int}
    assert life.items == tuple(int(title) for title in life.titles)


def test_steps_are_means_of_runs_of_events():
    values = np.arange(14.0).reshape(7, 2)
    life = AttentionLife("a", ("b", "c"), values, ("x",) * 7, None, ("train",) * 7)
    means, edges = life.in_steps(3)
    assert edges.tolist() == [0, 3, 6, 7]
    np.testing.assert_allclose(means, [values[:3].mean(0), values[3:6].mean(0), values[6]])
    means, edges = life.in_steps(100)
    np.testing.assert_array_equal(means, values)
    assert edges.tolist() == list(range(8))


def test_mistakes(run):
    with pytest.raises(UnknownIdError, match="unknown user 'c'"):
        run.attention_over_life("c")
    with pytest.raises(AttnrecError, match="this model attends to nothing"):
        run_of(FM(), clicks(300)).attention_over_life(5)
