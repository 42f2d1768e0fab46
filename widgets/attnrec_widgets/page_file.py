"""A page that brings everything itself: one HTML file that no request leaves.

What it shows is told in script elements that no browser runs, as JSON or as base64. The
content security policy allows what the file itself holds, by hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attnrec.errors import AttnrecError
from attnrec_widgets import bundle

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
{places}
</main>
{blocks}
<script>{script}</script>
</body>
</html>
"""


def document(
    *,
    title: str,
    script: str,
    styles: Sequence[str],
    noscript: str,
    pictures: str,
    places: Sequence[str],
    told: Mapping[str, Any],
    packed: Mapping[str, bytes] | None = None,
) -> str:
    """The file's text; equal contents give equal texts.

    Args:
        title: of the page.
        script, styles: names of static files.
        noscript: what a reader sees where scripts are off.
        pictures: markup of what stands there until the script has drawn.
        places: ids of the elements that it draws in.
        told: values that JSON holds, by name; elements `attnrec-NAME`.
        packed: bytes by name, likewise.
    """
    code, look = static(script), "".join(map(static, styles)) + STYLE
    blocks = [
        *(
            f'<script type="application/json" id="attnrec-{name}">{_json(content)}</script>'
            for name, content in told.items()
        ),
        *(
            f'<script type="application/octet-stream" id="attnrec-{name}">'
            f"{base64.b64encode(content).decode()}</script>"
            for name, content in (packed or {}).items()
        ),
    ]
    return PAGE.format(
        policy=_policy(code, look),
        title=html.escape(title),
        style=look,
        noscript=noscript,
        pictures=pictures,
        places="\n".join(f'<div id="{place}"></div>' for place in places),
        blocks="\n".join(blocks),
        script=code,
    )


def write(path: str | Path, content: Callable[[], str]) -> Path:
    """Writes the file; one that is there stays whole until the new one stands.

    Args:
        path: ending in `.html`.
        content: makes its text, once the path is known to be good.

    Raises:
        AttnrecError: a path that is a folder or does not end in `.html`.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        raise AttnrecError(f"path: expected a name that ends in .html, got {path.name!r}")
    if path.is_dir():
        raise AttnrecError(f"path: {path} is a folder; expected a file such as why.html")
    text = content().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text)
        os.chmod(beside, 0o666 & ~_umask())  # mkstemp's own is for one user alone
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def image(svg: bytes, alt: str, style: str | None = None) -> str:
    """An `<img>` that holds its picture."""
    styled = f' style="{style}"' if style else ""
    data = base64.b64encode(compact(svg)).decode()
    return (
        f'<img alt="{html.escape(alt, quote=True)}"{styled} src="data:image/svg+xml;base64,{data}">'
    )


def compact(svg: bytes) -> bytes:
    """Without the indentation and the preamble, a fifth of the file; text is left as it is."""
    lines = svg[svg.index(b"<svg") :].splitlines()
    return b"\n".join(line.strip() for line in lines)


def static(name: str) -> str:
    """A file of the front end.

    Raises:
        AttnrecError: it is not built.
    """
    path = bundle.STATIC / name
    if not path.is_file():
        raise AttnrecError("the front end is not built (run `pip install .` in attnrec's folder)")
    return path.read_text(encoding="utf-8")


def _json(told: Any) -> str:
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


def _umask() -> int:
    os.umask(now := os.umask(0))
    return now
