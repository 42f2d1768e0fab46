"""ContextMap: attention by two circumstances, such as month and hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ipywidgets import Layout

from attnrec.errors import AttnrecError
from attnrec_widgets.figure import FigureWidget, several, told_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from attnrec.explanations.features import ContextGrid


class ContextMap(FigureWidget):
    """When a model looks at what: a map a field, of the seasons of its attention.

    Tone is how far the mean of a cell's cases lies above or below the field's mean over all of
    them, and the area of a square grows with the cases. `plots.seasonality` draws the same
    for paper.

    Args:
        source: a run; what `run.attention_by_context(...)` gave; or several of these by label,
            such as the epochs of a training, which are then played.
        by: of a run, two circumstances; month and hour unless given.
        fields: a map each; unless given, the four whose means differ most between cells, and the
            one that is chosen.
        part: of a run, which rows; those of the test unless given.
        rows: of a run, so many rows at most, drawn.
        field, context: what is chosen; of the context one circumstance or both, by name.
        layout: as of any ipywidget.

    Raises:
        AttnrecError: circumstances or fields that are not there, no case of which both are known,
            or a choice that is not there.

    Example:
        >>> ContextMap(run, ("weekday", "hour"))             # doctest: +SKIP
        >>> ContextMap(run, context={"month": "December"})   # doctest: +SKIP
    """

    kind = "context-map"

    def __init__(
        self,
        source: Any,
        by: Sequence[str] | None = None,
        *,
        fields: Sequence[str] | None = None,
        part: Literal["train", "validation", "test"] | None = None,
        rows: int | None = None,
        field: str | None = None,
        context: Mapping[str, str] | None = None,
        layout: Layout | dict | None = None,
    ):
        given = {"by": by, "part": part, "rows": rows}
        options = {name: value for name, value in given.items() if value is not None}
        self._sources = several(source)
        self._grids = {label: _asked(one, options) for label, one in self._sources.items()}
        self._first = _wanted(fields, self.found)
        self.fields = self.found.fields if fields is None else self._first
        self.circumstances = dict(zip(self.found.by, self.found.levels, strict=True))
        super().__init__(layout=layout, field=field, context=context)

    @property
    def found(self) -> ContextGrid:
        """What is drawn: of the last frame."""
        return list(self._grids.values())[-1]

    @property
    def drawn(self) -> tuple[str, ...]:
        """The fields that have a map."""
        more = self.field is not None and self.field not in self._first
        return (*self._first, self.field) if more else self._first

    def to_frame(self) -> pd.DataFrame:
        """Every number that is drawn; see `ContextGrid.to_frame`."""
        table = self.found.to_frame()
        return table[table["field"].isin(self.drawn)].reset_index(drop=True)

    def figure(self) -> Figure:
        """The picture for paper: `plots.seasonality` of the last frame."""
        from attnrec import plots

        provenance = " · ".join(self._provenance())
        return plots.seasonality(self.found, self.drawn, provenance=provenance)

    def _drawn(self) -> dict[str, dict[str, Any]]:
        grids = self._grids.values()
        scales = [max(grid.scale([field]) for grid in grids) for field in self.fields]
        same = {"shown": list(self._first), "scales": np.array(scales)}
        return {label: _frame(grid, self.fields) | same for label, grid in self._grids.items()}

    def _provenance(self) -> list[str]:
        return told_of(self._sources)


def _asked(source: Any, options: Mapping[str, Any]) -> ContextGrid:
    if hasattr(source, "attention_by_context"):
        return source.attention_by_context(**options)
    if not hasattr(source, "counts") or not hasattr(source, "difference"):
        raise AttnrecError(
            "source: expected a run of features, or what its attention_by_context(...) gave, got "
            f"{type(source).__name__}"
        )
    if options:
        raise AttnrecError(f"{', '.join(options)}: already decided by what was given")
    return source


def _wanted(fields: Sequence[str] | None, grid: ContextGrid) -> tuple[str, ...]:
    if fields is None:
        return grid.varying
    wanted = (fields,) if isinstance(fields, str) else tuple(fields)
    if not wanted:
        raise AttnrecError("fields: expected one or more, got none")
    for field in wanted:
        grid.of(field)  # or an error
    return wanted


def _frame(grid: ContextGrid, fields: Sequence[str]) -> dict[str, Any]:
    rows, columns = grid.shown
    return {
        "title": grid.title,
        "told": grid.told,
        "by": list(grid.by),
        "rows": list(grid.levels[0][rows]),
        "columns": list(grid.levels[1][columns]),
        "fields": list(fields),
        "means": np.array([grid.mean(field) for field in fields]),
        "weights": np.stack([grid.of(field)[rows, columns] for field in fields]),
        "differences": np.stack([grid.difference(field)[rows, columns] for field in fields]),
        "counts": grid.counts[rows, columns],
    }
