"""When a model looks at what: attention by two circumstances, such as month and hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

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
LEAST, LARGEST = 0.05, 0.94  # sides of squares, as shares of the cell: a point at least


class Grid(Protocol):
    """What `run.attention_by_context(...)` gives."""

    @property
    def levels(self) -> tuple[tuple[str, ...], tuple[str, ...]]: ...
    @property
    def counts(self) -> np.ndarray: ...
    @property
    def varying(self) -> tuple[str, ...]: ...
    @property
    def shown(self) -> tuple[slice, slice]: ...
    @property
    def title(self) -> str: ...
    @property
    def told(self) -> str: ...
    def mean(self, field: str) -> float: ...
    def difference(self, field: str) -> np.ndarray: ...
    def scale(self, fields: Sequence[str]) -> float: ...


class Circumstanced(Protocol):
    """A run of features."""

    def attention_by_context(
        self,
        by: Sequence[str] = ("month", "hour"),
        part: Literal["train", "validation", "test"] = "test",
        **options: Any,
    ) -> Grid: ...


def seasonality(
    source: Circumstanced | Grid,
    fields: Sequence[str] | None = None,
    *,
    by: Sequence[str] | None = None,
    part: Literal["train", "validation", "test"] | None = None,
    layer: int | str | None = None,
    head: int | None = None,
    rows: int | None = None,
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
        source: a run, or what its `attention_by_context(...)` gave.
        fields: a panel each; the four whose means differ most between cells unless given.
        by, part, layer, head, rows: of a run, as for `FeatureRun.attention_by_context`; month
            and hour, and the test part, unless given.
        title: in the place of "Attention by month and hour".
        provenance: where the figure comes from, for its foot.
        width: in inches, at most.

    Returns:
        The figure; `.axes[i].collections[0]` holds panel i's differences, of the cells with
        cases, row by row.

    Raises:
        AttnrecError: a field that is not attended to, or too little width; of a run, also as
            `attention_by_context`.

    Example:
        >>> plots.seasonality(run, by=("weekday", "hour"))  # doctest: +SKIP
    """
    given = {"by": by, "part": part, "layer": layer, "head": head, "rows": rows}
    grid = _asked(source, {name: value for name, value in given.items() if value is not None})
    if isinstance(fields, str):
        fields = [fields]
    if fields is not None and not len(fields):
        raise AttnrecError("fields: expected one or more, got none")
    drawn = list(grid.varying if fields is None else fields)
    of_rows, of_columns = grid.shown
    counts = grid.counts[of_rows, of_columns]
    differences = [grid.difference(field)[of_rows, of_columns] for field in drawn]
    panels = Panels(
        [f"{field} · {style.percent(grid.mean(field))}" for field in drawn],
        grid.levels[0][of_rows],
        grid.levels[1][of_columns],
        heading=title or grid.title,
        told=grid.told,
        provenance=provenance,
        width=width,
        cell=(CELL, CELL / 2),
    )
    scale = grid.scale(drawn)
    norm = Normalize(-scale, scale)
    for ax, each in zip(panels.grids, differences, strict=True):
        _draw(ax, each, counts, norm)
    style.tone_key(panels.key, ScalarMappable(norm, style.DIVERGING), SMALL, _points)
    return panels.figure


def _asked(source: Any, options: Mapping[str, Any]) -> Grid:
    if hasattr(source, "attention_by_context"):
        return source.attention_by_context(**options)
    if not hasattr(source, "counts"):
        raise AttnrecError(
            "source: expected a run of features, or what its attention_by_context(...) gave, got "
            f"{type(source).__name__}"
        )
    if options:
        raise AttnrecError(f"{', '.join(options)}: already decided by what was given")
    return source


def _points(difference: float) -> str:
    """`+1.2`: points of a percent."""
    return f"{100 * difference:+.2g}".replace("-", "\u2212") if difference else "mean"


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
