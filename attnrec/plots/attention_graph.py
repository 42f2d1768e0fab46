"""Attention as a graph: items as rows, layers as columns, and what passes between them.

After Fig. 1 of Abnar and Zuidema, Quantifying Attention Flow in Transformers
(2020) [abnar2020quantifying].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from attnrec.errors import AttnrecError
from attnrec.plots import style

WIDEST = 16.0  # points that an edge of `vmax` is wide
DOT, TEXT, SMALL = 4.5, 9, 8
ROOM = 190  # points of a label


def attention_graph(
    edges: Sequence[Float[np.ndarray, "query key"]],
    *,
    labels: Sequence[str] = (),
    values: Sequence[float] | None = None,
    title: str = "",
    told: str = "",
    items: str = "items",
    vmax: float = 1.0,
    provenance: str = "",
    ax: Axes | None = None,
    width: float = 5.0,
) -> Axes:
    """Draws what passes from each layer to the one below, down to the items.

    A line is as wide as its weight, on one scale for all layers. Above the
    last layer stands what is read: the last position, filled.

    Args:
        edges: the weights between a layer and what lies below it, lowest
            first, each from query (above) to key (below); a weight of 0 is no line.
            Attention, its rollout or flow, or anything else that is not negative.
        labels: titles of the items, oldest first; none unless given.
        values: of each item, written beside it as a share, the largest in bold.
        title, told: above; what it is, and in a smaller line how it is made.
        items: the name of the lowest column.
        vmax: the weight of the widest line, so that panels share a scale.
        provenance: where the figure comes from, for its foot.
        ax: draw here, and leave the foot to the caller; a new figure otherwise.
        width: of the new figure, in inches.

    Returns:
        The axes. The line from query q above layer l to key k has the gid
        `edge-l-q-k`; all count from 1.

    Raises:
        AttnrecError: no edges, or such that are negative, unknown or of unlike
            shapes; labels or values that are not one an item, or not finite;
            a `vmax` that is not above 0.

    Example:
        >>> plots.attention_graph([lower, upper], labels=titles)           # doctest: +SKIP
    """
    edges = [np.asarray(weights, float) for weights in edges]
    n = _checked(edges, labels, values, vmax)
    if ax is None:
        figure = style.new_figure(width, 0.3 * (n + 3))
        figure.set_layout_engine("constrained", rect=(0, 0.05, 1, 0.95))
        ax = figure.add_subplot()
        style.foot(figure, provenance)
    top = len(edges)
    ax.set(xlim=(-0.05, top + 0.1), ylim=(n - 0.4, -2.4 if title or told else -1.0))
    ax.axis("off")

    lines = [
        (weights[q, k], layer, q, k)
        for layer, weights in enumerate(edges)
        for q, k in np.argwhere(weights)
    ]
    for weight, layer, q, k in sorted(lines):  # the heaviest lie on top
        share = min(weight / vmax, 1)
        curve = [(layer + 1, q), (layer + 0.5, q), (layer + 0.5, k), (layer, k)]
        look: dict[str, Any] = {"lw": WIDEST * weight / vmax, "capstyle": "butt"}
        color = style.SEQUENTIAL(0.45 + 0.55 * share**0.6)
        path = Path(curve, [Path.MOVETO, *[Path.CURVE4] * 3])
        line = PathPatch(path, facecolor="none", edgecolor=color, zorder=1, **look)
        line.set_gid(f"edge-{layer + 1}-{q + 1}-{k + 1}")
        ax.add_patch(line)

    for layer in range(top + 1):
        above = edges[layer - 1].any(1) if layer else np.ones(n, bool)
        for place in np.flatnonzero(above):
            read = layer == top and place == n - 1
            fill = style.ACCENT if read else "white"
            look = {"markeredgecolor": style.ACCENT if read else style.INK_3, "zorder": 3}
            ax.plot([layer], [place], "o", ms=DOT, mfc=fill, mew=0.8, clip_on=False, **look)
        name = f"layer {layer}" if layer else items
        style.text(ax, layer, -0.75, name, fontsize=SMALL, color=style.INK_3, ha="center")

    def beside(row: int, points: float, line: str, **look: Any) -> None:
        """Ends so many points before the item."""
        ax.annotate(
            line,
            (0, row),
            (-points, 0),
            textcoords="offset points",
            ha="right",
            va="center_baseline",
            family=style.fonts(),
            parse_math=False,
            annotation_clip=False,
            **look,
        )

    for row, label in enumerate(labels):
        shown = style.shorten(label, ROOM, TEXT)
        beside(row, 8 if values is None else 38, shown, fontsize=TEXT, color=style.INK)
    shares = [] if values is None else list(values)
    for row, value in enumerate(shares):
        most = value == max(shares)
        look = {"weight": "bold", "color": style.INK} if most else {"color": style.INK_2}
        beside(row, 8, style.percent(value), fontsize=SMALL, **look)
    if title:
        style.text(ax, 0, -2.0, title, fontsize=TEXT + 1, weight="bold")
    if told:
        style.text(ax, 0, -1.4, told, fontsize=SMALL, color=style.INK_2)
    return ax


def _checked(
    edges: list[np.ndarray], labels: Sequence[str], values: Sequence | None, vmax: float
) -> int:
    """The number of positions."""
    if not edges:
        raise AttnrecError("edges: expected the weights of at least one layer, got none")
    n = len(edges[0])
    if not vmax > 0:
        raise AttnrecError(f"vmax: expected a weight above 0, got {vmax!r}")
    for layer, weights in enumerate(edges, start=1):
        if weights.shape != (n, n):
            raise AttnrecError(f"edges: layer {layer}: expected {(n, n)}, got {weights.shape}")
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise AttnrecError(f"edges: layer {layer}: expected finite weights of at least 0")
    for name, given in (("labels", labels or None), ("values", values)):
        if given is not None and len(given) != n:
            raise AttnrecError(f"{name}: expected {n}, one an item, got {len(given)}")
    if values is not None and not np.isfinite(values).all():
        raise AttnrecError(f"values: expected finite ones, got {list(values)}")
    return n
