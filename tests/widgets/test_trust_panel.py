"""The panel and its explorer: linked both ways, nobody waits, and what does not fit is refused."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer, TrustPanel

from attnrec.errors import AttnrecError, UnknownIdError
from tests.widgets.trust import Worth

THREE = ["m1", "m2", "m3"]
FEW = {"methods": ["leave-one-out", "recency", "gradient"], "orders": 2}


@pytest.fixture
def worth() -> Worth:
    return Worth(m1=1, m2=2, m3=-4, m4=8)


@pytest.fixture
def panel(worth) -> TrustPanel:
    return TrustPanel(worth, history=THREE, target="m8", **FEW)


# Bad input


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("lens", "recencey", r"lens: expected one of .*; did you mean 'recency'\?"),
        ("lens", "attention", "lens: expected one of"),
        ("lens", "gradient", "lens: gradient: Worth gives no gradients"),
        ("lens", None, "lens: expected one of"),
        ("removal", "dorp", "did you mean 'drop'"),
        ("removal", "mask", "Worth cannot mask positions; use 'drop'"),
        ("target", "m9", "m9"),
        ("tab", "measure", r"tab: expected one of .*; did you mean 'measures'\?"),
    ],
)
def test_traits_refuse_what_does_not_fit(panel, argument, value, message):
    before = panel._report
    with pytest.raises(AttnrecError, match=message):
        setattr(panel, argument, value)
    assert panel._report is before
    panel.set_state({"tab": "race", argument: value})
    assert panel.tab == "measures"  # all of a message or nothing
    assert panel._report == {**before, "state": "error", "error": panel._report["error"]}
    panel.tab = "slider"
    assert panel._report == before


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lense": "recency"}, TypeError, "no argument 'lense'; did you mean 'lens'"),
        ({"histroy": []}, TypeError, "no argument 'histroy'; did you mean 'history'"),
        ({"methods": []}, AttnrecError, "methods: expected a sequence of names"),
        ({"methods": "recency"}, AttnrecError, "methods: expected a sequence of names"),
        ({"methods": ["rolout"]}, AttnrecError, "no method 'rolout'; did you mean 'rollout'"),
        ({"methods": ["random"]}, AttnrecError, "'random' stands beside the others in any case"),
        ({"methods": ["gradient"]}, AttnrecError, "lens: gradient: Worth gives no gradients"),
        ({"orders": 0}, AttnrecError, "orders: expected a whole number from 1"),
        ({"seed": -1}, AttnrecError, "seed: expected a whole number from 0"),
        ({"samples": 1.5}, AttnrecError, "samples: expected a whole number from 1"),
        ({"user": "u1"}, AttnrecError, "an inspector knows no users"),
        ({"history": ["m0"]}, UnknownIdError, "m0"),
    ],
)
def test_arguments_that_do_not_fit(worth, options, error, message):
    with pytest.raises(error, match=message):
        TrustPanel(worth, **options)


def test_an_explorer_has_its_own_history(worth):
    with pytest.raises(AttnrecError, match="history: set it on the explorer, which is given"):
        TrustPanel(HistoryExplorer(worth), history=THREE)
    with pytest.raises(TypeError, match="model: expected a run, or an inspector"):
        TrustPanel(None)


def test_a_target_of_the_history_is_refused_where_seen_items_are_left_out(worth):
    panel = TrustPanel(worth, history=THREE, filter_seen=True, **FEW)
    with pytest.raises(AttnrecError, match="target: 'm2' is in the history, or was taken out"):
        panel.target = "m2"
    TrustPanel(worth, history=THREE, target="m2", filter_seen=False, **FEW)


# Histories and models


def test_no_history_is_empty_and_then_measured(worth):
    panel = TrustPanel(worth, target="m8", **FEW)
    assert (panel._report["state"], panel._report["items"]) == ("empty", [])
    assert panel.explorer._lens == {}
    with pytest.raises(AttnrecError, match="history: empty"):
        panel.explanation  # noqa: B018
    panel._on_message(panel, {"type": "flip"}, [])
    assert panel._flip == {}
    panel.explorer.add("m4")
    assert panel._report["state"] == "ready"
    assert panel._report["effects"] == [8]
    panel.explorer.reset()
    assert panel._report["state"] == "empty"
    assert panel.explorer._lens == {}


def test_of_two_models_the_first_is_explained(worth):
    explorer = HistoryExplorer(worth, Worth(m1=-1), history=THREE)
    panel = TrustPanel(explorer, target="m8", **FEW)
    np.testing.assert_allclose(panel._report["effects"], [1, 2, -4])
    assert "of the two models above, the first is explained" in panel._report["foot"]
    assert panel._report["foot"].startswith("Worth · ")


def test_a_model_that_fails_leaves_the_last_report_and_recovers(panel, worth):
    before = panel._report
    worth.broken = True
    panel.explorer.add("m4")
    assert panel._report == {
        **before,
        "state": "error",
        "error": "Worth could not answer (RuntimeError: out of order).",
    }
    assert panel.explorer._lens == {}
    with pytest.raises(RuntimeError):
        panel.explanation  # noqa: B018
    worth.broken = False
    panel.explorer.remove(1)
    assert (panel._report["state"], panel._report["error"]) == ("ready", None)
    np.testing.assert_allclose(panel._report["effects"], [2, -4, 8])


# Linked both ways


def test_an_edit_is_measured_and_the_lens_follows(panel):
    explorer, seq = panel.explorer, panel._report["seq"]
    assert explorer._lens == {
        "history": THREE,
        "name": "leave-one-out",
        "target": {"id": "m8", "title": "<img src=x onerror=alert(1)>"},
        "removal": "drop",
        "values": [1, 2, -4],
        "signed": True,
        "effects": [1, 2, -4],
        "negligible": 1e-5,  # of a score of -1
    }
    explorer.move(1, 3)
    assert panel._report["seq"] == seq + 1
    assert explorer._lens["history"] == ["m2", "m3", "m1"]
    assert explorer._lens["effects"] == [2, -4, 1]
    explorer.now = 2
    assert explorer._lens["history"] == ["m2", "m3"]
    explorer.topn = 3
    assert len(panel._report["choices"]) == 4  # and the target, which is not among them


def test_another_lens_measures_nothing_anew(panel):
    seq = panel._report["seq"]
    panel.lens = "recency"
    assert panel._report["seq"] == seq
    assert panel.explorer._lens["name"] == "recency"
    assert panel.explorer._lens["signed"] is False
    np.testing.assert_allclose(panel.explorer._lens["values"], [1 / 3, 1 / 2, 1])


def test_what_was_measured_is_found_again(panel, worth):
    panel.explorer.remove(2)
    worth.broken = True  # whatever is asked now fails
    panel.explorer.undo()
    assert panel._report["state"] == "ready"
    assert panel.explorer._lens["effects"] == [1, 2, -4]


def test_python_gets_what_is_shown(panel):
    assert panel.explanation.target == "m8"
    assert panel.explanation.history == THREE
    assert list(panel.explanation.values) == ["leave-one-out", "recency"]
    assert panel.faithfulness.names == ("leave-one-out", "recency", "uniform", "random")
    assert panel.race.names == ("leave-one-out", "random")
    np.testing.assert_allclose(panel.race.scores[0], [-1, -3, -4])
    assert panel.flip.before.item == "m1"  # of seven that score 0
    assert panel.flip.removed == (3,)
    with pytest.raises(AttnrecError, match="takes no other attention or has no gradients"):
        panel.adversarial  # noqa: B018
    assert repr(panel) == "TrustPanel(Worth, lens='leave-one-out', removal='drop', target='m8')"


def test_the_end_leaves_the_explorer_as_it_was(panel):
    explorer, report = panel.explorer, panel._report
    panel.close()
    assert explorer._lens == {}
    explorer.remove(1)
    assert panel._report is report
    assert explorer._lens == {}
    panel.close()  # once more does no harm


def test_a_lens_of_another_panel_stays(panel):
    other = TrustPanel(panel.explorer, lens="recency", target="m8", **FEW)
    panel.close()
    assert panel.explorer._lens["name"] == "recency"
    other.close()


def test_alone_it_shows_its_explorer_too(panel, worth):
    assert panel._together.children == (panel.explorer, panel)
    ids = [
        shown._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"]
        for shown in (panel, panel._together)
    ]
    assert ids[0] == ids[1]
    linked = TrustPanel(HistoryExplorer(worth, history=THREE), **FEW)
    assert "_together" not in vars(linked)
    shown = linked._repr_mimebundle_()
    shown = shown[0] if isinstance(shown, tuple) else shown
    view = shown["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == linked.model_id


# In a kernel, whose loop runs


def test_an_edit_does_not_wait_and_of_many_the_last_is_measured(worth):
    measured_in = []
    inspect = worth.inspect

    def noted(request):
        measured_in.append(threading.current_thread() is threading.main_thread())
        return inspect(request)

    async def main():
        panel = TrustPanel(worth, history=THREE, target="m8", **FEW)
        assert panel._report["state"] == "measuring"  # and already has what needs no model
        assert [item["id"] for item in panel._report["items"]] == THREE
        await until(lambda: panel._report["state"] == "ready")
        seen, worth.inspect = [], noted
        panel.observe(lambda change: seen.append(change.new), "_report")
        panel.explorer.remove(3)
        panel.explorer.add("m4")
        panel.explorer.add("m4")
        assert seen == []  # the explorer's answers go first
        assert measured_in == [True] * 3  # each of which is the explorer's own
        await asyncio.sleep(0)
        [state] = [report["state"] for report in seen]
        assert state == "measuring"
        assert seen[0]["seq"] == 1
        await until(lambda: panel._report["state"] == "ready")
        assert [report["seq"] for report in seen] == [1, 2]  # no report of what lay between
        assert panel._report["effects"] == panel.explorer._lens["effects"] == [1, 2, 8, 8]
        assert not any(measured_in[3:])
        panel.explorer.undo()
        panel.close()
        assert panel.explorer._lens == {}

    asyncio.run(asyncio.wait_for(main(), 20))


def test_parts_come_when_their_tab_opens(worth):
    async def main():
        panel = TrustPanel(worth, history=THREE, target="m8", **FEW)
        await until(lambda: panel._report["state"] == "ready")
        assert panel._race == panel._lie == panel._flip == {}
        panel.tab = "race"
        await until(lambda: panel._race)
        panel._on_message(panel, {"type": "flip"}, [])
        await until(lambda: panel._flip)
        panel.play_flip()
        assert panel._flip["played"]
        await until(lambda: panel._report["seq"] == 2 and panel._race)
        assert panel._race["seq"] == panel._flip["seq"] == 2
        assert panel._race["counts"] == [0, 1]
        panel.tab = "slider"
        await until(lambda: panel._lie)
        assert panel._lie["error"] == "needs gradients; Worth gives none"
        panel.close()

    asyncio.run(asyncio.wait_for(main(), 20))


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.005)
