"""Previews and weighings: the rankings that an edit would give, and what a head multiplies."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer
from attnrec_widgets.engine import PREVIEWS

from attnrec.data import Sequences
from attnrec.inspection import AttentionMap, AttentionRecord, Capabilities, Inspection, Request

THREE = ["m2", "m4", "m7"]


def patiently(ask, *request, **content) -> tuple[dict, list[bytes]]:
    """The reply, after as many `later` as it takes to compile."""
    for _ in range(300):
        reply, buffers = ask(*request, **content)
        if "later" not in reply:
            return reply, buffers
        time.sleep(reply["later"] / 1e3)
    raise AssertionError("never answered")


def places(list_: list[dict]) -> list[tuple]:
    return [(one["id"], one["rank"], one["score"]) for one in list_]


# Items beside the history [2, 4, 7]: item 3 has two (2 and 4), every other one. Without the 4,
# items 4 and 5 have none, and item 3 has one.


@pytest.mark.parametrize(
    ("filter_seen", "allow_removed", "recommendations", "fallen"),
    [
        # What may be recommended: 1, 3, 5, 6, 8; first 3, 1, 5.
        (True, False, [("m1", 1, 1), ("m3", 2, 1), ("m6", 3, 1)], [("m5", 5, 0)]),
        # And 4, which ties with 5 and comes before it.
        (True, True, [("m1", 1, 1), ("m3", 2, 1), ("m6", 3, 1)], [("m5", 6, 0)]),
        # All: 3, 1, 2 become 1, 2, 3.
        (False, False, [("m1", 1, 1), ("m2", 2, 1), ("m3", 3, 1)], []),
    ],
)
def test_a_preview_is_the_ranking_without_the_item(
    near, ask, filter_seen, allow_removed, recommendations, fallen
):
    explorer = HistoryExplorer(
        near, history=THREE, topn=3, filter_seen=filter_seen, allow_removed=allow_removed
    )
    reply, _ = ask(explorer, "previews", seq=5, positions=[2])
    assert reply["seq"] == 5
    [preview] = reply["previews"]
    [panel] = preview["panels"]
    assert preview["position"] == 2
    assert places(panel["recommendations"]) == recommendations
    assert places(panel["fallen"]) == fallen
    assert panel["held_out"] is None
    told = {id for id, _, _ in (*recommendations, *fallen)}
    assert {label["id"] for label in reply["labels"]} == told
    assert reply["labels"][0] == {"id": "m1", "title": "Alien", "detail": "1979"}
    assert near.asked[1:] == [[[2, 7]]]


def test_many_previews_are_one_call(near, ask):
    explorer = HistoryExplorer(near, history=THREE)
    reply, _ = ask(explorer, "previews", positions=[3, 1, 3])
    assert [preview["position"] for preview in reply["previews"]] == [3, 1]
    assert near.asked[1:] == [[[2, 4], [4, 7]]]
    near.asked.clear()
    explorer = HistoryExplorer(near, history=["m1"] * 20)
    reply, _ = ask(explorer, "previews", positions=list(range(20, 0, -1)))
    assert [preview["position"] for preview in reply["previews"]] == [*range(20, 20 - PREVIEWS, -1)]
    assert len(near.asked[1]) == PREVIEWS


def test_an_item_to_come_leaves_scores_alone_and_is_no_longer_recommended(near, ask):
    explorer = HistoryExplorer(near, history=THREE, now=1, filter_seen=True)
    # Only 2 is seen: items 1 and 3 stand beside it; 4 and 7 are still to come.
    assert explorer.recommendations["item"].tolist() == ["m1", "m3", "m4", "m5", "m6", "m7", "m8"]
    reply, _ = ask(explorer, "previews", positions=[3, 1])
    to_come, seen = (preview["panels"][0] for preview in reply["previews"])
    ids = [one["id"] for one in to_come["recommendations"]]
    assert ids == ["m1", "m3", "m4", "m5", "m6", "m8"]
    assert to_come["fallen"] == []  # item 7 is out of the ranking, not further down in it
    # Without the first, the next one is seen in its place.
    assert places(seen["recommendations"])[:2] == [("m3", 1, 1), ("m5", 2, 1)]


def as_the_page_does(explorer, position, seq):
    """Takes an item out as the page's `remove` does: `now` stays on its item."""
    history, now = list(explorer.history), explorer.now
    past = [*explorer._past, list(history)]
    del history[position - 1]
    if now is not None and position <= now:
        now = max(min(1, len(history)), now - 1)
    if now is not None and now >= len(history):
        now = None
    explorer.set_state({"history": history, "now": now, "_past": past, "_future": [], "_seq": seq})


