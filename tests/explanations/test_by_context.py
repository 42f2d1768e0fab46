"""Means by cell: worked out row by row, with what is unknown left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.errors import AttnrecError
from attnrec.explanations.features import ContextGrid, field_attention
from attnrec.models.features import AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of, visits


@pytest.fixture(scope="module")
def run():
    """Visits at known times, of which some have no mood."""
    rng = np.random.default_rng(3)
    table = visits(600).drop(columns="hour")
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366 * 24, 600), unit="h")
    mood = rng.choice(["low", "high", None], 600)
    data = validate(
        table.assign(timestamp=times, mood=mood),
        people=pd.DataFrame({"taste": np.where(np.arange(40) % 2, "red", "blue")}),
    )
    features = ar.features.build(
        at_random(data),
        user=["taste"],
        context=["hour", "noise"],
        label="rating",
        threshold=3,
        time_zone="Asia/Tokyo",
    )
    return run_of(AutoInt(embedding_size=4, attention_size=8), features, spread=1)


def test_means_and_counts_of_each_cell(run):
    grid = run.attention_by_context(("season", "hour"), "train")
    examples = run.features.examples("train")
    each = field_attention(run.recorder, run.features.schema, run.features.of_rows(examples.rows))
    times = run.data.frame["timestamp"].iloc[examples.rows]
    local = times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo").dt
    seasons = np.array(["winter", "spring", "summer", "autumn"])[local.month % 12 // 3]
    assert grid.by == ("season", "hour")
    assert grid.levels == (("winter", "spring", "summer", "autumn"), tuple(map(str, range(24))))
    assert grid.fields == run.features.schema.names
    for row, season in enumerate(grid.levels[0]):
        for hour in range(24):
            cell = (seasons == season) & (local.hour == hour).to_numpy()
            assert grid.counts[row, hour] == cell.sum()
            expected = each[cell].mean(0) if cell.any() else np.full(each.shape[1], np.nan)
            np.testing.assert_allclose(grid.weights[row, hour], expected, atol=1e-6)
    assert (grid.num_cases, grid.left_out) == (len(examples), 0)
    table = grid.to_frame()
    assert len(table) == (grid.counts > 0).sum() * len(grid.fields)
    first = table.iloc[0]
    place = tuple(np.argwhere(grid.counts)[0])
    assert first["cases"] == grid.counts[place]
    assert first["attention"] == grid.of(first["field"])[place]


def test_differences_are_from_the_mean_of_all_cases(run):
    grid = run.attention_by_context(("season", "weekend"), "train")
    rows = run.features.examples("train").rows
    each = field_attention(run.recorder, run.features.schema, run.features.of_rows(rows))
    for place, field in enumerate(grid.fields):
        assert grid.mean(field) == pytest.approx(each[:, place].mean(), abs=1e-6)
        np.testing.assert_allclose(grid.difference(field), grid.of(field) - grid.mean(field))
    table = grid.to_frame()
    one = table[(table["field"] == "hour") & (table["season"] == "summer")]
    np.testing.assert_allclose(one["difference"], grid.difference("hour")[2])


def by_hand(values, counts) -> ContextGrid:
    """Fields a, b, ... of one row each."""
    counts = np.array([counts])
    weights = np.where(counts[..., None] > 0, np.array([values]).transpose(0, 2, 1), np.nan)
    names, columns = "abcdef"[: len(values)], tuple(map(str, range(counts.size)))
    return ContextGrid(("x", "y"), (("r",), columns), tuple(names), weights, counts,
                       int(counts.sum()), 0)  # fmt: skip


def test_the_scale_holds_98_in_a_hundred_cases():
    grid = by_hand([[0.5, 0.5, 0.9], [0.1, 0.3, 0.1]], [97, 2, 1])
    assert grid.mean("a") == pytest.approx(0.5 + 0.4 / 100)
    # The single case of a, 0.396 above the mean, lies beyond; the two of b are needed for 98.
    assert grid.scale(["a"]) == pytest.approx(0.004)
    assert grid.scale(["b"]) == pytest.approx(0.004)
    more = by_hand([[0.1, 0.3, 0.1]], [96, 3, 1])
    assert more.scale(["a"]) == pytest.approx(0.2 - 0.2 * 3 / 100)
    assert grid.scale(["a", "b"]) == max(grid.scale(["a"]), grid.scale(["b"]))
    assert by_hand([[0.2, 0.2]], [1, 1]).scale(["a"]) > 0  # no difference at all


def test_the_fields_that_vary_most_weigh_cases():
    values = [[0.1, 0.1, 0.9], [0.1, 0.2, 0.1], [0.1, 0.1, 0.1], [0.3, 0.1, 0.1],
              [0.1, 0.15, 0.1], [0.1, 0.12, 0.1]]  # fmt: skip
    assert by_hand(values, [50, 50, 0]).varying == ("b", "d", "e", "f")
    assert by_hand(values, [50, 50, 50]).varying == ("a", "b", "d", "e")
    assert by_hand(values[:2], [1, 1, 1]).varying == ("a", "b")


def test_levels_at_the_ends_without_a_case_are_not_shown():
    grid = by_hand([[0.1] * 5], [0, 2, 0, 3, 0])
    assert grid.shown == (slice(0, 1), slice(1, 4))
    with pytest.raises(AttnrecError, match="grid: no case is known of both circumstances"):
        _ = by_hand([[0.1] * 2], [0, 0]).shown


def test_it_says_what_was_averaged(run):
    grid = run.attention_by_context(("mood", "weekend"), "train", layer=1, head=2)
    assert grid.title == "Attention by mood and weekend"
    assert grid.told.startswith(f"layer 1, head 2 · difference from the mean of {grid.num_cases}")
    assert grid.told.endswith(f" · {grid.left_out} of unknown mood or weekend left out")
    assert f"{grid.counts.max()} at most" in grid.told


def test_columns_of_the_data_and_what_is_unknown(run):
    grid = run.attention_by_context(("mood", "weekend"), "train")
    assert grid.levels[0] == ("high", "low")
    rows = run.features.examples("train").rows
    unknown = run.data.frame["mood"].iloc[rows].isna().sum()
    assert unknown > 0
    assert grid.left_out == unknown
    assert grid.num_cases == len(rows) - unknown == grid.counts.sum()
    few = run.attention_by_context(("weekend", "mood"), "train", rows=9, seed=2)
    assert few.num_cases + few.left_out == 9


def test_columns_of_the_catalogue():
    run = run_of(FeatureAttention(embedding_size=3), clicks(300))
    grid = run.attention_by_context(("colour", "hour"), "train")
    rows = run.features.examples("train").rows
    colour = np.where(run.data.frame["item"].iloc[rows] % 2, "red", "blue")
    hour = run.data.frame["hour"].iloc[rows].to_numpy()
    expected = [
        [((colour == c) & (hour == h)).sum() for h in grid.levels[1]] for c in ("blue", "red")
    ]
    assert grid.levels[0] == ("blue", "red")
    np.testing.assert_array_equal(grid.counts, expected)


def test_fields_without_attention_are_not_there():
    item_side = run_of(FeatureAttention(embedding_size=3, sides="item"), clicks(300))
    grid = item_side.attention_by_context(("hour", "rating"))
    assert grid.fields == ("colour", "tags")


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (("month",), "by: expected two circumstances"),
        ("month", "by: expected two circumstances"),
        (("hour", "hour"), "by: expected two circumstances"),
        (("hour", "moon"), "by: no 'moon' among .* did you mean 'mood'"),
        (("hour", "noise"), "by: noise has .* levels, and a picture holds 60"),
    ],
)
def test_mistakes(run, by, told):
    with pytest.raises(AttnrecError, match=told):
        run.attention_by_context(by)
    with pytest.raises(AttnrecError, match="field: no 'tast' among .*did you mean 'taste'"):
        run.attention_by_context(("season", "weekend")).of("tast")
