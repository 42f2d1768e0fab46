"""How attention to each field is distributed over cases, layer by layer."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP, ROW = 4, 6, 25
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, NARROWEST = 110, 60
HIGH = 0.82  # of a row, its full height
BAR = "#8eaee6"


class Bins(Protocol):
    """What `run.attention_spread(...).bins()` gives."""

    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def layers(self) -> tuple[str, ...]: ...
    @property
    def edges(self) -> np.ndarray: ...
    @property
    def cases(self) -> np.ndarray: ...
    @property
    def shares(self) -> np.ndarray: ...
    @property
    def means(self) -> np.ndarray: ...
    @property
    def even(self) -> np.ndarray: ...
    @property
    def top(self) -> float: ...
    @property
    def shown(self) -> int: ...
    @property
    def num_cases(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def told(self) -> str: ...
    def of(self, *, head: int | None = None) -> Bins: ...


def feature_distribution(
    source: Any,
    *,
    head: int | None = None,
    rows: int | None = None,
    bins: int | None = None,
    title: str = "",
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws how many cases give a field how much attention: a row a field, a column a layer.

    All histograms have the same bins, from 0 to the 99.5th percentile of all values, and the
    same scale of heights. A line marks the mean, also of what lies beyond the last bin, and a
    dashed one even attention. Cases in which a field says nothing are left out, and the number
    of those that are left stands at the right where it is not the same for all fields.

    Args:
        source: a run, for its test rows; what `run.attention_spread(...)` gave; or its
            `.bins()`.
        head: from 1; the mean of heads unless given.
        rows: of a run, so many test rows at most, drawn.
        bins: how many; 40 unless given.
        title: in the place of "How attention is distributed over cases".
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; in `.axes[i]`, that of layer i, the `StepPatch` of field f has the gid
        `bins-f`, from 1.

    Raises:
        AttnrecError: one case only, a model that attends to no field, no such head, or too little
            width.

    Example:
        >>> plots.feature_distribution(run, head=2)  # doctest: +SKIP
    """
    found = _asked(source, head, rows, bins)
    names = [style.shorten(str(name), WIDEST_NAME, NAME) for name in found.fields]
    counts = [f"{count:,}" for count in found.cases.max(0)]
    right = max(style.width(count, SMALL) for count in [*counts, "cases"]) + GAP
    right = right if any(found.cases.max(0) < found.num_cases) else 0
    left = MARGIN + GAP + max(style.width(name, NAME) for name in names)
    across = len(found.layers)
    wide = (width * 72 - left - right - 2 * MARGIN + 2 * GAP) / across - 2 * GAP
    if wide < NARROWEST:
        least = (width * 72 + across * (NARROWEST - wide)) / 72
        raise AttnrecError(f"width: expected {least:.1f} inches or more")
    lines = style.wrapped(found.told, width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + (len(lines) + 1) * 1.4 * SMALL + 2 * GAP
    tall, below = ROW * len(names), 2 * SMALL + GAP
    height = (above + tall + below + SMALL + MARGIN) / 72
    figure = style.new_figure(width, height)
    for layer, name in enumerate(found.layers):
        x = left + layer * (wide + 2 * GAP)
        box = (x / 72 / width, 1 - (above + tall) / 72 / height)
        ax = figure.add_axes((*box, wide / 72 / width, tall / 72 / height))
        ax.set(xlim=(0, found.edges[-1]), ylim=(len(names), 0))
        _draw(ax, found, layer)
        _scale(ax, names if layer == 0 else [""] * len(names))
        _beside(ax, name, (0, 1), (0, GAP), SMALL + 1, color=style.INK, weight="bold")
        if layer == 0:
            tallest = f"full height: {100 * found.top:.0f}% of a field's cases"
            _beside(ax, tallest, (0, 0), (0, -2 * SMALL - GAP), SMALL, color=style.INK_3)
    if right:
        at = {"ha": "right", "color": style.INK_3}
        _beside(ax, "cases", (1, 1), (right, GAP), SMALL, **at)
        for field, count in enumerate(counts):
            down = 1 - (field + 0.6) / len(names)
            _beside(ax, count, (1, down), (right, 0), SMALL, va="center", **at)
    style.heading(figure, title or found.title, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _asked(source: Any, head: int | None, rows: int | None, bins: int | None) -> Bins:
    options = {} if bins is None else {"bins": bins}
    if hasattr(source, "attention_spread"):
        source = source.attention_spread(rows=rows)
    elif rows is not None:
        raise AttnrecError("rows: of a run, which has some to draw from")
    if hasattr(source, "bins"):
        found = source.bins(**options)
    elif hasattr(source, "edges") and hasattr(source, "shares"):
        if bins is not None:
            raise AttnrecError("bins: already decided by what was given")
        found = source
    else:
        raise AttnrecError(
            "source: expected a run of features, what its attention_spread(...) gave, or the "
            f".bins() of this, got {type(source).__name__}"
        )
    return found if head is None else found.of(head=head)


def _draw(ax: Axes, found: Bins, layer: int) -> None:
    """The histograms of a layer, from the top."""
    for field in np.flatnonzero(found.cases[layer]):
        base = field + 1
        high = HIGH * np.minimum(found.shares[layer, field] / found.top, 1)
        look: dict[str, Any] = {"fill": True, "facecolor": BAR, "edgecolor": BAR, "linewidth": 0.3}
        steps = ax.stairs(base - high, found.edges, baseline=base, **look)
        steps.set_gid(f"bins-{field + 1}")
        ends = [base - HIGH, base]
        mean, even = found.means[found.shown, layer, field], found.even[found.shown, layer, field]
        if not np.isnan(even):
            ax.plot([even, even], ends, color=style.INK_3, lw=0.8, ls=(0, (3, 2)))
        ax.plot([mean, mean], ends, color=style.INK, lw=1.1, gid=f"mean-{field + 1}")
    ax.hlines(np.arange(1, len(found.fields) + 1), 0, found.edges[-1], style.RULE, lw=0.6)


def _scale(ax: Axes, names: list[str]) -> None:
    """Names at the left, shares below."""
    ax.set_yticks(np.arange(len(names)) + 0.6, names)
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    ax.tick_params(length=0, labelsize=NAME, labelcolor=style.INK_2)
    ax.tick_params(axis="x", labelsize=SMALL, labelcolor=style.INK_3)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set(fontfamily=style.fonts(), parse_math=False)
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.spines["left"].set_color(style.AXIS)


def _beside(
    ax: Axes,
    told: str,
    at: tuple[float, float],
    away: tuple[float, float],
    size: float,
    **look: Any,
) -> None:
    """A line so many points away from a place of the axes."""
    ax.annotate(
        told,
        at,
        away,
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=size,
        family=style.fonts(),
        parse_math=False,
        **{"va": "bottom", **look},
    )
