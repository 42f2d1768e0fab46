"""Bands are as high as what fields get, in the order of events."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.explanations.features import AttentionLife
from attnrec.models.features import AutoInt
from tests.explanations.feature_shop import choices, run_of

FIELDS = ("user", "$price$", "hour")


def life(events: int, times: bool = True) -> AttentionLife:
    values = np.random.default_rng(0).dirichlet(np.ones(3), events)
    when = pd.date_range("2024-01-31", periods=events, freq="D") if times else None
    return AttentionLife("u17", FIELDS, values, ("x",) * events, when, ("train",) * events)


def bands(figure) -> np.ndarray:
    """What each band adds, [step, field]."""
    data = [patch.get_data() for patch in figure.axes[0].patches]
    return np.stack([one[0] - one.baseline for one in data], axis=1)


def test_bands_are_what_fields_get(tmp_path):
    told = life(9)
    figure = plots.attention_stream(told, highlight="hour", provenance="seed 7")
    np.testing.assert_allclose(bands(figure), told.weights)
    assert figure.axes[0].patches[2].get_data().edges.tolist() == list(range(10))
    title, line = (" ".join(text.get_text().split()) for text in figure.texts[:2])
    assert title == "Attention through the life of u17"
    assert line.startswith("9 events, each by itself, in their order")
    names = {text.get_text(): text for text in figure.axes[0].texts}
    assert tuple(names) == FIELDS
    assert names["hour"].get_weight() == "bold"
    assert figure.axes[0].patches[2].get_facecolor() == pytest.approx(
        [0x2E / 255, 0x58 / 255, 0xC4 / 255, 1]
    )
    dates = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert (dates[0], dates[-1]) == ("2024-01-31", "2024-02-08")
    assert plots.files.provenance_of(figure) == "seed 7"
    assert "$price$" in plots.save(figure, tmp_path / "life.svg").read_text()


def test_lines_pass_through_what_fields_get():
    told = life(9)
    ax = plots.attention_stream(told, kind="lines", highlight="hour").axes[0]
    assert len(ax.lines) == 3
    for line, values in zip(ax.lines, told.weights.T, strict=True):
        np.testing.assert_allclose(line.get_ydata(), values)
        np.testing.assert_allclose(line.get_xdata(), np.arange(9) + 0.5)
    assert [line.get_alpha() for line in ax.lines] == [0.45, 0.45, 1]
    assert ax.lines[2].get_color() == plots.style.ACCENT
    assert len({line.get_color() for line in plain_lines(told)}) == 3
    low, high = ax.get_ylim()
    assert low <= told.weights.min() < told.weights.max() <= high


def plain_lines(told):
    return plots.attention_stream(told, kind="lines").axes[0].lines


def test_lines_of_several_events_are_their_means_and_equal_ones_look_it():
    told = life(1000)
    steps = plain_lines(told)[0].get_xydata()
    assert len(steps) < 1000
    means, edges = told.in_steps(len(steps))
    np.testing.assert_allclose(steps[:, 1], means[:, 0])
    np.testing.assert_allclose(steps[:, 0], (edges[:-1] + edges[1:]) / 2)
    flat = AttentionLife("a", FIELDS, np.full((4, 3), 0.2), ("x",) * 4, None, ("train",) * 4)
    low, high = plots.attention_stream(flat, kind="lines").axes[0].get_ylim()
    assert low < 0.18 < 0.2 < high < 0.21


def test_names_of_lines_do_not_touch():
    values = np.array([[0.5, 0.2, 0.3], [0.34, 0.33, 0.33]])
    told = AttentionLife("a", FIELDS, values, ("x",) * 2, None, ("train",) * 2)
    figure = plots.attention_stream(told, kind="lines")
    figure.canvas.draw()
    low, high = figure.axes[0].get_ylim()
    tall = figure.axes[0].get_window_extent().height * 72 / figure.dpi
    ends = (values[-1] - low) / (high - low) * tall
    moved = [text.xyann[1] for text in figure.axes[0].texts]  # in points from where they end
    places = np.sort(ends + moved)
    assert np.diff(places).min() >= 10 - 1e-6
    assert places[0] >= 0
    assert places[-1] <= tall + 1e-6


def test_a_run_is_asked():
    run = run_of(AutoInt(embedding_size=4, attention_size=8), choices(), spread=1)
    figure = plots.attention_stream(run, user=3)
    np.testing.assert_allclose(bands(figure), run.attention_over_life(3).weights)
    with pytest.raises(AttnrecError, match="user: expected the id of one"):
        plots.attention_stream(run)
    with pytest.raises(AttnrecError, match="user: already decided"):
        plots.attention_stream(life(3), user=3)
    with pytest.raises(AttnrecError, match="kind: expected 'stream' or 'lines', got 'bars'"):
        plots.attention_stream(life(3), kind="bars")


def test_many_events_are_drawn_as_means_of_several():
    told = life(1000, times=False)
    figure = plots.attention_stream(told, width=3.4)
    size = int(np.diff(figure.axes[0].patches[0].get_data().edges)[0])
    assert size > 1
    expected = told.weights[: size * 5].reshape(5, size, 3).mean(1)
    np.testing.assert_allclose(bands(figure)[:5], expected)
    assert f"1,000 events, each step the mean of {size}" in " ".join(
        figure.texts[1].get_text().split()
    )
    marks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert (marks[0], marks[-1]) == ("event 1", "event 1000")


def test_names_do_not_touch():
    values = np.array([[0.001, 0.002, 0.997]])
    told = AttentionLife("a", FIELDS, values, ("x",), None, ("train",))
    figure = plots.attention_stream(told)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert all(one.y1 <= other.y0 + 1 for one, other in pairwise(boxes))
    assert figure.texts[1].get_text().startswith("one event")


def test_many_fields_have_their_names_within():
    fields = tuple(f"field {i}" for i in range(40))
    told = AttentionLife("a", fields, np.full((5, 40), 0.1), ("x",) * 5, None, ("train",) * 5)
    figure = plots.attention_stream(told)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert min(box.y0 for box in boxes) > figure.axes[0].get_window_extent().y0 - 6
    assert max(box.y1 for box in boxes) < figure.bbox.y1
    assert "weights that need not sum to 100%" in " ".join(figure.texts[1].get_text().split())


def test_the_layer_is_told():
    told = replace(life(3), layer=2, head=1)
    assert "layer 2, head 1, all sum to 100%" in plots.attention_stream(told).texts[1].get_text()
    assert "mean of layers and heads" in plots.attention_stream(life(3)).texts[1].get_text()


def test_mistakes():
    with pytest.raises(
        AttnrecError, match="source: expected a run of features, or what its at.* got str"
    ):
        plots.attention_stream("u17")
    with pytest.raises(AttnrecError, match="highlight: no 'houre' .*did you mean 'hour'"):
        plots.attention_stream(life(3), highlight="houre")
    with pytest.raises(AttnrecError, match="width: expected .* inches or more"):
        plots.attention_stream(life(3), width=1)
