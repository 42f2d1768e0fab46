"""From what an explorer shows to what a TrustPanel reports, and back as a lens."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import traitlets
from ipywidgets import Widget

from attnrec.errors import AttnrecError
from attnrec.explanations import Options, Removal
from attnrec_widgets.engine import sentence_on
from attnrec_widgets.history_explorer import HistoryExplorer
from attnrec_widgets.later import Later, Tell
from attnrec_widgets.source import Source
from attnrec_widgets.state import State
from attnrec_widgets.trust_findings import Findings
from attnrec_widgets.trust_report import lens_of, report, waiting
from attnrec_widgets.trust_subject import Subject
from attnrec_widgets.trust_views import flip_of, lie_of, race_of

RECENT = 4  # findings that are kept for the way back

Key = tuple[State, Any, Removal]  # explorer, target and removal: what findings depend on


class Played(NamedTuple):
    """A flip that was played: what it led to, and where `now` stood before."""

    history: list
    now: int | None
    now_before: int | None
    flip: dict[str, Any]


class Link(Widget):
    """Keeps a report of what an explorer shows, and its lens; a part of the panel.

    An edit of the explorer never waits for it: see `Later`. What was measured
    is kept for a few states, so that an undo finds it.

    The panel has `lens`, `removal`, `target`, `tab`, `methods` and `orders`,
    and `seed` and `samples` in its options.
    """

    _report = traitlets.Dict().tag(sync=True, echo_update=False)
    _race = traitlets.Dict().tag(sync=True, echo_update=False)
    _lie = traitlets.Dict().tag(sync=True, echo_update=False)
    _flip = traitlets.Dict().tag(sync=True, echo_update=False)

    explorer: HistoryExplorer
    methods: tuple[str, ...]
    lens: Any
    removal: Any
    target: Any
    tab: Any

    def _begin(self, options: Options, orders: int) -> None:
        self._options, self._orders = options, orders
        self._later = Later()
        self._recent: dict[Key, Findings] = {}
        self._turn = threading.Lock()
        self._shown: Findings | None = None  # what `_report` is of
        self._flip_wanted: Key | None = None
        self._played: Played | None = None
        self._given_lens: dict[str, Any] = {}
        self._report = waiting(self.source, self._state(), self.removal, self.methods)

    @property
    def source(self) -> Source:
        """The model that is explained: the explorer's first."""
        return self.explorer.sources[0]

    # What there is to say

    @property
    def _seq(self) -> int:
        return self._report["seq"]

    def _state(self) -> State:
        """The explorer's, without what no number here depends on."""
        return replace(self.explorer._current(), query=None, view="ribbons")

    def _key(self) -> Key:
        return self._state(), self.target, self.removal

    def _present(self) -> Findings:
        key = self._key()
        if not key[0].visible:
            raise AttnrecError("history: empty; there is nothing that could have an effect")
        return self._findings(key)

    def _findings(self, key: Key) -> Findings:
        """Those of a key, new ones unless they are at hand."""
        with self._turn:
            if key not in self._recent:
                state, target, removal = key
                subject = Subject.of(self.source, state, target)
                options = replace(self._options, removal=removal)
                found = Findings(subject, self.methods, options, self._orders)
                for other in self._recent.values():
                    found.keep_from(other)
                self._recent[key] = found
                for old in list(self._recent)[:-RECENT]:
                    del self._recent[old]
            return self._recent[key]

    # When it is said

    def _refresh(self, change: traitlets.Bunch | None = None) -> None:
        """Brings everything up to date: at once what is at hand, the rest when hands rest."""
        key = self._key()
        if not key[0].visible:
            self._later.drop()
            self._show_nothing()
            return
        known = self._recent.get(key)
        if known is not None and known.has("faithfulness"):
            self._later.drop()
            self._show(known, self._spelled(known))
            if self.tab != "measures":
                self._later.run(partial(self._work, key), pause=0)
        else:
            self._later.run(partial(self._work, key), meanwhile=self._measuring)

    def _work(self, key: Key, tell: Tell) -> None:
        """What the tabs show of a key, part by part."""
        lens, wanted = self.lens, True
        try:
            findings = self._findings(key)
            if findings is not self._shown or self._report["state"] != "ready":
                wanted = tell(partial(self._show, findings, self._spelled(findings)))
            if wanted and self.tab == "race":
                wanted = tell(partial(self._put, "_race", race_of(findings, lens)))
            if wanted and self.tab == "slider":
                wanted = tell(partial(self._put, "_lie", lie_of(findings)))
            if wanted and self._flip_wanted == key:
                flip_of(findings)  # worked out here, and spelled there
                tell(self._show_flip)
        except AttnrecError as error:
            tell(partial(self._fail, str(error)))
        except Exception as error:  # noqa: BLE001  a model may be anybody's
            tell(partial(self._fail, sentence_on(self.source.name, error)))

    def _spelled(self, findings: Findings) -> dict[str, Any]:
        return report(findings, self._provenance())

    def _provenance(self) -> list[str]:
        two = len(self.explorer.sources) > 1
        several = ["of the two models above, the first is explained"] if two else []
        return [*self.explorer.provenance(1), *several]

    # How it reaches the page, on the loop

    def _measuring(self) -> None:
        if self._report["state"] != "measuring":
            self._report = {**self._report, "state": "measuring", "error": None}

    def _show(self, findings: Findings, spelled: dict[str, Any]) -> None:
        """Another report has another `seq`; the same with another lens has not."""
        if findings is not self._shown:
            self._shown = findings
            self._report = {**spelled, "seq": self._seq + 1}
            self._race = self._lie = {}
        else:
            self._report = {**spelled, "seq": self._seq}
        self._show_flip()
        self._give_lens(lens_of(findings, self.lens))

    def _is_played(self) -> bool:
        """Whether the history is what a flip that was played has led to."""
        here = list(self.explorer.history), self.explorer.now
        return self._played is not None and here == (self._played.history, self._played.now)

    def _show_flip(self) -> None:
        """The flip that was played, where it led here; else the one at hand, if any."""
        flip: dict[str, Any] = {}
        if self._played is not None and self._is_played():
            flip = {**self._played.flip, "played": True}
        elif self._shown is not None and self._shown.has("flip"):
            flip = flip_of(self._shown)
        self._put("_flip", flip)

    def _put(self, name: str, part: dict[str, Any]) -> None:
        setattr(self, name, {**part, "seq": self._seq} if part else {})

    def _show_nothing(self) -> None:
        self._shown = None
        blank = waiting(self.source, self._state(), self.removal, self.methods)
        self._report = {**blank, "state": "empty", "seq": self._seq + 1}
        self._race = self._lie = self._flip = {}
        self._give_lens({})

    def _fail(self, sentence: str) -> None:
        """The last report stays, with a sentence on top."""
        self._say(sentence)
        self._give_lens({})

    def _say(self, sentence: str) -> None:
        self._report = {**self._report, "state": "error", "error": sentence}

    def _give_lens(self, lens: dict[str, Any]) -> None:
        self._given_lens = self.explorer._lens = lens
