"""A panel as a saved page has it: what Python knows, and how to say the same of other states."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer, TrustPanel, page_file, saved_page
from attnrec_widgets.trust_report import REMOVALS
from attnrec_widgets.trust_saved import part_of

from attnrec import export
from attnrec.data import Catalogue
from attnrec.inspection import Capabilities
from tests.widgets.conftest import FakePortable
from tests.widgets.test_saved_page import HOSTILE, Reader
from tests.widgets.trust import Worth

THREE = ["m1", "m2", "m3"]
METHODS = ["leave-one-out", "recency", "gradient"]


@pytest.fixture
def model(runtime, tmp_path, monkeypatch) -> Worth:
    """A model with a portable form; the front end, as if it were built; no jax2onnx needed."""
    (tmp_path / "standalone.js").write_text("run();\n")
    (tmp_path / "history_explorer.css").write_text(".attnrec { color: red; }\n")
    (tmp_path / "trust_panel.css").write_text(".trust { color: blue; }\n")
    monkeypatch.setattr(export, "prepare", lambda: None)
    model = Worth(m1=1, m2=2, m3=-4)
    model.capabilities = Capabilities(page_export=True)
    model.portable = FakePortable()
    return model


@pytest.fixture
def panel(model) -> TrustPanel:
    return TrustPanel(model, history=THREE, target="m8", methods=METHODS, orders=4)


def unnumbered(part: dict) -> dict:
    return {name: value for name, value in part.items() if name != "seq"}


def test_everything_of_the_present_state_is_worked_out(panel):
    told = part_of(panel).told
    json.dumps(told, allow_nan=False)
    assert told["traits"] == {
        "lens": "leave-one-out",
        "removal": "drop",
        "target": "m8",
        "tab": "measures",
    }
    assert unnumbered(told["report"]) == unnumbered(panel._report)
    assert told["report"]["effects"] == [1, 2, -4]
    assert list(told["races"]) == ["leave-one-out", "recency"]  # and no gradient
    for lens, race in told["races"].items():
        panel.lens, panel.tab = lens, "race"
        assert race == unnumbered(panel._race)
    panel.tab = "slider"
    assert told["lie"] == unnumbered(panel._lie)
    assert told["lie"]["error"] == "needs gradients; Worth gives none"
    assert told["flip"] == unnumbered(panel._flip)
    assert told["flip"]["removed"] == list(panel.flip.removed)
    assert told["played"] is None


def test_what_the_page_needs_to_measure_another_state(panel):
    anew = part_of(panel).told["anew"]
    provenance = anew.pop("provenance")
    assert provenance == panel.explorer.provenance(1)
    assert [metric["name"] for metric in anew.pop("metrics")] == [
        "comprehensiveness@{k}",
        "deletion",
        "sufficiency@{k}",
        "Kendall",
        "polarity violations@{k}",
    ]
    lacks = {
        "leave-one-out": None,
        "recency": None,
        "gradient": "gradient: Worth gives no gradients",
    }
    expected = {"k": 5, "orders": 4, "seed": 0, "masks": False}
    assert anew == {**expected, "lacks": lacks, "removals": REMOVALS}
    many = TrustPanel(Worth(m1=1), history=THREE, methods=["recency"], orders=50)
    assert part_of(many).told["anew"]["orders"] == 20


def test_it_stands_beneath_the_explorer(panel):
    part = part_of(panel)
    page = Reader(saved_page.page(panel.explorer, part))
    assert json.loads(page.texts["attnrec-trust"]) == json.loads(json.dumps(part.told))
    places = [attributes.get("id") for tag, attributes in page.elements if tag == "div"]
    assert places.index("explorer") < places.index("trust")
    assert ".trust { color: blue; }" in page.texts["style"]
    assert page.state["traits"]["_lens"] == panel.explorer._lens
    assert page.state["traits"]["_lens"]["name"] == "leave-one-out"
    assert page.state["traits"]["_lens"]["effects"] == [1, 2, -4]
    expected = page_file._policy(page.texts["script"], page.texts["style"])
    assert page.policy == expected


def test_the_explorer_alone_is_saved_as_ever(panel):
    alone = saved_page.page(panel.explorer)
    assert "trust" not in alone
    assert saved_page.page(panel.explorer, part_of(panel)) != alone


def test_equal_states_make_equal_files_whatever_was_looked_at(panel, tmp_path):
    first = panel.save_html(tmp_path / "a.html").read_bytes()
    panel.tab, panel.lens = "race", "recency"
    other = panel.save_html(tmp_path / "b.html").read_bytes()
    panel.tab, panel.lens = "measures", "leave-one-out"
    panel.explorer.remove(1)
    panel.explorer.undo()
    panel.explorer._future = []
    assert panel.save_html(str(tmp_path / "c.html")).read_bytes() == first != other


def test_titles_are_inert(model):
    frame = model.catalogue.frame.copy()
    frame.loc["m1", "title"] = HOSTILE
    model.catalogue = Catalogue(frame, model.catalogue.words)
    panel = TrustPanel(model, history=["m1", "m2"], methods=METHODS, orders=2)
    text = saved_page.page(panel.explorer, part_of(panel))
    told = json.loads(Reader(text).texts["attnrec-trust"])
    assert told["report"]["items"][0]["title"] == HOSTILE
    assert "alert(1)</script>" not in text
    assert "<!--" not in text


def test_a_flip_that_was_played_can_be_taken_back_in_the_page(panel):
    panel.play_flip()
    told = part_of(panel).told
    history = list(panel.explorer.history)
    assert len(history) == 3 - len(told["played"]["flip"]["removed"])
    assert told["played"] == {
        "history": history,
        "now": None,
        "now_before": None,
        "flip": unnumbered(panel._flip) | {"played": False},
    }
    panel.explorer.add("m5")
    assert part_of(panel).told["played"] is None


def test_an_empty_history(panel):
    panel.explorer.history = []
    part = part_of(panel)
    assert part.told["report"]["state"] == "empty"
    assert part.told["races"] == {}
    assert part.explorer == {"_lens": {}}
    assert "flip" not in part.told
    Reader(saved_page.page(panel.explorer, part))


def test_what_cannot_be_measured_is_told_in_the_page(panel, model):
    model.worth[2] = np.inf
    panel.explorer.remove(1)
    part = part_of(panel)
    assert part.told["report"]["state"] == "error"
    assert "a score that is not finite" in part.told["report"]["error"]
    assert part.explorer == {"_lens": {}}


def test_of_two_models_the_first_is_explained(model):
    explorer = HistoryExplorer(model, model, history=THREE)
    told = part_of(TrustPanel(explorer, methods=["recency"], orders=2)).told
    assert told["anew"]["provenance"][-1] == "of the two models above, the first is explained"
    assert told["anew"]["provenance"][-1] in told["report"]["foot"]
