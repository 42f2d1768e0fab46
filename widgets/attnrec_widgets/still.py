"""A picture beside the live explorer, for where the notebook is opened without a kernel.

The picture is an output of its own, just below the widget's. In the widget's
own bundle nobody would see it: JupyterLab and Notebook take the widget out of
a bundle even where no kernel knows it, and an update of that bundle would
build the live widget anew under the reader's hand. While the explorer is
live, the picture is hidden; where it is not, the picture's style hides the
error that stands in its place. A notebook that is not trusted loses the
style, and shows the picture all the same.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from attnrec.errors import AttnrecError
from attnrec_widgets import page_file

if TYPE_CHECKING:
    from attnrec_widgets.figure import FigureWidget
    from attnrec_widgets.history_explorer import HistoryExplorer

PAUSE = 1.5  # seconds without a change before the picture is drawn again
SHOWN = ("history", "now", "layer", "head", "query", "topn", "view", "allow_removed")
HOW = (
    "This is how it was left. To make it live, run the notebook’s cells "
    "in an environment with attnrec."
)
# `.jupyter-widgets` without an element inside: the line "model not found".
STYLE = (
    ":is(.jp-OutputArea,.cell_container):has(.attnrec-host)"
    " :is(.jp-OutputArea-child:has(.attnrec-still),.attnrec-still),"
    ".jp-OutputArea:has(.attnrec-still) .jp-OutputArea-output.jupyter-widgets:not(:has(*))"
    "{display:none}"
)


class Still:
    """Keeps the picture of one explorer, or of one feature picture, up to date in the notebook.

    It is drawn when the cell that shows the explorer ends, when another cell
    that changed it ends, and `PAUSE` after a hand's last change.
    """

    def __init__(self, explorer: HistoryExplorer | FigureWidget):
        self._explorer = explorer
        self._traits = getattr(explorer, "_still_traits", SHOWN)
        self._id = uuid4().hex
        self._shell: Any = None
        self._wanted = False  # by the cell that runs
        self._drawn: tuple | None = None
        self._timer: asyncio.TimerHandle | None = None

    def place(self) -> None:
        """Puts the picture below what the running cell has shown; nothing outside a notebook."""
        shell = _notebook()
        if shell is None:
            return
        self._wanted = True
        if self._shell is None:
            self._shell = shell
            shell.events.register("post_run_cell", self._after_cell)
            self._explorer.observe(self._later, self._traits)

    def _after_cell(self, *_: Any) -> None:
        if self._explorer.comm is None:  # closed: there is nothing to see, now or later
            self._shell.events.unregister("post_run_cell", self._after_cell)
            self._explorer.unobserve(self._later, self._traits)
        elif self._wanted:
            self._publish(update=False)
        else:
            self._refresh()

    def _later(self, _: Any) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # not in the kernel's loop: the end of the cell will do
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(PAUSE, self._refresh)

    def _refresh(self) -> None:
        if self._drawn is not None and self._drawn != self._state() and self._explorer.comm:
            self._publish(update=True)

    def _state(self) -> tuple:
        values = (getattr(self._explorer, name) for name in self._traits)
        return tuple(tuple(value) if isinstance(value, list) else value for value in values)

    def _publish(self, *, update: bool) -> None:
        self._wanted, self._drawn = False, self._state()
        try:
            bundle = {"text/html": markup(self._explorer), "text/plain": HOW}
            self._shell.display_pub.publish(
                bundle, transient={"display_id": self._id}, update=update
            )
        except Exception:  # whatever fails here, the explorer works
            logging.getLogger(__name__).debug("no picture of the explorer", exc_info=True)


def markup(explorer: HistoryExplorer | FigureWidget) -> str:
    """The picture, and how to make it live, as HTML."""
    pictures = images(explorer, "display:block;width:100%;max-width:720px;height:auto")
    return f'<style>{STYLE}</style><div class="attnrec-still">{pictures}<p>{HOW}</p></div>'


def images(explorer: HistoryExplorer | FigureWidget, style: str | None = None) -> str:
    """One `<img>` a model, or one of a feature picture."""
    alt = repr(explorer)
    drawn = explorer.svgs() if hasattr(explorer, "svgs") else draw(explorer)
    return "".join(page_file.image(svg, alt, style) for svg in drawn)


def draw(explorer: HistoryExplorer) -> list[bytes]:
    """One SVG a model; none while the history is empty."""
    from attnrec import plots

    drawn = []
    for panel in range(1, len(explorer.sources) + 1):
        stream = io.BytesIO()
        try:
            plots.save(explorer.figure(panel), stream, format="svg")
        except AttnrecError:  # nothing to draw
            return []
        drawn.append(stream.getvalue())
    return drawn


def _notebook() -> Any:
    """The notebook's shell while it runs a cell; None anywhere else."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    if not hasattr(shell, "kernel"):
        return None
    running = shell.get_parent().get("header", {}).get("msg_type") == "execute_request"
    return shell if running else None