@pytest.mark.parametrize("filter_seen", [True, False])
@pytest.mark.parametrize("allow_removed", [True, False])
@pytest.mark.parametrize("limit", [(), (2, 4)])
def test_a_preview_is_what_the_edit_shows(near, ask, filter_seen, allow_removed, limit):
    near.lengths = limit
    rng = np.random.default_rng(0)
    for _ in range(10):
        ids = [f"m{n}" for n in rng.integers(1, 9, rng.integers(2, 8))]
        explorer = HistoryExplorer(
            near, history=ids, topn=4, filter_seen=filter_seen, allow_removed=allow_removed
        )
        explorer.add("m1")
        explorer.remove(1)
        explorer.now = int(rng.integers(1, len(ids) + 1))
        before = explorer._answer["panels"][0]["recommendations"]
        for position in range(1, len(ids) + 1):
            [preview] = ask(explorer, "previews", positions=[position])[0]["previews"]
            now = explorer.now
            as_the_page_does(explorer, position, seq=explorer._seq + 1)
            after = explorer._answer["panels"][0]["recommendations"]
            assert preview["panels"][0]["recommendations"] == after
            frame = HistoryExplorer.recommendations.get(explorer)
            shown = set(frame["item"])
            explorer.topn = 8
            whole = explorer._answer["panels"][0]["recommendations"]
            lost = [one["id"] for one in before if one["id"] not in shown]
            expected = {one["id"]: one for one in whole if one["id"] in lost}
            assert {one["id"]: one for one in preview["panels"][0]["fallen"]} == expected
            explorer.undo()
            explorer.topn, explorer.now = 4, now


def test_without_its_only_item_there_is_nothing_to_preview(near, ask):
    explorer = HistoryExplorer(near, history=["m3"])
    assert ask(explorer, "previews", positions=[1])[0]["previews"] == []
    assert len(near.asked) == 1


@pytest.mark.parametrize(
    ("positions", "sentence"),
    [
        ([4], "position: expected 1 to 3, got 4"),
        ([0], "position: expected 1 to 3, got 0"),
        ([1.5], "position: expected 1 to 3, got 1.5"),
        ("1", "positions: expected a list of positions, got '1'"),
        (None, "positions: expected a list of positions, got None"),
        ([[1]], "position: expected 1 to 3, got [1]"),
    ],
)
def test_positions_that_there_are_not_become_a_sentence(near, ask, positions, sentence):
    explorer = HistoryExplorer(near, history=THREE)
    assert ask(explorer, "previews", positions=positions)[0] == {"error": sentence}


@pytest.mark.parametrize("filter_seen", [True, False])
@pytest.mark.parametrize("view", ["ribbons", "matrix"])
def test_what_is_foreseen_is_what_the_edit_shows(steps, ask, filter_seen, view):
    explorer = HistoryExplorer(steps, history=["m2", "m4", "m7", "m1"], filter_seen=filter_seen)
    explorer.view, explorer.layer = view, 1
    before = explorer.get_state()
    for position in range(1, 5):
        reply, parts = ask(explorer, "foresight", seq=3, position=position)
        assert explorer.get_state() == before
        foreseen, asked = reply["answer"], len(steps.asked)
        for panel in foreseen["panels"]:
            for name, value in panel.items():
                panel[name] = parts[value["buffer"]] if isinstance(value, dict) else value
        as_the_page_does(explorer, position, seq=explorer._seq + 1)
        assert {**explorer._answer, "seq": foreseen["seq"]} == foreseen
        assert len(steps.asked) == asked
        explorer.undo()
        before = explorer.get_state()


def test_however_much_is_foreseen_the_picture_is_still_at_hand(steps, ask):
    explorer = HistoryExplorer(steps, history=[f"m{n}" for n in range(1, 9)])
    for position in range(1, 9):
        ask(explorer, "foresight", position=position)
    asked = len(steps.asked)
    explorer.layer, explorer.query = 1, 3
    assert explorer._answer["shown"]["layer"] == 1
    assert len(steps.asked) == asked


@pytest.mark.parametrize("wrong", [None, 0, "<b>", float("nan"), [1]])
def test_a_position_that_is_none_becomes_a_sentence(steps, ask, wrong):
    explorer = HistoryExplorer(steps, history=THREE)
    reply, _ = ask(explorer, "foresight", position=wrong)
    assert reply == {"error": f"position: expected 1 to 3, got {wrong!r}"}


