"""The numbers of the report and of the lens are those that a script gets for the same case."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from attnrec_widgets import TrustPanel

import attnrec as ar
from attnrec.explanations import METHODS
from attnrec.explanations.attention import attention_row
from tests.widgets.trust import Worth

HISTORY = ["i00", "i01", "i02", "i05", "i06", "i07", "i03"]
LAST = ["leave-one-out", "recency"]
SHOWN = ["comprehensiveness@5", "deletion", "sufficiency@5", "Kendall", "polarity violations@5"]


@pytest.fixture(scope="module")
def panel(chain_run) -> TrustPanel:
    return TrustPanel(chain_run, history=HISTORY, orders=20)


@pytest.fixture
def report(panel) -> dict:
    return panel._report


def test_it_can_be_written_as_json(report, panel):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert json.loads(json.dumps(panel.explorer._lens, allow_nan=False)) == panel.explorer._lens


def test_the_methods_are_those_that_a_script_gets(report, chain_run):
    names = [method["name"] for method in report["methods"]]
    assert names[0] == "attention"
    e = ar.explain(chain_run, history=HISTORY, methods=names[1:])
    for method in report["methods"][1:]:
        np.testing.assert_allclose(method["values"], e.values[method["name"]], atol=1e-6)
    row = attention_row(e.case)  # of the last layer, the mean of the heads
    np.testing.assert_allclose(report["methods"][0]["values"], row, atol=1e-6)
    assert report["methods"][0]["note"] == "layer 2, mean of heads"
    assert report["target"] == {
        "id": e.target,
        "title": e.target,
        "score": pytest.approx(e.score),
        "rank": 1,
    }


def test_the_measures_are_those_that_a_script_gets(report, chain_run):
    names = [method["name"] for method in report["methods"][1:]]
    e = ar.explain(chain_run, history=HISTORY, methods=names)
    values = {"attention": attention_row(e.case), **e.values}
    measured = ar.explanations.faithfulness(e.case, values, orders=20)
    assert [metric["name"] for metric in report["metrics"]] == SHOWN
    better = [metric["better"] for metric in report["metrics"]]
    assert better == ["more", "more", "less", "more", "less"]
    assert report["rows"] == ["attention", *names, "uniform", "random"]
    columns = [measured.metrics.index(name) for name in SHOWN]
    expected, itself = measured.values[:, columns], report["rows"].index("leave-one-out")
    assert expected[itself, 3] == pytest.approx(1)  # it orders as it does: says nothing
    expected[itself, 3] = np.nan
    np.testing.assert_allclose(np.array(report["values"], float), expected, atol=1e-5)
    np.testing.assert_allclose(report["band"], measured.band[:, columns], atol=1e-5)
    np.testing.assert_allclose(report["effects"], measured.effects, atol=1e-6)
    assert report["cells"] == {"leave-one-out": {"Kendall": "itself"}}
    assert report["values"][report["rows"].index("uniform")][3] is None  # it orders nothing
    assert (report["asked"], report["orders"], report["seed"]) == (measured.asked, 20, 0)


def test_another_layer_or_head_changes_the_row_of_attention_alone(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, orders=20)
    before = panel._report
    panel.explorer.layer, panel.explorer.head = 1, 2
    after = panel._report
    assert after["seq"] == before["seq"] + 2
    assert after["methods"][0]["note"] == "layer 1, head 2"
    expected = attention_row(panel.explanation.case, layer=1, head=2)
    np.testing.assert_allclose(after["methods"][0]["values"], expected, atol=1e-6)
    assert after["methods"][0]["values"] != before["methods"][0]["values"]
    assert after["values"][0] != before["values"][0]
    for name in ("methods", "values"):
        assert after[name][1:] == before[name][1:]
    for name in ("band", "effects", "target", "items", "metrics"):
        assert after[name] == before[name]


def test_masking_measures_masking(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, removal="mask", orders=20)
    e = ar.explain(chain_run, history=HISTORY, removal="mask", methods=["leave-one-out"])
    np.testing.assert_allclose(panel._report["effects"], e.values["leave-one-out"], atol=1e-6)
    assert panel._report["removal"] == panel.explorer._lens["removal"] == "mask"
    assert "by masking, places stay" in panel._report["foot"]
    dropped = ar.explain(chain_run, history=HISTORY, methods=["leave-one-out"])
    assert not np.allclose(panel._report["effects"], dropped.values["leave-one-out"])


def test_what_the_explorer_has_left_out_or_not_yet_read(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, now=4, filter_seen=True, orders=2)
    assert [item["id"] for item in panel._report["items"]] == HISTORY[:4]
    assert panel.explorer._lens["history"] == HISTORY[:4]
    assert panel._report["metrics"][0]["says"] == "loss without its top 4"  # of four items
    ids = [choice["id"] for choice in panel._report["choices"]]
    assert ids == panel.explorer.recommendations["item"].tolist()
    assert not {*ids} & {*HISTORY[:4]}
    left_out = panel.explanation.case.inspector.catalogue.vocabulary.indices(HISTORY[:4])
    np.testing.assert_array_equal(panel.explanation.case.left_out, np.sort(left_out))


def test_items_that_the_model_does_not_read():
    model = Worth(m1=-1, m3=3, m4=4)
    model.lengths = (2, 4)
    history = ["m1", "m1", "m3", "m2", "m2", "m4"]
    panel = TrustPanel(model, history=history, target="m8", lens="recency", methods=LAST, orders=2)
    report, lens = panel._report, panel.explorer._lens
    assert report["unread"] == 2
    assert [item["position"] for item in report["items"]] == [3, 4, 5, 6]
    assert report["effects"] == [3, 0, 0, 4]
    assert lens["history"] == history
    np.testing.assert_allclose(lens["values"], [0, 0, 1 / 4, 1 / 3, 1 / 2, 1])
    assert lens["effects"] == [0, 0, 3, 0, 0, 4]
    assert report["foot"].endswith(
        "leave-one-out by dropping, the sequence closes up · 2 random orders, seed 0"
    )


def test_what_a_model_does_not_give_is_said():
    report = TrustPanel(Worth(m1=1), history=["m1", "m2"], orders=2)._report
    assert [method["name"] for method in report["methods"]] == [
        "rollout",
        "gradient x attention",
        "gradient x input",
        "integrated gradients",
        "leave-one-out",
    ]
    reasons = [method["reason"] for method in report["methods"]]
    assert reasons[0] == "rollout: Worth gives no attention"
    assert reasons[2] == "gradient x input: Worth gives no gradients"
    assert reasons[4] is None
    assert [method["values"] for method in report["methods"]] == [None] * 4 + [[1.0, 0.0]]
    assert report["rows"] == ["leave-one-out", "uniform", "random"]


def test_values_that_are_not_finite_have_a_reason_too(monkeypatch):
    nan = replace(METHODS["recency"], compute=lambda case, options: np.array([np.nan, 1]))
    monkeypatch.setitem(METHODS, "recency", nan)
    report = TrustPanel(
        Worth(m1=1), history=["m1", "m2"], methods=["leave-one-out", "recency"], orders=2
    )._report
    assert report["methods"][1]["reason"] == (
        "recency: expected finite values, got nan at position 1"
    )
    assert report["state"] == "ready"


def test_notes_and_labels():
    methods = ["Shapley, kernel", "integrated gradients", "gradient x input", "recency"]
    panel = TrustPanel(Worth(), history=["m1"], methods=methods, orders=2, samples=64, seed=4)
    told = [(m["label"], m["note"], m["signed"]) for m in panel._report["methods"]]
    assert told == [
        ("Shapley, kernel", "up to 64 samples, seed 4", True),
        ("Integrated gradients", "50 steps", True),
        ("Gradient × input", None, True),
        ("Recency", None, False),
    ]


def test_the_target_is_a_choice_also_where_it_is_far_down(chain_run):
    ranked = TrustPanel(chain_run, history=HISTORY, topn=12, orders=2)._report["choices"]
    last = ranked[-1]["id"]
    panel = TrustPanel(chain_run, history=HISTORY, topn=2, target=last, orders=2)
    assert panel._report["choices"] == [*ranked[:2], ranked[-1]]
    assert panel._report["target"]["rank"] == 12
