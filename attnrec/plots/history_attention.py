"""The explorer's picture on paper: history, ribbons of attention, one bar, the ranking.

Attention sums to one, so its ribbons partition one bar exactly: the spine,
which is also the left edge of the ranking. A ribbon is as wide as its share,
at both ends and on one scale each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from attnrec.errors import AttnrecError
from attnrec.inspection import Inspection
from attnrec.plots import style
from attnrec.plots.reading import OneHistory

if TYPE_CHECKING:
    import pandas as pd

# In units of which the figure is 800 wide: 11 and 13 of them are the explorer's two type sizes.
WIDE = 800
POSITION, TITLE, PERCENT = 20, (30, 204), 252
RIBBONS, SPINE = (262, 452), 6
RANK, FILM, PLANE, SCORE = 486, (498, 672), (690, 744), 790
TOP, ROW, PLACE = 34, 24, 34
HEAVIEST, GAP = 22, 1


@dataclass(frozen=True)
class Line:
    """One line of the history."""

    label: str
    title: str
    detail: str
    share: float


def history_attention(
    inspection: Inspection,
    *,
    row: int = 0,
    layer: int | str | None = None,
    head: int | None = None,
    query: int | None = None,
    topn: int = 10,
    exclude_seen: bool = False,
    recommended: pd.DataFrame | None = None,
    held_out: tuple[Any, int, float] | None = None,
    max_lines: int = 24,
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws one history, what is looked at in it, and what is recommended.

    Args:
        inspection: from `run.inspect(...)` or any inspector.
        row: which history of the batch, from 0.
        layer, head: from 1; default the last layer, the mean of its heads.
        query: the position, from 1, that looks; default the last, from which
            the next item is predicted.
        topn: length of the ranking.
        exclude_seen: leave items of the history out of it.
        recommended: the ranking to show in place of the inspection's own, as
            `run.recommend` returns it.
        held_out: id, rank and score of the true next item, to be shown below.
        max_lines: of a longer history, the oldest items share one line.
        provenance: where the figure comes from, for its foot.
        width: in inches; 7 spans the two columns of a paper.

    Returns:
        The figure; `attnrec.plots.save` writes it with text as text. Ribbons
        and pieces of the spine have the gids `ribbon-1`, `spine-1`, ..., one
        a line of the history.

    Raises:
        AttnrecError: a layer, head, query or row that is not there.
    """
    history = OneHistory.of(inspection, row)
    has_attention = bool(inspection.record.maps)
    query = len(history.ids) if query is None else query
    if not 1 <= query <= len(history.ids):
        raise AttnrecError(f"query: expected 1 to {len(history.ids)}, got {query}")
    if has_attention:
        shares = history.block(layer, head)[query - 1].astype(float)
    else:
        shares = np.zeros(len(history.ids))
    lines = _lines(history, shares, max_lines)
    places = _places(history, topn, exclude_seen, recommended)

    scale_line = ROW if has_attention else 0
    below = 2.2 * ROW if held_out is not None else 0
    tall = TOP + max(len(lines) * ROW + scale_line, len(places) * PLACE + below) + 26
    figure = style.new_figure(width, width * tall / WIDE)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDE), ylim=(tall, 0))
    ax.axis("off")
    pen = _Pen(ax, points=width * 72 / WIDE)

    words = inspection.catalogue.words
    noun = words.item if len(history.ids) == 1 else words.items
    pen.heading(TITLE[0], "History", f"{len(history.ids)} {noun}, oldest first")
    pen.heading(FILM[0], "Recommendations", f"top {len(places)} of {len(inspection.catalogue):,}")
    pen.small(SCORE, TOP - 16, "score", ha="right")
    for i, line in enumerate(lines):
        y = TOP + (i + 0.5) * ROW
        pen.small(POSITION, y, line.label, ha="right")
        pen.title(TITLE, y, line.title, line.detail)
        if has_attention:
            pen.small(PERCENT, y, style.percent(line.share), ha="right", color=style.INK_2)
    if has_attention:
        pen.small(PERCENT, TOP - 16, "attention", ha="right")
        told = style.reading(
            history.number_of(layer),
            head,
            inspection.record.layer(layer).num_heads,
            f"read from position {query}",
        )
        _ribbons(ax, lines)
        _scale(pen, TOP + len(lines) * ROW + 14, _left_scale(lines))
    else:
        told = "no attention recorded"
    _ranking(pen, places, inspection, held_out)
    style.foot(figure, provenance, told)
    return figure


