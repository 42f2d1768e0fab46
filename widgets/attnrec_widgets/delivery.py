"""What the page asks for by message, and the replies.

A request is `{type, id, ...}`. Its reply repeats both and brings what was
asked for; or `error`, a sentence; or `later`, the milliseconds after which to
ask again, while something is imported or compiled beside the edits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attnrec.errors import AttnrecError
from attnrec_widgets import page_model, pictures, questions
from attnrec_widgets.engine import sentence_on

if TYPE_CHECKING:
    from attnrec_widgets.history_explorer import HistoryExplorer

Reply = tuple[dict[str, Any], list[bytes]]  # content and buffers

HANDLERS: dict[str, Callable[[HistoryExplorer, dict], Reply]] = {
    "runtime": page_model.runtime_reply,
    "model": page_model.model_reply,
    "graph": page_model.graph_reply,
    "foresight": questions.foresight_reply,
    "previews": questions.previews_reply,
    "weighing": questions.weighing_reply,
    "figure": pictures.figure_reply,
}


def on_message(explorer: HistoryExplorer, content: Any, buffers: Any) -> None:
    """Answers one request; what is none is left alone."""
    kind = content.get("type") if isinstance(content, dict) else None
    handler = HANDLERS.get(kind) if isinstance(kind, str) else None
    if handler is None:
        return
    parts: list[bytes] = []
    try:
        reply, parts = handler(explorer, content)
    except AttnrecError as error:
        reply = {"error": str(error)}
    except Exception as error:  # noqa: BLE001  a model may be anybody's
        reply = {"error": sentence_on(" and ".join(explorer._engine.names), error)}
    again = {name: content[name] for name in ("type", "id") if name in content}
    explorer.send({**reply, **again}, parts)
