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
    with pytest.raises(AttnrecError, match="life: expected what run.attention_over_life"):
        plots.attention_stream("u17")
    with pytest.raises(AttnrecError, match="highlight: no 'houre' .*did you mean 'hour'"):
        plots.attention_stream(life(3), highlight="houre")
    with pytest.raises(AttnrecError, match="width: expected .* inches or more"):
        plots.attention_stream(life(3), width=1)