def _lines(history: OneHistory, shares: np.ndarray, max_lines: int) -> list[Line]:
    everything = [
        Line(str(n), title, detail, float(share))
        for n, (title, detail, share) in enumerate(
            zip(history.titles, history.details, shares, strict=True), start=1
        )
    ]
    if len(everything) <= max(max_lines, 1):
        return everything
    older = everything[: len(everything) - max(max_lines, 1) + 1]
    words = history.inspection.catalogue.words
    together = Line("", f"{len(older)} earlier {words.items}", "", sum(one.share for one in older))
    return [together, *everything[len(older) :]]


def _places(
    history: OneHistory, topn: int, exclude_seen: bool, recommended: pd.DataFrame | None
) -> list[tuple[Any, int, float]]:
    if recommended is not None:
        columns = (recommended[name].tolist() for name in ("item", "rank", "score"))
        return list(zip(*columns, strict=True))
    if topn < 1:
        raise AttnrecError(f"topn: expected a whole number from 1, got {topn!r}")
    inspection, row = history.inspection, history.row
    scores = inspection.scores[row]
    best = inspection.top(topn, exclude_seen=exclude_seen)[row]
    ids = inspection.catalogue.vocabulary.to_ids(best)
    seen = set(history.ids) if exclude_seen else set()
    kept = [(id, float(scores[i])) for id, i in zip(ids, best, strict=True) if id not in seen]
    return [(id, rank, score) for rank, (id, score) in enumerate(kept, start=1)]


@dataclass(frozen=True)
class _Pen:
    """Text in the units of the layout."""

    ax: Axes
    points: float  # a unit

    def heading(self, x: float, told: str, more: str) -> None:
        size = 11 * self.points
        style.text(self.ax, x, TOP - 16, told, fontsize=size, weight="bold", color=style.INK_2)
        after = x + style.width(told, size, "bold") / self.points + 9
        style.text(self.ax, after, TOP - 16, more, fontsize=size, color=style.INK_3)

    def small(self, x: float, y: float, told: str, **more: Any) -> None:
        look = {"fontsize": 11 * self.points, "color": style.INK_3, **more}
        style.text(self.ax, x, y, told, **look)

    def rank(self, y: float, rank: int) -> None:
        look = {"fontsize": 13 * self.points, "color": style.INK_2, "ha": "right"}
        style.text(self.ax, RANK, y, str(rank), **look)

    def title(
        self, room: tuple[float, float], y: float, told: str, detail: str, **more: Any
    ) -> None:
        """A title, shortened where it must be, and beside it what is known, where that fits.

        Of the two the title matters more; but a year, which tells films apart, survives.
        """
        size, small = 13 * self.points, 11 * self.points
        weight, space = more.get("weight", "normal"), (room[1] - room[0]) * self.points
        beside = style.width(detail, small) + 8 * self.points if detail else 0
        if len(detail) > 5 and style.width(told[:200], size, weight) + beside > space:
            detail, beside = "", 0
        title = style.shorten(told, space - beside, size, weight)
        style.text(self.ax, room[0], y, title, fontsize=size, **more)
        if detail:
            after = room[0] + style.width(title, size, weight) / self.points + 6
            style.text(self.ax, after, y, detail, fontsize=small, color=style.INK_3)


def _left_scale(lines: list[Line]) -> float:
    """Units a whole at the history's side: the heaviest fits its row; snapped to 1, 2, 5."""
    heaviest = max((line.share for line in lines), default=0)
    tenth = 0.1 * HEAVIEST / max(heaviest, 1e-6)  # how wide 10% may be
    power = 10.0 ** np.floor(np.log10(tenth))
    return 10 * power * max(step for step in (1, 2, 5) if step * power <= tenth * (1 + 1e-9))


