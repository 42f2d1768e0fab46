"""What a TrustPanel explains: one score, as the explorer beside it ranks and reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from attnrec.errors import AttnrecError
from attnrec.explanations import Case
from attnrec_widgets.engine import inspection_of
from attnrec_widgets.panel import Panel
from attnrec_widgets.source import Source
from attnrec_widgets.state import State


@dataclass(frozen=True, eq=False)
class Subject:
    """The score of one item after the history that an explorer shows.

    Attributes:
        source: the model.
        state: the explorer's; its visible history is not empty.
        panel: what the model answers to it.
        target: id of the item whose score is explained.
        note: what the reader should know of that choice, or empty.
    """

    source: Source
    state: State
    panel: Panel
    target: Any
    note: str = ""

    @classmethod
    def of(cls, source: Source, state: State, target: Any = None) -> Subject:
        """Asks the model, and settles which item is explained.

        Args:
            source: the model.
            state: the explorer's.
            target: id of an item; where it is None, or none that could be
                recommended after this history, the first recommendation.

        Raises:
            AttnrecError: nothing is left to recommend, or the model failed.
        """
        panel = Panel(source.name, source, state, inspection_of(source, [state.visible]))
        if not panel.best:
            raise AttnrecError("Nothing is left to recommend after this history.")
        chosen, note = panel.best[0][0], ""
        if target is not None and target not in state.left_out:
            chosen = target
        elif target is not None:
            where = "is in the history" if target in state.visible else "was taken out of it"
            titles = [source.catalogue.title(id) for id in (target, chosen)]
            note = f"{titles[0]} {where} and is not recommended; {titles[1]} is explained."
        if not np.isfinite(panel.scores[source.indices([chosen])[0]]):
            title = source.catalogue.title(chosen)
            raise AttnrecError(f"{source.name} gives {title!r} a score that is not finite.")
        return cls(source, state, panel, chosen, note)

    @cached_property
    def case(self) -> Case:
        """The same in indices, as explanations have it."""
        source, state = self.source, self.state
        left_out = np.sort(source.indices(state.left_out))
        target = int(source.indices([self.target])[0])
        return Case(source.inspector, source.indices(state.visible), target, left_out)

    def __len__(self) -> int:
        """How many items the model reads."""
        return self.panel.read

    @property
    def unread(self) -> int:
        """How many older ones of the history it does not read."""
        return self.panel.first

    @property
    def score(self) -> float:
        return self.target_told["score"]

    @cached_property
    def target_told(self) -> dict[str, Any]:
        """Its id, title, score, and rank, of equal scores in the catalogue's order."""
        ((id, rank, score),) = self.panel.places([self.target])
        return {**self.titled(id), "score": score, "rank": rank}

    @cached_property
    def items(self) -> list[dict[str, Any]]:
        """What the model reads, oldest first; positions count from 1 in the whole history."""
        read = self.state.visible[self.unread :]
        return [
            {"position": position, **self.titled(id)}
            for position, id in enumerate(read, start=self.unread + 1)
        ]

    @property
    def choices(self) -> list[dict[str, Any]]:
        """What else could be explained: the recommendations, and the target if it is none."""
        ids = dict.fromkeys([*(id for id, _, _ in self.panel.best), self.target])
        return [self.titled(id) for id in ids]

    def titled(self, id: Any) -> dict[str, Any]:
        return titled(self.source, int(self.source.indices([id])[0]))


def titled(source: Source, index: int) -> dict[str, Any]:
    """Id and title of a catalogue index, as plain values."""
    return {"id": source.ids[index - 1], "title": source.catalogue.titles[index - 1]}
