"""Figures as files that say where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import matplotlib
from matplotlib.figure import Figure

from attnrec.errors import AttnrecError, did_you_mean, whole_number

FORMATS = ("svg", "pdf", "png")

# Text stays text: it can be searched, read aloud, and set in the paper's own face.
AS_TEXT: dict[Any, Any] = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "attnrec"}


def save(
    figure: Figure, path: str | Path | IO[bytes], *, format: str | None = None, dpi: int = 300
) -> Any:
    """Writes a figure, with its provenance in the file's metadata.

    Equal figures make equal files: no date of writing is put in.

    Args:
        figure: one of ours, or any other.
        path: a file, or an open binary stream.
        format: `"svg"`, `"pdf"` or `"png"`; from the path's ending unless given.
        dpi: points an inch of a PNG, and of dots too many to be drawn one by one.

    Returns:
        The path, or the stream.

    Raises:
        AttnrecError: a format that is none of these.
    """
    if isinstance(path, str):
        path = Path(path).expanduser()
    kind = format or (path.suffix.removeprefix(".") if isinstance(path, Path) else "")
    kind = kind.lower()
    if kind not in FORMATS:
        hint = did_you_mean(kind, FORMATS)
        raise AttnrecError(f"format: expected svg, pdf or png, got {kind!r}{hint}")
    with matplotlib.rc_context(AS_TEXT):
        figure.savefig(
            path, format=kind, dpi=whole_number("dpi", dpi), metadata=_metadata(figure, kind)
        )
    return path


def provenance_of(figure: Figure) -> str:
    """What stands at the foot of the figure."""
    return " ".join(line.get_text() for line in figure.texts if line.get_gid() == "provenance")


def _metadata(figure: Figure, kind: str) -> dict[str, Any]:
    told = provenance_of(figure)
    if kind == "svg":
        return {"Title": "attnrec", "Description": told, "Creator": "attnrec", "Date": None}
    if kind == "pdf":
        return {"Title": "attnrec", "Subject": told, "Creator": "attnrec", "CreationDate": None}
    return {"Title": "attnrec", "Description": told, "Software": "attnrec"}
