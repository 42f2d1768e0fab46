r"""Mean attention over many histories, aligned at their recent end: SASRec's Fig. 4.

.. math:: \bar A_{qk} = \frac{\sum_b A^{(b)}_{qk}}{\sum_b [q, k \text{ real, } q \text{ sees } k]}

counted from the recent end, as in Kang and McAuley, Self-Attentive Sequential
Recommendation (2018), Fig. 4: the denominator counts only real weights.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from attnrec.errors import AttnrecError
from attnrec.inspection import Inspection
from attnrec.plots import style


def mean_weights(
    inspections: Inspection | Iterable[Inspection],
    *,
    layer: int | str | None = None,
    head: int | None = None,
    last: int = 15,
) -> Float[np.ndarray, "query key"]:
    """The mean attention between the last positions.

    Args:
        inspections: one, or batches one after the other, of which none is kept.
        layer, head: from 1; default the last layer, the mean of its heads.
        last: how many positions, from the recent end.

    Returns:
        `[last, last]`; the last row and column are the most recent position.
        NaN where no history reaches, or where the query may not look.
    """
    if last < 1:
        raise AttnrecError(f"last: expected a whole number from 1, got {last!r}")
    if isinstance(inspections, Inspection):
        inspections = [inspections]
    total, number = np.zeros((last, last)), np.zeros((last, last))
    for inspection in inspections:
        weights = inspection.record.weights(layer, head)
        if weights.ndim != 3:
            raise AttnrecError("layer: a map with a candidate axis has no mean over positions")
        n = min(last, weights.shape[-1])
        real = inspection.record.real[:, -n:]
        pairs = real[:, :, None] & real[:, None, :]
        if inspection.record.layer(layer).causal:
            pairs &= np.tri(n, dtype=bool)
        total[-n:, -n:] += np.where(pairs, weights[:, -n:, -n:], 0).sum(0)
        number[-n:, -n:] += pairs.sum(0)
    return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)


def mean_attention(
    weights: Float[np.ndarray, "query key"] | Inspection | Iterable[Inspection],
    *,
    layer: int | str | None = None,
    head: int | None = None,
    last: int = 15,
    title: str = "",
    provenance: str = "",
    vmax: float | None = None,
    ax: Axes | None = None,
    width: float = 3.4,
) -> Axes:
    """Draws the mean attention of the last positions to the last time steps.

    Args:
        weights: what `mean_weights` returns, or the inspections to take it of.
        layer, head, last: as in `mean_weights`; beside given weights, `layer`
            and `head` only say at the foot what these are.
        title: stands above.
        provenance: where the figure comes from, for its foot.
        vmax: the weight of the darkest tone, so that panels can share a scale;
            the largest shown unless given.
        ax: draw here, and leave the foot to the caller; a new figure otherwise.
        width: of the new figure, in inches; 3.4 fills a column of a paper.

    Returns:
        The axes; `.figure` is the figure, and `.images[0]` holds the values.
    """
    if not isinstance(weights, np.ndarray):
        batches = [weights] if isinstance(weights, Inspection) else weights
        weights = mean_weights(batches, layer=layer, head=head, last=last)
    n = len(weights)
    if ax is None:
        figure = style.new_figure(width, 0.9 * width)
        ax = figure.add_axes((0.15, 0.2, 0.74, 0.72))
        which = "last layer" if layer is None else f"layer {layer}"
        heads = f"head {head}" if head else "mean of heads"
        style.foot(figure, provenance, f"{which}, {heads}, mean over histories, last {n} positions")
    shown = np.ma.masked_invalid(weights)
    image = ax.imshow(shown, cmap=style.SEQUENTIAL, vmin=0, vmax=vmax, interpolation="nearest")
    every = np.arange(n - 1, -1, -max(1, n // 5))[::-1]
    labels = [f"−{n - 1 - i}" if i < n - 1 else "0" for i in every]
    ax.set_xticks(every, labels)
    ax.set_yticks(every, labels)
    family = style.fonts()
    ax.tick_params(length=0, labelsize=7, labelcolor=style.INK_3, labelfontfamily=family)
    ax.set_xlabel("looks at, steps before the last", fontsize=8, color=style.INK_2, family=family)
    ax.set_ylabel("position", fontsize=8, color=style.INK_2, family=family)
    if title:
        ax.set_title(title, fontsize=8, color=style.INK, family=family, parse_math=False)
    for edge in ax.spines.values():
        edge.set(color=style.RULE)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=7, labelcolor=style.INK_3, labelfontfamily=family)
    return ax
