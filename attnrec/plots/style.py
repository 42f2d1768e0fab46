"""Colour, type and text of the figures: the explorer's own, on paper."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from matplotlib import figure
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

INK, INK_2, INK_3 = "#1c2127", "#535b66", "#6a727c"
ACCENT, RULE, AXIS = "#2e58c4", "#e6e9ec", "#c4cad1"

SHOWN = 100  # points an inch of a figure in a notebook

# One hue, lightness falls all the way: it survives colour blindness and grey printing.
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "attnrec", ["#e9f1fd", "#acc6f0", "#779adc", "#476ec4", "#2040aa"]
)

# Two hues of equal lightness about grey, apart under all three dichromacies.
DIVERGING = LinearSegmentedColormap.from_list("attnrec-two", ["#ca6800", "#e0e1e4", "#5382e3"])

# Of groups: eight hues after Okabe and Ito, apart under all three dichromacies, white behind.
CATEGORICAL = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#a08400",
    "#6a4c93",
    "#7f4f24",
)

# The explorer's sans where it is installed; DejaVu comes with matplotlib and knows many scripts.
FONTS = ["Liberation Sans", "Arial", "Helvetica", "DejaVu Sans"]


@lru_cache(maxsize=1)
def fonts() -> list[str]:
    """Those of `FONTS` that this machine has."""
    from matplotlib.font_manager import fontManager

    there = set(fontManager.get_font_names())
    return [name for name in FONTS if name in there]


def text(ax: Axes, x: float, y: float, told: str, **style: Any) -> Text:
    """Text as it is: a dollar sign in a title is no formula."""
    style = {"fontsize": 8, "color": INK, "va": "center_baseline", "family": fonts(), **style}
    return ax.text(x, y, told, parse_math=False, **style)


def width(told: str, fontsize: float, weight: str = "normal") -> float:
    """Of a line of text, in points."""
    font = FontProperties(family=fonts()[:1], size=fontsize, weight=weight)
    return TextToPath().get_text_width_height_descent(_drawable(told), font, ismath=False)[0]


def shorten(told: str, room: float, fontsize: float, weight: str = "normal") -> str:
    """`told`, or as much of it as `room` points hold, and an ellipsis."""
    told = " ".join(told.split())
    if width(told[:400], fontsize, weight) <= room and len(told) <= 400:
        return told
    low, high = 0, min(len(told), 400)
    while low < high:
        middle = (low + high + 1) // 2
        if width(told[:middle].rstrip() + "…", fontsize, weight) <= room:
            low = middle
        else:
            high = middle - 1
    return told[:low].rstrip() + "…"


def wrapped(told: str, room: float, fontsize: float, weight: str = "normal") -> list[str]:
    """Lines of words that fit; a word that alone does not fit has one of its own."""
    lines: list[str] = []
    for word in told.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, fontsize, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _drawable(told: str) -> str:
    """For measuring: marks that the font may lack stand as wide as an m."""
    return "".join(mark if mark in "…–’" or mark.isascii() else "m" for mark in told)


def percent(share: float) -> str:
    """`19%`, and below ten `7.0%`."""
    return f"{share * 100:.0f}%" if share >= 0.0995 else f"{share * 100:.1f}%"


class Figure(figure.Figure):
    """A figure that a notebook shows even where pyplot, which teaches it to, was never used."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture, with twice as many points as it is shown with: sharp when projected."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", bbox_inches="tight", dpi=2 * SHOWN)
        picture = buffer.getvalue()
        wide, high = struct.unpack(">II", picture[16:24])  # of its header
        return picture, {"width": wide // 2, "height": high // 2}


def new_figure(width_inches: float, height_inches: float) -> Figure:
    """A figure outside pyplot: nothing global, nothing to close."""
    return Figure(figsize=(width_inches, height_inches), facecolor="white")


def tone_key(
    ax: Axes, shown: ScalarMappable, fontsize: float, told: Callable[[float], str] | None = None
) -> None:
    """In these axes, which tone is how much attention, in percent unless `told` says otherwise."""
    bar = ax.figure.colorbar(shown, cax=ax)
    bar.outline.set_visible(False)
    told = told or (lambda share: percent(share) if share else "0")
    ax.yaxis.set_major_formatter(lambda value, _: told(value))
    ax.tick_params(length=0, labelsize=fontsize, labelcolor=INK_3, labelfontfamily=fonts())


def heading(
    figure: Figure, title: str, told: Sequence[str], margin: float, large: float, small: float
) -> None:
    """A title at the top, and lines below that say what is drawn; sizes in points."""
    below = margin + 1.7 * large
    looks: list[tuple[str, float, dict[str, Any]]] = [
        (title, margin, {"fontsize": large, "color": INK, "weight": "bold"}),
        ("\n".join(told), below, {"fontsize": small, "color": INK_3}),
    ]
    for line, y, look in looks:
        x = margin / 72 / figure.get_figwidth()
        top = 1 - y / 72 / figure.get_figheight()
        figure.text(x, top, line, va="top", family=fonts(), parse_math=False, **look)


def foot(figure: Figure, *lines: str | None) -> None:
    """The provenance line, which `save` also writes into the file's metadata."""
    told = " · ".join(line for line in lines if line)
    margin = 0.04 / figure.get_figwidth()
    line = figure.text(margin, 0.03 / figure.get_figheight(), told, parse_math=False)
    line.set(fontsize=6, color=INK_3, va="bottom", family=fonts(), gid="provenance")


def reading(layer: str | int, head: int | None, num_heads: int, rows: str) -> str:
    """Which attention it is: layer, head, and which rows."""
    heads = f"head {head}" if head else "mean of heads" if num_heads > 1 else "its one head"
    return f"layer {layer}, {heads}, {rows}"