def test_a_model_that_cannot_answer_ahead_says_so_when_it_is_asked(steps, ask):
    explorer = HistoryExplorer(steps, history=THREE)
    inspect = steps.inspect

    def broken(request):
        raise RuntimeError("boom")

    steps.inspect = broken
    assert ask(explorer, "foresight", seq=1, position=1) == ({"seq": 1, "answer": None}, [])
    assert explorer.last_error is None
    steps.inspect = inspect
    assert ask(explorer, "foresight", position=1)[0]["answer"]["shown"]["history"] == ["m4", "m7"]
    [reply, _] = ask(explorer, "foresight", position=9)
    assert reply == {"error": "position: expected 1 to 3, got 9"}


def test_without_its_only_item_there_is_nothing_to_foresee(steps, ask):
    explorer = HistoryExplorer(steps, history=["m2"])
    assert ask(explorer, "foresight", position=1)[0]["answer"]["panels"] == []


def test_a_model_that_fails_at_a_preview_leaves_the_answer_alone(near, ask):
    explorer = HistoryExplorer(near, history=THREE)
    before, inspect = explorer.get_state(), near.inspect

    def broken(request):
        raise RuntimeError("boom\nwith details")

    near.inspect = broken
    reply, _ = ask(explorer, "previews", positions=[1])
    assert reply == {"error": "Near could not answer (RuntimeError: boom)."}
    near.inspect = lambda request: Inspection(
        request, np.zeros((1, 3)), AttentionRecord((), request.mask), near.catalogue
    )
    reply, _ = ask(explorer, "previews", positions=[1])
    assert reply == {"error": "Near gave scores of shape (1, 3); expected (1, 9)"}
    assert explorer.get_state() == before
    assert explorer.last_error is None
    near.inspect = inspect
    assert len(ask(explorer, "previews", positions=[1])[0]["previews"]) == 1


def test_two_models_preview_side_by_side(near, ask):
    other = type(near)()
    other.inspect = lambda request: Inspection(
        request,
        np.tile(np.arange(9, dtype=np.float32), (len(request.items), 1)),
        AttentionRecord((), request.mask),
        near.catalogue,
    )
    explorer = HistoryExplorer(near, other, history=THREE, topn=2)
    [preview] = ask(explorer, "previews", positions=[1])[0]["previews"]
    first, second = (places(panel["recommendations"]) for panel in preview["panels"])
    assert first == [("m3", 1, 1), ("m4", 2, 1)]
    assert second == [("m8", 1, 8), ("m7", 2, 7)]


def test_a_run_previews_what_it_recommends(chain_run, ask):
    explorer = HistoryExplorer(chain_run, user="u0", topn=12, engine="kernel")
    [held_out] = chain_run.held_out("u0")
    history = list(explorer.history)
    explorer._engine.wait_warm()
    positions = list(range(1, min(len(history), PREVIEWS) + 1))
    first, _ = ask(explorer, "previews", positions=positions)
    assert first.keys() == {"later"}  # a batch is compiled beside the edits
    previews = patiently(ask, explorer, "previews", positions=positions)[0]["previews"]
    traces = chain_run.inspector.num_traces
    assert [preview["position"] for preview in previews] == positions
    for preview in previews:
        at = preview["position"] - 1
        frame = chain_run.recommend(history=history[:at] + history[at + 1 :], topn=12)
        [panel] = preview["panels"]
        assert [one["id"] for one in panel["recommendations"]] == frame["item"].tolist()
        scores = [one["score"] for one in panel["recommendations"]]
        np.testing.assert_allclose(scores, frame["score"], rtol=1e-5, atol=1e-5)
        rank = frame.loc[frame["item"] == held_out, "rank"].item()
        assert (panel["held_out"]["id"], panel["held_out"]["rank"]) == (held_out, rank)
    for some in ([2], [1, 3], positions[:3]):
        assert len(ask(explorer, "previews", positions=some)[0]["previews"]) == len(some)
    assert chain_run.inspector.num_traces == traces


# How a weight arose


class Projected:
    """One layer of two heads; queries, keys and values are the items' indices in two columns.

    Head h has the query (h i, 1), the key (i, h) and the value (i, -i) of item i.
    """

    name = "Projected"
    capabilities = Capabilities(attention=True)
    lengths = (4,)

    def __init__(self, catalogue):
        self.catalogue = catalogue
        self.asked: list[Request] = []

    def inspect(self, request):
        self.asked.append(request)
        items = request.items.astype(np.float64)[:, None]
        items = np.concatenate([items, items], 1)  # [batch, head, position]
        heads = np.broadcast_to(np.array([1.0, 2.0])[:, None], items.shape)
        parts = {}
        if request.projections:
            parts = {
                "query": np.stack([heads * items, np.ones_like(items)], -1),
                "key": np.stack([items, heads], -1),
                "value": np.stack([items, -items], -1),
            }
        weights = np.zeros((*items.shape, items.shape[-1]), np.float32)
        record = AttentionRecord((AttentionMap("only", weights, **parts),), request.mask)
        scores = np.zeros((len(items), 9), np.float32)
        return Inspection(request, scores, record, self.catalogue)


