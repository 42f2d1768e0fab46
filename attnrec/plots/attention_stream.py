"""Attention through a user's life: what each field gets, event by event, stacked or as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP = 4, 6
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, NARROWEST, TALL = 110, 90, 150  # the last grows with the names beside it
LEAST = 2.2  # that an event is wide; more events than find room are drawn as means of several
NEXT_TO = 10  # between names at the side
DATE, MOST_DATES = 62, 6  # the room of a date, and how many stand there at most
DOTTED = 40  # steps that lines have dots at, if there are no more
LOWEST = 0.9  # where the scale of lines begins at the latest, as a share of the largest
DASHES = ("-", "--", ":")  # of the first lines in eight colours, of the next, and of those after


class Life(Protocol):
    """What `run.attention_over_life(user)` gives."""

    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def times(self) -> pd.DatetimeIndex | None: ...
    @property
    def title(self) -> str: ...
    def told(self, size: int | str = 1) -> str: ...
    def __len__(self) -> int: ...
    def in_steps(self, most: int) -> tuple[np.ndarray, np.ndarray]: ...


class Lived(Protocol):
    """A run of features."""

    def attention_over_life(self, user: object, **options: Any) -> Life: ...


def attention_stream(
    source: Lived | Life,
    *,
    user: Any = None,
    kind: Literal["stream", "lines"] = "stream",
    highlight: str | Sequence[str] = (),
    title: str = "",
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws what each field gets in every event, the earliest at the left, stacked or as lines.

    Events stand side by side at one distance, whatever time lies between them; the dates
    of some are written below. Where there are more events than find room, a step is
    the mean of several that follow each other, and it is said of how many. Fields are named at
    the right, beside what they get in the last step; tones and colours only tell them apart.
    Bands begin at zero, and lines need not: the axis tells.

    Args:
        source: a run, or what its `attention_over_life(user)` gave.
        user: of a run, whose life.
        kind: bands upon each other, or a line for each field.
        highlight: fields in the accent colour.
        title: in the place of "Attention through the life of ...".
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; its axes hold in `patches` a `StepPatch` for each field, whose `get_data()`
        gives the upper edges of its band, the edges of the steps, and the lower edges; or, of
        lines, in `lines` one for each field.

    Raises:
        AttnrecError: a field to highlight that is not attended to, or too little width; of a
            run, also as `attention_over_life`.

    Example:
        >>> plots.attention_stream(run, user="u17", kind="lines")  # doctest: +SKIP
    """
    if kind not in ("stream", "lines"):
        raise AttnrecError(f"kind: expected 'stream' or 'lines', got {kind!r}")
    life = _asked(source, user)
    chosen = [highlight] if isinstance(highlight, str) else list(highlight)
    for field in chosen:
        if field not in life.fields:
            raise AttnrecError(
                f"highlight: no {field!r} among {list(life.fields)}"
                + did_you_mean(field, life.fields)
            )
    names = [style.shorten(field, WIDEST_NAME, NAME) for field in life.fields]
    left = MARGIN + style.width("100%", SMALL) + GAP
    right = MARGIN + 2 * GAP + max(style.width(name, NAME) for name in names)
    wide = width * 72 - left - right
    if wide < NARROWEST:
        raise AttnrecError(f"width: expected {(left + right + NARROWEST) / 72:.1f} inches or more")
    tall = max(TALL, NEXT_TO * len(names))
    means, edges = life.in_steps(max(1, int(wide / LEAST)))
    told = life.told(int(edges[1] - edges[0]))
    lines = style.wrapped(told, width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + len(lines) * 1.4 * SMALL + GAP
    below = 2 * SMALL + GAP
    height = (above + tall + below + SMALL + 2 * MARGIN) / 72
    figure = style.new_figure(width, height)
    bottom = (below + SMALL + 2 * MARGIN) / 72 / height
    ax = figure.add_axes((left / 72 / width, bottom, wide / 72 / width, tall / 72 / height))
    accents = [field in chosen for field in life.fields]
    draw = _stack if kind == "stream" else _lines
    middles, leaders = draw(ax, means, edges, accents)
    _scale(ax)
    _name(ax, names, middles, accents, leaders, tall)
    _dates(ax, life, max(1, int(wide / DATE)))
    style.heading(figure, title or life.title, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _asked(source: Any, user: Any) -> Life:
    if hasattr(source, "attention_over_life"):
        if user is None:
            raise AttnrecError("user: expected the id of one, whose life is drawn, got None")
        return source.attention_over_life(user)
    if not hasattr(source, "in_steps"):
        raise AttnrecError(
            "source: expected a run of features, or what its attention_over_life(user) gave, got "
            f"{type(source).__name__}"
        )
    if user is not None:
        raise AttnrecError("user: already decided by what was given")
    return source


def _stack(
    ax: Axes, means: np.ndarray, edges: np.ndarray, chosen: Sequence[bool]
) -> tuple[np.ndarray, list[Any]]:
    """The bands; where in the last step each has its middle."""
    upper = means.cumsum(1)
    lower = upper - means
    tones = style.SEQUENTIAL(0.15 + 0.35 * (np.arange(len(chosen)) % 2))
    for field, (tone, accent) in enumerate(zip(tones, chosen, strict=True)):
        ax.stairs(
            upper[:, field],
            edges,
            baseline=lower[:, field],
            fill=True,
            facecolor=style.ACCENT if accent else tone,
            edgecolor="white",
            linewidth=0.6,
        )
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, max(float(upper.max()), 1e-9)))
    return (lower[-1] + upper[-1]) / 2, [None] * len(chosen)


