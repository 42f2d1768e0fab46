"""Several grids of equal cells on one figure, named along both sides, with one key of tones."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from attnrec.errors import AttnrecError
from attnrec.plots import style

# In points, of which an inch has 72.
MARGIN, GAP, KEY = 4, 6, 44
NAME, TITLE, SMALL = 8, 9, 7
WIDEST_NAME, SMALLEST = 90, 5


class Panels:
    """Room for the grids: beside each other while their cells stay readable, else below.

    Args:
        titles: one above each grid; empty, none.
        rows, columns: names along the sides, the rows' only beside the outermost grids.
        heading, told: above all, the latter in as many lines as it takes.
        provenance: at the foot.
        width: of the figure in inches, at most.
        cell: side of a cell where there is room, and how small it may get for a grid to
            stand beside another.

    Attributes:
        figure: the figure.
        grids: the axes of each grid, a cell being one wide and one high around whole numbers.
        key: the axes of the key.
        cell: side of a cell.

    Raises:
        AttnrecError: no row or column, or too little width.
    """

    def __init__(
        self,
        titles: Sequence[str],
        rows: Sequence[str],
        columns: Sequence[str],
        *,
        heading: str,
        told: str,
        provenance: str,
        width: float,
        cell: tuple[float, float],
    ):
        if not len(rows) or not len(columns):
            raise AttnrecError("attention: no case tells anything")
        rows, columns = (
            [style.shorten(str(name), WIDEST_NAME, NAME) for name in names]
            for names in (rows, columns)
        )
        left = MARGIN + GAP + max(style.width(name, NAME) for name in rows)
        below = GAP + 0.72 * max(style.width(name, NAME) for name in columns) + NAME
        room = width * 72 - left - KEY
        largest, readable = cell

        def side(across: int) -> float:
            return min(largest, (room - (across - 1) * 3 * GAP) / across / len(columns))

        count = len(titles)
        across = max(n for n in range(1, count + 1) if n == 1 or side(n) >= readable)
        self.cell = side(across)
        if self.cell < SMALLEST:
            raise AttnrecError(f"width: {len(columns)} columns need more than {width} inches")
        wide, tall = self.cell * len(columns), self.cell * len(rows)
        drawn = left + across * (wide + 3 * GAP) - 3 * GAP + KEY
        lines = [style.width(line, SMALL) + 3 * MARGIN for line in (told, provenance)]
        width = min(width, max(drawn, *lines) / 72)
        wrapped = style.wrapped(told, width * 72 - 2 * MARGIN, SMALL)
        above = MARGIN + 2 * TITLE + len(wrapped) * 1.4 * SMALL + GAP
        titled = SMALL + GAP if any(titles) else 0
        block = titled + tall + below
        height = (above + -(-count // across) * block + SMALL + 2 * MARGIN) / 72
        self.figure = style.new_figure(width, height)

        def axes(x: float, top: float, w: float, h: float) -> Axes:
            """In points from the left and from the top."""
            box = (x / 72 / width, 1 - (top + h) / 72 / height, w / 72 / width, h / 72 / height)
            return self.figure.add_axes(box)

        self.grids = []
        for place, title in enumerate(titles):
            down, column = divmod(place, across)
            top = above + titled + down * block
            ax = axes(left + column * (wide + 3 * GAP), top, wide, tall)
            ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
            self._name(ax, title, rows if column == 0 else [], columns, wide)
            self.grids.append(ax)
        self.key = axes(drawn - KEY + GAP, above + titled, 7, min(tall, 120))
        style.heading(self.figure, heading, wrapped, MARGIN, TITLE, SMALL)
        style.foot(self.figure, provenance)

    def _name(
        self, ax: Axes, title: str, rows: Sequence[str], columns: Sequence[str], wide: float
    ) -> None:
        """What stands around a grid; of names only as many as do not touch."""
        every = max(1, round(NAME / self.cell))
        ax.set_yticks(range(0, len(rows), every), rows[::every])
        ax.set_xticks(range(0, len(columns), every), columns[::every], rotation=45, ha="right")
        ax.tick_params(length=0, labelsize=NAME, labelcolor=style.INK_2)
        for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            label.set(fontfamily=style.fonts(), parse_math=False)
        ax.set_title(
            style.shorten(title, wide + 2 * GAP, SMALL),
            fontsize=SMALL,
            loc="left",
            color=style.INK,
            family=style.fonts(),
            parse_math=False,
        )
