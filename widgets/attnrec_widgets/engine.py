"""The kernel engine: one computation a change, the latest wins, and failures become sentences."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attnrec.errors import AttnrecError
from attnrec.inspection import AttentionRecord, Inspection, Request, width_for
from attnrec_widgets.panel import Panel
from attnrec_widgets.source import Source
from attnrec_widgets.state import State, whole
from attnrec_widgets.warmer import Warmer

_log = logging.getLogger(__name__)
RECENT = 4  # answers at hand: the present one, some before it, and one that may come
PREVIEWS = 8  # in one call of a model; at 200 items it takes as long as three edits


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

    A model is asked only where the visible history is none of the latest; layer,
    head, query, view and the length of the ranking are read from the answer at hand.

    Args:
        sources: one model, or two on one history.
        held_out: id of the true next item, or None.
    """

    def __init__(self, sources: tuple[Source, ...], held_out: Any = None):
        self.sources = sources
        self.names = _distinct([source.name for source in sources])
        self.held_out = held_out
        self._tickets = itertools.count(1)
        self._latest = 0
        self._turn = threading.Lock()
        self._recent: dict[tuple, list[Inspection]] = {}  # by visible history, the latest last
        self._asked: tuple = ()  # the one that is shown: its answer is not forgotten for another's
        self._warmer = Warmer()

    def ask(self, state: State) -> list[Panel] | Failure | None:
        """A panel a model; None where a later call has taken this one's place."""
        ticket = self._latest = next(self._tickets)
        with self._turn:
            if ticket != self._latest:
                return None
            self._asked = state.visible
            result = self._answer(state)
        return result if ticket == self._latest else None

    def _answer(self, state: State) -> list[Panel] | Failure:
        name = self.sources[0].name
        try:
            if not state.visible:
                return []
            inspections = self._recent.pop(state.visible, [])
            if not inspections:
                for source in self.sources:
                    name = source.name
                    inspections.append(inspection_of(source, [state.visible]))
                    self._warmer.around(source, len(state.visible))
            self._recent[state.visible] = inspections
            if len(self._recent) > RECENT:
                del self._recent[next(one for one in self._recent if one != self._asked)]
            panels = self._panels(state, inspections)
            for panel in panels:
                name = panel.name
                panel.message  # noqa: B018  a record that cannot be drawn fails here, not later
            return panels
        except AttnrecError as error:
            return Failure(str(error), error)
        except Exception as error:  # noqa: BLE001  a model may be anybody's
            return Failure(sentence_on(name, error), error)

    def _panels(self, state: State, inspections: Sequence[Inspection]) -> list[Panel]:
        return [
            Panel(name, source, state, inspection, self.held_out)
            for name, source, inspection in zip(self.names, self.sources, inspections, strict=True)
        ]

    def foresee(self, state: State) -> list[Panel] | Failure | None:
        """What `ask` would answer if it were asked now, so that it has it when it is.

        None where a model is still being compiled for that.
        """
        ready = [self._warmer.ready(source, len(state.visible)) for source in self.sources]
        if not all(ready):
            return None
        with self._turn:
            return self._answer(state)

    def variants(self, states: Sequence[State]) -> list[list[Panel]] | None:
        """A panel a model for each of up to `PREVIEWS` states: rankings, no attention.

        All in one call of each model. None where a model is still being
        compiled for that.
        """
        histories = [state.visible for state in states]
        longest = max(map(len, histories), default=0)
        # One is asked for like an edit, more always like `PREVIEWS`: two shapes, not eight.
        batch = 1 if len(states) == 1 else PREVIEWS
        ready = [self._warmer.ready(source, longest, batch) for source in self.sources]
        if not all(ready):
            return None
        if not states:
            return []
        with self._turn:
            answers = [inspection_of(source, histories, batch) for source in self.sources]
        return [
            self._panels(state, [_row(answer, n) for answer in answers])
            for n, state in enumerate(states)
        ]

    def weighing(
        self, state: State, panel: int, layer: int
    ) -> tuple[Panel, list[np.ndarray]] | None:
        """A panel, and queries, keys and values of a layer: `[head, position, size]` each.

        Of the positions that the model reads. None where it is still being
        compiled for that.
        """
        name, source = self.names[panel], self.sources[panel]
        if not self._warmer.ready(source, len(state.visible), projections=True):
            return None
        with self._turn:
            inspection = inspection_of(source, [state.visible], projections=True)
        made = Panel(name, source, state, inspection)
        if not made.maps:
            raise AttnrecError(f"{name} records no attention")
        map_ = made.maps[whole("layer", layer, len(made.maps)) - 1]
        if map_.query is None or map_.key is None or map_.value is None:
            raise AttnrecError(f"{name} does not tell the queries, keys and values of {map_.name}")
        return made, [part[0, :, -made.read :] for part in (map_.query, map_.key, map_.value)]

    def wait_warm(self) -> None:
        """Returns when nothing is being compiled ahead any more."""
        self._warmer.wait()


def sentence_on(name: str, error: Exception) -> str:
    """What the reader is told of an exception in somebody's model."""
    _log.debug("%s could not answer", name, exc_info=error)
    lines = str(error).strip().splitlines() or [""]
    told = f": {lines[0][:200]}" if lines[0] else ""
    return f"{name} could not answer ({type(error).__name__}{told})."


def _distinct(names: list[str]) -> list[str]:
    return [
        name if names.count(name) == 1 else f"{name} ({n})" for n, name in enumerate(names, start=1)
    ]


def inspection_of(
    source: Source, histories: Sequence[tuple], batch: int = 1, projections: bool = False
) -> Inspection:
    """What a model answers to histories of ids; asked with `batch` rows where it is compiled."""
    ids = [history[-source.limit :] if source.limit else history for history in histories]
    rows = [source.indices(row) for row in ids]
    lengths = source.inspector.lengths
    if lengths:
        rows += [rows[-1]] * (batch - len(rows))
    request = Request.of(rows, length=width_for(lengths, max(map(len, rows))))
    if projections:
        request = replace(request, projections=True)
    inspection = source.inspector.inspect(request)
    expected = (len(rows), len(source.ids) + 1)
    if np.shape(inspection.scores) != expected:
        raise AttnrecError(
            f"{source.name} gave scores of shape {np.shape(inspection.scores)}; expected {expected}"
        )
    if np.isnan(inspection.scores[:, 1:]).any():
        raise AttnrecError(f"{source.name} gave scores that are not numbers")
    return inspection


def _row(inspection: Inspection, row: int) -> Inspection:
    """The ranking of one history of a batch, without its attention."""
    one = slice(row, row + 1)
    request = Request(inspection.request.items[one], inspection.request.mask[one])
    record = AttentionRecord((), request.mask)
    return Inspection(request, inspection.scores[one], record, inspection.catalogue)
