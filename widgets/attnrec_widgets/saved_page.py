"""An explorer as one HTML file: the page engine with all it needs, and no kernel.

The file brings the front end, the runtime, and each model with its catalogue
and its graphs of every length, as base64 in script elements that no browser
runs. What else stands beneath the explorer comes as a `Part`. The content
security policy allows what the file itself holds, by hash, and nothing else:
no request leaves it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from attnrec.errors import AttnrecError
from attnrec_widgets import bundle, page_model, still
from attnrec_widgets.answer import setup_for
from attnrec_widgets.source import Source

if TYPE_CHECKING:
    from attnrec_widgets.history_explorer import HistoryExplorer

TRAITS = (
    *("history", "now", "layer", "head", "query", "topn", "view", "allow_removed"),
    *("_past", "_future", "_start", "_bases", "_lens"),
)
KINDS = ("inspect", "scores")
STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; background: #fff; color: #1c2127; font: 13px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; max-width: 1800px; margin: 0 auto; padding: 24px; }
#still img { display: block; width: 100%; max-width: 960px; height: auto; margin-bottom: 12px; }
#notice { margin: 0; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #e7e9ec; } }
@media print { main { padding: 0; } .attnrec .tools, .attnrec .foot .do { visibility: hidden; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="attnrec">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<noscript><p>{noscript}</p></noscript>
<p id="notice" role="status"></p>
<div id="still">{pictures}</div>
<div id="explorer"></div>{places}
</main>
{blocks}
<script>{script}</script>
</body>
</html>
"""
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
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        raise AttnrecError(f"path: expected a name that ends in .html, got {path.name!r}")
    if path.is_dir():
        raise AttnrecError(f"path: {path} is a folder; expected a file such as why.html")
    content = page(explorer, beneath).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.chmod(beside, 0o666 & ~_umask())  # mkstemp's own is for one user alone
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def page(explorer: HistoryExplorer, beneath: Part | None = None) -> str:
    """The file's text; equal states give equal texts."""
    distinct = {source.key: source for source in explorer.sources}
    worker, wasm = page_model.runtime()[1]
    packed = {"worker": worker, "wasm": wasm}
    for source in distinct.values():
        packed |= _model_blocks(source)
    told = {"state": _state(explorer, beneath)} | ({beneath.name: beneath.told} if beneath else {})
    blocks = [
        *(
            f'<script type="application/json" id="attnrec-{block}">{_json(content)}</script>'
            for block, content in told.items()
        ),
        *(
            f'<script type="application/octet-stream" id="attnrec-{block}">'
            f"{base64.b64encode(content).decode()}</script>"
            for block, content in packed.items()
        ),
    ]
    script, style = _static("standalone.js"), _static("history_explorer.css")
    style += (_static(beneath.style) if beneath else "") + STYLE
    words = explorer._setup["words"]
    return PAGE.format(
        policy=_policy(script, style),
        title=html.escape(f"{' and '.join(s.name for s in explorer.sources)}: {words['items']}"),
        style=style,
        noscript=NOSCRIPT,
        pictures=still.images(explorer),
        places=f'\n<div id="{beneath.name}"></div>' if beneath else "",
        blocks="\n".join(blocks),
        script=script,
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


def _json(told: dict[str, Any]) -> str:
    """JSON in which nothing ends or opens a script element; it is ASCII, too."""
    return json.dumps(told, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src {_hash(script)} 'wasm-unsafe-eval'; "
        f"style-src {_hash(style)}; worker-src blob:; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _static(name: str) -> str:
    path = bundle.STATIC / name
    if not path.is_file():
        raise AttnrecError("the front end is not built (run `pip install .` in attnrec's folder)")
    return path.read_text(encoding="utf-8")


def _umask() -> int:
    os.umask(now := os.umask(0))
    return now
