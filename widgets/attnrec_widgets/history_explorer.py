"""HistoryExplorer: put a hand on a history, and watch attention and ranking move."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets
from ipywidgets import Layout

from attnrec.errors import AttnrecError, did_you_mean
from attnrec_widgets import delivery, pictures, state
from attnrec_widgets.answer import NOTHING, answer_for, labels_for, setup_for
from attnrec_widgets.bundle import script, style
from attnrec_widgets.choice import choose
from attnrec_widgets.edits import Edits
from attnrec_widgets.engine import Failure, KernelEngine
from attnrec_widgets.panel import Panel, ShownInspection, table
from attnrec_widgets.source import Past, Source, same_items, spell_dates
from attnrec_widgets.still import Still
from attnrec_widgets.traits import Checked, Derived

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_WATCHED = ("now", "layer", "head", "query", "topn", "view", "allow_removed", "_seq", "_page")


class HistoryExplorer(Edits, anywidget.AnyWidget):
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
        item: id of an item that is marked wherever it stands; `attnrec_widgets.link` shares it.
        engine: `"page"`: the model itself goes to the page, which answers in
            milliseconds; `"kernel"`: this process answers, as it can for any
            model; `"auto"`: the page where the model can be exported and is
            small enough, else the kernel, and a sentence says why.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError, TypeError: any other argument that does not fit, such as
            `engine="page"` where that is impossible, with the reason.

    Example:
        >>> explorer = HistoryExplorer(run, user="u17")      # doctest: +SKIP
        >>> explorer.remove(3)                               # doctest: +SKIP
        >>> explorer.recommendations                         # doctest: +SKIP
    """

    _esm, _css = script("history_explorer"), style("history_explorer")

    now = Checked(state.check_now).tag(sync=True)
    layer = Checked(state.check_layer).tag(sync=True)
    head = Checked(state.check_head).tag(sync=True)
    query = Checked(state.check_query).tag(sync=True)
    topn = Checked(state.check_topn, 10).tag(sync=True)
    view = Checked(state.check_view, "ribbons").tag(sync=True)
    allow_removed = traitlets.Bool(False).tag(sync=True)
    item = Checked(state.check_item).tag(sync=True)

    # Python's own, read-only; of the first model, where there are two (see `panels`).
    recommendations = Derived(lambda self: self._recommendations())
    attention = Derived(lambda self: self._attention())

    _setup = traitlets.Dict().tag(sync=True)
    _page = traitlets.Bool(False).tag(sync=True)
    _seq = traitlets.Int(0).tag(sync=True)
    _search = traitlets.Dict().tag(sync=True)
    _matches = traitlets.Dict().tag(sync=True, echo_update=False)
    _answer = traitlets.Dict().tag(sync=True, echo_update=False)
    _lens = traitlets.Dict().tag(sync=True, echo_update=False)  # set by a TrustPanel

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
        item: Any = None,
        engine: str = "auto",
        layout: Layout | dict | None = None,
        **unknown: Any,
    ):
        for name in unknown:
            hint = did_you_mean(name, ARGUMENTS)
            raise TypeError(f"HistoryExplorer has no argument {name!r}{hint}")
        if user is not None and history is not None:
            raise AttnrecError("expected one of user and history, got both")
        self.sources: tuple[Source, ...] = (Source.of(model, "model"),)
        if second is not None:
            self.sources += (Source.of(second, "second"),)
            same_items(*self.sources)
        self._asked_engine = engine
        self._panels: list[Panel] = []
        self.last_error: Exception | None = None
        self.user = user
        self._coming: list | None = None
        self._state: state.State | None = None  # the present one
        self._told: state.State | None = None  # the one answered last
        self._looked: state.State | None = None  # the one that the panels are of
        self._filter_seen = self.sources[0].filters_seen if filter_seen is None else filter_seen
        past = (
            Past(() if history is None else history)
            if user is None
            else self.sources[0].past_of(user)
        )
        self.held_out = past.held_out
        self._engine = KernelEngine(self.sources, self.held_out)

        self._begin_with(past.history)
        self.dates = list(zip(self.history, spell_dates(past.times), strict=False))
        self._setup = setup_for(self, *choose(engine, self.sources))
        self._known_labels = {label["id"] for label in self._setup["labels"]}
        self.topn, self.view, self.allow_removed = topn, view, allow_removed
        self._refresh()  # tells how many layers and heads there are to choose from
        self.layer, self.head, self.now, self.query, self.item = layer, head, now, query, item
        self._refresh()
        self.observe(self._refresh, _WATCHED)
        super().__init__(**({} if layout is None else {"layout": layout}))
        self.on_msg(delivery.on_message)

    @property
    def engine(self) -> str:
        """Which engine was asked for: `"auto"`, `"page"` or `"kernel"`."""
        return self._asked_engine

    # From the state to the answer

    @traitlets.observe("history")
    def _history_changed(self, change: traitlets.Bunch) -> None:
        if self._state is None:  # still in the constructor
            return
        if not self._editing:
            self._assigned(change.old)
        for name in ("now", "query"):
            if (getattr(self, name) or 0) > len(change.new):
                setattr(self, name, None)
        self._refresh()

    def _current(self) -> state.State:
        return self._state_of(list(self.history), self.now, self.query, self._past)

    def _without(self, position: int) -> state.State:
        """The present state after a hand has taken out the item at a position."""
        history, now = state.without(list(self.history), self.now, position)
        return self._state_of(history, now, None, self._past_and_present())

    def _state_of(
        self, history: list, now: int | None, query: int | None, past: list[list]
    ) -> state.State:
        now = len(history) if now is None else min(now, len(history))
        left_out: frozenset = frozenset()
        if self._filter_seen:
            left_out = frozenset(history[:now])
            if not self.allow_removed:
                left_out |= state.taken_out(history, past, self._bases)
        return state.State(
            tuple(history), now, self.layer, self.head, query, self.topn, self.view, left_out
        )

    def _refresh(self, change: traitlets.Bunch | None = None) -> None:
        """Brings the answer up to date with the state.

        A page that answers for itself gets none, unless it asks by a higher
        `_seq`; then only observers are told.
        """
        current = self._current()
        changed, self._state = current != self._state, current
        if self._page and self._seq == self._answer["seq"]:
            if changed and self._is_observed() and self._look(current) is None:
                self._announce()
        elif current != self._told:
            self._told = current
            failure = self._look(current)
            if failure is not None:
                self._say(failure.sentence, self._seq)
            elif current == self._looked:  # and no later one has taken its place
                self._answer = answer_for(self, current, self._panels)
                if changed:
                    self._announce()
        elif self._seq != self._answer["seq"]:
            self._answer = {**self._answer, "seq": self._seq}

    def _look(self, current: state.State) -> Failure | None:
        """Has the panels of a state made, unless they are at hand."""
        if current == self._looked and self.last_error is None:
            return None
        result = self._engine.ask(current)
        if isinstance(result, Failure):
            self.last_error = result.error
            return result
        if result is not None:
            self._panels, self._looked, self.last_error = result, current, None
        return None

    def _say(self, error: str, seq: int) -> None:
        """An error: the last answer stays, with a sentence on top."""
        self._answer = {**(self._answer or NOTHING), "seq": seq, "error": error}

    @property
    def panels(self) -> list[Panel]:
        """What each model answers to the present state; empty without a history.

        While a page answers for itself, worked out when somebody looks, and an
        error in a model is raised. Else a model that failed leaves its last
        answer standing, and the error in `last_error`.
        """
        return self._present_panels() if self._page else self._panels

    def _present_panels(self) -> list[Panel]:
        failure = self._look(self._current())
        if failure is not None:
            raise failure.error
        return self._panels

    def _recommendations(self) -> pd.DataFrame:
        panels = self.panels
        return panels[0].recommendations if panels else table()

    def _attention(self) -> ShownInspection | None:
        panels = self.panels
        return panels[0].attention if panels else None

    def _is_observed(self) -> bool:
        return any(trait.observed(self) for trait in _derived())

    def _announce(self) -> None:
        for trait in _derived():
            trait.announce(self)

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
        return max(map(number, self._panels or self.panels), default=None)  # any state's will do

    # Between page and kernel

    def notify_change(self, change: traitlets.Bunch) -> None:
        """Sends another history and all that follows from it in one message."""
        together = change["name"] == "history" and self.comm is not None
        with self.hold_sync() if together else nullcontext():
            super().notify_change(change)

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
            seq = sync_data.get("_seq", self._seq)
            self._say(str(error), seq)
            self._seq = seq  # which has its answer already
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

    def save_html(self, path: str | Path) -> Path:
        """Writes one file that needs nothing else: explorer, model and catalogue.

        Opened in a browser, also from disk and offline, it starts at the
        present state, and can do all that the explorer in a notebook can.

        Args:
            path: ending in `.html`.

        Raises:
            AttnrecError: another ending, or a model that has no form that runs
                in a page, with the reason.
        """
        from attnrec_widgets import saved_page

        return saved_page.save(self, path)

    _still = cached_property(Still)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._still.place()
        return super()._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        names = ", ".join(source.name for source in self.sources)
        words, count = self._setup["words"], len(self.history)
        parts = [f"history={count} {words['item'] if count == 1 else words['items']}"]
        if self.now is not None:
            parts.append(f"now={self.now}")
        current = self._current()
        panels = (self._panels or self.panels) if current.visible else []
        if panels and panels[0].maps:
            shown = replace(panels[0], state=current)  # which maps there are, any answer tells
            parts.append(f"layer={shown.layer}, head={shown.head or 'mean'}")
            parts.append(f"query={current.position}")
        return f"HistoryExplorer({names}, {', '.join(parts)})"


def _derived() -> tuple[Derived, Derived]:
    return HistoryExplorer.recommendations, HistoryExplorer.attention


ARGUMENTS = [
    name for name in HistoryExplorer.__init__.__annotations__ if name not in ("return", "unknown")
]
