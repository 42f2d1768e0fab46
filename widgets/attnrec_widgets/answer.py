"""The answer that the page draws from: panels, labels, dates, and what stands at the foot."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from attnrec_widgets.source import Source
from attnrec_widgets.state import State

if TYPE_CHECKING:
    from attnrec_widgets.history_explorer import HistoryExplorer

NOTHING: dict[str, Any] = {
    "error": None,
    "note": None,
    "shown": None,
    "labels": [],
    "dates": [],
    "panels": [],
    "foot": "",
}


def answer_for(explorer: HistoryExplorer, state: State) -> dict[str, Any]:
    """Everything that is shown in a state, of which the explorer has the panels."""
    panels = explorer.panels
    first = panels[0] if panels else None
    mentioned = [*state.history, *(id for panel in panels for id, _, _ in panel.best)]
    if panels and explorer.held_out is not None:
        mentioned.append(explorer.held_out)
    return {
        "seq": explorer._seq,
        "error": None,
        "note": _note(explorer, state),
        "shown": {
            "history": list(state.history),
            "now": state.now,
            "layer": first.layer if first else None,
            "head": first.head if first else None,
            "query": state.position or None,
            "topn": state.topn,
            "view": state.view,
        },
        "labels": labels_for(explorer.sources[0], mentioned),
        "dates": _dates(explorer.dates, state.history),
        "panels": [panel.message for panel in panels],
        "foot": " · ".join(explorer.provenance()),
    }


def labels_for(source: Source, ids: Iterable) -> list[dict[str, Any]]:
    """Title and detail of every id, once each."""
    catalogue = source.catalogue
    unique = list(dict.fromkeys(ids))
    return [
        {"id": id, "title": catalogue.titles[index - 1], "detail": catalogue.details[index - 1]}
        for id, index in zip(unique, source.indices(unique).tolist(), strict=True)
    ]


def _note(explorer: HistoryExplorer, state: State) -> str | None:
    items = explorer.sources[0].catalogue.words.items
    if not state.history:
        return (
            f"No {items} yet: add one by its title, set explorer.history, "
            "or begin with HistoryExplorer(run, user=...)."
        )
    for source in explorer.sources:
        if source.limit is not None and source.limit < state.now:
            return f"{source.name} reads the last {source.limit} of {state.now} {items}."
    return None


def _dates(dated: list[tuple[Any, str]], history: tuple) -> list[str | None]:
    """The date that each item of the start still has, where it differs from the one before."""
    if not dated:
        return [None] * len(history)
    before = [id for id, _ in dated]
    found: list[str | None] = [None] * len(history)
    left = dict(enumerate(dated))
    # What was left in its place keeps its date; what was moved takes it along.
    matcher = SequenceMatcher(None, before, history, autojunk=False)
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            found[block.b + i] = left.pop(block.a + i)[1]
    for place, id in enumerate(history):
        if found[place] is None:
            origin = next((i for i, (other, _) in left.items() if other == id), None)
            found[place] = None if origin is None else left.pop(origin)[1]
    shown: list[str | None] = []
    last = None
    for date in found:
        shown.append(date if date != last else None)
        last = date or last
    return shown
