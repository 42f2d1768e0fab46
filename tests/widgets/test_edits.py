"""Which histories were set by a script: of them nothing was taken out."""

from __future__ import annotations

import pytest
from attnrec_widgets import HistoryExplorer
from attnrec_widgets.edits import STEPS

from attnrec.errors import AttnrecError

THREE = ["m1", "m2", "m3"]


def test_the_start_and_what_a_script_sets_are_bases(steps):
    explorer = HistoryExplorer(steps, history=THREE)
    assert explorer._bases == [THREE]
    explorer.remove(1)
    explorer.set_state({"history": ["m3"], "_past": [THREE, ["m2", "m3"]], "_future": []})
    assert explorer._bases == [THREE]
    explorer.history = ["m5", "m6"]
    explorer.history = ["m7"]
    explorer.history = ["m5", "m6"]
    assert explorer._bases == [THREE, ["m5", "m6"], ["m7"]]
    explorer.history = THREE
    explorer.undo()
    assert explorer._bases == [THREE, ["m5", "m6"], ["m7"]]


def test_bases_out_of_reach_are_forgotten(steps):
    explorer = HistoryExplorer(steps, history=THREE, filter_seen=True)
    explorer._page = True  # nobody looks, so that the model is left alone
    for step in range(3 * STEPS):
        explorer.history = ["m1"] * (step % 150 + 1)
    assert explorer._bases[0] == THREE
    assert len(explorer._past) == STEPS
    assert len(explorer._bases) <= STEPS + 2


def test_an_edit_after_a_script_counts_from_what_the_script_set(steps):
    explorer = HistoryExplorer(steps, history=["m8", "m7", "m1"], filter_seen=True, topn=3)
    explorer.remove(1)
    assert explorer.recommendations["item"].tolist() == ["m6", "m5", "m4"]
    explorer.history = ["m6", "m5"]
    assert explorer.recommendations["item"].tolist() == ["m8", "m7", "m4"]
    explorer.remove(1)
    assert explorer.recommendations["item"].tolist() == ["m8", "m7", "m4"]
    explorer.undo()
    explorer.undo()  # back to [m7, m1], of which a hand took the 8
    assert explorer.recommendations["item"].tolist() == ["m6", "m5", "m4"]
    explorer.redo()
    assert explorer.recommendations["item"].tolist() == ["m8", "m7", "m4"]
    explorer.reset()
    assert explorer.recommendations["item"].tolist() == ["m6", "m5", "m4"]


def test_several_items_go_in_one_edit(steps):
    explorer = HistoryExplorer(steps, history=["m1", "m2", "m3", "m4"])
    explorer.remove(4, 2)
    assert explorer.history == ["m1", "m3"]
    with pytest.raises(AttnrecError, match="position: expected 1 to 2, got 3"):
        explorer.remove(1, 3)
    assert explorer.history == ["m1", "m3"]
    explorer.undo()
    assert explorer.history == ["m1", "m2", "m3", "m4"]
