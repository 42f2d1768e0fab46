"""bqplot charts that follow an explorer: ranked bars, and the distribution of attention."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

from attnrec_widgets.history_explorer import HistoryExplorer

# Tones between the explorer's light and dark ones, since a chart does not know its ground;
# text takes the notebook's own colour.
BAR, LINE, AXIS = "#4a74d0", "#7a828c", "#9aa2ab"
INK = "var(--jp-ui-font-color1, #535b66)"
TEXT = {"fill": INK, "font-size": "11px"}
HEADING = {"fill": INK, "font-size": "13px", "font-weight": "600"}
DURATION = 480  # of the explorer's own motion, in milliseconds
LONGEST = 34  # letters of a title beside a bar


class _Following(bqplot.Figure):
    """A chart that redraws whenever the explorer has a new answer."""

    _following = False

    def __init__(self, explorer: HistoryExplorer, **parts: Any):
        super().__init__(
            animation_duration=DURATION,
            title_style=HEADING,
            background_style={"fill": "none"},
            **parts,
        )
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
            colors=[BAR],
            padding=0.35,
            stroke=None,
        )
        self._titles = _axis(self._places, side="left")
        values = _axis(self._scores, label="score")
        super().__init__(
            explorer,
            marks=[self.bars],
            axes=[self._titles, values],
            title="Recommendations",
            fig_margin={"top": 36, "bottom": 42, "left": 240, "right": 16},
            layout={"width": "520px", "height": "320px"},
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
            x=[1], y=[0.0], scales=scales, colors=[BAR], padding=0.15, stroke=None
        )
        self.uniform = bqplot.Lines(
            x=[1, 1],
            y=[0.0, 0.0],
            scales=scales,
            colors=[LINE],
            line_style="dashed",
            stroke_width=1.5,
        )
        self._steps = _axis(self._positions, label="position, oldest first", tick_format="d")
        shares = _axis(self._shares, side="left", tick_format="~%")
        super().__init__(
            explorer,
            marks=[self.bars, self.uniform],
            axes=[self._steps, shares],
            padding_y=0,
            fig_margin={"top": 36, "bottom": 42, "left": 48, "right": 16},
            layout={"width": "480px", "height": "320px"},
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
        head = f"head {shown.head}" if shown.head else "mean of heads"
        self.title = f"Attention, layer {shown.layer}, {head}; dashed: uniform, 1/{query}"
        row = row[:query]
        step = max(1, round(query / 8))
        self._steps.tick_values = np.arange(1 if step == 1 else step, query + 1, step)
        with self.bars.hold_sync():
            self.bars.x, self.bars.y = np.arange(1, query + 1), row.astype(float)
        with self.uniform.hold_sync():
            self.uniform.x = np.array([0.5, query + 0.5])
            self.uniform.y = np.full(2, 1 / query)


def _axis(scale: bqplot.Scale, **parts: Any) -> bqplot.Axis:
    return bqplot.Axis(
        scale=scale, grid_lines="none", color=AXIS, label_color=INK, tick_style=TEXT, **parts
    )


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else title[: LONGEST - 1].rstrip() + "…"
