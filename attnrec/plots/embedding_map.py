"""The catalogue as a map, with the attention to a history laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.features.projection import Projection
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP = 4, 6
TITLE, SMALL = 9, 7
KEY, NARROWEST = 96, 90  # room of the names of groups, and the side of the smallest map
LARGEST, DOT = 14, 2.4  # across: of all attention on one item, and of an item
NAMED = 6  # items of most weight that are named, where there is room


class Items(Protocol):
    """What `attnrec.item_map(run)` gives."""

    @property
    def projection(self) -> Projection: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def by_size(self) -> tuple[str, ...]: ...
    @property
    def title(self) -> str: ...
    def told(self, attention: Mapping[Any, Any] | None = None, to: str = "") -> str: ...
    def shares(self, attention: Mapping[Any, Any]) -> tuple[np.ndarray, np.ndarray]: ...


def embedding_map(
    items: Items,
    attention: Mapping[Any, float] | None = None,
    *,
    to: str = "",
    title: str = "",
    provenance: str = "",
    width: float = 5.5,
) -> Figure:
    """Draws every item as a dot, coloured by group, and attention as circles over them.

    The area of a circle is the item's share of the attention. The eight groups with most items
    have a colour, and all others grey.

    Args:
        items: from `attnrec.item_map(run)`.
        attention: item ids and their weights, not negative, such as those of a history.
        to: what that is attention to, in words, such as `"12 products of user u17"`.
        title: above.
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; in its axes `collections[0]` holds all items, `collections[1]` those with
        attention in the order in which they were given.

    Raises:
        UnknownIdError: an item that the catalogue lacks.
        AttnrecError: a weight that is negative or not finite, none above zero, or too little width.

    Example:
        >>> found = item_map(run, "umap", by="category")  # doctest: +SKIP
        >>> plots.embedding_map(found, {"p3": 0.7, "p9": 0.3})  # doctest: +SKIP
    """
    if not hasattr(items, "projection"):
        raise AttnrecError(f"items: expected what item_map(run) gives, got {type(items).__name__}")
    points = items.projection.points
    places, shares = items.shares(attention or {})
    colors = dict(zip(items.by_size, style.CATEGORICAL, strict=False))
    told = style.wrapped(items.told(attention, to), width * 72 - 2 * MARGIN, SMALL)
    side = width * 72 - 2 * MARGIN - (KEY if colors else 0)
    if side < NARROWEST:
        least = width + (NARROWEST - side) / 72
        raise AttnrecError(f"width: expected {least:.1f} inches or more, got {width}")
    above = MARGIN + 2 * TITLE + len(told) * 1.4 * SMALL + GAP
    height = (above + side + SMALL + 3 * MARGIN) / 72
    figure = style.new_figure(width, height)
    bottom = (SMALL + 3 * MARGIN) / 72 / height
    box = (MARGIN / 72 / width, bottom, side / 72 / width, side / 72 / height)
    ax = figure.add_axes(box)
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=DOT**2,
        c=[colors.get(group, style.AXIS) for group in items.groups],
        alpha=0.35 if len(places) else 0.8,
        linewidths=0,
        rasterized=len(points) > 2000,
    )
    if len(places):
        ax.scatter(
            points[places, 0],
            points[places, 1],
            s=LARGEST**2 * shares,
            facecolors="none",
            edgecolors=style.INK,
            linewidths=0.9,
        )
    # As far in both directions, a little beyond the outermost points.
    middle = (points.max(0) + points.min(0)) / 2
    reach = 0.54 * max(float(np.ptp(points, axis=0).max()), 1e-9)
    (left, low), (right, high) = middle - reach, middle + reach
    ax.set(xticks=[], yticks=[], xlim=(left, right), ylim=(low, high))
    _name(ax, items, places, shares, (points - (left, low)) / (2 * reach) * side, side)
    for edge in ax.spines.values():
        edge.set_color(style.RULE)
    for line, (group, color) in enumerate(colors.items()):
        y = 1 - (above + SMALL + 1.7 * line * SMALL) / 72 / height
        x = (MARGIN + side + GAP) / 72 / width
        name = style.shorten(group, KEY - 2 * GAP, SMALL)
        figure.text(x, y, name, color=color, fontsize=SMALL, family=style.fonts(), parse_math=False)
    style.heading(figure, title or items.title, told, MARGIN, TITLE, SMALL)
    style.foot(figure, provenance)
    return figure


def _name(
    ax: Axes,
    items: Items,
    places: np.ndarray,
    shares: np.ndarray,
    at: np.ndarray,
    side: float,
) -> None:
    """The titles of the items that get most, towards the middle, where they find room.

    `at` is where the items lie, and `side` how wide the map is, in points.
    """
    taken: list[tuple[float, float, float]] = []
    for place in np.argsort(-shares, kind="stable")[:NAMED]:
        told = f"{items.catalogue.titles[places[place]]} {style.percent(shares[place])}"
        told = style.shorten(told, 150, SMALL)
        x, y = at[places[place]]
        away = LARGEST / 2 + 1
        start, to_right = x + away, x < side / 2
        if not to_right:
            start = x - away - style.width(told, SMALL)
        end = start + style.width(told, SMALL)
        if any(abs(y - line) < 1.3 * SMALL and start < b and a < end for line, a, b in taken):
            continue
        taken.append((y, start, end))
        ax.annotate(
            told,
            items.projection.points[places[place]],
            (away if to_right else -away, 0),
            textcoords="offset points",
            va="center",
            ha="left" if to_right else "right",
            fontsize=SMALL,
            color=style.INK,
            family=style.fonts(),
            parse_math=False,
        )
