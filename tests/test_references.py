"""Every paper that the code names by key is in references.bib, once."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEY = r"\b[a-z]+(?:19|20)[0-9]{2}[a-z0-9]*[a-z]\b"  # kang2018sasrec


def test_the_pattern_sees_keys_and_nothing_else():
    text = "after kang2018sasrec [petrov2023gsasrec], on x86_64 since 2018 and hetrec2011-lastfm"
    assert re.findall(KEY, text) == ["kang2018sasrec", "petrov2023gsasrec"]


def test_every_key_in_the_code_is_in_the_bibliography():
    known = re.findall(
        r"^@\w+\{(\w+),$", (ROOT / "references.bib").read_text("utf-8"), re.MULTILINE
    )
    assert len(known) == len(set(known))
    named = {
        key
        for folder in ("attnrec", "widgets/attnrec_widgets")
        for path in (ROOT / folder).rglob("*.py")
        for key in re.findall(KEY, path.read_text("utf-8"))
    }
    assert named <= set(known)
