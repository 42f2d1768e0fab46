"""Whether to believe an explanation: every method by every metric, beside random orders.

One small panel a metric and one row a method, each dot with its value. There
is no total score: the metrics ask different questions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError
from attnrec.plots import style
from attnrec.plots.faithfulness_panels import (
    BASELINES,
    Measured,
    Panel,
    key_of,
    label,
    panels_of,
    settings_of,
)

# In points, of which an inch has 72.
MARGIN, GUTTER, GAP = 3, 11, 5
ROW, LINE, DOT = 13, 8.5, 4.6
LABEL, HEAD, KEY, ZERO = 7.5, 6.5, 6, 6
WIDEST_LABEL, NARROWEST = 92, 24

Line = tuple[str, dict[str, Any]]  # text, and its look


def faithfulness(
    measured: Measured,
    metrics: Sequence[str] | str | None = None,
    methods: Sequence[str] | str | None = None,
    *,
    provenance: str = "",
    width: float | None = None,
) -> Figure:
    """Draws how faithful explanations are, beside random and uniform ones.

    Of one case, the grey band holds 95% of the random orders. Of many users,
    dots are means with their 95% intervals, and the band is random's own. A
    dot is filled where its value, with all of its interval, is better than all
    of the band. The dotted line is uniform. A value that is not there is told
    as "none", and leave-one-out's agreement with leave-one-out as "itself".

    Args:
        measured: what `explanation.faithfulness()` or
            `attnrec.benchmark_explanations` returns.
        metrics: as their tables name them, or without what stands behind the
            @; comprehensiveness, deletion, sufficiency, Kendall and polarity
            violations unless given.
        methods: all unless given. Random and uniform always stand below.
        provenance: where the figure comes from, for its foot.
        width: in inches; unless given, a column of a paper for one metric or
            two, and both for five.

    Returns:
        The figure: an axes of names, then one a metric. In panel p the dot of
        row r has the gid `value-r-p` and its interval `interval-r-p`; there
        are a `band-p` and the dotted `uniform-p`. All count from 1.

    Raises:
        AttnrecError: a metric or method that was not measured, naming the
            nearest, or too little width.

    Example:
        >>> measured = ar.explain(run, user="u17").faithfulness()          # doctest: +SKIP
        >>> plots.save(plots.faithfulness(measured), "faithfulness.pdf")   # doctest: +SKIP
    """
    panels = panels_of(measured, metrics, methods)
    rows, many = panels[0].methods, len(panels)
    labels = [style.shorten(label(name), WIDEST_LABEL, LABEL) for name in rows]
    left = MARGIN + max(style.width(told, LABEL) for told in labels) + GUTTER
    values = max(style.width(told, LABEL) for panel in panels for told in panel.told) + GAP
    width = _checked_width(width, many, left + many * (NARROWEST + values + GUTTER) - GUTTER)
    pitch = (width * 72 - left - MARGIN + GUTTER) / many
    plane = pitch - GUTTER - values

    heads = [_head(panel, plane + values) for panel in panels]
    key = style.wrapped(key_of(measured), width * 72 - 2 * MARGIN, KEY)
    # A little room parts the baselines from what is measured.
    ys = [(row + 0.5) * ROW + GAP * (name in BASELINES) for row, name in enumerate(rows)]
    tall, above = ys[-1] + ROW / 2, GAP + max(map(len, heads)) * LINE + MARGIN
    below = ZERO + GAP + (len(key) + 1) * LINE + MARGIN
    height = (above + tall + below) / 72
    figure = style.new_figure(width, height)

    def axes(x: float, wide: float, **more: Any) -> Axes:
        """Its y are points down from the first row."""
        box = (x / 72 / width, below / 72 / height, wide / 72 / width, tall / 72 / height)
        ax = figure.add_axes(box, ylim=(tall, 0), **more)
        ax.axis("off")
        return ax

    names = axes(MARGIN, left - GUTTER, label="methods")
    for name, told, y in zip(rows, labels, ys, strict=True):
        color = style.INK_3 if name in BASELINES else style.INK
        style.text(names, 0, y, told, fontsize=LABEL, color=color)
    for p, (panel, head) in enumerate(zip(panels, heads, strict=True)):
        ax = axes(left + p * pitch, plane, label=panel.metric, xlim=panel.limits)
        _draw(ax, panel, p + 1, ys)
        _write(ax, panel, head, ys, right=1 + values / plane)
    for i, line in enumerate(reversed(key), start=1):
        text = figure.text(MARGIN / 72 / width, (MARGIN + i * LINE) / 72 / height, line)
        text.set(fontsize=KEY, color=style.INK_2, va="bottom", family=style.fonts())
    style.foot(figure, provenance, settings_of(measured))
    return figure


def _checked_width(width: float | None, many: int, points: float) -> float:
    """In inches: what is asked for, or a usual width; never less than the points needed."""
    least = math.ceil((points + MARGIN) / 7.2) / 10
    if width is None:
        return max(least, 3.4 if many <= 2 else 1.5 + 1.1 * many)
    if not width >= least:
        metrics = "1 metric" if many == 1 else f"{many} metrics"
        raise AttnrecError(f"width: expected at least {least} inches for {metrics}, got {width}")
    return width


def _draw(ax: Axes, panel: Panel, p: int, ys: Sequence[float]) -> None:
    """Band, lines and dots; the data's coordinates across, points down."""
    tall = ax.get_ylim()[0]
    low, high = panel.band
    if np.isfinite(low + high):
        ax.axvspan(low, high, color=style.RULE, lw=0, zorder=0, gid=f"band-{p}")
    ax.hlines(ys, *panel.limits, color=style.AXIS, lw=0.4, zorder=1)
    if panel.limits[0] < 0 < panel.limits[1]:
        ax.axvline(0, color=style.AXIS, lw=0.6, zorder=1)
        style.text(ax, 0, tall + ZERO / 2 + 1, "0", fontsize=ZERO, color=style.INK_3, ha="center")
    uniform = panel.values[panel.methods.index("uniform")]
    if np.isfinite(uniform):
        ax.plot(
            [uniform] * 2, [0, tall], ":", color=style.INK_2, lw=0.8, zorder=2, gid=f"uniform-{p}"
        )
    for row, (name, y) in enumerate(zip(panel.methods, ys, strict=True)):
        if not panel.drawn(row):
            continue
        color = style.INK_3 if name in BASELINES else style.ACCENT
        ends = panel.band if name == "random" else (panel.low[row], panel.high[row])
        if ends[0] < ends[1]:
            line: dict[str, Any] = {"lw": 1.1, "zorder": 3, "gid": f"interval-{row + 1}-{p}"}
            ax.plot(ends, [y, y], color=color, solid_capstyle="butt", **line)
        fill = color if panel.beyond_random(row) else "white"
        mark = "|" if name == "uniform" else "o"
        ax.plot(
            [panel.values[row]],
            [y],
            mark,
            markersize=DOT * (1.6 if name == "uniform" else 1),
            markeredgecolor=color,
            markerfacecolor=fill,
            markeredgewidth=1,
            clip_on=False,
            zorder=4,
            gid=f"value-{row + 1}-{p}",
        )


def _write(ax: Axes, panel: Panel, head: list[Line], ys: Sequence[float], right: float) -> None:
    """The values, which end at `right` in units of the axes, and the lines above."""
    across = ax.get_yaxis_transform()
    for row, told in enumerate(panel.told):
        color = style.INK if panel.beyond_random(row) else style.INK_3
        look: dict[str, Any] = {"fontsize": LABEL, "color": color, "ha": "right"}
        style.text(ax, right, ys[row], told, transform=across, **look)
    for i, (line, look) in enumerate(reversed(head)):
        style.text(ax, 0, -GAP - (i + 0.5) * LINE, line, fontsize=HEAD, transform=across, **look)


def _head(panel: Panel, room: float) -> list[Line]:
    """The lines above a panel, in their looks."""
    name, *more = panel.head
    bold: dict[str, Any] = {"weight": "bold", "color": style.INK}
    lines = [
        (style.shorten(line, room, HEAD, "bold"), bold)
        for line in style.wrapped(name, room, HEAD, "bold")
    ]
    plain: dict[str, Any] = {"color": style.INK_3}
    return lines + [(style.shorten(line, room, HEAD), plain) for line in more if line]
