"""HistoryExplorer: put a hand on a history, and watch attention and ranking move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets
from ipywidgets import Layout

from attnrec.errors import AttnrecError, did_you_mean
from attnrec_widgets import pictures, state
from attnrec_widgets.answer import NOTHING, answer_for, labels_for
from attnrec_widgets.engine import Failure, KernelEngine
from attnrec_widgets.panel import Panel, table
from attnrec_widgets.source import Past, Source, same_items, spell_dates
from attnrec_widgets.traits import Checked, Derived

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_STATIC = Path(__file__).parent / "static"
_SCRIPT, _STYLE = _STATIC / "history_explorer.js", _STATIC / "history_explorer.css"
_NOT_BUILT = """export default { render({ el }) {
  el.textContent = "The front end of attnrec is not built: run `pip install .` in its folder.";
} };"""
_SHOWN = ("now", "layer", "head", "query", "topn", "view", "allow_removed")
STEPS = 100  # how many edits can be undone


class HistoryExplorer(anywidget.AnyWidget):
    """A history that can be edited, what the model looks at in it, and what it would recommend.

    Everything on the screen is a trait, so that a hand and a script do the
    same: `explorer.history = [...]` moves the picture, and an edit by mouse
    changes `explorer.history`.

    Args:
        model: a run, or anything with the inspection protocol.
        second: another, of the same items, shown on the same history.
        user: begin with this user's history, up to the held-out test item,
            whose rank is then shown.
        history: or with these item ids, oldest first. With neither, empty.
        topn: length of the ranking.
        now: show the model only the first `now` items.
        layer, head, query: what is read: layer and head from 1 (default: the
            last layer, the mean of its heads) and the position, from 1, that
            looks (default: the last).
        view: `"ribbons"` or `"matrix"`.
        filter_seen: leave items of the history out of the ranking; as the
            data's protocol says unless given, and not where none is known.
        allow_removed: where seen items are left out, may an item that was
            taken out of the history come back as a recommendation? It would
            often top the list.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError, TypeError: any other argument that does not fit.

    Example:
        >>> explorer = HistoryExplorer(run, user="u17")      # doctest: +SKIP
        >>> explorer.remove(3)                               # doctest: +SKIP
        >>> explorer.recommendations                         # doctest: +SKIP
    """

    _esm = _SCRIPT if _SCRIPT.is_file() else _NOT_BUILT
    _css = _STYLE if _STYLE.is_file() else ""

    history = Checked(state.check_history, ()).tag(sync=True)
    now = Checked(state.check_now).tag(sync=True)
    layer = Checked(state.check_layer).tag(sync=True)
    head = Checked(state.check_head).tag(sync=True)
    query = Checked(state.check_query).tag(sync=True)
    topn = Checked(state.check_topn, 10).tag(sync=True)
    view = Checked(state.check_view, "ribbons").tag(sync=True)
    allow_removed = traitlets.Bool(False).tag(sync=True)

    # Python's own, read-only; of the first model, where there are two (see `panels`).
    recommendations = Derived(lambda self: self._recommendations())
    attention = Derived(lambda self: self.panels[0].attention if self.panels else None)

    _past: traitlets.List = traitlets.List().tag(sync=True, echo_update=False)
    _future: traitlets.List = traitlets.List().tag(sync=True, echo_update=False)
    _start: traitlets.List = traitlets.List().tag(sync=True)
    _words = traitlets.Dict().tag(sync=True)
    _seq = traitlets.Int(0).tag(sync=True)
    _search = traitlets.Dict().tag(sync=True)
    _matches = traitlets.Dict().tag(sync=True, echo_update=False)
    _answer = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(
        self,
        model: Any,
        second: Any = None,
        *,
        user: Any = None,
        history: Sequence | None = None,
        topn: int = 10,
        now: int | None = None,
        layer: int | None = None,
        head: int | None = None,
        query: int | None = None,
        view: str = "ribbons",
        filter_seen: bool | None = None,
        allow_removed: bool = False,
        layout: Layout | dict | None = None,
        **unknown: Any,
    ):
        for name in unknown:
            hint = did_you_mean(name, _ARGUMENTS)
            raise TypeError(f"HistoryExplorer has no argument {name!r}{hint}")
        if user is not None and history is not None:
            raise AttnrecError("expected one of user and history, got both")
        self.sources: tuple[Source, ...] = (Source.of(model, "model"),)
        if second is not None:
            self.sources += (Source.of(second, "second"),)
            same_items(*self.sources)
        self.panels: list[Panel] = []
        self.last_error: Exception | None = None
        self.user = user
        self._editing = True
        self._coming: list | None = None
        self._state: state.State | None = None
        self._filter_seen = self.sources[0].filters_seen if filter_seen is None else filter_seen
        past = (
            Past(() if history is None else history)
            if user is None
            else self.sources[0].past_of(user)
        )
        self.held_out = past.held_out
        self._engine = KernelEngine(self.sources, self.held_out)

        self.history = past.history
        self._start = list(self.history)
        self._removed_at: dict[tuple, frozenset] = {tuple(self.history): frozenset()}
        self.dates = list(zip(self.history, spell_dates(past.times), strict=False))
        words = self.sources[0].catalogue.words
        self._words = {"item": words.item, "items": words.items, "acted": words.acted}
        self.topn, self.view, self.allow_removed = topn, view, allow_removed
        self._editing = False
        self._refresh()  # tells how many layers and heads there are to choose from
        self.layer, self.head, self.now, self.query = layer, head, now, query
        self._refresh()
        self.observe(self._refresh, [*_SHOWN, "_seq"])
        super().__init__(**({} if layout is None else {"layout": layout}))
        self.on_msg(pictures.on_message)

    # Edits

    def add(self, item: Any, position: int | None = None) -> None:
        """Puts an item at a position, from 1; at the end unless given."""
        history = list(self.history)
        at = len(history) + 1 if position is None else position
        history.insert(state.whole("position", at, len(history) + 1) - 1, item)
        self._edit(history)

    def remove(self, position: int) -> None:
        """Takes out the item at a position, from 1."""
        history = list(self.history)
        del history[self._place("position", position)]
        self._edit(history)

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
            self._edit(history, [*self._past, list(self.history)], future)

    def reset(self) -> None:
        """Goes back to the history at the start; an edit like any other."""
        self._edit(list(self._start))

    def _place(self, name: str, position: int) -> int:
        if not self.history:
            raise AttnrecError(f"{name}: the history is empty")
        return state.whole(name, position, len(self.history)) - 1

    def _edit(self, history: list, past: list | None = None, future: list | None = None) -> None:
        """Sets a history that comes from this one, and what can be undone, in one message."""
        history = state.check_history(self, history)
        if history == self.history:
            return
        past = [*self._past, list(self.history)] if past is None else past
        with self.hold_sync(), self._as_edit():
            self._past, self._future = past[-STEPS:], future or []
            self.history = history

    @contextmanager
    def _as_edit(self) -> Iterator[None]:
        before, self._editing = self._editing, True
        try:
            yield
        finally:
            self._editing = before

    @traitlets.observe("history")
    def _history_changed(self, change: traitlets.Bunch) -> None:
        if self._state is None:  # still in the constructor
            return
        old, new = tuple(change.old), tuple(change.new)
        if self._editing:
            if new not in self._removed_at:
                removed = self._removed_at.get(old, frozenset())
                self._removed_at[new] = (removed | set(old)) - set(new)
        else:  # assigned by a script: what is not in it was not taken out of it
            self._removed_at[new] = frozenset()
            self._past, self._future = [*self._past, list(old)][-STEPS:], []
        for name in ("now", "query"):
            if (getattr(self, name) or 0) > len(new):
                setattr(self, name, None)
        self._refresh()

    # From the state to the answer

    def _current(self) -> state.State:
        history = tuple(self.history)
        now = len(history) if self.now is None else min(self.now, len(history))
        left_out: frozenset = frozenset()
        if self._filter_seen:
            left_out = frozenset(history[:now])
            if not self.allow_removed:
                left_out |= self._removed_at.get(history, frozenset())
        return state.State(
            history, now, self.layer, self.head, self.query, self.topn, self.view, left_out
        )

    def _refresh(self, change: traitlets.Bunch | None = None) -> None:
        """Brings answer, recommendations and attention up to date with the state."""
        current = self._current()
        if current == self._state:
            if self._answer["seq"] != self._seq:
                self._answer = {**self._answer, "seq": self._seq}
            return
        self._state = current
        result = self._engine.ask(current)
        if isinstance(result, Failure):
            self.last_error = result.error
            self._say(result.sentence)
        elif result is not None:
            self.panels, self.last_error = result, None
            self._answer = answer_for(self, current)
            type(self).recommendations.announce(self)
            type(self).attention.announce(self)

    def _say(self, error: str) -> None:
        """An error: the last answer stays, with a sentence on top."""
        self._answer = {**(self._answer or NOTHING), "seq": self._seq, "error": error}

    def _recommendations(self) -> pd.DataFrame:
        return self.panels[0].recommendations if self.panels else table()

    @property
    def num_positions(self) -> int:
        return len(self.history if self._coming is None else self._coming)

    @property
    def num_layers(self) -> int | None:
        """Layers of the model with the most; None where nothing was asked of it yet."""
        return self._most(lambda panel: len(panel.maps))

    @property
    def num_heads(self) -> int | None:
        """Heads of the model with the most; None where nothing was asked of it yet."""
        return self._most(lambda panel: panel.num_heads)

    def _most(self, number: Any) -> int | None:
        if not any(source.inspector.capabilities.attention for source in self.sources):
            return 0
        return max(map(number, self.panels), default=None)

    # What the page sends

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Takes a message from the page: all of it, or, where a value does not fit, nothing."""
        try:
            if "history" in sync_data:
                self._coming = state.check_history(self, sync_data["history"])
            for name, value in sync_data.items():
                trait = getattr(type(self), name, None)
                if isinstance(trait, Checked):
                    trait.validate(self, value)
        except (AttnrecError, TypeError) as error:
            self._seq = sync_data.get("_seq", self._seq)
            self._say(str(error))
            self.send_state([name for name in sync_data if name in self.keys and name != "_seq"])
        else:
            with self._as_edit():
                super().set_state(sync_data)
        finally:
            self._coming = None

    def _should_send_property(self, key: str, value: Any) -> bool:
        # Comparing a hundred histories with those just received takes longer than the model.
        if key in ("_past", "_future") and key in self._property_lock:
            return False
        return super()._should_send_property(key, value)

    @traitlets.observe("_search")
    def _searched(self, change: traitlets.Bunch) -> None:
        source, text = self.sources[0], str(change.new.get("text", ""))
        found = source.catalogue.search(text) if text.strip() else source.examples
        self._matches = {
            "seq": change.new.get("seq", 0),
            "text": text,
            "matches": labels_for(source, found),
        }

    # Out of the notebook

    def provenance(self, panel: int | None = None) -> list[str]:
        """Model, data, user, seed and date of what is shown.

        Args:
            panel: of one model, from 1; of all unless given.
        """
        user = [] if self.user is None else [f"user {self.user}"]
        if panel is not None:
            return [*self.sources[panel - 1].provenance(), *user]
        first, *others = (source.provenance() for source in self.sources)
        beside = [o[:1] if o[1:] == first[1:] else o for o in others]  # what is shared, told once
        return [*first, *(f"beside {', '.join(other)}" for other in beside), *user]

    def figure(self, panel: int = 1) -> Figure:
        """The picture on the screen as a matplotlib figure.

        Args:
            panel: which model, from 1, where two are shown.
        """
        return pictures.draw(self, panel)

    def save_figure(self, path: str | Path, panel: int = 1) -> Path:
        """Writes the picture; the ending says how: `.svg`, `.pdf` or `.png`."""
        from attnrec import plots

        return plots.save(self.figure(panel), path)

    def __repr__(self) -> str:
        names = ", ".join(source.name for source in self.sources)
        words, count = self._words, len(self.history)
        parts = [f"history={count} {words['item'] if count == 1 else words['items']}"]
        if self.now is not None:
            parts.append(f"now={self.now}")
        if self.panels and self.panels[0].maps:
            shown = self.panels[0]
            parts.append(f"layer={shown.layer}, head={shown.head or 'mean'}")
            parts.append(f"query={shown.state.position}")
        return f"HistoryExplorer({names}, {', '.join(parts)})"


_ARGUMENTS = [
    name for name in HistoryExplorer.__init__.__annotations__ if name not in ("return", "unknown")
]
