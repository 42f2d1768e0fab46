"""What a TrustPanel explains, and which effects count, of a model whose effects are known."""

from __future__ import annotations

import pytest
from attnrec_widgets import TrustPanel

from tests.widgets.trust import Worth

THREE = ["m1", "m2", "m3"]
TARGET = "<img src=x onerror=alert(1)>"  # what the data calls it: text, nothing else


def panel_of(**worth: float) -> TrustPanel:
    options = {"methods": ["recency", "leave-one-out"], "target": "m8", "orders": 2}
    return TrustPanel(Worth(**worth), history=THREE, filter_seen=True, **options)


def test_an_effect_that_rounding_may_make_up_is_none():
    assert panel_of(m1=1000)._report["negligible"] == pytest.approx(1000 * 1e-5)
    assert panel_of(m1=0.5)._report["negligible"] == pytest.approx(1e-5)


def test_a_target_that_comes_into_the_history_gives_way_to_the_first():
    panel = panel_of(m1=1, m3=1)
    assert panel._report["note"] == ""
    panel.explorer.add("m8")
    assert panel.target == "m8"
    assert panel._report["target"]["id"] == "m4"  # of those that score 0, the first
    told = f"{TARGET} is in the history and is not recommended; Dune is explained."
    assert panel._report["note"] == told
    panel.explorer.undo()
    assert panel._report["target"]["id"] == "m8"
    panel.explorer.allow_removed = True
    panel.explorer.add("m8")
    panel.explorer.allow_removed = False
    panel.explorer.remove(4)
    assert panel._report["target"]["id"] == "m8"  # which was not there at the start