def _ribbons(ax: Axes, lines: list[Line]) -> None:
    """Each share from its row to its piece of the spine, which the shares partition."""
    tall = 10 * PLACE
    total = sum(line.share for line in lines)
    if total <= 0:
        return
    gaps = [GAP * min(line.share / 0.004, 1) for line in lines[:-1]] + [0.0]
    unit = (tall - sum(gaps)) / total
    scale = _left_scale(lines)
    x0, x1 = RIBBONS
    a, b = x0 + 0.46 * (x1 - x0), x0 + 0.54 * (x1 - x0)
    y1 = float(TOP)
    for i, (line, gap) in enumerate(zip(lines, gaps, strict=True)):
        h0, h1 = line.share * scale, line.share * unit
        y0 = TOP + (i + 0.5) * ROW - h0 / 2
        tone = min(line.share / 0.2, 1) ** 0.8
        corners = [
            *((x0, y0), (a, y0), (b, y1), (x1, y1), (x1, y1 + h1)),
            *((b, y1 + h1), (a, y0 + h0), (x0, y0 + h0), (x0, y0)),
        ]
        curve = [Path.CURVE4] * 3
        codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
        # A hairline keeps the lightest in sight without adding to the width of the others.
        hair = {"edgecolor": style.SEQUENTIAL(0.3), "linewidth": 0.25 if h0 < 0.7 else 0}
        fill = style.SEQUENTIAL(0.22 + 0.53 * tone)
        ribbon = PathPatch(Path(corners, codes), facecolor=fill, **hair)
        piece = Rectangle((x1, y1), SPINE, h1, facecolor=style.SEQUENTIAL(0.3 + 0.7 * tone), lw=0)
        ribbon.set_gid(f"ribbon-{i + 1}")
        piece.set_gid(f"spine-{i + 1}")
        ax.add_patch(ribbon)
        ax.add_patch(piece)
        y1 += h1 + gap


def _scale(pen: _Pen, y: float, scale: float) -> None:
    """The key: how wide a tenth is, at the history's side and clear of the ribbons."""
    tall = 0.1 * scale
    tone = style.SEQUENTIAL(0.5)
    pen.ax.add_patch(Rectangle((TITLE[0], y - tall / 2), 18, tall, facecolor=tone, lw=0))
    pen.small(TITLE[0] + 26, y, "10% of attention")


def _ranking(
    pen: _Pen,
    places: list[tuple[Any, int, float]],
    inspection: Inspection,
    held_out: tuple[Any, int, float] | None,
) -> None:
    catalogue = inspection.catalogue
    values = [score for _, _, score in places]
    low, high = (min(values), max(values)) if values else (0, 0)
    span = (high - low) or 1
    bottom = TOP + len(places) * PLACE

    def detail(id: Any) -> str:
        return catalogue.details[catalogue.vocabulary.index(id) - 1]

    for edge in PLANE:
        pen.ax.plot([edge, edge], [TOP + 2, bottom - 2], color=style.RULE, lw=0.5, zorder=0)
    for n, (id, rank, score) in enumerate(places):
        y = TOP + (n + 0.5) * PLACE
        weight = "bold" if n == 0 else "normal"
        pen.rank(y, rank)
        pen.title(FILM, y, catalogue.title(id), detail(id), weight=weight)
        x = PLANE[0] + (score - low) / span * (PLANE[1] - PLANE[0])
        dot: dict[str, Any] = {
            "color": style.ACCENT,
            "markersize": 6.5 * pen.points,
            "markeredgewidth": 0,
        }
        pen.ax.plot([x], [y], "o", gid=f"score-{n + 1}", **dot)
        pen.small(SCORE, y, f"{score:.2f}", ha="right", color=style.INK_2)
    if held_out is not None:
        id, rank, score = held_out
        acted = catalogue.words.acted.capitalize()
        pen.small(FILM[0], bottom + 0.7 * ROW, f"{acted} next, held out")
        y = bottom + 1.6 * ROW
        pen.rank(y, rank)
        pen.title(FILM, y, catalogue.title(id), detail(id))
        pen.small(SCORE, y, f"{score:.2f}", ha="right")
