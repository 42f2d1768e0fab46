"""What is chosen in one picture is chosen in the others."""

from __future__ import annotations

from typing import Any

import traitlets

from attnrec.errors import AttnrecError
from attnrec_widgets.figure import CHOICES, FigureWidget


class Link:
    """Joins the choices of several widgets; see `link`."""

    def __init__(self, *widgets: Any):
        self._widgets = widgets
        self._passing = False
        for widget in widgets:
            widget.observe(self._pass_on, self._choices(widget))

    def unlink(self) -> None:
        """Lets each choose for itself again."""
        for widget in self._widgets:
            widget.unobserve(self._pass_on, self._choices(widget))

    @staticmethod
    def _choices(widget: Any) -> list[str]:
        names = CHOICES if isinstance(widget, FigureWidget) else ("item",)  # its layers are its own
        return [name for name in names if widget.has_trait(name)]

    def _pass_on(self, change: traitlets.Bunch) -> None:
        if self._passing:
            return
        self._passing = True
        try:
            for widget in self._widgets:
                if widget is change.owner or change.name not in self._choices(widget):
                    continue
                try:
                    setattr(widget, change.name, change.new)
                except (AttnrecError, TypeError):  # it does not show that: nothing is chosen there
                    setattr(widget, change.name, None)
        finally:
            self._passing = False


def link(*widgets: Any) -> Link:
    """Joins what is chosen in widgets: a field, item, circumstance, layer or head.

    Choosing in one, by hand or by script, chooses in all that show the same; where one does not
    show it, nothing is chosen there.

    Args:
        *widgets: two or more pictures, or a `HistoryExplorer`, which shares items.

    Returns:
        The link, whose `unlink()` ends it.

    Raises:
        AttnrecError: fewer than two, or something in which nothing can be chosen.

    Example:
        >>> link(FieldHeatmap(run), AttentionStream(run, user="u17"))  # doctest: +SKIP
    """
    if len(widgets) < 2:
        raise AttnrecError(f"widgets: expected two or more, got {len(widgets)}")
    for widget in widgets:
        if not any(getattr(widget, "has_trait", lambda _: False)(name) for name in CHOICES):
            raise AttnrecError(f"widgets: nothing can be chosen in {type(widget).__name__}")
    return Link(*widgets)
