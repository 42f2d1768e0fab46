"""An explorer as one HTML file, read as a browser would read it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import stat
from html.parser import HTMLParser

import pytest
from attnrec_widgets import HistoryExplorer, page_file, saved_page

from attnrec import export
from attnrec.data import Catalogue
from attnrec.errors import AttnrecError

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 '\"& %s {policy}"


class Reader(HTMLParser):
    """Every element with its attributes, and the text of styles and scripts by id or name."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self._inside = attributes.get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def block(self, name: str) -> bytes:
        return base64.b64decode(self.texts[f"attnrec-{name}"], validate=True)

    @property
    def state(self) -> dict:
        return json.loads(self.texts["attnrec-state"])

    @property
    def policy(self) -> str:
        return next(a["content"] for _, a in self.elements if "http-equiv" in a)


@pytest.fixture
def built(runtime, tmp_path, monkeypatch):
    """The front end, as if it were built; and jax2onnx, as if it were imported."""
    (tmp_path / "standalone.js").write_text("run();\n")
    (tmp_path / "history_explorer.css").write_text(".attnrec { color: red; }\n")
    monkeypatch.setattr(export, "prepare", lambda: None)


@pytest.fixture
def explorer(steps, portable, built) -> HistoryExplorer:
    return HistoryExplorer(steps, history=["m1", "m2", "m8"])


def read(explorer: HistoryExplorer) -> Reader:
    return Reader(saved_page.page(explorer))


def test_everything_is_inside(explorer, portable):
    page, key = read(explorer), explorer.sources[0].key
    assert page.block("worker") == b"worker"
    assert page.block("wasm") == b"wasm"
    assert gzip.decompress(page.block(f"weights-{key}")) == portable.weights
    catalogue = json.loads(gzip.decompress(page.block(f"catalogue-{key}")))
    assert catalogue["titles"][:2] == ["Alien", "Brazil"]
    for kind in ("inspect", "scores"):
        assert gzip.decompress(page.block(f"graph-{key}-{kind}-4")) == f"{kind} of 4".encode()
    assert page.state["models"] == [{"key": key, "card": portable.card}]


