"""One case of a model of features: what each field gets of the attention, and what it adds."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP, ROW = 4, 6, 15
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, WIDEST_WORD, NUMBER, NARROWEST = 100, 110, 30, 60
RAISES, LOWERS = "#5382e3", "#ca6800"


class Taken(Protocol):
    """What `FeatureExplorer.case` gives."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def attention(self) -> np.ndarray: ...
    @property
    def shapley(self) -> np.ndarray: ...
    @property
    def off(self) -> np.ndarray: ...
    @property
    def score(self) -> float: ...
    @property
    def prediction(self) -> float | None: ...
    def told(self, name: str = "") -> str: ...


def feature_case(
    case: Taken, *, title: str = "One case", provenance: str = "", width: float = 7.0
) -> Figure:
    """Draws what each field of a case says, gets of the attention, and adds to the score.

    Args:
        case: from `run.case(...)`.
        title: above.
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; in `.axes[0]` (attention, where there is any) and `.axes[-1]` (Shapley values)
        bar r has the gid `bar-r`, from 1 in the order of the fields.

    Raises:
        AttnrecError: something else than a case, or too little width.

    Example:
        >>> plots.feature_case(run.case(user="u17", item="p3"))  # doctest: +SKIP
    """
    if not hasattr(case, "shapley") or not hasattr(case, "off"):
        raise AttnrecError(f"case: expected what run.case(...) gives, got {type(case).__name__}")
    names = [style.shorten(name, WIDEST_NAME, NAME) for name in case.names]
    words = [style.shorten(word or "nothing", WIDEST_WORD, NAME) for word in case.words]
    of_words = MARGIN + max(style.width(name, NAME, "bold") for name in names) + 2 * GAP
    left = of_words + max(style.width(word, NAME) for word in words) + 2 * GAP
    attends = not np.isnan(case.attention).all()
    count = 2 if attends else 1
    panel = (width * 72 - left - MARGIN - (count - 1) * 3 * GAP) / count
    if panel < NARROWEST + NUMBER:
        least = width + count * (NARROWEST + NUMBER - panel) / 72
        raise AttnrecError(f"width: expected {least:.1f} inches or more, got {width}")
    lines = style.wrapped(case.told(), width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + len(lines) * 1.4 * SMALL + GAP + SMALL
    tall = ROW * len(names)
    height = (above + tall + SMALL + 3 * MARGIN) / 72
    figure = style.new_figure(width, height)

    def axes(place: int) -> Axes:
        x = left + place * (panel + 3 * GAP)
        box = (x / 72 / width, 1 - (above + tall) / 72 / height)
        ax = figure.add_axes((*box, panel / 72 / width, tall / 72 / height))
        ax.set(ylim=(len(names) - 0.5, -0.5), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        return ax

    if attends:
        _attention(axes(0), case, panel)
    _shapley(axes(count - 1), case, panel)
    for place, (name, word, said) in enumerate(zip(names, words, case.words, strict=True)):
        y = 1 - (above + (place + 0.5) * ROW) / 72 / height
        of_word = style.INK_2 if said else style.INK_3
        for x, told, color in ((MARGIN, name, style.INK), (of_words, word, of_word)):
            line = figure.text(x / 72 / width, y, told, va="center", color=color, parse_math=False)
            line.set(fontsize=NAME, fontfamily=style.fonts())
    style.heading(figure, title, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _attention(ax: Axes, case: Taken, room: float) -> None:
    gets = np.nan_to_num(case.attention)
    even = 1 / len(gets)
    ax.axvline(even, color=style.AXIS, linewidth=0.8, zorder=0)
    bars = ax.barh(range(len(gets)), gets, height=0.6, color=style.ACCENT)
    for number, (bar, off) in enumerate(zip(bars, case.off, strict=True), 1):
        bar.set_gid(f"bar-{number}")
        if off:
            bar.set(facecolor="white", edgecolor=style.ACCENT, hatch="////", linewidth=0.8)
    ax.set_xlim(0, max(gets.max(), 2 * even) * room / (room - NUMBER))
    for place, share in enumerate(case.attention):
        if not np.isnan(share):
            _number(ax, share, place, style.percent(share) if share else "0", right=True)
    _head(ax, "Attention (line: even)")


def _shapley(ax: Axes, case: Taken, room: float) -> None:
    colors = [RAISES if value >= 0 else LOWERS for value in case.shapley]
    ax.axvline(0, color=style.AXIS, linewidth=0.8, zorder=0)
    bars = ax.barh(range(len(case.shapley)), case.shapley, height=0.6, color=colors)
    for number, bar in enumerate(bars, 1):
        bar.set_gid(f"bar-{number}")
    most = max(float(np.abs(case.shapley).max()), 1e-9) * room / (room - 2 * NUMBER)
    ax.set_xlim(-most, most)
    for place, value in enumerate(case.shapley):
        told = f"{value:+.2f}".replace("-", "\u2212")
        _number(ax, value, place, told, right=value >= 0)
    _head(ax, "Adds to the score (Shapley value)")


def _number(ax: Axes, x: float, place: int, told: str, *, right: bool) -> None:
    ax.annotate(
        told,
        (x, place),
        (3 if right else -3, 0),
        textcoords="offset points",
        va="center",
        ha="left" if right else "right",
        fontsize=SMALL,
        color=style.INK_2,
        family=style.fonts(),
    )


def _head(ax: Axes, told: str) -> None:
    ax.annotate(
        told,
        (0, 1),
        (0, GAP),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=SMALL,
        color=style.INK,
        weight="bold",
        family=style.fonts(),
    )
