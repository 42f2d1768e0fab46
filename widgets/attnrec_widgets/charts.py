"""bqplot charts that follow an explorer: ranked bars, and the distribution of attention."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

from attnrec_widgets.history_explorer import HistoryExplorer

ACCENT, SOFT, INK, AXIS = "#2e58c4", "#779adc", "#535b66", "#c4cad1"
DURATION = 480  # of the explorer's own motion, in milliseconds
LONGEST = 34  # letters of a title beside a bar


class _Following(bqplot.Figure):
    """A chart that redraws whenever the explorer has a new answer."""

    _following = False

    def __init__(self, explorer: HistoryExplorer, **parts: Any):
        super().__init__(animation_duration=DURATION, **parts)
        self.explorer = explorer
        explorer.observe(self._follow, "attention")
        self._following = True
        self._follow()

    def _follow(self, change: Any = None) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Stops following, and takes the chart off the page."""
        if self._following:
            self._following = False
            self.explorer.unobserve(self._follow, "attention")
        super().close()


class RankingBars(_Following):
    """The recommendations as ranked bars with titles, longest score first.

    Bars begin at zero, so that lengths compare as scores do.

    Args:
        explorer: whose recommendations to follow.

    Example:
        >>> RankingBars(explorer)      # doctest: +SKIP
    """

    def __init__(self, explorer: HistoryExplorer):
        self._places = bqplot.OrdinalScale()
        self._scores = bqplot.LinearScale()
        self.bars = bqplot.Bars(
            x=[0],
            y=[0.0],
            scales={"x": self._places, "y": self._scores},
            orientation="horizontal",
            colors=[ACCENT],
            padding=0.35,
            stroke=None,
        )
        self._titles = bqplot.Axis(scale=self._places, side="left", grid_lines="none", color=AXIS)
        values = bqplot.Axis(
            scale=self._scores, label="score", num_ticks=5, grid_lines="none", color=AXIS
        )
        super().__init__(
            explorer,
            marks=[self.bars],
            axes=[self._titles, values],
            title="Recommendations",
            fig_margin={"top": 40, "bottom": 45, "left": 240, "right": 20},
        )

    def _follow(self, change: Any = None) -> None:
        frame = self.explorer.recommendations
        ranks = frame["rank"].tolist()
        self._titles.tick_labels = {
            str(rank): f"{_short(title)}  {rank}"
            for rank, title in zip(ranks, frame["title"], strict=True)
        }
        self._places.domain = ranks[::-1]  # the best on top
        with self.bars.hold_sync():
            self.bars.x = np.array(ranks[::-1])
            self.bars.y = frame["score"].to_numpy(float)[::-1]


class AttentionDistribution(_Following):
    """Attention of the query on the screen over the positions, beside the uniform 1/n.

    Without attention, or on an empty history, there are no bars.

    Args:
        explorer: whose attention to follow.

    Example:
        >>> AttentionDistribution(explorer)      # doctest: +SKIP
    """

    def __init__(self, explorer: HistoryExplorer):
        self._positions = bqplot.LinearScale()
        self._shares = bqplot.LinearScale(min=0)
        scales = {"x": self._positions, "y": self._shares}
        self.bars = bqplot.Bars(
            x=[1], y=[0.0], scales=scales, colors=[SOFT], padding=0.15, stroke=None
        )
        self.uniform = bqplot.Lines(
            x=[1, 1],
            y=[0.0, 0.0],
            scales=scales,
            colors=[INK],
            line_style="dashed",
            stroke_width=1,
            labels=["uniform, 1/n"],
            display_legend=True,
        )
        positions = bqplot.Axis(
            scale=self._positions, label="position, oldest first", grid_lines="none", color=AXIS
        )
        shares = bqplot.Axis(
            scale=self._shares,
            side="left",
            tick_format=".0%",
            grid_lines="none",
            color=AXIS,
            num_ticks=5,
        )
        super().__init__(
            explorer,
            marks=[self.bars, self.uniform],
            axes=[positions, shares],
            legend_location="top-left",
            fig_margin={"top": 40, "bottom": 45, "left": 60, "right": 20},
        )

    def _follow(self, change: Any = None) -> None:
        shown = self.explorer.panels[0] if self.explorer.panels else None
        row = None if shown is None else shown.row
        if shown is None or row is None:
            self.title = "No attention"
            self.bars.x, self.bars.y = np.array([1]), np.array([0.0])
            self.uniform.x, self.uniform.y = np.array([1, 1]), np.array([0.0, 0.0])
            return
        query = shown.state.position
        self.title = f"Attention, layer {shown.layer}, " + (
            f"head {shown.head}" if shown.head else "mean of heads"
        )
        row = row[:query]
        with self.bars.hold_sync():
            self.bars.x, self.bars.y = np.arange(1, query + 1), row.astype(float)
        with self.uniform.hold_sync():
            self.uniform.x = np.array([0.5, query + 0.5])
            self.uniform.y = np.full(2, 1 / query)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else title[: LONGEST - 1].rstrip() + "…"
