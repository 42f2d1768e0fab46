"""The stream tells the page what the life tells Python, and refuses what is not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import AttentionStream, FieldHeatmap, link

import attnrec as ar
from attnrec import plots
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations.features import AttentionLife
from attnrec.explanations.features.attention import of_record
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import choices, clicks, run_of
from tests.widgets.test_field_heatmap import numbers, told

RECIPE = AutoInt(embedding_size=4, attention_size=8)


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, choices(ids=True), spread=1)


def life(events: int = 4, **options) -> AttentionLife:
    values = np.random.default_rng(0).dirichlet(np.ones(3), events)
    when = pd.date_range("2024-03-30 23:30", periods=events, freq="D", tz="Europe/London")
    titles, items = zip(*[(f"Item {i % 3}", i % 3) for i in range(events)], strict=True)
    given = {"times": when, "parts": ("train",) * events, "items": items} | options
    return AttentionLife("u17", ("user", "price", "hour"), values, titles, **given)


def test_what_is_drawn_is_the_record_of_each_event(run):
    shown = AttentionStream(run, 3)
    (frame,) = shown._picture["frames"]
    rows = np.flatnonzero(run.data.frame["user"] == 3)
    rows = rows[np.argsort(run.data.frame["timestamp"].to_numpy()[rows])]
    _, record = run.recorder.inspect(run.features.of_rows(rows))
    each = of_record(record, run.features.schema)
    columns = [run.features.schema.index(field) for field in frame["fields"]]
    np.testing.assert_allclose(numbers(frame["weights"]), each[:, columns], rtol=1e-5)
    assert frame["items"] == run.data.frame["item"].iloc[rows].tolist()
    assert frame["parts"] == ["train"] * 6 + ["validation", "test"]
    assert (frame["title"], frame["told"]) == (shown.found.title, shown.found.told())
    assert frame["toldInSteps"] == shown.found.told("{size}")
    assert frame["dates"] is None
    assert "days" not in frame
    assert shown.to_frame().equals(run.attention_over_life(3).to_frame())


def test_dates_are_those_of_the_clocks_there():
    (frame,) = AttentionStream(life())._picture["frames"]
    assert frame["dates"][:2] == ["2024-03-30 23:30", "2024-03-31 23:30"]
    np.testing.assert_allclose(numbers(frame["days"]), [0, 1, 2, 3])  # over a night of 23 hours
    assert pd.Timestamp(frame["start"], unit="ms") == pd.Timestamp("2024-03-30 23:30")


def test_its_twin_follows_what_is_chosen():
    shown = AttentionStream(life(), field="price", view="lines")
    lines = shown.figure().axes[0].lines
    np.testing.assert_allclose(lines[1].get_ydata(), shown.found.weights[:, 1])
    assert lines[1].get_color() == plots.style.ACCENT
    shown.view = "stream"
    assert len(shown.figure().axes[0].patches) == 3
    shown.set_state({"view": "lines", "axis": "time"})  # from a page
    assert (shown.view, shown.axis) == ("lines", "time")
    assert len(shown.figure().axes[0].lines) == 3


def test_several_are_played(run):
    other = run_of(RECIPE, run.features, seed=1, spread=1)
    shown = AttentionStream({"epoch 1": run, "epoch 2": other}, 3)
    assert shown._picture["labels"] == ["epoch 1", "epoch 2"]
    for frame, one in zip(shown._picture["frames"], (run, other), strict=True):
        weights = one.attention_over_life(3).weights
        np.testing.assert_allclose(numbers(frame["weights"]), weights, rtol=1e-5)
    lives = {f"user {user}": run.attention_over_life(user) for user in (1, 3)}
    shown = AttentionStream(lives)
    shown.item = lives["user 1"].items[0]  # of the first only


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"field": "prise"}, "field: .*did you mean 'price'"),
        ({"item": 7}, "item: 7 is in no event here"),
        ({"item": [1]}, r"item: \[1\] is in no event here"),
        ({"view": "bars"}, r"view: expected one of \['stream', 'lines'\], got 'bars'"),
        ({"axis": "space"}, r"axis: expected one of \['events', 'time'\], got 'space'"),
        ({"context": {"hour": "day"}}, "context: no 'hour' among"),
    ],
)
def test_a_choice_that_is_not_there_is_refused(choice, error):
    shown = AttentionStream(life(), field="price", item=1, view="lines", axis="time")
    ((name, value),) = choice.items()
    with pytest.raises(AttnrecError, match=error):
        setattr(shown, name, value)
    shown.set_state({name: value})
    assert (shown.field, shown.item, shown.view, shown.axis) == ("price", 1, "lines", "time")


def test_without_dates_there_is_no_time(run):
    with pytest.raises(AttnrecError, match="axis: expected 'events', as the data say no dates"):
        AttentionStream(run, 3, axis="time")
    with pytest.raises(AttnrecError, match="axis: expected 'events'"):
        AttentionStream({"a": life(times=None), "b": life()}, axis="time")


def test_it_is_linked_by_field_and_item(run):
    one, other, where = AttentionStream(run, 1), AttentionStream(run, 3), FieldHeatmap(run)
    link(one, other, where)
    where.field = "colour"
    assert (one.field, other.field) == ("colour", "colour")
    both = set(one.found.items) & set(other.found.items)
    one.item = next(iter(both))
    assert other.item == one.item
    one.view = "lines"  # is its own
    assert other.view == "stream"


def test_it_says_what_it_takes(run):
    found = run.attention_over_life(3)
    assert AttentionStream(found).found is found
    shown = AttentionStream(run, 3, field="size", item=found.items[0])
    assert repr(shown) == f"AttentionStream(AutoInt, field='size', item={found.items[0]})"
    for options, error in [
        ((3,), "source: expected a run of features, or what its attention_over_life.* got int"),
        (({},), "source: .* empty mapping"),
        ((run,), "user: expected an id, such as 0, 1, 2, got None"),
        ((found, 3), "user: already decided by what was given"),
        ((run_of(FM(), clicks(300)), 5), "this model attends to nothing"),
    ]:
        with pytest.raises(AttnrecError, match=error):
            AttentionStream(*options)
    with pytest.raises(UnknownIdError, match="unknown user 77"):
        AttentionStream(run, 77)


def test_a_saved_page_begins_as_it_was_left(tmp_path):
    shown = AttentionStream(life(), view="lines", axis="time", item=2)
    page = told(shown.save_html(tmp_path / "life.html"))
    assert (page["view"], page["axis"], page["item"]) == ("lines", "time", 2)
    np.testing.assert_allclose(
        numbers(page["_picture"]["frames"][0]["weights"]), shown.found.weights, rtol=1e-6
    )
    svg = shown.save_figure(tmp_path / "life.svg").read_text(encoding="utf-8")
    assert "Attention through the life of u17" in svg


@pytest.mark.needs_data
def test_of_real_ratings():
    """MovieLens: the events, films and parts are those of the raw file's order."""
    data = ar.datasets.load("ml-100k")
    features = ar.features.build(ar.split.leave_one_out(data), user=["gender"], context=["hour"])
    shown = AttentionStream(run_of(RECIPE, features, spread=1), 405)
    (frame,) = shown._picture["frames"]
    assert frame["items"] == data.history(405)
    assert frame["titles"] == [data.catalogue.title(item) for item in frame["items"]]
    assert frame["parts"] == ["train"] * 735 + ["validation", "test"]
    np.testing.assert_allclose(numbers(frame["weights"]).sum(1), 1, atol=1e-5)
    mine = data.frame[data.frame["user"] == 405].sort_values("timestamp", kind="stable")
    assert frame["dates"] == mine["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist()
