"""When a model looks at what: attention by two circumstances, such as month and hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from attnrec.errors import AttnrecError
from attnrec.plots import style
from attnrec.plots.panels import SMALL, Panels

CELL = 20  # side in points
SHOWN = 4  # fields, unless they are named
LEAST, LARGEST = 0.05, 0.94  # sides of squares, as shares of the cell: a point at least
COVERED = 0.98  # of all cases lie within the scale


class Grid(Protocol):
    """What `run.attention_by_context(...)` gives."""

    @property
    def by(self) -> tuple[str, str]: ...
    @property
    def levels(self) -> tuple[tuple[str, ...], tuple[str, ...]]: ...
    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def weights(self) -> np.ndarray: ...
    @property
    def counts(self) -> np.ndarray: ...
    @property
    def num_cases(self) -> int: ...
    @property
    def left_out(self) -> int: ...
    @property
    def layer(self) -> int | str | None: ...
    @property
    def head(self) -> int | None: ...
    def of(self, field: str) -> np.ndarray: ...


def seasonality(
    grid: Grid,
    fields: Sequence[str] | None = None,
    *,
    title: str = "",
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws what fields get of the attention in each cell of two circumstances.

    Tone is by how much the mean over the cell's cases lies above or below the field's mean over
    all of them, in points of a percent, on one scale for all fields that holds 98% of the cases.
    The area of a square grows with their number, so that chance looks small.
    Levels without a case before the first and after the last with one are not drawn. The scale
    may be small: the key tells whether what is seen is worth seeing.

    Args:
        grid: from `run.attention_by_context(...)`.
        fields: a panel each; the four whose means differ most between cells unless given.
        title: in the place of "Attention by month and hour".
        provenance: where the figure comes from, for its foot.
        width: in inches, at most.

    Returns:
        The figure; `.axes[i].collections[0]` holds panel i's differences, of the cells with
        cases, row by row.

    Raises:
        AttnrecError: a field that is not attended to, or too little width.

    Example:
        >>> plots.seasonality(run.attention_by_context(("weekday", "hour")))  # doctest: +SKIP
    """
    if not hasattr(grid, "counts"):
        raise AttnrecError(
            f"grid: expected what run.attention_by_context(...) gives, got {type(grid).__name__}"
        )
    if isinstance(fields, str):
        fields = [fields]
    if fields is not None and not len(fields):
        raise AttnrecError("fields: expected one or more, got none")
    shown = list(_varying(grid) if fields is None else fields)
    if not grid.num_cases:
        raise AttnrecError("grid: no case is known of both circumstances")
    of_rows, of_columns = (_between(grid.counts.sum(axis)) for axis in (1, 0))
    counts = grid.counts[of_rows, of_columns]
    values = [grid.of(field)[of_rows, of_columns] for field in shown]
    means = [float(np.nansum(each * counts) / counts.sum()) for each in values]
    differences = [each - mean for each, mean in zip(values, means, strict=True)]
    one, other = grid.by
    panels = Panels(
        [f"{field} · {style.percent(mean)}" for field, mean in zip(shown, means, strict=True)],
        grid.levels[0][of_rows],
        grid.levels[1][of_columns],
        heading=title or f"Attention by {one} and {other}",
        told=_told(grid),
        provenance=provenance,
        width=width,
        cell=(CELL, CELL / 2),
    )
    scale = max(_scale(each, counts) for each in differences)
    norm = Normalize(-scale, scale)
    for ax, each in zip(panels.grids, differences, strict=True):
        _draw(ax, each, counts, norm)
    style.tone_key(panels.key, ScalarMappable(norm, style.DIVERGING), SMALL, _points)
    return panels.figure


def _between(cases: np.ndarray) -> slice:
    """From the first level with a case to the last."""
    found = np.flatnonzero(cases)
    return slice(found[0], found[-1] + 1)


def _scale(differences: np.ndarray, counts: np.ndarray) -> float:
    """The difference within which most cases lie; never zero."""
    there = counts > 0
    sizes, cases = abs(differences[there]), counts[there]
    order = np.argsort(sizes)
    within = np.cumsum(cases[order]) >= COVERED * cases.sum()
    return max(float(sizes[order][within.argmax()]), 1e-9)


def _points(difference: float) -> str:
    """`+1.2 points`: of a percent."""
    return f"{100 * difference:+.2g}".replace("-", "\u2212") if difference else "mean"


def _varying(grid: Grid) -> list[str]:
    """The fields whose means differ most between cells, weighed by their cases."""
    cells = grid.counts > 0
    means, cases = grid.weights[cells], grid.counts[cells][:, None]
    if not len(means):
        return list(grid.fields[:SHOWN])
    centre = (means * cases).sum(0) / cases.sum()
    spread = ((means - centre) ** 2 * cases).sum(0)
    most = np.sort(np.argsort(-spread, kind="stable")[:SHOWN])
    return [grid.fields[field] for field in most]


def _draw(ax: Axes, values: np.ndarray, counts: np.ndarray, norm: Normalize) -> None:
    rows, columns = np.nonzero(counts)
    sides = np.maximum(LARGEST * np.sqrt(counts[rows, columns] / counts.max()), LEAST)
    squares = [
        Rectangle((x - side / 2, y - side / 2), side, side)
        for y, x, side in zip(rows, columns, sides, strict=True)
    ]
    drawn = PatchCollection(squares, cmap=style.DIVERGING, norm=norm, linewidth=0)
    drawn.set_array(values[rows, columns])
    ax.add_collection(drawn)
    for edge in ax.spines.values():
        edge.set_color(style.RULE)


def _told(grid: Grid) -> str:
    """What was averaged, over how many cases, and what a square's size says."""
    most = f"{grid.counts.max():,}"
    told = (
        f"{style.which(grid.layer, grid.head)} · difference from the mean of {grid.num_cases:,} "
        "cases, which stands beside the field, in points of a percent (2% of the cases may lie "
        f"beyond the key); a square's area is the cases behind it, {most} at most"
    )
    if grid.left_out:
        told += f" · {grid.left_out:,} of unknown {' or '.join(grid.by)} left out"
    return told
