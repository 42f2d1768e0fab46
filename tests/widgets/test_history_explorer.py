"""The explorer from Python: arguments, traits, edits, and what the page may send."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import HistoryExplorer
from attnrec_widgets.source import spell_dates

from attnrec import datasets
from attnrec.errors import AttnrecError, UnknownIdError

THREE = ["m1", "m2", "m3"]


def row_of(explorer: HistoryExplorer) -> np.ndarray:
    return np.frombuffer(explorer._answer["panels"][0]["row"], np.float32)


def ids_of(explorer: HistoryExplorer) -> list:
    return [one["id"] for one in explorer._answer["panels"][0]["recommendations"]]


# Arguments


def test_without_user_and_history_it_is_empty_and_asks_nothing(steps):
    explorer = HistoryExplorer(steps)
    assert explorer.history == []
    assert explorer._answer["panels"] == []
    assert explorer._answer["error"] is None
    assert explorer.attention is None
    assert explorer.recommendations.columns.tolist() == ["rank", "item", "title", "score"]
    assert explorer.recommendations.empty
    assert not steps.asked
    with pytest.raises(AttnrecError, match="history is empty"):
        explorer.figure()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"histroy": THREE}, TypeError, "no argument 'histroy'; did you mean 'history'"),
        ({"history": ["m1", "m22"]}, UnknownIdError, "unknown item 'm22'; did you mean 'm2'"),
        ({"history": ["Alien"]}, UnknownIdError, "'Alien' has the id 'm1'"),
        ({"history": "m1"}, TypeError, "expected a sequence of item ids, got 'm1'"),
        ({"history": [["m1"]]}, UnknownIdError, "unknown item"),
        ({"history": [True]}, UnknownIdError, "unknown item"),
        ({"history": [None]}, UnknownIdError, "unknown item"),
        ({"history": THREE, "user": "u1"}, AttnrecError, "one of user and history"),
        ({"user": "u1"}, AttnrecError, "an inspector knows no users"),
        (
            {"history": THREE, "topn": 0},
            AttnrecError,
            "topn: expected a whole number from 1, got 0",
        ),
        ({"history": THREE, "topn": 2.5}, AttnrecError, "topn"),
        ({"history": THREE, "layer": 3}, AttnrecError, "layer: expected 1 to 2, got 3"),
        ({"history": THREE, "head": 0}, AttnrecError, "head: expected 1 to 2, got 0"),
        ({"history": THREE, "query": 4}, AttnrecError, "query: expected 1 to 3, got 4"),
        ({"history": THREE, "now": True}, AttnrecError, "now: expected 1 to 3, got True"),
        ({"history": [], "now": 1}, AttnrecError, "now: the history is empty"),
        ({"history": THREE, "view": "matrx"}, AttnrecError, "did you mean 'matrix'"),
        ({"history": THREE, "engine": "pag"}, AttnrecError, "got 'pag'; did you mean 'page'"),
        ({"history": THREE, "engine": None}, AttnrecError, "'page' or 'kernel', got None"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(steps, arguments, error, message):
    with pytest.raises(error, match=message):
        HistoryExplorer(steps, **arguments)


def test_a_model_that_is_none_is_refused():
    with pytest.raises(TypeError, match="model: expected a run, or an inspector"):
        HistoryExplorer(3)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, pd.Index])
def test_a_history_may_come_in_any_sequence(steps, kind):
    explorer = HistoryExplorer(steps, history=kind(THREE))
    assert explorer.history == THREE
    assert all(type(id) is str for id in explorer.history)


def test_topn_beyond_the_catalogue_gives_the_catalogue(steps):
    assert len(HistoryExplorer(steps, history=THREE, topn=1000).recommendations) == 8


# The answer


def test_the_answer_is_what_the_model_gave(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    assert steps.asked == [[1, 2, 3]]
    # Position k weighs k + 3 and k + 4 in the heads of layer 2, over sums 15 and 18.
    expected = (np.array([4, 5, 6]) / 15 + np.array([5, 6, 7]) / 18) / 2
    np.testing.assert_allclose(row_of(explorer), expected, rtol=1e-6)
    assert ids_of(explorer) == ["m8", "m7", "m6", "m5", "m4", "m3", "m2", "m1"]
    assert explorer._answer["panels"][0]["recommendations"][0] == {
        "id": "m8",
        "rank": 1,
        "score": 8 - 4 + 3,
    }
    frame = explorer.recommendations
    assert frame["item"].tolist() == ids_of(explorer)
    assert frame["score"].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert explorer._answer["shown"] == {
        "history": THREE,
        "now": 3,
        "layer": 2,
        "head": None,
        "query": 3,
        "topn": 10,
        "view": "ribbons",
    }
    assert explorer._answer["panels"][0]["matrix"] is None


def test_attention_is_the_record_on_the_screen(steps):
    explorer = HistoryExplorer(steps, history=THREE, layer=1, head=2, query=2)
    frame = explorer.attention.to_frame()
    # Layer 1, head 2: the first two positions weigh 4 and 5.
    np.testing.assert_allclose(frame["attention"], [4 / 9, 5 / 9, 0], rtol=1e-6)
    np.testing.assert_allclose(row_of(explorer), frame["attention"], rtol=1e-6)
    assert frame.attrs == {"layer": "layer1", "head": 2, "rows": "query 2"}
    assert explorer.attention.to_frame(rows="last").attrs["rows"] == "last"
    mean = explorer.attention.to_frame(head="mean")["attention"]
    np.testing.assert_allclose(mean[:2], [(3 / 7 + 4 / 9) / 2, (4 / 7 + 5 / 9) / 2], rtol=1e-6)


def test_scrubbing_shows_the_model_less_and_keeps_the_history(steps):
    explorer = HistoryExplorer(steps, history=THREE, filter_seen=True)
    explorer.now = 2
    assert steps.asked == [[1, 2, 3], [1, 2]]
    assert explorer.history == THREE
    np.testing.assert_allclose(row_of(explorer).sum(), 1, rtol=1e-6)
    assert row_of(explorer)[2] == 0
    # What came next is not yet seen, and may be recommended.
    assert ids_of(explorer) == ["m8", "m7", "m6", "m5", "m4", "m3"]
    assert (
        repr(explorer)
        == "HistoryExplorer(Steps, history=3 films, now=2, layer=2, head=mean, query=2)"
    )


def test_reading_otherwise_asks_the_model_nothing(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    explorer.layer, explorer.head, explorer.query = 1, 1, 2
    explorer.topn, explorer.view = 3, "matrix"
    assert len(steps.asked) == 1
    matrix = np.frombuffer(explorer._answer["panels"][0]["matrix"], np.float32).reshape(3, 3)
    np.testing.assert_allclose(matrix, steps.weights(3, 1, 1), rtol=1e-6)
    assert ids_of(explorer) == ["m8", "m7", "m6"]


def test_seen_and_removed_items_stay_out_where_the_data_filters(steps):
    explorer = HistoryExplorer(steps, history=["m8", "m7", "m1"], filter_seen=True)
    assert ids_of(explorer) == ["m6", "m5", "m4", "m3", "m2"]
    explorer.remove(1)
    assert ids_of(explorer) == ["m6", "m5", "m4", "m3", "m2"]
    explorer.allow_removed = True
    assert ids_of(explorer) == ["m8", "m6", "m5", "m4", "m3", "m2"]
    explorer.allow_removed = False
    explorer.history = ["m1"]  # assigned: nothing was taken out of it
    assert ids_of(explorer)[:2] == ["m8", "m7"]
    explorer.undo()
    assert ids_of(explorer) == ["m6", "m5", "m4", "m3", "m2"]


def test_a_history_beyond_the_limit_is_cut_and_the_page_knows_the_limit(steps):
    steps.lengths = (2, 4)
    explorer = HistoryExplorer(steps, history=["m1", "m2", "m3", "m4", "m5"])
    assert steps.asked == [[2, 3, 4, 5]]
    assert [source["limit"] for source in explorer._setup["sources"]] == [4]
    assert len(explorer.history) == 5
    row = row_of(explorer)
    assert row[0] == 0
    np.testing.assert_allclose(
        row[1:], steps.weights(4, 2, 1)[3] / 2 + steps.weights(4, 2, 2)[3] / 2
    )
    explorer.query = 1  # too old for the model: it looks at nothing
    assert not row_of(explorer).any()
    explorer.view = "matrix"
    matrix = np.frombuffer(explorer._answer["panels"][0]["matrix"], np.float32).reshape(5, 5)
    np.testing.assert_allclose(matrix.sum(1), [0, 1, 1, 1, 1], rtol=1e-6)


def test_thumbs_are_every_map_and_keep_a_thin_diagonal(steps):
    steps.weights = lambda n, layer, head: np.eye(n, dtype=np.float32)
    panel = HistoryExplorer(steps, history=["m1"] * 50)._answer["panels"][0]
    thumbs = np.frombuffer(panel["thumbs"], np.uint8).reshape(2, 3, 24, 24)
    assert panel["thumb_size"] == 24
    assert (thumbs == 255 * np.eye(24, dtype=np.uint8)).all()


def test_the_answer_is_json_and_bytes(steps):
    explorer = HistoryExplorer(steps, history=THREE, view="matrix")
    explorer.add("m8")
    held = json.loads(json.dumps(explorer._answer, default=lambda value: f"{len(value)} bytes"))
    panel = held["panels"][0]
    assert panel["row"] == f"{4 * 4} bytes"
    assert panel["matrix"] == f"{4 * 16} bytes"
    assert panel["thumbs"] == f"{2 * 3 * 16} bytes"
    # Those of the beginning stand in the setup, which every view of the page has.
    assert {label["id"] for label in held["labels"]}.isdisjoint(THREE)
    assert held["labels"][0] == {
        "id": "m8",
        "title": "<img src=x onerror=alert(1)>",
        "detail": "1986",
    }


# Edits


def test_edits_can_be_undone_and_redone(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    explorer.add("m5")
    explorer.add("m6", position=1)
    explorer.move(5, 2)
    explorer.remove(1)
    assert explorer.history == ["m5", "m1", "m2", "m3"]
    seen = []
    while explorer._past:
        explorer.undo()
        seen.append(list(explorer.history))
    assert seen == [
        ["m6", "m5", "m1", "m2", "m3"],
        ["m6", "m1", "m2", "m3", "m5"],
        ["m1", "m2", "m3", "m5"],
        THREE,
    ]
    explorer.undo()
    assert explorer.history == THREE
    for _ in range(5):
        explorer.redo()
    assert explorer.history == ["m5", "m1", "m2", "m3"]
    explorer.reset()
    assert explorer.history == THREE
    explorer.undo()
    assert explorer.history == ["m5", "m1", "m2", "m3"]
    explorer.add("m1")
    assert explorer._future == []


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda e: e.add("m9"), "unknown item 'm9'"),
        (lambda e: e.add("m1", position=5), "position: expected 1 to 4, got 5"),
        (lambda e: e.remove(0), "position: expected 1 to 3, got 0"),
        (lambda e: e.move(1, 4), "to_position: expected 1 to 3, got 4"),
        (lambda e: setattr(e, "history", ["m1", "m99"]), "unknown item 'm99'"),
        (lambda e: setattr(e, "layer", 7), "layer: expected 1 to 2, got 7"),
    ],
)
def test_a_refused_edit_changes_nothing(steps, edit, message):
    explorer = HistoryExplorer(steps, history=THREE)
    before = explorer.get_state()
    with pytest.raises(AttnrecError, match=message):
        edit(explorer)
    assert explorer.get_state() == before


def test_removing_from_nothing_is_refused(steps):
    with pytest.raises(AttnrecError, match="the history is empty"):
        HistoryExplorer(steps).remove(1)


def test_observers_find_everything_up_to_date(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    seen = []

    def look(change):
        seen.append((change.name, len(explorer.history), explorer.recommendations["score"][0]))

    explorer.observe(look, ["history", "recommendations", "attention"])
    explorer.add("m4")
    # The best item scores 8 - 4 and the length of the history.
    assert sorted(seen) == [("attention", 4, 8), ("history", 4, 8), ("recommendations", 4, 8)]


def test_recommendations_and_attention_are_read_only(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    for name in ("recommendations", "attention"):
        with pytest.raises(Exception, match="read-only"):
            setattr(explorer, name, None)


def test_a_query_beyond_the_shortened_history_becomes_the_last(steps):
    explorer = HistoryExplorer(steps, history=THREE, query=3, now=3)
    explorer.remove(1)
    assert (explorer.query, explorer.now) == (None, None)
    assert explorer._answer["shown"]["query"] == 2
    assert len(steps.asked) == 2


# The page


def test_a_message_from_the_page_is_answered_once_with_its_number(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    answers = []
    explorer.observe(lambda change: answers.append(change.new["seq"]), "_answer")
    explorer.set_state({"history": ["m1", "m3"], "_past": [THREE], "_future": [], "_seq": 4})
    assert answers == [4]
    assert steps.asked[1:] == [[1, 3]]
    assert explorer._past == [THREE]
    explorer.undo()
    assert explorer.history == THREE
    explorer.set_state({"_seq": 5})  # nothing changed, and yet the page waits for an answer
    assert explorer._answer["seq"] == 5
    explorer.set_state({"history": ["m1"], "now": 1, "query": 1, "_seq": 6})
    assert explorer._answer["shown"]["now"] == 1


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"history": ["m1", "m77"], "_past": [THREE]}, "unknown item 'm77'; did you mean 'm7'?"),
        ({"history": None}, "history: expected a sequence of item ids, got None"),
        ({"layer": 9}, "layer: expected 1 to 2, got 9"),
        ({"history": ["m1"], "now": 2}, "now: expected 1 to 1, got 2"),
    ],
)
def test_what_the_page_may_not_send_becomes_a_sentence(steps, message, sentence):
    explorer = HistoryExplorer(steps, history=THREE)
    sent, answers = [], []
    explorer.send_state = lambda key=None: sent.append(key)
    explorer.observe(lambda change: answers.append(change.new["seq"]), "_answer")
    shown = explorer._answer["shown"]
    explorer.set_state({**message, "_seq": 1})
    assert answers == [1]
    assert sentence in explorer._answer["error"]
    assert explorer._answer["seq"] == 1
    assert explorer._answer["shown"] == shown
    assert explorer.history == THREE
    assert explorer._past == []
    assert list(message) in sent  # Python's values go back to the page
    explorer.set_state({"head": 1, "_seq": 2})
    assert explorer._answer["error"] is None


def test_search_answers_with_labels(steps):
    explorer = HistoryExplorer(steps)
    explorer.set_state({"_search": {"seq": 3, "text": "<IMG"}})
    assert explorer._matches == {
        "seq": 3,
        "text": "<IMG",
        "matches": [{"id": "m8", "title": "<img src=x onerror=alert(1)>", "detail": "1986"}],
    }
    explorer.set_state({"_search": {"seq": 4, "text": "no such film"}})
    assert explorer._matches["matches"] == []


def test_search_for_nothing_gives_examples(steps, chain_run):
    explorer = HistoryExplorer(steps)
    explorer.set_state({"_search": {"seq": 1, "text": ""}})
    assert [match["id"] for match in explorer._matches["matches"]] == [f"m{i}" for i in range(1, 9)]
    explorer = HistoryExplorer(chain_run)
    explorer.set_state({"_search": {"seq": 1, "text": " "}})
    counts = chain_run.data.frame["item"].value_counts()
    found = [counts[match["id"]] for match in explorer._matches["matches"]]
    assert found == counts.iloc[:8].tolist()


# Runs


def test_a_run_begins_with_the_users_past_and_ranks_what_came_next(chain_run):
    explorer = HistoryExplorer(chain_run, user="u0")
    assert explorer.history == chain_run.past("u0")
    [held_out] = chain_run.held_out("u0")
    place = explorer._answer["panels"][0]["held_out"]
    frame = chain_run.recommend(user="u0", topn=12)
    assert place["id"] == held_out
    assert place["rank"] == frame.loc[frame["item"] == held_out, "rank"].item()
    pd.testing.assert_frame_equal(explorer.recommendations, frame.head(10))
    data = chain_run.data
    assert explorer._setup["foot"].startswith(
        f"SASRec · {data.name} {data.fingerprint[:8]} · seed 0"
    )
    assert explorer._setup["foot"].endswith("user u0")
    assert explorer._setup["held_out"] == held_out
    with pytest.raises(UnknownIdError, match="unknown user 'u00'"):
        HistoryExplorer(chain_run, user="u00")


def test_every_edit_ranks_as_the_run_does(chain_run):
    explorer = HistoryExplorer(chain_run, user="u1")
    for edit in (
        lambda: explorer.remove(2),
        lambda: explorer.move(1, 3),
        lambda: explorer.add("i03"),
    ):
        edit()
        expected = chain_run.recommend(history=explorer.history)
        pd.testing.assert_frame_equal(explorer.recommendations, expected)
        inspection = chain_run.inspect(history=explorer.history)
        np.testing.assert_array_equal(
            explorer.attention.to_frame()["attention"], inspection.to_frame()["attention"]
        )


def test_two_models_stand_side_by_side(chain_run, steps):
    explorer = HistoryExplorer(chain_run, chain_run, user="u0")
    assert [panel["name"] for panel in explorer._answer["panels"]] == ["SASRec (1)", "SASRec (2)"]
    first, second = ({**panel, "name": ""} for panel in explorer._answer["panels"])
    assert first == second
    assert repr(explorer).startswith("HistoryExplorer(SASRec, SASRec, history=")
    assert explorer._setup["foot"].endswith("beside SASRec · user u0")
    assert [source["name"] for source in explorer._setup["sources"]] == ["SASRec (1)", "SASRec (2)"]
    assert "beside" not in explorer.figure(panel=2).texts[-1].get_text()
    with pytest.raises(AttnrecError, match="the same items; 12 in the first only, such as 'i00'"):
        HistoryExplorer(chain_run, steps)


def test_the_page_gets_the_dates_of_the_start(steps):
    days = ["1998-11-03", "1998-11-03", "1998-12-29", "1999-01-02"]
    times = pd.to_datetime(days)
    users, items = [*"uuuuvvvv"], [*"abcdefgh"]
    frame = pd.DataFrame({"user": users, "item": items, "timestamp": [*times, *times]})
    data = datasets.load(frame)
    steps.catalogue = data.catalogue
    explorer = HistoryExplorer(SimpleNamespace(inspector=steps, data=data), user="u")
    dated = [["a", "Nov ’98"], ["b", "Nov ’98"], ["c", "Dec ’98"], ["d", "Jan ’99"]]
    assert explorer._setup["dates"] == dated
    explorer.move(3, 1)
    assert explorer._setup["dates"] == dated
    assert spell_dates(times[:3].tolist()) == ["3 Nov", "3 Nov", "29 Dec"]


def test_a_lens_is_told_to_the_page_and_asks_nothing(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    assert explorer.get_state("_lens") == {"_lens": {}}
    asked, answer = len(steps.asked), explorer._answer
    explorer._lens = {"history": THREE, "name": "rollout", "values": [1.0, 0.0, 3.0]}
    assert explorer.get_state("_lens") == {"_lens": explorer._lens}
    assert len(steps.asked) == asked
    assert explorer._answer is answer
