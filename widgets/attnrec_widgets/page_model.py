"""A model on its way to the page: the runtime, weights and catalogue, and graphs."""

from __future__ import annotations

import gzip
import hashlib
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from attnrec.errors import AttnrecError
from attnrec_widgets import bundle
from attnrec_widgets.state import number

if TYPE_CHECKING:
    from attnrec_widgets.history_explorer import HistoryExplorer

RUNTIME = ("page_worker.js.gz", "ort.wasm.gz")


@cache
def runtime() -> tuple[str, list[bytes]]:
    """Digest and bytes of what runs a model in the page.

    Raises:
        AttnrecError: it is not built.
    """
    try:
        parts = [(bundle.STATIC / name).read_bytes() for name in RUNTIME]
    except FileNotFoundError:
        raise AttnrecError(
            "the page's runtime is not built (run `pip install .` in attnrec's folder)"
        ) from None
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16], parts


def runtime_reply(explorer: HistoryExplorer, content: dict) -> tuple[dict[str, Any], list[bytes]]:
    digest, parts = runtime()
    return {"digest": digest}, parts


def model_reply(explorer: HistoryExplorer, content: dict) -> tuple[dict[str, Any], list[bytes]]:
    """`{source}`: card, and as buffers weights and catalogue."""
    k = number("source", content.get("source"), len(explorer.sources))
    source = explorer.sources[k]
    told = {"source": k, "card": source.portable.card, "words": explorer._setup["words"]}
    return told, source.packed


def graph_reply(explorer: HistoryExplorer, content: dict) -> tuple[dict[str, Any], list[bytes]]:
    """`{source, kind, length}`: as a buffer the graph, which is made here unless it is at hand."""
    from attnrec.export import tracing

    k = number("source", content.get("source"), len(explorer.sources))
    kind: Any = content.get("kind")  # what they may be, the model says
    length: Any = content.get("length")
    portable = explorer.sources[k].portable
    if not portable.has(kind, length):
        if not _prepared():
            return {"later": 500}, []
        if not tracing.acquire(blocking=False):  # something is being compiled for an edit
            return {"later": 100}, []
        try:
            portable.graph(kind, length)
        finally:
            tracing.release()
    graph = portable.graph(kind, length)
    return {"source": k, "kind": kind, "length": length}, [gzip.compress(graph, mtime=0)]


class _Preparation(threading.Thread):
    """Imports what makes graphs, which takes seconds, beside everything else."""

    latest: _Preparation | None = None

    def __init__(self) -> None:
        super().__init__(name="attnrec-prepare", daemon=True)
        self.error: Exception | None = None

    def run(self) -> None:
        from attnrec import export

        try:
            export.prepare()
        except Exception as error:  # noqa: BLE001  raised for whoever waits
            self.error = error


def _prepared() -> bool:
    """Whether graphs can be made now; if not, that is brought about.

    Raises:
        AttnrecError: why they cannot; the next call tries again.
    """
    from attnrec import export

    if export.prepared():
        return True
    going = _Preparation.latest
    if going is None:
        going = _Preparation.latest = _Preparation()
        going.start()
    if going.is_alive():
        return False
    _Preparation.latest = None
    if going.error is not None:
        told = f"{type(going.error).__name__}: {going.error}"
        raise AttnrecError(f"what exports a model cannot be imported ({told})") from going.error
    return export.prepared()
