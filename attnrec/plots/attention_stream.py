"""Attention through a user's life: what each field gets, event by event, stacked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

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


class Life(Protocol):
    """What `run.attention_over_life(user)` gives."""

    @property
    def user(self) -> Any: ...
    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def weights(self) -> np.ndarray: ...
    @property
    def times(self) -> pd.DatetimeIndex | None: ...
    @property
    def layer(self) -> int | str | None: ...
    @property
    def head(self) -> int | None: ...
    def __len__(self) -> int: ...
    def in_steps(self, most: int) -> tuple[np.ndarray, np.ndarray]: ...


def attention_stream(
    life: Life,
    *,
    highlight: str | Sequence[str] = (),
    title: str = "",
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws what each field gets in every event, stacked, the earliest event at the left.

    Events stand side by side at one distance, whatever time lies between them; the dates
    of some are written below. Where there are more events than find room, a step is
    the mean of several that follow each other, and it is said of how many. Fields are named at
    the right, beside what they get in the last step; tones only tell neighbours apart.

    Args:
        life: from `run.attention_over_life(user)`.
        highlight: fields in the accent colour.
        title: in the place of "Attention through the life of ...".
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; its axes hold in `patches` a `StepPatch` for each field, whose `get_data()`
        gives the upper edges of its band, the edges of the steps, and the lower edges.

    Raises:
        AttnrecError: a field to highlight that is not attended to, or too little width.

    Example:
        >>> plots.attention_stream(run.attention_over_life("u17"))  # doctest: +SKIP
    """
    if not hasattr(life, "in_steps"):
        raise AttnrecError(
            f"life: expected what run.attention_over_life(user) gives, got {type(life).__name__}"
        )
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
    lines = style.wrapped(_told(life, edges), width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + len(lines) * 1.4 * SMALL + GAP
    below = 2 * SMALL + GAP
    height = (above + tall + below + SMALL + 2 * MARGIN) / 72
    figure = style.new_figure(width, height)
    bottom = (below + SMALL + 2 * MARGIN) / 72 / height
    ax = figure.add_axes((left / 72 / width, bottom, wide / 72 / width, tall / 72 / height))
    accents = [field in chosen for field in life.fields]
    tops = _draw(ax, means, edges, accents)
    _name(ax, names, tops, accents, tall)
    _dates(ax, life, max(1, int(wide / DATE)))
    who = title or f"Attention through the life of {life.user}"
    style.heading(figure, who, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _draw(ax: Axes, means: np.ndarray, edges: np.ndarray, chosen: Sequence[bool]) -> np.ndarray:
    """The bands, and the last step's edges between them."""
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
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
    ax.tick_params(length=0, labelsize=SMALL, labelcolor=style.INK_3)
    for label in ax.get_yticklabels():
        label.set_fontfamily(style.fonts())
    ax.spines[:].set_visible(False)
    return np.concatenate([[0.0], upper[-1]])


def _name(
    ax: Axes, names: Sequence[str], tops: np.ndarray, chosen: Sequence[bool], tall: float
) -> None:
    """Each field's name at the height of its last band, moved apart where they would touch."""
    scale = tall / ax.get_ylim()[1]
    middles = (tops[:-1] + tops[1:]) / 2 * scale
    places = _apart(middles, NEXT_TO, tall)
    for name, middle, place, accent in zip(names, middles, places, chosen, strict=True):
        ax.annotate(
            name,
            (1, middle / tall),
            (GAP, place - middle),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=NAME,
            color=style.ACCENT if accent else style.INK_2,
            weight="bold" if accent else "normal",
            family=style.fonts(),
            parse_math=False,
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


def _told(life: Life, edges: np.ndarray) -> str:
    """What a step is, and how many events there are."""
    size = int(edges[1] - edges[0])
    each = "each by itself" if size == 1 else f"each step the mean of {size}"
    events = "one event" if len(life) == 1 else f"{len(life):,} events, {each}, in their order"
    sums = np.allclose(life.weights.sum(1), 1, atol=1e-3)
    together = "all sum to 100%" if sums else "weights that need not sum to 100%"
    return f"{events} · {style.which(life.layer, life.head)}, {together}"
