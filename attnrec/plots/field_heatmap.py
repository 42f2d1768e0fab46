"""Attention between the fields of a model, as heat-maps: AutoInt's Fig. 7."""

from __future__ import annotations

from inspect import signature
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from attnrec.errors import AttnrecError
from attnrec.inspection.field_map import FieldMap
from attnrec.plots import style
from attnrec.plots.panels import NAME, SMALL, Panels

CELL, READABLE = 34, 13  # side in points, and that from which on numbers stand in it


class Mapped(Protocol):
    """A run of features, or what its `inspect` gave."""

    def field_map(self, *, layer: int | str | None = None, head: int | None = None) -> FieldMap: ...


def field_heatmap(
    source: Mapped | FieldMap,
    *,
    layer: int | str | None = None,
    head: int | None = None,
    rows: int | None = None,
    title: str = "",
    provenance: str = "",
    vmax: float | None = None,
    width: float = 7.0,
) -> Figure:
    """Draws where each field looks, or what each pair of fields gets, a panel a layer.

    All panels share one scale, from zero; numbers are percent. A cell is blank where no
    case tells, and a pair stands on both sides of the diagonal.

    Args:
        source: a run, for the mean over its test rows; what `run.inspect(...)` gave, for one case
            or the mean of several; or what `run.field_map(...)` gave.
        layer, head, rows: as for `FeatureRun.field_map`, which is asked unless `source` is its
            answer.
        title: in the place of "Where each field looks".
        provenance: where the figure comes from, for its foot.
        vmax: the weight of the darkest tone, so that figures can share a scale; the largest
            shown unless given.
        width: in inches, at most. Panels that find no room beside each other stand below.

    Returns:
        The figure; `.axes[i].images[0]` holds the values of panel i.

    Raises:
        AttnrecError: a model in which fields do not look at fields, no such layer or head, or
            too many fields for the width.

    Example:
        >>> plots.field_heatmap(run)  # doctest: +SKIP
        >>> plots.field_heatmap(run.inspect(user="u17", item="p3"), layer=1)  # doctest: +SKIP
    """
    found = _asked(source, layer, head, rows)
    looks, at = found.shown
    values = found.weights[:, looks][:, :, at]
    names = np.array(found.fields, dtype=object)
    panels = Panels(
        [f"layer {number}" for number in found.numbers],
        names[looks],
        names[at],
        heading=title or found.title,
        told=found.told,
        provenance=provenance,
        width=width,
        cell=(CELL, READABLE),
    )
    scale = float(np.nanmax(values)) if vmax is None else vmax
    for ax, each in zip(panels.grids, values, strict=True):
        image = _draw(ax, each, panels.cell, scale)
    style.tone_key(panels.key, image, SMALL)
    return panels.figure


def _asked(source: Any, layer: int | str | None, head: int | None, rows: int | None) -> FieldMap:
    if isinstance(source, FieldMap):
        if (layer, head, rows) != (None, None, None):
            raise AttnrecError("layer, head, rows: already decided by what was given")
        return source
    if not hasattr(source, "field_map"):
        raise AttnrecError(
            "source: expected a run of features, what its inspect(...) gave, or what its "
            f"field_map(...) gave, got {type(source).__name__}"
        )
    if rows is None:
        return source.field_map(layer=layer, head=head)
    if "rows" not in signature(source.field_map).parameters:
        raise AttnrecError("rows: of a run, which has some to draw from")
    return source.field_map(layer=layer, head=head, rows=rows)


def _draw(ax: Axes, values: np.ndarray, cell: float, scale: float) -> AxesImage:
    shown = np.ma.masked_invalid(values)
    image = ax.imshow(
        shown, cmap=style.SEQUENTIAL, vmin=0, vmax=scale, interpolation="nearest", aspect="auto"
    )
    for row, column in np.argwhere(~np.isnan(values)) if cell >= READABLE else ():
        share = values[row, column]
        color = "white" if share > 0.55 * scale else style.INK
        told = f"{100 * share:.0f}"
        style.text(ax, column, row, told, fontsize=min(NAME, 0.42 * cell), ha="center", color=color)
    ax.spines[:].set_visible(False)
    return image
