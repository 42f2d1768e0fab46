"""How fields combine layer by layer: ribbons from what is looked at to who looks."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from attnrec.errors import AttnrecError
from attnrec.inspection.field_map import FieldMap
from attnrec.inspection.field_paths import SHARE, FieldPaths, field_paths
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP, NODE = 4, 6, 5
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, NARROWEST, VALUE = 100, 60, 26
UNIT, BETWEEN = 20, 7  # all that a field looks with, and from row to row
LEAST = 0.002  # of a field, that is still drawn of a rollout
PALE = "#dfe3e8"


def field_flow(
    source: Any,
    *,
    field: str | None = None,
    layer: int | None = None,
    head: int | None = None,
    rows: int | None = None,
    share: float = SHARE,
    title: str = "",
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws fields in a column for the inputs and one for each layer, and what passes between.

    A ribbon is as wide as its attention, on one scale; all that a field looks with is one unit,
    and what is looked at more is taller at its right. Ribbons that are not drawn leave their room
    blank. Of a field that is chosen the rollout is laid over them [abnar2020quantifying]: what of
    each input it holds, of which the shares stand beside the inputs.

    Args:
        source: a run, for the mean over its test rows; what `run.inspect(...)` gave, for one case
            or the mean of several; or what `run.field_map(...)` gave.
        field, layer: what of each input is in this field after this layer, the last unless given.
        head: from 1; the mean of heads unless given.
        rows: of a run, so many test rows at most, drawn.
        share: of each layer's attention, carried by the strongest ribbons, which are drawn.
        title: in the place of "How fields combine".
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; in its axes the ribbon by which field q looks at field k in layer l has the
        gid `flow-l-q-k`, and that of the rollout `path-l-q-k`; all count from 1.

    Raises:
        AttnrecError: a model in which fields do not look at fields, no such field, layer or head,
            a share that is not above 0 to 1, or too little width.

    Example:
        >>> plots.field_flow(run, field="price")  # doctest: +SKIP
    """
    found = _asked(source, head, rows)
    drawn = found.strongest(share)
    reached = found.into(field, layer) if field is not None else None
    place = found.layer_of(layer)
    names = [style.shorten(str(name), WIDEST_NAME, NAME) for name in found.fields]
    named = max(style.width(name, NAME, "bold") for name in names)
    left = MARGIN + GAP + named + (VALUE if field is not None else 0)
    columns = len(found.layers) + 1
    wide = width * 72 - left - named - 2 * GAP - MARGIN
    if wide < NARROWEST * (columns - 1):
        least = (width * 72 - wide + NARROWEST * (columns - 1)) / 72
        raise AttnrecError(f"width: expected {least:.1f} inches or more")
    told = [found.told, found.told_of_ribbons(f"{100 * share:.0f}%")]
    if field is not None:
        told.append(found.told_of_rollout(field, found.layers[place]))
    lines = style.wrapped(" · ".join(told), width * 72 - 2 * MARGIN, SMALL)
    above = MARGIN + 2 * TITLE + (len(lines) + 1) * 1.4 * SMALL + 2 * GAP
    middles, tall = _rows(found.weights, found.looks)
    height = (above + tall + SMALL + 3 * MARGIN) / 72
    figure = style.new_figure(width, height)
    box = (left / 72 / width, 1 - (above + tall) / 72 / height)
    ax = figure.add_axes((*box, wide / 72 / width, tall / 72 / height))
    ax.set(xlim=(0, wide), ylim=(tall, 0))
    ax.axis("off")
    at = np.linspace(NODE / 2, wide - NODE / 2, columns)
    most = found.weights.max()
    ribbons = _ribbons(found.weights, middles)
    for number in np.argsort(found.weights, axis=None, kind="stable"):  # the heaviest on top
        layer_, q, k = np.unravel_index(number, drawn.shape)
        if drawn[layer_, q, k]:
            u = found.weights[layer_, q, k] / most
            color = style.SEQUENTIAL(0.3 + 0.6 * u) if reached is None else PALE
            ribbon = _ribbon(at, layer_, *ribbons[layer_, q, k], color=color, alpha=0.8)
            ribbon.set_gid(f"flow-{layer_ + 1}-{q + 1}-{k + 1}")
            ax.add_patch(ribbon)
    if reached is not None:
        paths = _ribbons(reached, middles)
        for layer_, q, k in np.argwhere(reached > LEAST):
            ribbon = _ribbon(at, layer_, *paths[layer_, q, k], color=style.ACCENT, alpha=0.75)
            ribbon.set_gid(f"path-{layer_ + 1}-{q + 1}-{k + 1}")
            ax.add_patch(ribbon)
    _nodes(ax, at, found, middles)
    _names(ax, at, found, names, middles, field, None if reached is None else reached[0].sum(0))
    style.heading(figure, title or found.title, lines, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _asked(source: Any, head: int | None, rows: int | None) -> FieldPaths:
    if isinstance(source, FieldMap):
        if (head, rows) != (None, None):
            raise AttnrecError("head, rows: already decided by what was given")
        return field_paths(source)
    if not hasattr(source, "field_map"):
        raise AttnrecError(
            "source: expected a run of features, what its inspect(...) gave, or what its "
            f"field_map(...) gave, got {type(source).__name__}"
        )
    if rows is None:
        return field_paths(source.field_map(head=head))
    if hasattr(source, "record"):
        raise AttnrecError("rows: of a run, which has some to draw from")
    return field_paths(source.field_map(head=head, rows=rows))


def _rows(
    weights: Float[np.ndarray, "layer looks at"], looks: np.ndarray
) -> tuple[Float[np.ndarray, " field"], float]:
    """The middle of each field's row, the same in all columns, and the height of all."""
    most = np.maximum(weights.sum(1).max(0), looks.any(0))
    tall = np.maximum(UNIT * most, NAME) + BETWEEN
    ends = tall.cumsum()
    return ends - tall / 2, float(ends[-1])


def _ribbons(
    amounts: Float[np.ndarray, "layer looks at"], middles: Float[np.ndarray, " field"]
) -> Float[np.ndarray, "layer looks at three"]:
    """Upper ends of each, at what is looked at and at who looks, and how wide it is.

    What meets at a field is stacked about the middle of its row, in the order of fields.
    """
    each = UNIT * amounts
    leave = middles - each.sum(1)[:, None] / 2 + each.cumsum(1) - each
    arrive = middles[:, None] - each.sum(2)[..., None] / 2 + each.cumsum(2) - each
    return np.stack([leave, arrive, each], -1)


def _ribbon(
    at: np.ndarray, layer: int, left: float, right: float, wide: float, **look: Any
) -> PathPatch:
    a, b = at[layer] + NODE / 2, at[layer + 1] - NODE / 2
    middle = (a + b) / 2
    upper = [(a, left), (middle, left), (middle, right), (b, right)]
    lower = [(b, right + wide), (middle, right + wide), (middle, left + wide), (a, left + wide)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return PathPatch(Path([*upper, *lower, upper[0]], codes), linewidth=0, **look)


def _nodes(ax: Axes, at: np.ndarray, found: FieldPaths, middles: np.ndarray) -> None:
    """A bar a field and column, as tall as what it looks with or, at the inputs, gets."""
    gets = found.weights.sum(1)
    for column, x in enumerate(at):
        tall = gets[0] if column == 0 else found.looks[column - 1].astype(float)
        if 0 < column < len(at) - 1:
            tall = np.maximum(tall, gets[column])
        for middle, share in zip(middles, np.maximum(UNIT * tall, 1), strict=True):
            corner = (x - NODE / 2, middle - share / 2)
            ax.add_patch(Rectangle(corner, NODE, share, color=style.INK_2, lw=0))


def _names(
    ax: Axes,
    at: np.ndarray,
    found: FieldPaths,
    names: list[str],
    middles: np.ndarray,
    field: str | None,
    shares: np.ndarray | None,
) -> None:
    """Fields at both sides, columns above, and what of each input arrives."""
    beside = -2 * GAP - max(style.width(name, NAME, "bold") for name in names)
    for x, head in zip(at, ["inputs", *found.layers], strict=True):
        side = "left" if x == at[0] else "right" if x == at[-1] else "center"
        edge = x - NODE / 2 if side == "left" else x + NODE / 2 if side == "right" else x
        style.text(ax, edge, -GAP, head, fontsize=SMALL, ha=side, color=style.INK_3)
    for place, (name, middle) in enumerate(zip(names, middles, strict=True)):
        chosen = found.fields[place] == field
        look = {"color": style.ACCENT, "weight": "bold"} if chosen else {"color": style.INK_2}
        style.text(ax, at[-1] + NODE / 2 + GAP, middle, name, ha="left", fontsize=NAME, **look)
        style.text(ax, -GAP, middle, name, ha="right", fontsize=NAME, color=style.INK_2)
        if shares is not None:
            told = style.percent(shares[place]) if shares[place] else "0"
            look = {"color": style.ACCENT, "gid": f"input-{place + 1}"}
            style.text(ax, beside, middle, told, fontsize=SMALL, ha="right", **look)
