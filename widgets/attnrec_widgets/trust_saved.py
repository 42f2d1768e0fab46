"""A TrustPanel in a saved page: what Python knows of its state, and how to say it of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnrec.errors import AttnrecError
from attnrec_widgets.saved_page import Part
from attnrec_widgets.trust_findings import Findings, K, lack
from attnrec_widgets.trust_report import REMOVALS, lens_of, metrics_told, waiting
from attnrec_widgets.trust_views import flip_of, lie_of, race_of

if TYPE_CHECKING:
    from attnrec_widgets.trust_panel import TrustPanel

TRAITS = ("lens", "removal", "target", "tab")
ORDERS = 20  # random orders in the page, where each of their variants is asked about alone


def part_of(panel: TrustPanel) -> Part:
    """What stands beneath the explorer; everything of the present state is worked out for it.

    What is measured here is what the panel shows from then on, too.
    """
    blank = waiting(panel.source, panel._state(), panel.removal, panel.methods)
    known: dict[str, Any] = {"report": {**blank, "state": "empty"}, "races": {}}
    lens: dict[str, Any] = {}
    if panel.explorer._current().visible:
        try:
            findings = panel._present()
            known, lens = _known(panel, findings), lens_of(findings, panel.lens)
        except AttnrecError as error:  # as the panel says it
            known["report"] = {**blank, "state": "error", "error": str(error)}
    panel._refresh()
    told = {
        "traits": {name: getattr(panel, name) for name in TRAITS},
        "played": panel._played._asdict() if panel._played and panel._is_played() else None,
        **known,
        "anew": _anew(panel),
    }
    return Part("trust", told, style="trust_panel.css", explorer={"_lens": lens})


def _known(panel: TrustPanel, findings: Findings) -> dict[str, Any]:
    """Of the present state: all measures, every race, the flip and the slider's attention."""
    able = [name for name in findings.methods if not findings.reason(name)]
    return {
        "report": panel._spelled(findings),
        "races": {name: race_of(findings, name) for name in able},
        "flip": flip_of(findings),
        "lie": lie_of(findings),
    }


def _anew(panel: TrustPanel) -> dict[str, Any]:
    """What the page needs to measure another state by itself, and to say so as Python does."""
    source = panel.source
    return {
        "k": K,
        "orders": min(ORDERS, panel._orders),
        "seed": panel._options.seed,
        "masks": source.inspector.capabilities.interventions,
        "metrics": metrics_told(),
        "lacks": {name: lack(source, name) for name in panel.methods},
        "removals": REMOVALS,
        "provenance": panel._provenance(),
    }
