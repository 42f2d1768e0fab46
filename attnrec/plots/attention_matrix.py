"""Attention between the items of one history, as a matrix with titles."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError
from attnrec.inspection import Inspection
from attnrec.plots import style
from attnrec.plots.reading import OneHistory

LARGEST = 60  # items whose titles still stand beside their rows


def attention_matrix(
    inspection: Inspection,
    *,
    row: int = 0,
    layer: int | str | None = None,
    head: int | None = None,
    provenance: str = "",
    width: float = 7.0,
) -> Figure:
    """Draws how each item of a history looks at the others.

    Tone is the square root of the weight, as the key says. Cells that a
    causal model cannot see stay empty.

    Args:
        inspection: from `run.inspect(...)` or any inspector.
        row: which history of the batch, from 0.
        layer, head: from 1; default the last layer, the mean of its heads.
        provenance: where the figure comes from, for its foot.
        width: in inches.

    Returns:
        The figure; its first axes hold the matrix as an image.

    Raises:
        AttnrecError: a layer, head or row that is not there, or a model
            without attention.
    """
    history = OneHistory.of(inspection, row)
    block = history.block(layer, head).astype(float)
    map_ = inspection.record.layer(layer)
    n = len(block)
    if not n:
        raise AttnrecError("inspection: the history is empty")
    shown = np.ma.masked_array(block, np.triu(np.ones((n, n), bool), 1) if map_.causal else False)
    titled = n <= LARGEST
    room = 1.9 if titled else 0.45
    side = min(width - room - 0.9, 0.26 * n + 0.4)
    height = side + 0.75
    figure = style.new_figure(width, height)
    ax = figure.add_axes((room / width, 0.3 / height, side / width, side / height))
    norm = PowerNorm(0.5, 0, max(float(block.max()), 1e-9))
    image = ax.imshow(shown, cmap=style.SEQUENTIAL, norm=norm, interpolation="nearest")
    size = float(np.clip(0.62 * side * 72 / n, 4, 8))
    family = style.fonts()
    every = np.arange(0, n, max(1, round(n / 20)))
    ax.set_xticks(every, [str(i + 1) for i in every])
    ax.xaxis.tick_top()
    if titled:
        titles = [style.shorten(title, (room - 0.4) * 72, size) for title in history.titles]
        ax.set_yticks(range(n), ["" for _ in titles])
        for i, title in enumerate(titles):
            x = -0.5 - 0.1 * n / side
            style.text(ax, x, i, f"{title}  {i + 1}", fontsize=size, ha="right", clip_on=False)
    else:
        ax.set_yticks(every, [str(i + 1) for i in every])
    ax.tick_params(length=0, labelsize=size, labelcolor=style.INK_3, labelfontfamily=family, pad=2)
    for edge in ax.spines.values():
        edge.set_visible(False)
    if n <= LARGEST:
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="white", lw=0.5)
        ax.tick_params(which="minor", length=0)
    left, bottom = (room + side + 0.15) / width, (0.3 + side / 3) / height
    key = figure.add_axes((left, bottom, 0.1 / width, side / 2 / height))
    bar = figure.colorbar(image, cax=key)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda share, _: style.percent(share) if share else "0")
    bar.ax.tick_params(length=0, labelsize=7, labelcolor=style.INK_3, labelfontfamily=family)
    sums = ", a row sums to 100%" if map_.normalisation == "softmax" else ""
    rows = f"a row is the item that looks{sums}"
    told = style.reading(history.number_of(layer), head, map_.num_heads, rows)
    style.foot(figure, provenance, told)
    return figure
