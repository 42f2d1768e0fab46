"""TrustPanel: should what the explorer shows be believed?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import anywidget
from ipywidgets import Layout, VBox

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.explanations import Explanation, Faithfulness, Flip, Options
from attnrec.explanations.adversarial import AdversarialAttention
from attnrec.explanations.deletion_race import DeletionRace
from attnrec_widgets.bundle import script, style
from attnrec_widgets.engine import sentence_on
from attnrec_widgets.history_explorer import ARGUMENTS, HistoryExplorer
from attnrec_widgets.state import without
from attnrec_widgets.traits import Checked
from attnrec_widgets.trust_checks import (
    check_lens,
    check_methods,
    check_removal_of,
    check_tab,
    check_target,
)
from attnrec_widgets.trust_findings import lack
from attnrec_widgets.trust_link import Link, Played
from attnrec_widgets.trust_views import flip_of, positions_of

_OF_EXPLORER = ("history", "now", "layer", "head", "topn", "allow_removed")
_OWN = ("lens", "removal", "target", "tab")


class TrustPanel(Link, anywidget.AnyWidget):
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

    _esm, _css = script("trust_panel"), style("trust_panel")

    lens = Checked(check_lens, "attention").tag(sync=True)
    removal = Checked(check_removal_of, "drop").tag(sync=True)
    target = Checked(check_target).tag(sync=True)
    tab = Checked(check_tab, "measures").tag(sync=True)

    def __init__(
        self,
        model: Any,
        *,
        lens: str | None = None,
        removal: str = "drop",
        target: Any = None,
        tab: str = "measures",
        methods: Sequence[str] | None = None,
        orders: int = 100,
        seed: int = 0,
        samples: int = 1024,
        layout: Layout | dict | None = None,
        **explorer: Any,
    ):
        self._makes_explorer = not isinstance(model, HistoryExplorer)
        self.explorer = self._explorer_for(model, explorer)
        self.methods = check_methods(methods, self.source)
        options = Options(
            seed=whole_number("seed", seed, least=0), samples=whole_number("samples", samples)
        )

        able = [name for name in self.methods if not lack(self.source, name)]
        self.lens = (able or self.methods)[0] if lens is None else lens
        self.removal, self.target, self.tab = removal, target, tab
        self._begin(options, whole_number("orders", orders))
        super().__init__(**({} if layout is None else {"layout": layout}))
        self._refresh()
        self.observe(self._refresh, _OWN)
        self.explorer.observe(self._refresh, _OF_EXPLORER)
        self.on_msg(self._on_message)

    def _explorer_for(self, model: Any, options: dict[str, Any]) -> HistoryExplorer:
        for name in options:
            if name not in ARGUMENTS:
                hint = did_you_mean(name, [*_own_arguments(), *ARGUMENTS])
                raise TypeError(f"TrustPanel has no argument {name!r}{hint}")
        if self._makes_explorer:
            return HistoryExplorer(model, **options)
        if options:
            raise AttnrecError(f"{min(options)}: set it on the explorer, which is given")
        return model

    # What Python gets

    @property
    def explanation(self) -> Explanation:
        """What is shown; of all methods that have values here."""
        return self._present().explanation

    @property
    def faithfulness(self) -> Faithfulness:
        """Every explanation shown, measured beside uniform and random orders."""
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
        self._played = Played(history, now, explorer.now, flip_of(findings))
        self._put("_flip", {**self._played.flip, "played": True})
        with explorer.hold_sync():
            explorer.remove(*positions)
            explorer.now = now

    def _undo_flip(self) -> None:
        if self._played is not None and self._is_played():
            now = self._played.now_before
            with self.explorer.hold_sync():
                self.explorer.undo()
                self.explorer.now = now

    def save_html(self, path: str | Path) -> Path:
        """Writes one file that needs nothing else: explorer, panel, model and catalogue.

        Opened in a browser, also from disk and offline, it starts at the
        present state, of which everything is worked out before it is written.
        After an edit the page measures again what takes only forward passes;
        what takes gradients, and the search for the slider, need the kernel.

        Args:
            path: ending in `.html`.

        Raises:
            AttnrecError: another ending, or a model that has no form that runs
                in a page, with the reason.
        """
        from attnrec_widgets import saved_page
        from attnrec_widgets.trust_saved import part_of

        return saved_page.save(self.explorer, path, part_of(self))

    # Between page and kernel

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Takes a message from the page: all of it, or, where a value does not fit, nothing."""
        try:
            for name, value in sync_data.items():
                trait = getattr(type(self), name, None)
                if isinstance(trait, Checked):
                    trait.validate(self, value)
        except (AttnrecError, TypeError) as error:
            self._say(str(error))
            self.send_state([name for name in sync_data if name in self.keys])
        else:
            super().set_state(sync_data)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        try:
            if kind == "flip" and self._state().visible:
                self._flip_wanted, self._played = self._key(), None
                self._later.run(partial(self._work, self._flip_wanted), pause=0)
            elif kind == "play_flip":
                self.play_flip()
            elif kind == "undo_flip":
                self._undo_flip()
        except AttnrecError as error:
            self._say(str(error))
        except Exception as error:  # noqa: BLE001  a model may be anybody's
            self._say(sentence_on(self.source.name, error))

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
        if "_later" in vars(self):  # nothing to end where the constructor has refused
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


def _own_arguments() -> list[str]:
    hints = TrustPanel.__init__.__annotations__
    return [name for name in hints if name not in ("return", "explorer")]
