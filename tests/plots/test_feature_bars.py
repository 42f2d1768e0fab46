"""Bars end at the means of the record, and lines at its percentiles."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.explanations.features.spread import spread_of
from attnrec.models.features import AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


def bars(figure) -> list[float]:
    return [patch.get_width() for patch in figure.axes[0].patches]


def lines(figure) -> list[np.ndarray]:
    return [line.get_xdata() for line in figure.axes[0].lines if "even" not in str(line.get_gid())]


def texts(figure) -> list[str]:
    return [" ".join(text.get_text().split()) for text in figure.texts]


def test_bars_are_means_and_lines_percentiles(run, tmp_path):
    figure = plots.feature_bars(run, layer=1, provenance="seed 7")
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    gets = record.weights(1).astype(float).sum(1) / record.real.sum(1)[:, None]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    order = [run.features.schema.index(name) for name in names]
    np.testing.assert_allclose(bars(figure), gets.mean(0)[order], rtol=1e-5)
    drawn = lines(figure)
    for place, field in enumerate(order):
        line, tick = drawn[2 * place : 2 * place + 2]
        np.testing.assert_allclose(line, np.quantile(gets[:, field], [0.1, 0.9]), rtol=1e-5)
        np.testing.assert_allclose(tick, [np.median(gets[:, field])] * 2, rtol=1e-5)
    even = [line for line in figure.axes[0].lines if "even" in str(line.get_gid())]
    assert [line.get_xdata()[0] for line in even] == pytest.approx([0.2] * 5)
    title, told = texts(figure)[:2]
    assert title == "What each field gets"
    assert told.startswith(f"mean of {len(gets)} cases, layer 1, mean of heads · line: 10th")
    assert plots.files.provenance_of(figure) == "seed 7"
    svg = plots.save(figure, tmp_path / "bars.svg").read_text()
    assert ">taste</text>" in svg
    assert 'id="bar-5"' in svg


def test_the_order_holds_whatever_is_drawn(run):
    drawn = [plots.feature_bars(run, **which) for which in ({}, {"layer": 2}, {"head": 1})]
    orders = [[t.get_text() for t in figure.axes[0].get_yticklabels()] for figure in drawn]
    assert orders[0] == orders[1] == orders[2]
    assert bars(drawn[0]) == sorted(bars(drawn[0]), reverse=True)


def test_one_case_has_no_spread(run):
    asked = run.inspect(user=0, item=0, context={"hour": "day"})  # no noise
    figure = plots.feature_bars(spread_of(asked), head=2, title="$1", most=1, width=3.4)
    assert len(bars(figure)) == 4
    assert lines(figure) == []
    assert texts(figure)[0] == "$1"
    assert texts(figure)[1].startswith(
        "one case, mean of layers, head 2 · dashed: even attention, 25"
    )
    assert figure.axes[0].get_xlim() == pytest.approx((0, 1.01))


def test_a_layer_that_tells_of_some_fields():
    run = run_of(FeatureAttention(embedding_size=3), clicks(300), spread=1)
    figure = plots.feature_bars(run, layer=2, rows=10)
    gids = [patch.get_gid() for patch in figure.axes[0].patches]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    there = [names[int(gid.removeprefix("bar-")) - 1] for gid in gids]
    assert sorted(there) == ["colour", "tags"]
    assert len(names) == 5
    assert "item attention" in texts(figure)[1]


def test_mistakes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features, .* got str"):
        plots.feature_bars("run")
    with pytest.raises(AttnrecError, match="rows: already decided"):
        plots.feature_bars(run.attention_spread(), rows=3)
    with pytest.raises(AttnrecError, match="layer: expected one of"):
        plots.feature_bars(run, layer=3)
    with pytest.raises(AttnrecError, match="most: expected a share above 0, got 0"):
        plots.feature_bars(run, most=0)
    with pytest.raises(AttnrecError, match=r"width: expected 1\.\d inches or more"):
        plots.feature_bars(run, width=1)
