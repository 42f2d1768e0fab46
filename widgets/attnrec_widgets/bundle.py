"""The built front end, as anywidget takes it."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
_NOT_BUILT = """export default { render({ el }) {
  el.textContent = "The front end of attnrec is not built: run `pip install .` in its folder.";
} };"""


def script(name: str) -> Path | str:
    """A widget's module; one that says so where nothing was built."""
    path = STATIC / f"{name}.js"
    return path if path.is_file() else _NOT_BUILT


def style(name: str) -> Path | str:
    """A widget's style sheet."""
    path = STATIC / f"{name}.css"
    return path if path.is_file() else ""