def test_nothing_is_fetched_from_anywhere(explorer):
    for _, attributes in read(explorer).elements:
        for name in ("src", "href", "action"):
            assert attributes.get(name, "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)


def test_the_policy_allows_what_is_inside_and_nothing_else(explorer):
    page = read(explorer)
    allowed = dict(part.split(" ", 1) for part in page.policy.split("; "))

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert allowed == {
        "default-src": "'none'",
        "script-src": f"{hashed(page.texts['script'])} 'wasm-unsafe-eval'",
        "style-src": hashed(page.texts["style"]),
        "worker-src": "blob:",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    head = [tag for tag, _ in page.elements]
    assert head.index("meta") < head.index("style") < head.index("script")


def test_it_begins_where_the_explorer_is(explorer):
    explorer.remove(2)
    explorer.add("m3")
    explorer.undo()
    explorer.now, explorer.layer, explorer.head, explorer.query = 2, 1, 2, 1
    explorer.topn, explorer.view, explorer.allow_removed = 4, "matrix", True
    traits = read(explorer).state["traits"]
    setup = traits.pop("_setup")
    assert traits == {
        "history": ["m1", "m8"],
        "now": 2,
        "layer": 1,
        "head": 2,
        "query": 1,
        "topn": 4,
        "view": "matrix",
        "allow_removed": True,
        "item": None,
        "_past": [["m1", "m2", "m8"]],
        "_future": [["m1", "m8", "m3"]],
        "_start": ["m1", "m2", "m8"],
        "_bases": [["m1", "m2", "m8"]],
        "_lens": {},
    }
    assert setup["engine"] == "page"
    assert setup["notice"] is None


def test_an_explorer_that_the_kernel_answers_can_be_saved(steps, portable, built):
    explorer = HistoryExplorer(steps, history=["m1"], engine="kernel")
    setup = read(explorer).state["traits"]["_setup"]
    assert setup["engine"] == "page"
    assert setup["sources"][0]["key"] == explorer.sources[0].key


def test_titles_are_inert(steps, portable, built):
    frame = steps.catalogue.frame.copy()
    frame.loc["m1", "title"] = HOSTILE
    steps.catalogue = Catalogue(frame, steps.catalogue.words)
    explorer = HistoryExplorer(steps, history=["m1", "m2"])
    text = saved_page.page(explorer)
    page = Reader(text)
    assert page.state["traits"]["_setup"]["labels"][0]["title"] == HOSTILE
    assert [a.get("id") for tag, a in page.elements if tag == "script"].count(None) == 1
    assert "alert(1)</script>" not in text
    assert "\u2028" not in text
    assert "<!--" not in text


def test_a_model_shown_twice_is_written_once(steps, portable, built):
    page = read(HistoryExplorer(steps, steps, history=["m1"]))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    assert len(page.state["models"]) == 2


def test_without_scripts_there_are_a_picture_and_a_sentence(explorer):
    page = read(explorer)
    (picture,) = [a for tag, a in page.elements if tag == "img"]
    svg = base64.b64decode(picture["src"].removeprefix("data:image/svg+xml;base64,"))
    assert b"Brazil" in svg
    assert picture["alt"] == repr(explorer)
    assert "noscript" in [tag for tag, _ in page.elements]
    assert saved_page.NOSCRIPT in saved_page.page(explorer)


def test_an_empty_history_is_saved_without_a_picture(steps, portable, built):
    page = read(HistoryExplorer(steps))
    assert "img" not in [tag for tag, _ in page.elements]
    assert page.state["traits"]["history"] == []


def test_the_lens_that_is_on_stays_on(explorer):
    explorer._lens = {"history": ["m1", "m2", "m8"], "name": "rollout", "values": [0.5, 0.5, 0.0]}
    assert read(explorer).state["traits"]["_lens"] == explorer._lens


def test_equal_states_make_equal_files(explorer, tmp_path):
    first = explorer.save_html(tmp_path / "a.html")
    explorer.remove(1)
    other = explorer.save_html(tmp_path / "b.html")
    explorer.undo()
    explorer._future = []
    assert first.read_bytes() == explorer.save_html(str(tmp_path / "c.html")).read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_a_file_is_whole_or_is_the_one_before(explorer, portable, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "page.html"
    path.write_text("before")
    monkeypatch.setattr(page_file.os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.save_html(path)
    assert path.read_text() == "before"
    assert list(folder.iterdir()) == [path]
    monkeypatch.undo()


def test_others_may_read_it(explorer, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    path = explorer.save_html(tmp_path / "page.html")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("name", ["page", "page.svg", "html"])
def test_another_ending_is_refused(explorer, tmp_path, name):
    with pytest.raises(
        AttnrecError, match=f"path: expected a name that ends in .html, got '{name}"
    ):
        explorer.save_html(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_model_that_cannot_leave_python_is_refused_with_the_reason(steps, built, tmp_path):
    with pytest.raises(AttnrecError, match="Steps has no form that runs in the page"):
        HistoryExplorer(steps, history=["m1"]).save_html(tmp_path / "page.html")


def test_a_front_end_that_is_not_built_is_told(explorer, tmp_path):
    (tmp_path / "standalone.js").unlink()
    with pytest.raises(AttnrecError, match="the front end is not built"):
        explorer.save_html(tmp_path / "page.html")


def test_folders_are_made_and_never_replaced(explorer, tmp_path):
    assert explorer.save_html(tmp_path / "new" / "page.html").is_file()
    folder = tmp_path / "taken.html"
    folder.mkdir()
    with pytest.raises(AttnrecError, match="is a folder; expected a file such as why.html"):
        explorer.save_html(folder)
