"""What each field gets of the attention, beside methods that ask what the model does."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP, ROW = 4, 6, 14
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, VALUE, NARROWEST = 110, 24, 40
MEANS = {
    "attention": "what a field gets",
    "permutation": "what shuffling it costs",
    "Shapley": "mean of |Shapley value|",
    "ablation": "mean change without it",
}


class Agreement(Protocol):
    """What `run.agreement()` gives."""

    @property
    def importance(self) -> pd.DataFrame: ...
    @property
    def present(self) -> np.ndarray: ...
    @property
    def shares(self) -> pd.DataFrame: ...
    @property
    def off(self) -> np.ndarray: ...


def field_importance(
    agreement: Agreement,
    *,
    title: str = "Which fields matter",
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws the importance of fields by each method, as shares of all fields, on one scale.

    A method's bars are sorted as attention's are, so that an order that agrees falls from top
    to bottom. An attention bar is hatched where the field's rank is off by more than a third
    of all ranks from its median rank by the other methods, and its share by more than half an
    even one from their median share. A negative importance, as permutation has where
    shuffling helps, is drawn as none.

    Args:
        agreement: from `run.agreement()`.
        title: above all.
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; in `.axes[i]` bar r has the gid `bar-r`, both from 1 in the order of
        `agreement.importance`, and its width is the share.

    Raises:
        AttnrecError: an importance that is not known, or too little width for names and panels.

    Example:
        >>> plots.field_importance(run.agreement())  # doctest: +SKIP
    """
    if not hasattr(agreement, "importance") or callable(agreement.importance):
        raise AttnrecError(
            f"agreement: expected what run.agreement() gives, got {type(agreement).__name__}"
        )
    unknown = agreement.importance.columns[agreement.importance.isna().any()]
    if len(unknown):
        raise AttnrecError(f"agreement: {unknown[0]} says nothing of some fields")
    shares, off = agreement.shares, agreement.off
    names = [style.shorten(str(name), WIDEST_NAME, NAME) for name in shares.index]
    left = MARGIN + GAP + max(style.width(name, NAME) for name in names)
    count = len(shares.columns)
    panel = (width * 72 - left - MARGIN + 2 * GAP) / count - 2 * GAP
    if panel - VALUE < NARROWEST:
        raise AttnrecError(f"width: {count} methods need more than {width} inches")
    longest = max(float(shares.to_numpy().max()), 1e-9)
    lines = style.wrapped(_told(agreement, any(off)), width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + (len(lines) - 1) * 1.4 * SMALL + 3 * (SMALL + GAP)
    tall = ROW * len(shares)
    height = (above + tall + SMALL + 3 * MARGIN) / 72
    figure = style.new_figure(width, height)
    for place, (method, values) in enumerate(shares.items()):
        x = left + place * (panel + 2 * GAP)
        box = (x / 72 / width, 1 - (above + tall) / 72 / height)
        ax = figure.add_axes((*box, panel / 72 / width, tall / 72 / height))
        hollow = off if method == "attention" else np.zeros(len(values), bool)
        _draw(ax, values.to_numpy(), hollow, style.ACCENT if method == "attention" else style.INK_3)
        ax.set_xlim(0, longest * panel / (panel - VALUE))  # room for the number
        ax.set_yticks(range(len(names)), names if place == 0 else [""] * len(names))
        _head(ax, method, 2 * SMALL + 4, panel, color=style.INK, weight="bold")
        _head(ax, MEANS.get(method, ""), SMALL, panel, color=style.INK_3)
    style.heading(figure, title, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _head(ax: Axes, told: str, above: float, room: float, **look: Any) -> None:
    """A line so many points above the bars."""
    ax.annotate(
        style.shorten(told, room + GAP, SMALL),
        (0, 1),
        (0, above),
        xycoords="axes fraction",
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        family=style.fonts(),
        parse_math=False,
        **look,
    )


def _draw(ax: Axes, values: np.ndarray, hollow: np.ndarray, color: str) -> None:
    bars = ax.barh(range(len(values)), values, height=0.62, color=color)
    for number, (bar, empty) in enumerate(zip(bars, hollow, strict=True), 1):
        bar.set_gid(f"bar-{number}")
        if empty:
            bar.set(facecolor="white", edgecolor=color, hatch="////", linewidth=0.8)
    for place, value in enumerate(values):
        ax.annotate(
            style.percent(value) if value else "0",
            (value, place),
            (3, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL,
            color=style.INK_2,
            family=style.fonts(),
        )
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.tick_params(length=0, labelsize=NAME, labelcolor=style.INK_2, labelbottom=False)
    for label in ax.get_yticklabels():
        label.set(fontfamily=style.fonts(), parse_math=False)
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.spines["left"].set_color(style.AXIS)


def _told(agreement: Agreement, marked: bool) -> str:
    told = f"share of all fields; over {len(agreement.present):,} cases, permutation over all"
    if marked:
        told += " · hatched: attention is far from the median of the others, in rank and in share"
    return told
