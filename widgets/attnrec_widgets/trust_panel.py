"""TrustPanel: should what the explorer shows be believed?"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets import Layout, VBox

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.explanations import METHODS, Explanation, Faithfulness, Flip, Options
from attnrec.explanations.adversarial import AdversarialAttention
from attnrec.explanations.deletion_race import DeletionRace
from attnrec.explanations.removal import check_removal
from attnrec_widgets.engine import sentence_on
from attnrec_widgets.history_explorer import _ARGUMENTS, _NOT_BUILT, HistoryExplorer
from attnrec_widgets.later import Later, Tell
from attnrec_widgets.source import Source
from attnrec_widgets.state import State, without
from attnrec_widgets.traits import Checked
from attnrec_widgets.trust_findings import Findings, default_methods, lack
from attnrec_widgets.trust_report import lens_of, report, waiting
from attnrec_widgets.trust_subject import Subject
from attnrec_widgets.trust_views import flip_of, lie_of, positions_of, race_of

_STATIC = Path(__file__).parent / "static"
_SCRIPT, _STYLE = _STATIC / "trust_panel.js", _STATIC / "trust_panel.css"
TABS = ("measures", "race", "slider")
RECENT = 4  # findings that are kept for the way back
_OF_EXPLORER = ("history", "now", "layer", "head", "topn", "allow_removed")
_OWN = ("lens", "removal", "target", "tab")

Key = tuple[State, Any, str]


def _check_lens(panel: TrustPanel, value: Any) -> str:
    if value not in panel.methods:
        hint = did_you_mean(value, panel.methods)
        raise AttnrecError(f"lens: expected one of {list(panel.methods)}, got {value!r}{hint}")
    lacking = lack(panel.source, value)
    if lacking:
        raise AttnrecError(f"lens: {lacking}")
    return value


def _check_removal(panel: TrustPanel, value: Any) -> str:
    if check_removal(value) == "mask" and not panel.source.inspector.capabilities.interventions:
        raise AttnrecError(f"removal: {panel.source.name} cannot mask positions; use 'drop'")
    return value


def _check_target(panel: TrustPanel, value: Any) -> Any:
    if value is None:
        return None
    target = panel.source.known(value)
    if target in panel.explorer._current().left_out:
        raise AttnrecError(f"target: {target!r} is in the history and not recommended again")
    return target


def _check_tab(panel: TrustPanel, value: Any) -> str:
    if value not in TABS:
        raise AttnrecError(
            f"tab: expected one of {list(TABS)}, got {value!r}{did_you_mean(value, TABS)}"
        )
    return value


class TrustPanel(anywidget.AnyWidget):
    """Explanations of one recommendation, and how far each can be believed.

    Linked to a `HistoryExplorer`: an edit there is measured here, and the
    lens chosen here colours the ribbons there. There is no total score: each
    measure stands beside that of random orders and of none.

    Args:
        model: the explorer to stand beneath; or a run, or anything with the
            inspection protocol, for which one is made (`panel.explorer`) and
            shown on top.
        lens: the explanation that the explorer draws, a name of `methods`.
        removal: what taking an item out means: `"drop"` closes the gap,
            `"mask"` keeps the place.
        target: id of the item whose score is explained; the first
            recommendation unless given, and where it is in the history.
        tab: `"measures"`, `"race"` or `"slider"`.
        methods: names of `attnrec.explanations.METHODS`, and `"attention"`: the
            layer and head that the explorer shows, as the last position reads.
        orders: random orders beside which explanations are measured.
        seed: of these, and of methods that draw.
        samples: variants of the history that such a method may ask about.
        layout: as of any ipywidget.
        **explorer: arguments of `HistoryExplorer`, such as `user`, `history`
            or `topn`, where one is made. Of an explorer of two models the
            first is explained.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError, TypeError: any other argument that does not fit.

    Example:
        >>> panel = TrustPanel(run, user="u17")              # doctest: +SKIP
        >>> panel.lens = "leave-one-out"                     # doctest: +SKIP
        >>> panel.faithfulness.table()                       # doctest: +SKIP
    """

    _esm = _SCRIPT if _SCRIPT.is_file() else _NOT_BUILT
    _css = _STYLE if _STYLE.is_file() else ""

    lens = Checked(_check_lens, "attention").tag(sync=True)
    removal = Checked(_check_removal, "drop").tag(sync=True)
    target = Checked(_check_target).tag(sync=True)
    tab = Checked(_check_tab, "measures").tag(sync=True)

    _report = traitlets.Dict().tag(sync=True, echo_update=False)
    _race = traitlets.Dict().tag(sync=True, echo_update=False)
    _lie = traitlets.Dict().tag(sync=True, echo_update=False)
    _flip = traitlets.Dict().tag(sync=True, echo_update=False)

    explorer: HistoryExplorer

    def __init__(
        self,
        model: Any,
        *,
        lens: str | None = None,
        removal: str = "drop",
        target: Any = None,
        tab: str = "measures",
        methods: Sequence[str] | None = None,
        orders: int = 200,
        seed: int = 0,
        samples: int = 1024,
        layout: Layout | dict | None = None,
        **explorer: Any,
    ):
        self._later = Later()
        self._given_lens: dict = {}
        self._recent: dict[Key, Findings] = {}
        self._turn = threading.Lock()
        self._shown: Findings | None = None  # what `_report` is of
        self._flip_wanted = False
        self._played: tuple[State, dict] | None = None  # a flip, and the state it led to
        self._makes_explorer = not isinstance(model, HistoryExplorer)
        self.explorer = self._explorer_for(model, explorer)
        self.methods = _checked_methods(methods, self.source)
        self._orders = whole_number("orders", orders)
        self._seed = whole_number("seed", seed, least=0)
        self._samples = whole_number("samples", samples)

        able = [name for name in self.methods if not lack(self.source, name)]
        self.lens = (able or self.methods)[0] if lens is None else lens
        self.removal, self.target, self.tab = removal, target, tab
        self._report = waiting(self.source, self._state(), self.removal, self.methods)
        super().__init__(**({} if layout is None else {"layout": layout}))
        self._refresh()
        self.observe(self._refresh, _OWN)
        self.explorer.observe(self._refresh, _OF_EXPLORER)
        self.on_msg(self._on_message)

    def _explorer_for(self, model: Any, options: dict[str, Any]) -> HistoryExplorer:
        for name in options:
            if name not in _ARGUMENTS:
                hint = did_you_mean(name, [*_own_arguments(), *_ARGUMENTS])
                raise TypeError(f"TrustPanel has no argument {name!r}{hint}")
        if self._makes_explorer:
            return HistoryExplorer(model, **options)
        if options:
            raise AttnrecError(f"{min(options)}: set it on the explorer, which is given")
        return model

    @property
    def source(self) -> Source:
        """The model that is explained: the explorer's first."""
        return self.explorer.sources[0]

    # What Python gets

    @property
    def explanation(self) -> Explanation:
        """What is shown; of all methods that have values here."""
        return self._present().explanation

    @property
    def faithfulness(self) -> Faithfulness:
        return self._present().faithfulness

    @property
    def flip(self) -> Flip:
        """The smallest removal that changes the first recommendation."""
        return self._present().flip

    @property
    def race(self) -> DeletionRace:
        """The lens, gradient x input where there are gradients, and leave-one-out."""
        return self._present().race(self.lens)

    @property
    def adversarial(self) -> AdversarialAttention:
        """Attention that misleads while the first ten recommendations stay."""
        return self._present().adversarial

    def play_flip(self) -> None:
        """Takes the smallest flip's items out of the explorer's history, as one edit.

        Raises:
            AttnrecError: with `removal="mask"`, or where there is no flip.
        """
        if self.removal == "mask":
            raise AttnrecError(
                "A masked item keeps its place, and a history has no empty places: "
                "only with removal 'drop' can a flip be played."
            )
        findings, explorer = self._present(), self.explorer
        if not findings.flip.found:
            raise AttnrecError(repr(findings.flip))
        positions = positions_of(findings, findings.flip)
        history, now = list(explorer.history), explorer.now
        for position in reversed(positions):
            history, now = without(history, now, position)
        left_out = findings.subject.state.left_out
        shown = len(history) if now is None else now
        led_to = replace(self._state(), history=tuple(history), now=shown, left_out=left_out)
        self._played = led_to, flip_of(findings)
        self._flip = {**self._flip, **flip_of(findings), "seq": self._seq, "played": True}
        with explorer.hold_sync():
            explorer.now = None if now is None else min(explorer.now, now)
            explorer.remove(*positions)
            explorer.now = now

    # From the explorer to the report

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
                options = Options(check_removal(removal), self._seed, self._samples)
                subject = Subject.of(self.source, state, target)
                found = Findings(subject, self.methods, options, self._orders)
                for other in self._recent.values():
                    found.keep_from(other)
                self._recent[key] = found
                for old in list(self._recent)[:-RECENT]:
                    del self._recent[old]
            return self._recent[key]

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
            self._later.run(partial(self._work, key), pause=0)
        else:
            self._later.run(partial(self._work, key), meanwhile=self._measuring)

    def _work(self, key: Key, tell: Tell) -> None:
        """What the tabs show of a key, part by part."""
        lens = self.lens
        try:
            findings = self._findings(key)
            if findings is not self._shown and not tell(
                partial(self._show, findings, self._spelled(findings))
            ):
                return
            if self.tab == "race" and not tell(
                partial(self._put, "_race", race_of(findings, lens))
            ):
                return
            if self.tab == "slider" and not tell(partial(self._put, "_lie", lie_of(findings))):
                return
            if self._flip_wanted:
                flip_of(findings)
                tell(self._show_flip)
        except AttnrecError as error:
            tell(partial(self._fail, str(error)))
        except Exception as error:  # noqa: BLE001  a model may be anybody's
            tell(partial(self._fail, sentence_on(self.source.name, error)))

    def _spelled(self, findings: Findings) -> dict[str, Any]:
        several = ["explains the first model"] if len(self.explorer.sources) > 1 else []
        return report(findings, self.lens, [*self.explorer.provenance(1), *several])

    def _measuring(self) -> None:
        if self._report["state"] != "measuring":
            self._report = {**self._report, "state": "measuring"}

    def _show(self, findings: Findings, spelled: dict[str, Any]) -> None:
        """Another report has another `seq`; the same with another lens has not."""
        if findings is not self._shown:
            self._shown, self._flip_wanted = findings, False
            self._report = {**spelled, "seq": self._seq + 1}
            self._race = self._lie = {}
        else:
            self._report = {**spelled, "seq": self._seq}
        self._show_flip()
        self._give_lens(lens_of(findings, self.lens))

    def _show_flip(self) -> None:
        """The flip that was played, where it led here; else the one at hand, if any."""
        state, flip = self._state(), {}
        if self._played is not None and self._played[0] == state:
            flip = {**self._played[1], "played": True}
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
        self._report = {**self._report, "state": "error", "error": sentence}
        self._give_lens({})

    def _give_lens(self, lens: dict[str, Any]) -> None:
        self._given_lens = self.explorer._lens = lens

    # Between page and kernel

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Takes a message from the page: all of it, or, where a value does not fit, nothing."""
        try:
            for name, value in sync_data.items():
                trait = getattr(type(self), name, None)
                if isinstance(trait, Checked):
                    trait.validate(self, value)
        except (AttnrecError, TypeError) as error:
            self._report = {**self._report, "state": "error", "error": str(error)}
            self.send_state([name for name in sync_data if name in self.keys])
        else:
            super().set_state(sync_data)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        try:
            if kind == "flip":
                self._flip_wanted, self._played = True, None
                if self._state().visible:
                    self._later.run(partial(self._work, self._key()), pause=0)
            elif kind == "play_flip":
                self.play_flip()
            elif kind == "undo_flip" and self._flip.get("played"):
                self.explorer.undo()
        except AttnrecError as error:
            self._report = {**self._report, "state": "error", "error": str(error)}

    @cached_property
    def _together(self) -> VBox:
        return VBox([self.explorer, self])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not self._makes_explorer:
            return super()._repr_mimebundle_(**kwargs)
        self.explorer._still.place()
        return self._together._repr_mimebundle_(**kwargs)

    def close(self) -> None:
        """Ends the link to the explorer, which stays."""
        if "explorer" in vars(self) and "methods" in vars(self):
            self._later.close()
            if self._given_lens == self.explorer._lens:
                self.explorer._lens = {}
            if self.comm is not None:
                self.explorer.unobserve(self._refresh, _OF_EXPLORER)
        super().close()

    def __repr__(self) -> str:
        target = "" if self.target is None else f", target={self.target!r}"
        return (
            f"TrustPanel({self.source.name}, lens={self.lens!r}, removal={self.removal!r}{target})"
        )


def _checked_methods(names: Sequence[str] | None, source: Source) -> tuple[str, ...]:
    if names is None:
        return tuple(default_methods(source))
    if isinstance(names, str) or not len(names):
        raise AttnrecError(f"methods: expected a sequence of names, got {names!r}")
    known = ["attention", *(name for name in METHODS if name not in ("uniform", "random"))]
    for name in names:
        if name in ("uniform", "random"):
            raise AttnrecError(f"methods: {name!r} stands beside the others in any case")
        if name not in known:
            raise AttnrecError(f"methods: no method {name!r}{did_you_mean(name, known)}")
    return tuple(dict.fromkeys(names))


def _own_arguments() -> list[str]:
    hints = TrustPanel.__init__.__annotations__
    return [name for name in hints if name not in ("return", "explorer")]
