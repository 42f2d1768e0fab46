"""Race, lie and flip against a model that is really asked."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer, TrustPanel

from attnrec.inspection import Capabilities, Request
from tests.widgets.trust import Worth

HISTORY = ["i00", "i01", "i02", "i05", "i06", "i07", "i03"]


@pytest.fixture(scope="module")
def panel(chain_run) -> TrustPanel:
    return TrustPanel(chain_run, history=HISTORY, orders=20, tab="race")


def test_the_race_asks_histories_that_are_really_shorter(panel, chain_run):
    race, inspector = panel._race, chain_run.inspector
    json.dumps(race, allow_nan=False)
    assert race["seq"] == panel._report["seq"]
    names = ["attention", "gradient x input", "leave-one-out", "random"]
    assert [racer["name"] for racer in race["racers"]] == names
    assert race["counts"] == list(range(7))  # the last item stays
    vocabulary = inspector.catalogue.vocabulary
    target = vocabulary.index(race["target"]["id"])
    for racer in race["racers"]:
        assert sorted(racer["order"]) == list(range(1, 8))
        for count in race["counts"]:
            gone = {position - 1 for position in racer["order"][:count]}
            left = [id for at, id in enumerate(HISTORY) if at not in gone]
            scores = inspector.inspect(Request.of([vocabulary.indices(left)])).scores[0]
            assert racer["scores"][count] == pytest.approx(float(scores[target]), abs=1e-5)
            assert racer["ranks"][count] == 1 + (scores > scores[target]).sum()
            assert racer["firsts"][count]["id"] == vocabulary.id(int(scores[1:].argmax()) + 1)
    values = np.array(panel._report["methods"][0]["values"])
    assert race["racers"][0]["order"][0] == 1 + values.argmax()


def test_another_lens_races_at_once(panel):
    seq = panel._report["seq"]
    panel.lens = "rollout"
    assert panel._race["racers"][0]["name"] == "rollout"
    assert panel._race["seq"] == panel._report["seq"] == seq  # nothing was measured anew
    panel.lens = "leave-one-out"
    names = [racer["name"] for racer in panel._race["racers"]]
    assert names == ["leave-one-out", "gradient x input", "random"]
    panel.lens = "attention"


def test_positions_count_in_the_whole_history():
    model = Worth(m1=9, m2=1, m3=2, m4=-3)
    model.lengths = (2, 4)
    history = ["m1", "m2", "m3", "m4", "m5"]  # of which the model reads four
    options = {"methods": ["leave-one-out"], "orders": 1, "target": "m8", "tab": "race"}
    panel = TrustPanel(model, history=history, **options)
    assert panel._race["items"][0] == {"position": 2, "id": "m2", "title": "Brazil"}
    assert panel._race["racers"][0]["order"] == [3, 2, 5, 4]
    assert panel._race["racers"][0]["scores"] == [0, -2, -3, -3]
    assert flipped(panel)["removed"] == [4]  # without Dune, m8 has 1 + 2, and others 0


def test_the_lie_is_what_the_model_answers_to_its_attention(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, orders=2, tab="slider")
    lie, found = panel._lie, panel.adversarial
    json.dumps(lie, allow_nan=False)
    assert lie["error"] is None
    assert lie["seq"] == panel._report["seq"]
    assert lie["frames"] == len(lie["weights"]) == len(found) == 21
    titles = chain_run.inspector.catalogue
    for frame in (0, 7, 20):
        asked = Request(found.case.items[None], interventions=found.interventions(frame))
        scores = chain_run.inspector.inspect(asked).scores[0]
        shown = lie["ranking"][frame]
        assert [row["id"] for row in shown] == [
            titles.vocabulary.id(i) for i in np.argsort(-scores[1:])[:10] + 1
        ]
        best = np.sort(scores[1:])[::-1][:10]
        np.testing.assert_allclose([row["score"] for row in shown], best, atol=1e-5)
        rows = [found.maps(frame)[name][:, -1].mean(0) for name in found.weights]
        np.testing.assert_allclose(lie["weights"][frame], np.mean(rows, axis=0), atol=1e-6)
    assert lie["own"] == lie["weights"][0]
    assert lie["divergence"][0] == 0 < lie["divergence"][-1] <= lie["most"]
    assert lie["same_top"] == [True] * 21  # the search is strict
    assert lie["maps"] == ["layer 1", "layer 2"]


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (HISTORY[:1], "a history of one item: all attention is on it"),
        (["m1", "m2"], "needs gradients; Worth gives none"),
    ],
)
def test_where_there_is_no_lie_the_page_hears_why(chain_run, history, why):
    model = Worth() if history[0] == "m1" else chain_run
    panel = TrustPanel(model, history=history, orders=1, tab="slider", methods=["leave-one-out"])
    assert panel._lie["error"] == why
    assert panel._report["state"] == "ready"


def flipped(panel: TrustPanel) -> dict:
    panel._on_message(panel, {"type": "flip"}, [])
    return panel._flip


def test_the_flip_is_worked_out_when_it_is_asked_for(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, orders=2)
    assert panel._flip == {}
    flip = flipped(panel)
    json.dumps(flip, allow_nan=False)
    assert (flip["found"], flip["minimal"], flip["played"]) == (True, True, False)
    assert flip["removed"] == list(panel.flip.removed)
    assert flip["titles"] == [HISTORY[position - 1] for position in flip["removed"]]
    left = [id for at, id in enumerate(HISTORY, 1) if at not in flip["removed"]]
    explorer = HistoryExplorer(chain_run, history=left)
    assert explorer.recommendations["item"][0] == flip["after"]["id"] != flip["before"]["id"]
    assert panel._report["target"]["id"] == flip["before"]["id"]


def test_it_is_played_as_one_edit_and_undone(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, orders=2)
    flip, seq = flipped(panel), panel._report["seq"]
    panel._on_message(panel, {"type": "play_flip"}, [])
    assert len(panel.explorer.history) == len(HISTORY) - len(flip["removed"])
    assert panel.explorer._past == [HISTORY]
    assert panel._flip == {**flip, "seq": panel._report["seq"], "played": True}
    assert panel._report["seq"] > seq
    assert panel._report["target"]["id"] == flip["after"]["id"]
    panel._on_message(panel, {"type": "undo_flip"}, [])
    assert panel.explorer.history == HISTORY
    assert panel._flip == {**flip, "seq": panel._report["seq"]}
    panel.play_flip()
    panel.explorer.add("i09")
    assert panel._flip == {}  # the history is another now
    panel._on_message(panel, {"type": "undo_flip"}, [])
    assert panel.explorer.history[-1] == "i09"  # what is not shown is not undone


def test_now_moves_with_what_is_played_and_comes_back(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, now=5, orders=2)
    flip = flipped(panel)
    panel.play_flip()
    shown = [id for at, id in enumerate(HISTORY[:5], 1) if at not in flip["removed"]]
    assert panel.explorer.now == len(shown)
    assert [item["id"] for item in panel._report["items"]] == shown
    assert panel._report["target"]["id"] == flip["after"]["id"]
    assert panel._flip["played"]
    panel._on_message(panel, {"type": "undo_flip"}, [])
    assert (panel.explorer.history, panel.explorer.now) == (HISTORY, 5)
    assert not panel._flip["played"]


def test_seen_items_stay_out_of_what_is_played(chain_run):
    panel = TrustPanel(chain_run, history=HISTORY, filter_seen=True, orders=2)
    flip = flipped(panel)
    panel.play_flip()
    assert panel.explorer.recommendations["item"][0] == flip["after"]["id"]


def test_nothing_does_it():
    # One item is worth so much that the target stays first with any item left.
    model = Worth(m1=1, m2=1)
    panel = TrustPanel(model, history=["m1", "m2"], filter_seen=True, orders=2)
    flip = flipped(panel)
    assert (flip["found"], flip["removed"], flip["minimal"]) == (False, [], True)
    assert flip["before"] == flip["after"]
    panel._on_message(panel, {"type": "play_flip"}, [])
    assert panel._report["state"] == "error"
    assert "stays first" in panel._report["error"]
    assert panel.explorer.history == ["m1", "m2"]


def test_a_single_candidate_cannot_be_dethroned():
    history = [f"m{i}" for i in range(1, 8)]
    panel = TrustPanel(Worth(m1=1), history=history, filter_seen=True, orders=2)
    assert "two candidates" in flipped(panel)["error"]


def test_masking_cannot_be_played():
    model = Worth(m1=3, m2=-1)
    model.capabilities = Capabilities(interventions=True)
    panel = TrustPanel(model, history=["m1", "m2"], removal="mask", orders=2, target="m8")
    flip = flipped(panel)
    assert (flip["removal"], flip["removed"]) == ("mask", [1])
    panel._on_message(panel, {"type": "play_flip"}, [])
    assert panel._report["error"].startswith("A masked item keeps its place")
    assert panel.explorer.history == ["m1", "m2"]
