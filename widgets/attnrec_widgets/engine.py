"""The kernel engine: one computation a change, the latest wins, and failures become sentences."""

from __future__ import annotations

import itertools
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnrec.errors import AttnrecError
from attnrec.inspection import Inspection, Request, width_for
from attnrec_widgets.panel import Panel
from attnrec_widgets.source import Source
from attnrec_widgets.state import State

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A state that could not be shown.

    Attributes:
        sentence: why, for the reader.
        error: the exception.
    """

    sentence: str
    error: Exception


class KernelEngine:
    """Asks the models, in this process.

    A model is asked only where the visible history is another; layer, head,
    query, view and the length of the ranking are read from the answer at hand.

    Args:
        sources: one model, or two on one history.
        held_out: id of the true next item, or None.
    """

    def __init__(self, sources: tuple[Source, ...], held_out: Any = None):
        self.sources = sources
        names = [source.name for source in sources]
        self._named = [
            (name if names.count(name) == 1 else f"{name} ({n})", source)
            for n, (name, source) in enumerate(zip(names, sources, strict=True), start=1)
        ]
        self.held_out = held_out
        self._tickets = itertools.count(1)
        self._latest = 0
        self._turn = threading.Lock()
        self._asked: tuple | None = None
        self._inspections: list[Inspection] = []
        self._warmer = _Warmer()

    def ask(self, state: State) -> list[Panel] | Failure | None:
        """A panel a model; None where a later call has taken this one's place."""
        ticket = self._latest = next(self._tickets)
        with self._turn:
            if ticket != self._latest:
                return None
            result = self._answer(state)
        return result if ticket == self._latest else None

    def _answer(self, state: State) -> list[Panel] | Failure:
        name = self.sources[0].name
        try:
            if state.visible and state.visible != self._asked:
                inspections = []
                for source in self.sources:
                    name = source.name
                    inspections.append(_inspect(source, state.visible))
                    self._warmer.around(source, len(state.visible))
                self._asked, self._inspections = state.visible, inspections
            if not state.visible:
                return []
            panels = [
                Panel(*named, state, inspection, self.held_out)
                for named, inspection in zip(self._named, self._inspections, strict=True)
            ]
            for panel in panels:
                name = panel.name
                panel.message  # noqa: B018  a record that cannot be drawn fails here, not later
            return panels
        except AttnrecError as error:
            return Failure(str(error), error)
        except Exception as error:  # noqa: BLE001  a model may be anybody's
            _log.debug("%s could not answer", name, exc_info=True)
            lines = str(error).strip().splitlines() or [""]
            told = f": {lines[0][:200]}" if lines[0] else ""
            return Failure(f"{name} could not answer ({type(error).__name__}{told}).", error)

    def wait_warm(self) -> None:
        """Returns when nothing is being compiled ahead any more."""
        self._warmer.wait()


def _inspect(source: Source, ids: tuple) -> Inspection:
    indices = source.indices(ids[-source.limit :] if source.limit else ids)
    width = width_for(source.inspector.lengths, len(indices))
    inspection = source.inspector.inspect(Request.of([indices], length=width))
    expected = (1, len(source.ids) + 1)
    if np.shape(inspection.scores) != expected:
        raise AttnrecError(
            f"{source.name} gave scores of shape {np.shape(inspection.scores)}; expected {expected}"
        )
    if np.isnan(inspection.scores[0, 1:]).any():
        raise AttnrecError(f"{source.name} gave scores that are not numbers")
    return inspection


class _Warmer:
    """Compiles for neighbouring lengths in the background, where an inspector offers `warm`."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._known: dict[tuple[int, int], Future | None] = {}

    def around(self, source: Source, longest: int) -> None:
        lengths = source.inspector.lengths
        warm = getattr(source.inspector, "warm", None)
        if warm is None or not lengths:
            return
        at = lengths.index(width_for(lengths, longest))
        self._known.setdefault((id(source), lengths[at]), None)  # compiled by the request itself
        for length in lengths[max(at - 1, 0) : at + 2]:
            if (id(source), length) not in self._known:
                self._pool = self._pool or ThreadPoolExecutor(1, "attnrec-warm")
                self._known[id(source), length] = self._pool.submit(warm, length)

    def wait(self) -> None:
        for future in list(self._known.values()):
            if future is not None:
                future.result()
