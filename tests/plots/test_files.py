"""Files carry their provenance, hold text as text, and are equal when the figures are."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest

from attnrec import plots
from attnrec.errors import AttnrecError

TOLD = "SASRec · seed 7 · layer 2, mean of heads, read from position 3"


@pytest.fixture
def figure(inspect):
    return plots.history_attention(inspect([1, 2, 3]), provenance="SASRec · seed 7")


def test_svg_text_is_text(figure, tmp_path):
    path = plots.save(figure, tmp_path / "a.svg")
    root = ET.parse(path).getroot()
    told = [
        "".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert {"Alien", "Brazil $x^2$", "<b>Casablanca</b>", TOLD} <= set(told)
    description = root.find(".//{http://purl.org/dc/elements/1.1/}description")
    assert description.text == TOLD
    ids = {node.get("id") for node in root.iter()}
    assert {"ribbon-1", "ribbon-3", "spine-3", "provenance"} <= ids


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_provenance_is_in_the_metadata_and_equal_figures_make_equal_files(figure, kind):
    streams = [plots.save(figure, io.BytesIO(), format=kind) for _ in range(2)]
    first, second = (stream.getvalue() for stream in streams)
    assert first == second
    encoding = {"svg": "utf-8", "pdf": "utf-16-be", "png": "latin-1"}[kind]
    assert TOLD.encode(encoding) in first


@pytest.mark.parametrize("name", ["a.sgv", "a", "a.gif"])
def test_other_formats_are_refused(figure, name, tmp_path):
    with pytest.raises(AttnrecError, match="format: expected svg, pdf or png"):
        plots.save(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())
