"""The bqplot charts hold the explorer's numbers, and follow."""

from __future__ import annotations

import numpy as np
from attnrec_widgets import AttentionDistribution, HistoryExplorer, RankingBars


def test_bars_are_the_recommendations(steps):
    explorer = HistoryExplorer(steps, history=["m1", "m2"], topn=3)
    chart = RankingBars(explorer)
    assert chart.bars.y.tolist() == [4, 5, 6]  # the best is last, which is on top
    assert chart.animation_duration > 0
    assert chart.axes[0].tick_labels["1"] == "<img src=x onerror=alert(1)>  1"
    explorer.add("m3")
    assert chart.bars.y.tolist() == [5, 6, 7]
    explorer.history = []
    assert chart.bars.y.tolist() == []


def test_the_distribution_is_the_row_on_the_screen(steps):
    explorer = HistoryExplorer(steps, history=["m1", "m2", "m3"])
    chart = AttentionDistribution(explorer)
    np.testing.assert_allclose(chart.bars.y, explorer.attention.to_frame()["attention"])
    assert chart.uniform.y.tolist() == [1 / 3, 1 / 3]
    explorer.query = 2
    assert len(chart.bars.y) == 2
    np.testing.assert_allclose(chart.bars.y.sum(), 1, rtol=1e-6)
    assert chart.uniform.y.tolist() == [1 / 2, 1 / 2]
    explorer.layer, explorer.head = 1, 2
    assert chart.title == "Attention, layer 1, head 2; dashed: uniform, 1/2"
    np.testing.assert_allclose(chart.bars.y, [4 / 9, 5 / 9], rtol=1e-6)
    explorer.history = []
    assert chart.bars.y.tolist() == [0]


def test_a_closed_chart_follows_no_more(steps):
    explorer = HistoryExplorer(steps, history=["m1"], topn=1)
    chart = RankingBars(explorer)
    chart.close()
    chart.close()
    explorer.add("m2")
    assert chart.bars.y.tolist() == [5]
