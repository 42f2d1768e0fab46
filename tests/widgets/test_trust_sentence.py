"""What the panel says first, of a model whose effects are known."""

from __future__ import annotations

import numpy as np
from attnrec_widgets import TrustPanel
from attnrec_widgets.trust_sentence import sentence

from tests.widgets.trust import Worth

THREE = ["m1", "m2", "m3"]
METHODS = ["recency", "leave-one-out"]


TARGET = "<img src=x onerror=alert(1)>"  # what the data calls it: text, nothing else


def panel_of(lens: str = "recency", history: list[str] = THREE, **worth: float) -> TrustPanel:
    options = {"methods": METHODS, "target": "m8", "filter_seen": True, "orders": 2}
    return TrustPanel(Worth(**worth), history=history, lens=lens, **options)


def says(*args, **worth: float) -> str:
    report = panel_of(*args, **worth)._report
    assert "".join(part["text"] for part in report["parts"]) == report["sentence"]
    assert {"text": TARGET, "strong": True} in report["parts"]
    return report["sentence"]


# Recency gives 1/n, ..., 1/2, 1: of three only the last is above average, of seven the last two.
SEVEN = [f"m{i}" for i in range(1, 8)]


def test_one_item_above_average():
    one = "The one film weighed above average, Casablanca,"
    assert says(m1=-5, m3=-2) == f"{one} in fact lowers {TARGET}."
    assert says(m1=-5, m3=2) == f"{one} raises {TARGET}."
    assert says(m1=-5) == f"{one} does not move {TARGET}."


def test_several_items_above_average():
    start = "of the 2 films weighed above average"
    both = "All 2 films weighed above average in fact lower"
    assert says("recency", SEVEN, m7=-1) == f"1 {start} in fact lowers {TARGET}: Gattaca."
    assert says("recency", SEVEN, m6=-3, m7=-1) == f"{both} {TARGET}; Fargo lowers it most."
    assert says("recency", SEVEN, m7=2, m6=1) == (
        f"None {start} lowers {TARGET}; Gattaca raises it most."
    )
    assert says("recency", SEVEN, m1=-9) == f"None {start} lowers {TARGET}, and none raises it."


def test_the_effects_themselves():
    assert says("leave-one-out", SEVEN, m1=-1, m2=-2, m3=9) == (
        f"2 of the 7 films lower {TARGET}; Brazil lowers it most."
    )


def test_an_effect_that_rounding_may_make_up_is_none():
    # 1e-5 of the score of 1000
    assert says(m1=1000, m3=-0.009).endswith(f"does not move {TARGET}.")
    assert says(m1=1000, m3=-0.011).endswith(f"in fact lowers {TARGET}.")


def test_a_signed_lens_is_wrong_only_of_what_it_says_raises():
    panel = panel_of("leave-one-out", SEVEN, m1=1)
    findings = panel._present()
    findings._made["values", "LIME"] = np.array([-9.0, 8, 0, 0, 0, 0, 7])
    text = "".join(part["text"] for part in sentence(findings, "LIME"))
    assert (
        text == f"None of the 2 films that LIME credits most lowers {TARGET}, and none raises it."
    )


def test_nothing_to_rank_and_nothing_weighed_above_average():
    alone = panel_of(history=["m3"], m3=-1)._report
    assert alone["state"] == "ready"
    assert alone["sentence"] == "A history of one film: there is nothing to rank."
    panel = panel_of(m1=1)
    panel._present()._made["values", "recency"] = np.ones(3)
    text = "".join(part["text"] for part in sentence(panel._present(), "recency"))
    assert text == "There is no film weighed above average."


def test_a_target_that_comes_into_the_history_gives_way_to_the_first():
    panel = panel_of(m1=1, m3=1)
    panel.explorer.add("m8")
    assert panel.target == "m8"
    assert panel._report["target"]["id"] == "m4"  # of those that score 0, the first
    assert panel._report["sentence"].endswith(
        f" {TARGET} is in the history and is not recommended; Dune is explained."
    )
    panel.explorer.undo()
    assert panel._report["target"]["id"] == "m8"
    panel.explorer.allow_removed = True
    panel.explorer.add("m8")
    panel.explorer.allow_removed = False
    panel.explorer.remove(4)
    assert panel._report["target"]["id"] == "m8"  # which was not there at the start
