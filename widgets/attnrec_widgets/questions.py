"""What the page asks about a state: what an edit would give, and how a weight arose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnrec.errors import AttnrecError
from attnrec_widgets.answer import answer_for, labels_for
from attnrec_widgets.engine import PREVIEWS, Failure
from attnrec_widgets.panel import Panel, scored
from attnrec_widgets.state import number, whole

if TYPE_CHECKING:
    from attnrec_widgets.history_explorer import HistoryExplorer

LATER = {"later": 100}  # milliseconds, while a model is being compiled for the question


def previews_reply(explorer: HistoryExplorer, content: dict) -> tuple[dict[str, Any], list[bytes]]:
    """`{seq, positions}`: the rankings without the item at each position.

    Of the positions, the first `PREVIEWS` are answered, so that an edit never
    waits for long; and none that holds the only item there is to rank by.
    """
    wanted = content.get("positions")
    if not isinstance(wanted, list):
        raise AttnrecError(f"positions: expected a list of positions, got {wanted!r}")
    length = len(explorer.history)
    places = dict.fromkeys(whole("position", position, length) for position in wanted)
    edits = {place: explorer._without(place) for place in list(places)[:PREVIEWS]}
    edits = {place: edit for place, edit in edits.items() if edit.visible}
    rankings = explorer._engine.variants(list(edits.values()))
    if rankings is None:
        return LATER, []
    shown = explorer._present_panels()
    previews, mentioned = [], []
    for place, panels in zip(edits, rankings, strict=True):
        told = [_preview(*pair) for pair in zip(shown, panels, strict=True)]
        previews.append({"position": place, "panels": told})
        for part in told:
            mentioned += [one["id"] for one in (*part["recommendations"], *part["fallen"])]
    labels = labels_for(explorer.sources[0], mentioned)
    return {"seq": content.get("seq"), "previews": previews, "labels": labels}, []


def _preview(before: Panel, after: Panel) -> dict[str, Any]:
    """A ranking, and what of the one before falls out of it."""
    best = {id for id, _, _ in after.best}
    fallen = after.places(id for id, _, _ in before.best if id not in best)
    return {
        "recommendations": [scored(*place) for place in after.best],
        "fallen": [scored(*place) for place in fallen],
        "held_out": after.held_out_place and scored(*after.held_out_place),
    }


def foresight_reply(explorer: HistoryExplorer, content: dict) -> tuple[dict[str, Any], list[bytes]]:
    """`{seq, position}`: what will be answered if the item at that position is taken out.

    An array is the number of its buffer. A model that fails is told of when
    that is asked for in earnest.
    """
    foreseen = explorer._without(whole("position", content.get("position"), len(explorer.history)))
    panels = explorer._engine.foresee(foreseen)
    if panels is None:
        return LATER, []
    if isinstance(panels, Failure):
        return {"seq": content.get("seq"), "answer": None}, []
    answer = answer_for(explorer, foreseen, panels)
    parts: list[bytes] = []

    def apart(value: Any) -> Any:
        if not isinstance(value, bytes):
            return value
        parts.append(value)
        return {"buffer": len(parts) - 1}

    answer["panels"] = [
        {name: apart(value) for name, value in panel.items()} for panel in answer["panels"]
    ]
    return {"seq": content.get("seq"), "answer": answer}, parts


def weighing_reply(explorer: HistoryExplorer, content: dict) -> tuple[dict[str, Any], list[bytes]]:
    """`{seq, panel, layer, head}`: as buffers what that head multiplies, for the positions read.

    Layer and head count from 1, the panel from 0.
    """
    panel = number("panel", content.get("panel"), len(explorer.sources))
    layer: Any = content.get("layer")  # which there are, the answer tells
    current = explorer._current()
    if not current.visible:
        raise AttnrecError("weighing: the history is empty")
    answer = explorer._engine.weighing(current, panel, layer)
    if answer is None:
        return LATER, []
    shown, parts = answer
    head = whole("head", content.get("head"), shown.num_heads)
    told = {
        "seq": content.get("seq"),
        "panel": panel,
        "layer": layer,
        "head": head,
        "size": parts[0].shape[-1],
        "first": shown.first + 1,
    }
    return told, [np.ascontiguousarray(part[head - 1], np.float32).tobytes() for part in parts]
