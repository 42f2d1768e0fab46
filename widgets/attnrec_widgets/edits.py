"""A history that is edited by hand and set by scripts, and the way back through both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import traitlets
from ipywidgets import Widget

from attnrec.errors import AttnrecError
from attnrec_widgets import state
from attnrec_widgets.traits import Checked

STEPS = 100  # how many edits can be undone


class Edits(Widget):
    """The history, its edits, and what can be undone; a part of the explorer.

    An edit comes from the history before it, by hand or by a method. A history
    that a script assigns stands for itself: it is a *base*, of which nothing
    was taken out, as is the history at the start.
    """

    history = Checked(state.check_history, ()).tag(sync=True)
    _past: traitlets.List = traitlets.List().tag(sync=True, echo_update=False)
    _future: traitlets.List = traitlets.List().tag(sync=True, echo_update=False)
    _start: traitlets.List = traitlets.List().tag(sync=True)
    _bases: traitlets.List = traitlets.List().tag(sync=True)
    _editing = False

    def add(self, item: Any, position: int | None = None) -> None:
        """Puts an item at a position, from 1; at the end unless given."""
        history = list(self.history)
        at = len(history) + 1 if position is None else position
        history.insert(state.whole("position", at, len(history) + 1) - 1, item)
        self._edit(history)

    def remove(self, position: int, *others: int) -> None:
        """Takes out the item at a position, from 1; with others, all in one edit."""
        gone = {self._place("position", one) for one in (position, *others)}
        self._edit([item for at, item in enumerate(self.history) if at not in gone])

    def move(self, from_position: int, to_position: int) -> None:
        """Moves the item at one position to another, both from 1."""
        history = list(self.history)
        item = history.pop(self._place("from_position", from_position))
        history.insert(state.whole("to_position", to_position, len(self.history)) - 1, item)
        self._edit(history)

    def undo(self) -> None:
        """Goes back one edit; does nothing where there is none."""
        if self._past:
            *past, history = self._past
            self._edit(history, past, [*self._future, list(self.history)])

    def redo(self) -> None:
        """Takes back an undo; does nothing where there is none."""
        if self._future:
            *future, history = self._future
            self._edit(history, self._past_and_present(), future)

    def reset(self) -> None:
        """Goes back to the history at the start; an edit like any other."""
        self._edit(list(self._start))

    def _place(self, name: str, position: int) -> int:
        if not self.history:
            raise AttnrecError(f"{name}: the history is empty")
        return state.whole(name, position, len(self.history)) - 1

    def _past_and_present(self) -> list[list]:
        """What an edit leaves behind it."""
        return [*self._past, list(self.history)][-STEPS:]

    def _edit(self, history: list, past: list | None = None, future: list | None = None) -> None:
        """Sets a history that comes from this one, and what can be undone, in one message."""
        history = state.check_history(self, history)
        if history == self.history:
            return
        with self.hold_sync(), self._as_edit():
            self._past = self._past_and_present() if past is None else past
            self._future = future or []
            self.history = history

    @contextmanager
    def _as_edit(self) -> Iterator[None]:
        before, self._editing = self._editing, True
        try:
            yield
        finally:
            self._editing = before

    def _begin_with(self, history: Any) -> None:
        with self._as_edit():
            self.history = history
        self._start = list(self.history)
        self._bases = [self._start]

    def _assigned(self, old: list) -> None:
        """Notes that a script, and no edit, put this history in place of the old one."""
        self._past, self._future = [*self._past, list(old)][-STEPS:], []
        bases = [self._start, *(base for base in self._bases[1:] if base in self._past)]
        self._bases = bases if self.history in bases else [*bases, list(self.history)]
