"""What each field gets of the attention: its mean over cases, and how far these lie apart."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP, ROW = 4, 6, 15
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, VALUE, NARROWEST = 110, 30, 60
LOW, HIGH = 0.1, 0.9  # quantiles at the ends of the line
BAR = "#acc6f0"


class Spread(Protocol):
    """What `run.attention_spread(...)` gives."""

    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def numbers(self) -> tuple[int, ...]: ...
    @property
    def num_heads(self) -> int: ...
    @property
    def num_cases(self) -> int: ...
    @property
    def shares(self) -> np.ndarray: ...
    @property
    def counts(self) -> np.ndarray: ...
    @property
    def mean(self) -> np.ndarray: ...
    @property
    def even(self) -> np.ndarray: ...
    @property
    def title(self) -> str: ...
    @property
    def told(self) -> str: ...
    def of(self, *, layer: int | None = None, head: int | None = None) -> Spread: ...
    def quantile(self, share: float) -> np.ndarray: ...


def feature_bars(
    source: Any,
    *,
    layer: int | None = None,
    head: int | None = None,
    rows: int | None = None,
    title: str = "",
    provenance: str = "",
    most: float | None = None,
    width: float = 7.0,
) -> Figure:
    """Draws what each field gets, the one that gets most in the mean of all layers and heads first.

    A bar ends at the mean over the cases in which the field says something. Of several cases a
    line goes from the 10th to the 90th percentile, with a tick at the median. A dashed line stands
    where all fields that say something would get the same. The order is that of the mean of
    layers and heads, whatever is drawn, so that figures can be laid beside each other.

    Args:
        source: a run, for its test rows; or what `run.attention_spread(...)` gave, or
            `spread_of(run.inspect(...))` for one case.
        layer, head: from 1; the mean of all unless given.
        rows: of a run, so many test rows at most, drawn.
        title: in the place of "What each field gets".
        provenance: where the figure comes from, for its foot.
        most: the share at the right end, so that figures can share a scale; what is
            drawn unless given.
        width: in inches.

    Returns:
        The figure; in `.axes[0]` bar r has the gid `bar-r`, from 1, and its width is the share.

    Raises:
        AttnrecError: a model that attends to no field, no such layer or head, a `most` that is not
            above 0, or too little width.

    Example:
        >>> plots.feature_bars(run, layer=2)                                # doctest: +SKIP
        >>> plots.feature_bars(spread_of(run.inspect(user="u17", item="p3")))  # doctest: +SKIP
    """
    found = asked(source, layer, head, rows)
    if most is not None and not most > 0:
        raise AttnrecError(f"most: expected a share above 0, got {most!r}")
    several = found.num_cases > 1
    low, middle, high = (found.quantile(share) for share in (LOW, 0.5, HIGH))
    drawn = [found.mean, found.even, *([high] if several else [])]
    end = float(np.nanmax(drawn)) if most is None else most
    names = [style.shorten(str(name), WIDEST_NAME, NAME) for name in found.fields]
    left = MARGIN + GAP + max(style.width(name, NAME) for name in names)
    wide = width * 72 - left - VALUE - 2 * MARGIN
    if wide < NARROWEST:
        least = (width * 72 + NARROWEST - wide) / 72
        raise AttnrecError(f"width: expected {least:.1f} inches or more")
    lines = style.wrapped(found.told, width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + len(lines) * 1.4 * SMALL + GAP
    tall, below = ROW * len(names), 2 * SMALL + GAP
    height = (above + tall + below + SMALL + MARGIN) / 72
    figure = style.new_figure(width, height)
    box = (left / 72 / width, 1 - (above + tall) / 72 / height)
    ax = figure.add_axes((*box, wide / 72 / width, tall / 72 / height))
    ax.set(xlim=(0, 1.01 * end), ylim=(len(names) - 0.5, -0.5))
    _scale(ax, names)
    _draw(ax, found.mean, wide)
    draw_even(ax, found.even)
    for place in range(len(names)) if several else ():
        ax.plot([low[place], high[place]], [place, place], color=style.INK_2, lw=0.9, zorder=3)
        ax.plot([middle[place]] * 2, [place - 0.2, place + 0.2], color=style.INK, lw=1.4, zorder=4)
    style.heading(figure, title or found.title, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def asked(source: Any, layer: int | None, head: int | None, rows: int | None) -> Spread:
    """The attention of each case: what was given, or of a run.

    Raises:
        AttnrecError: something else, or no such layer or head.
    """
    if hasattr(source, "shares") and hasattr(source, "of"):
        if rows is not None:
            raise AttnrecError("rows: already decided by what was given")
        if layer is None and head is None:
            return source
        return source.of(layer=layer, head=head)
    if not hasattr(source, "attention_spread"):
        raise AttnrecError(
            "source: expected a run of features, or what its attention_spread(...) or "
            f"spread_of(run.inspect(...)) gave, got {type(source).__name__}"
        )
    return source.attention_spread(layer=layer, head=head, rows=rows)


def draw_even(ax: Axes, even: np.ndarray) -> None:
    """A dashed line down the rows, from 0, at what each would get if all got the same."""
    for place, share in enumerate(even):
        if not np.isnan(share):
            ends = [place - 0.5, place + 0.5]
            look: dict[str, Any] = {"color": style.INK_3, "lw": 0.8, "ls": (0, (3, 2)), "zorder": 2}
            ax.plot([share, share], ends, gid=f"even-{place + 1}", **look)


def _draw(ax: Axes, values: np.ndarray, wide: float) -> None:
    for place, value in enumerate(values):
        if np.isnan(value):
            continue
        (bar,) = ax.barh([place], [value], height=0.62, color=BAR, zorder=1)
        bar.set_gid(f"bar-{place + 1}")
        ax.annotate(
            f"{100 * value:.1f}%",
            (1, place),
            (VALUE, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=SMALL,
            color=style.INK_2,
            family=style.fonts(),
        )


def _scale(ax: Axes, names: list[str]) -> None:
    """Names at the left, shares below."""
    ax.set_yticks(range(len(names)), names)
    ax.locator_params(axis="x", nbins=6)
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    ax.grid(axis="x", color=style.RULE, lw=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, labelsize=NAME, labelcolor=style.INK_2)
    ax.tick_params(axis="x", labelsize=SMALL, labelcolor=style.INK_3)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set(fontfamily=style.fonts(), parse_math=False)
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.spines["left"].set_color(style.AXIS)
