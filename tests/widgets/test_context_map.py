"""The maps tell the page what the grid tells Python, and refuse what is not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import ContextMap, FieldHeatmap, link

import attnrec as ar
from attnrec import plots
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.errors import AttnrecError
from attnrec.explanations.features import field_attention
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import clicks, run_of, visits
from tests.widgets.test_field_heatmap import numbers, told

RECIPE = AutoInt(embedding_size=4, attention_size=8)


def dated(seed: int = 0):
    """Visits through a year, of an untrained model."""
    rng = np.random.default_rng(3)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366 * 24, 400), unit="h")
    table = visits(400).drop(columns="hour").assign(timestamp=times)
    table["noise2"], table["noise3"] = rng.normal(size=(2, 400))
    features = ar.features.build(
        at_random(validate(table)),
        context=["month", "hour", "noise", "noise2", "noise3"],
        label="rating",
        threshold=3,
    )
    return run_of(RECIPE, features, seed=seed, spread=1)


@pytest.fixture(scope="module")
def run():
    return dated()


def test_what_is_drawn_are_the_means_of_the_records(run):
    shown = ContextMap(run, ("season", "weekend"), part="train")
    (frame,) = shown._picture["frames"]
    rows = run.features.examples("train").rows
    each = field_attention(run.recorder, run.features.schema, run.features.of_rows(rows))
    times = run.data.frame["timestamp"].iloc[rows].dt
    seasons = np.array(["winter", "spring", "summer", "autumn"])[times.month % 12 // 3]
    weekend = np.where(times.day_of_week >= 5, "weekend", "weekday")
    means = pd.DataFrame(each, columns=run.features.schema.names).groupby([seasons, weekend]).mean()
    drawn, differences = numbers(frame["weights"]), numbers(frame["differences"])
    for f, field in enumerate(frame["fields"]):
        centre = each[:, run.features.schema.index(field)].mean()
        assert numbers(frame["means"])[f] == pytest.approx(centre, rel=1e-5)
        for r, season in enumerate(frame["rows"]):
            for c, day in enumerate(frame["columns"]):
                expected = means.loc[(season, day), field]
                assert drawn[f, r, c] == pytest.approx(expected, rel=1e-5)
                assert differences[f, r, c] == pytest.approx(expected - centre, abs=1e-6)
                cases = ((seasons == season) & (weekend == day)).sum()
                assert numbers(frame["counts"])[r, c] == cases
    assert frame["shown"] == list(run.attention_by_context(("season", "weekend"), "train").varying)
    assert (frame["title"], frame["told"]) == (shown.found.title, shown.found.told)


def test_month_and_hour_of_the_test_are_what_it_shows_by_itself(run):
    shown = ContextMap(run)
    assert shown.found.by == ("month", "hour")
    assert shown.found.num_cases == len(run.features.examples("test"))
    assert shown.circumstances["month"][:2] == ("January", "February")
    assert len(shown._picture["frames"][0]["shown"]) == 4
    assert ContextMap(run, rows=20).found.num_cases == 20


def test_the_chosen_field_has_a_map_beside_those_that_vary_most(run):
    shown = ContextMap(run)
    other = next(field for field in shown.fields if field not in shown.drawn)
    first = shown.drawn
    shown.field = other
    assert shown.drawn == (*first, other)
    assert set(shown.to_frame()["field"]) == {*first, other}
    heads = [ax.get_title(loc="left").split(" · ")[0] for ax in shown.figure().axes[:-1]]
    assert heads == list(shown.drawn)
    shown.field = first[1]
    assert shown.drawn == first


def test_named_fields_only(run):
    shown = ContextMap(run, fields=["noise", "user"])
    assert shown.fields == shown.drawn == ("noise", "user")
    assert ContextMap(run, fields="noise").fields == ("noise",)
    table = shown.to_frame()
    assert list(table) == ["month", "hour", "field", "attention", "difference", "cases"]
    assert set(table["field"]) == {"noise", "user"}
    ax = shown.figure().axes[0]
    np.testing.assert_allclose(
        ax.collections[0].get_array(), table[table["field"] == "noise"]["difference"]
    )


def test_several_are_played_on_one_scale(run):
    other = dated(seed=1)
    shown = ContextMap({"epoch 1": run, "epoch 2": other}, ("season", "weekend"))
    one, two = shown._picture["frames"]
    assert numbers(one["scales"]).tolist() == numbers(two["scales"]).tolist()
    grids = [each.attention_by_context(("season", "weekend")) for each in (run, other)]
    largest = [max(grid.scale([field]) for grid in grids) for field in shown.fields]
    np.testing.assert_allclose(numbers(one["scales"]), largest, rtol=1e-6)
    assert shown.drawn == grids[1].varying
    np.testing.assert_allclose(numbers(one["counts"]), grids[0].counts)


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"field": "nois"}, "field: .*did you mean 'noise'"),
        ({"context": {"monht": "May"}}, "context: no 'monht' among .*did you mean 'month'"),
        ({"context": {"month": "Mai"}}, "context: month is never 'Mai' here.*"),
        ({"item": 1}, "item: this picture shows no items"),
        ({"layer": 1}, r"layer: expected None or one of \[\]"),
    ],
)
def test_a_choice_that_is_not_there_is_refused(run, choice, error):
    shown = ContextMap(run, field="noise", context={"month": "May", "hour": 3})
    assert shown.context == {"month": "May", "hour": "3"}
    ((name, value),) = choice.items()
    with pytest.raises(AttnrecError, match=error):
        setattr(shown, name, value)
    shown.set_state({name: value})
    assert (shown.field, shown.context) == ("noise", {"month": "May", "hour": "3"})


def test_it_is_linked_by_field_and_circumstance(run):
    months, seasons = ContextMap(run), ContextMap(run, ("month", "weekday"))
    where = FieldHeatmap(run)
    link(months, seasons, where)
    where.field = "noise"
    assert (months.field, seasons.field) == ("noise", "noise")
    months.context = {"month": "May"}
    assert seasons.context == {"month": "May"}
    months.context = {"month": "May", "hour": "3"}  # of which the other shows no hour
    assert (seasons.context, where.context) == (None, None)


def test_it_says_what_it_takes(run):
    grid = run.attention_by_context(("season", "weekend"))
    assert ContextMap(grid).found is grid
    assert repr(ContextMap(run, context={"month": "May"})) == (
        "ContextMap(AutoInt, context={'month': 'May'})"
    )
    for options, error in [
        ((3,), "source: expected a run of features, or what its attention_by_context.* got int"),
        (({},), "source: .* empty mapping"),
        ((run, "month"), "by: expected two circumstances"),
        ((run, ("month", "moon")), "by: no 'moon' among"),
        ((grid, ("season", "weekend")), "by: already decided by what was given"),
        ((run_of(FM(), clicks(60)), ("hour", "rating")), "this model attends to nothing"),
    ]:
        with pytest.raises(AttnrecError, match=error):
            ContextMap(*options)
    with pytest.raises(AttnrecError, match="fields: expected one or more, got none"):
        ContextMap(grid, fields=[])
    with pytest.raises(AttnrecError, match="field: no 'nois' among .*did you mean 'noise'"):
        ContextMap(grid, fields=["nois"])


def test_files_say_where_they_come_from(run, tmp_path):
    shown = ContextMap(run, ("season", "weekend"), context={"season": "winter"})
    page = told(shown.save_html(tmp_path / "when.html"))
    assert page["context"] == {"season": "winter"}
    np.testing.assert_array_equal(
        numbers(page["_picture"]["frames"][0]["weights"]),
        numbers(shown._picture["frames"][0]["weights"]),
    )
    svg = shown.save_figure(tmp_path / "when.svg").read_text(encoding="utf-8")
    assert "Attention by season and weekend" in svg
    assert plots.files.provenance_of(shown.figure()) == page["_picture"]["foot"]


@pytest.mark.needs_data
def test_of_real_ratings():
    """MovieLens: what is drawn are the means that pandas finds."""
    split = ar.split.leave_one_out(ar.datasets.load("ml-100k"))
    run = run_of(RECIPE, ar.features.build(split, user=["gender"], context=["hour"]), spread=1)
    shown = ContextMap(run, ("weekday", "hour"), fields=["gender", "hour"])
    rows = run.features.examples("test").rows
    each = field_attention(run.recorder, run.features.schema, run.features.of_rows(rows))
    times = run.data.frame["timestamp"].iloc[rows].dt
    found = pd.DataFrame(each, columns=run.features.schema.names)
    found["weekday"], found["hour_"] = times.day_name().to_numpy(), times.hour.to_numpy()
    means = found.groupby(["weekday", "hour_"])[["gender", "hour"]].agg(["mean", "size"])
    table = shown.to_frame().set_index(["field", "weekday", "hour"])
    assert len(table) == 2 * len(means)
    for (day, hour), row in means.iterrows():
        for field in ("gender", "hour"):
            drawn = table.loc[(field, day, str(hour))]
            assert drawn["attention"] == pytest.approx(row[(field, "mean")], abs=1e-6)
            assert drawn["cases"] == row[(field, "size")]