def _lines(
    ax: Axes, means: np.ndarray, edges: np.ndarray, chosen: Sequence[bool]
) -> tuple[np.ndarray, list[Any]]:
    """The lines, through the middles of the steps; where each ends, and its colour."""
    at = (edges[:-1] + edges[1:]) / 2
    hues = style.CATEGORICAL
    leaders = []
    for field, accent in enumerate(chosen):
        (line,) = ax.plot(
            at,
            means[:, field],
            color=style.ACCENT if accent else hues[field % len(hues)],
            linestyle=DASHES[field // len(hues) % len(DASHES)],
            linewidth=2 if accent else 1.2,
            alpha=0.45 if any(chosen) and not accent else 1,
            marker="o" if len(at) <= DOTTED else None,
            markersize=2.5,
            clip_on=False,
            zorder=3 if accent else 2,
        )
        leaders.append(line.get_color())
    largest = max(float(means.max()), 1e-9)
    least = min(float(means.min()), LOWEST * largest)  # so that nearly equal lines look it
    room = 0.04 * (largest - least)
    low = max(0, least - room)
    ax.set(xlim=(edges[0], edges[-1]), ylim=(low, largest + room))
    ax.grid(axis="y", color=style.RULE, linewidth=0.6)
    ax.set_axisbelow(True)
    return means[-1], leaders


def _scale(ax: Axes) -> None:
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    ax.tick_params(length=0, labelsize=SMALL, labelcolor=style.INK_3)
    for label in ax.get_yticklabels():
        label.set_fontfamily(style.fonts())
    ax.spines[:].set_visible(False)


def _name(
    ax: Axes,
    names: Sequence[str],
    middles: np.ndarray,
    chosen: Sequence[bool],
    leaders: Sequence[Any],
    tall: float,
) -> None:
    """Each field's name at its height in the last step, moved apart where they would touch."""
    low, high = ax.get_ylim()
    heights = (middles - low) / (high - low) * tall
    order = np.argsort(heights, kind="stable")
    places = np.empty(len(order))
    places[order] = _apart(heights[order], NEXT_TO, tall)
    named = zip(names, heights, places, chosen, leaders, strict=True)
    for name, height, place, accent, leader in named:
        look = None
        if leader:
            look = {"arrowstyle": "-", "color": leader, "shrinkA": 4, "shrinkB": 0}
            look |= {"relpos": (0, 0.5), "patchA": None}
        ax.annotate(
            name,
            (1, height / tall),
            (2 * GAP if leader else GAP, place - height),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=NAME,
            color=style.ACCENT if accent else style.INK_2,
            weight="bold" if accent else "normal",
            family=style.fonts(),
            parse_math=False,
            arrowprops=look,
        )


def _apart(wanted: np.ndarray, least: float, most: float) -> np.ndarray:
    """Rising places near the wanted ones, at least so far apart, between 0 and `most` if may be."""
    places = wanted.copy()
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + least)
    over = places[-1] - most
    if over > 0:
        places[-1] -= over
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - least)
    return places


def _dates(ax: Axes, life: Life, most: int) -> None:
    """Below a few events when they were, or which they are."""
    count = min(most, MOST_DATES, len(life))
    at = np.unique(np.linspace(0, len(life) - 1, count).round().astype(int))
    if life.times is None:
        told = [f"event {event + 1}" for event in at]
    else:
        told = [f"{life.times[event]:%Y-%m-%d}" for event in at]
    ax.set_xticks(at + 0.5, told)
    for label, side in zip(ax.get_xticklabels(), _sides(len(at)), strict=True):
        label.set(ha=side, fontfamily=style.fonts())


def _sides(count: int) -> list[str]:
    """The outer labels stay within the axes."""
    return ["center"] if count == 1 else ["left", *["center"] * (count - 2), "right"]
