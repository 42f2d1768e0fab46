"""An explorer as one HTML file: the page engine with all it needs, and no kernel.

The file brings the front end, the runtime, and each model with its catalogue
and its graphs of every length, as base64 in script elements that no browser
runs. What else stands beneath the explorer comes as a `Part`.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from attnrec_widgets import page_file, page_model, still
from attnrec_widgets.answer import setup_for
from attnrec_widgets.source import Source

if TYPE_CHECKING:
    from attnrec_widgets.history_explorer import HistoryExplorer

TRAITS = (
    *("history", "now", "layer", "head", "query", "topn", "view", "allow_removed", "item"),
    *("_past", "_future", "_start", "_bases", "_lens"),
)
KINDS = ("inspect", "scores")
NOSCRIPT = (
    "This is a picture of the explorer as it was saved. To make it live, allow scripts for "
    "this file: the model inside it then answers on this machine, without a network."
)


class Part(NamedTuple):
    """What else a page shows, beneath the explorer.

    Attributes:
        name: by which `widgets/src/standalone.ts` knows how to mount it.
        told: what that needs, as plain values.
        style: its style sheet among the static files.
        explorer: traits that it gives the explorer.
    """

    name: str
    told: dict[str, Any]
    style: str
    explorer: dict[str, Any]


def save(explorer: HistoryExplorer, path: str | Path, beneath: Part | None = None) -> Path:
    """Writes the file; one that is there stays whole until the new one stands.

    Args:
        explorer: as it is left.
        path: ending in `.html`.
        beneath: what else is shown.

    Raises:
        AttnrecError: a path that is a folder or does not end in `.html`, a model that has no
            form that runs in a page, or a front end that is not built.
    """
    return page_file.write(path, lambda: page(explorer, beneath))


def page(explorer: HistoryExplorer, beneath: Part | None = None) -> str:
    """The file's text; equal states give equal texts."""
    distinct = {source.key: source for source in explorer.sources}
    worker, wasm = page_model.runtime()[1]
    packed = {"worker": worker, "wasm": wasm}
    for source in distinct.values():
        packed |= _model_blocks(source)
    told = {"state": _state(explorer, beneath)} | ({beneath.name: beneath.told} if beneath else {})
    words = explorer._setup["words"]
    return page_file.document(
        title=f"{' and '.join(s.name for s in explorer.sources)}: {words['items']}",
        script="standalone.js",
        styles=["history_explorer.css", *([beneath.style] if beneath else [])],
        noscript=NOSCRIPT,
        pictures=still.images(explorer),
        places=["explorer", *([beneath.name] if beneath else [])],
        told=told,
        packed=packed,
    )


def _model_blocks(source: Source) -> dict[str, bytes]:
    """Everything of one model; graphs that are not at hand are made here."""
    from attnrec import export

    portable, key = source.portable, source.key
    weights, catalogue = source.packed
    blocks = {f"weights-{key}": weights, f"catalogue-{key}": catalogue}
    wanted: list[tuple[Any, int]] = [
        (kind, length) for length in portable.card["lengths"] for kind in KINDS
    ]
    if not all(portable.has(kind, length) for kind, length in wanted):
        export.prepare()
    for kind, length in wanted:
        with export.tracing:
            graph = portable.graph(kind, length)
        blocks[f"graph-{key}-{kind}-{length}"] = gzip.compress(graph, mtime=0)
    return blocks


def _state(explorer: HistoryExplorer, beneath: Part | None) -> dict[str, Any]:
    return {
        "name": f"{explorer.sources[0].name}-history",  # of pictures saved from the page
        "traits": {trait: getattr(explorer, trait) for trait in TRAITS}
        | (beneath.explorer if beneath else {})
        | {"_setup": setup_for(explorer, "page", None)},
        "models": [{"key": s.key, "card": s.portable.card} for s in explorer.sources],
    }
