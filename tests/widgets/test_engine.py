"""One computation a change, the latest wins, failures are sentences, nothing compiles twice."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer
from attnrec_widgets.engine import Failure, KernelEngine
from attnrec_widgets.source import Source
from attnrec_widgets.state import State

from attnrec.inspection import AttentionRecord, Inspection


def test_what_waits_behind_a_newer_question_is_never_computed(steps):
    started, go_on = threading.Event(), threading.Event()
    inspect = steps.inspect

    def slow(request):
        started.set()
        assert go_on.wait(10)
        return inspect(request)

    steps.inspect = slow
    engine = KernelEngine((Source(steps),))
    answers = {}

    def ask(*ids):
        thread = threading.Thread(target=lambda: answers.update({ids: engine.ask(State(ids, 1))}))
        thread.start()
        return thread

    def wait_for_ticket(number):
        while engine._latest < number:
            pass

    threads = [ask("m1")]
    assert started.wait(10)
    for ticket, id in enumerate(["m2", "m3"], start=2):
        threads.append(ask(id))
        wait_for_ticket(ticket)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert steps.asked == [[1], [3]]
    assert answers[("m1",)] is None  # superseded while it was computed
    assert answers[("m2",)] is None  # superseded while it waited
    assert answers[("m3",)][0].best[0][0] == "m8"


def test_an_exception_in_the_model_is_a_sentence_and_the_last_answer_stays(steps):
    explorer = HistoryExplorer(steps, history=["m1"])
    before, inspect = explorer._answer, steps.inspect

    def broken(request):
        raise RuntimeError("boom\nwith details\n  File ...")

    steps.inspect = broken
    explorer.add("m2")
    assert explorer._answer["error"] == "Steps could not answer (RuntimeError: boom)."
    assert explorer._answer["panels"] == before["panels"]
    assert isinstance(explorer.last_error, RuntimeError)
    assert explorer.recommendations["score"][0] == 8 - 4 + 1
    steps.inspect = inspect
    explorer.undo()
    explorer.redo()
    assert explorer._answer["error"] is None
    assert explorer.last_error is None


def test_a_model_that_fails_at_once_shows_its_sentence(steps):
    steps.inspect = lambda request: None
    explorer = HistoryExplorer(steps, history=["m1"])
    assert explorer._answer["error"].startswith("Steps could not answer (AttributeError")
    assert explorer._answer["panels"] == []
    assert explorer._answer["seq"] == 0


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (np.zeros((1, 8)), r"scores of shape \(1, 8\); expected \(1, 9\)"),
        (np.zeros(9), r"scores of shape \(9,\)"),
        (np.full((1, 9), np.nan), "scores that are not numbers"),
    ],
)
def test_scores_that_cannot_be_ranked_are_told(steps, scores, sentence):
    steps.inspect = lambda request: Inspection(
        request, scores, AttentionRecord((), request.mask), steps.catalogue
    )
    result = KernelEngine((Source(steps),)).ask(State(("m1",), 1))
    assert isinstance(result, Failure)
    with pytest.raises(type(result.error), match=sentence):
        raise result.error


def test_infinite_scores_are_not_recommended(steps):
    scores = np.array([[-np.inf, 1, -np.inf, 3, -np.inf, -np.inf, -np.inf, -np.inf, -np.inf]])
    steps.inspect = lambda request: Inspection(
        request, scores, AttentionRecord((), request.mask), steps.catalogue
    )
    explorer = HistoryExplorer(steps, history=["m1"])
    assert explorer.recommendations["item"].tolist() == ["m3", "m1"]


def test_editing_compiles_nothing_not_even_across_a_padded_length(chain_run):
    history = chain_run.data.history("u0")
    explorer = HistoryExplorer(chain_run, history=(history * 4)[:15])
    explorer._engine.wait_warm()
    traces = chain_run.inspector.num_traces
    explorer.remove(3)
    explorer.move(1, 14)
    for _ in range(4):  # 15, 16, 17, 18: the padded length goes from 16 to 32
        explorer.add("i03")
    assert len(explorer.history) == 18
    assert chain_run.inspector.num_traces == traces