def test_a_weighing_is_what_the_head_multiplies(steps, ask):
    model = Projected(steps.catalogue)
    explorer = HistoryExplorer(model, history=["m1", "m2", "m3", "m4", "m5", "m6"], now=5)
    reply, parts = ask(explorer, "weighing", seq=3, panel=0, layer=1, head=2)
    # Of the five that are visible, the model reads the last four: positions 2 to 5.
    assert reply == {"seq": 3, "panel": 0, "layer": 1, "head": 2, "size": 2, "first": 2}
    queries, keys, values = (np.frombuffer(part, np.float32).reshape(-1, 2) for part in parts)
    np.testing.assert_array_equal(queries, [[4, 1], [6, 1], [8, 1], [10, 1]])
    np.testing.assert_array_equal(keys, [[2, 2], [3, 2], [4, 2], [5, 2]])
    np.testing.assert_array_equal(values, [[2, -2], [3, -3], [4, -4], [5, -5]])
    explorer.now = 2
    reply, parts = ask(explorer, "weighing", panel=0, layer=1, head=1)
    assert reply["first"] == 1
    assert [len(part) for part in parts] == [2 * 2 * 4] * 3
    assert sum(request.projections for request in model.asked) == 2


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"panel": 1, "layer": 1, "head": 1}, "panel: expected 0 to 0, got 1"),
        ({"panel": True, "layer": 1, "head": 1}, "panel: expected 0 to 0, got True"),
        ({"panel": 0, "layer": 2, "head": 1}, "layer: expected 1 to 1, got 2"),
        ({"panel": 0, "layer": 1, "head": 3}, "head: expected 1 to 2, got 3"),
        ({"panel": 0, "layer": 1}, "head: expected 1 to 2, got None"),
        ({}, "panel: expected 0 to 0, got None"),
    ],
)
def test_a_head_that_there_is_not_becomes_a_sentence(steps, ask, request_, sentence):
    explorer = HistoryExplorer(Projected(steps.catalogue), history=THREE)
    assert ask(explorer, "weighing", **request_)[0] == {"error": sentence}


def test_what_tells_no_projections_says_so(steps, near, ask):
    wanted = {"panel": 0, "layer": 1, "head": 1}
    reply, _ = ask(HistoryExplorer(steps, history=THREE), "weighing", **wanted)
    assert reply == {"error": "Steps does not tell the queries, keys and values of layer1"}
    reply, _ = ask(HistoryExplorer(near, history=THREE), "weighing", **wanted)
    assert reply == {"error": "Near records no attention"}
    reply, _ = ask(HistoryExplorer(steps), "weighing", **wanted)
    assert reply == {"error": "weighing: the history is empty"}


def test_out_of_a_weighing_come_the_weights_of_a_run(chain_run, ask):
    explorer = HistoryExplorer(chain_run, user="u0", layer=2, head=1, engine="kernel")
    explorer.view = "matrix"
    n = len(explorer.history)
    reply, parts = patiently(ask, explorer, "weighing", panel=0, layer=2, head=1)
    queries, keys, _ = (np.frombuffer(p, np.float32).reshape(n, reply["size"]) for p in parts)
    logits = np.where(np.tri(n, dtype=bool), queries @ keys.T / np.sqrt(reply["size"]), -np.inf)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    matrix = np.frombuffer(explorer._answer["panels"][0]["matrix"], np.float32).reshape(n, n)
    np.testing.assert_allclose(matrix, weights, atol=1e-6)


def test_a_held_out_item_has_its_place_in_a_preview(near, ask):
    data = SimpleNamespace(
        history=lambda user: [*THREE, "m5"],
        protocol=SimpleNamespace(filter_seen=True),
        catalogue=near.catalogue,
        sequences=Sequences.of([[1, 2, 3]]),
        name="",
        fingerprint=None,
    )
    run = SimpleNamespace(
        inspector=near, data=data, past=lambda user: list(THREE), held_out=lambda user: ["m5"]
    )
    explorer = HistoryExplorer(run, user="u")
    # Of 1, 3, 5, 6 and 8, item 3 has two beside it, and all others tie with item 5.
    assert explorer._answer["panels"][0]["held_out"] == {"id": "m5", "rank": 5, "score": 1}
    [preview] = ask(explorer, "previews", positions=[1])[0]["previews"]
    # Without the 2: items 3, 5, 6 and 8 have one beside them, item 1 none.
    assert preview["panels"][0]["held_out"] == {"id": "m5", "rank": 4, "score": 1}
