"""The table of a TrustPanel and the lens it gives the explorer, spelled for the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from attnrec.explanations import METHODS, Faithfulness
from attnrec.explanations.faithfulness_metrics import METRICS as MEASURES
from attnrec_widgets.source import Source
from attnrec_widgets.state import State
from attnrec_widgets.trust_findings import ATTENTION, Findings, K, signed
from attnrec_widgets.trust_subject import titled

# The columns, of all that is measured: name in METRICS, heading, and what it says.
METRICS = (
    ("comprehensiveness@{k}", "Comprehensiveness", "loss without its top {k}"),
    ("deletion", "Deletion", "mean loss, top first"),
    ("sufficiency@{k}", "Sufficiency", "loss keeping only its top {k}"),
    ("Kendall", "Agreement", "Kendall τ, leave-one-out"),
    ("polarity violations@{k}", "Wrong sign", "of its top {k}, lower the score"),
)
REMOVALS = {"drop": "by dropping, the sequence closes up", "mask": "by masking, places stay"}


def waiting(source: Source, state: State, removal: str, methods: Sequence[str]) -> dict[str, Any]:
    """A report before anything was measured: what is known without the model."""
    words = source.catalogue.words
    limit = len(state.visible) if source.limit is None else source.limit
    unread = max(0, len(state.visible) - limit)
    read = source.indices(state.visible).tolist()[unread:]
    return {
        "seq": 0,
        "state": "measuring",
        "error": None,
        "words": {"item": words.item, "items": words.items, "acted": words.acted},
        "target": None,
        "choices": [],
        "items": [
            {"position": position, **titled(source, index)}
            for position, index in enumerate(read, start=unread + 1)
        ],
        "unread": unread,
        "k": min(K, len(read)),
        "removal": removal,
        "orders": 0,
        "seed": 0,
        "asked": 0,
        "methods": [
            {
                "name": name,
                "label": label(name),
                "note": None,
                "signed": signed(name),
                "values": None,
                "reason": None,
            }
            for name in methods
        ],
        "metrics": [],
        "rows": [],
        "values": [],
        "cells": {},
        "band": [[], []],
        "effects": [],
        "negligible": 0.0,
        "note": "",
        "foot": "",
    }


def report(findings: Findings, provenance: Iterable[str]) -> dict[str, Any]:
    """Everything that the page draws of measures; `seq` is for the panel to set.

    Args:
        findings: measured here, unless they are already.
        provenance: what stands at the foot before what was measured.
    """
    subject, measured = findings.subject, findings.faithfulness
    k = min(K, len(subject))
    metrics = [
        metric | {part: metric[part].format(k=k) for part in ("name", "says")}
        for metric in metrics_told()
    ]
    names = [metric["name"] for metric in metrics]
    columns = [measured.metrics.index(name) for name in names]
    values = plain(measured.values[:, columns])
    cells = {}
    if "leave-one-out" in measured.names:
        agreement = names.index("Kendall")
        values[measured.names.index("leave-one-out")][agreement] = None
        cells = {"leave-one-out": {"Kendall": "itself"}}
    return {
        **waiting(subject.source, subject.state, findings.removal, findings.methods),
        "state": "ready",
        "target": subject.target_told,
        "choices": subject.choices,
        "orders": measured.orders,
        "seed": measured.seed,
        "asked": measured.asked,
        "methods": [_method(findings, name) for name in findings.methods],
        "metrics": metrics,
        "rows": list(measured.names),
        "values": values,
        "cells": cells,
        "band": plain(measured.band[:, columns]),
        "effects": plain(measured.effects),
        "negligible": findings.negligible,
        "note": subject.note,
        "foot": " · ".join([*provenance, *_how(findings, measured)]),
    }


def metrics_told() -> list[dict[str, Any]]:
    """The columns, with `{k}` to be filled in to `name` and `says`."""
    return [
        {"name": name, "label": heading, "says": says, "better": MEASURES[name].better}
        for name, heading, says in METRICS
    ]


def lens_of(findings: Findings, name: str) -> dict[str, Any]:
    """What `HistoryExplorer._lens` shows; nothing for a method that has no values here."""
    if findings.reason(name):
        return {}
    subject, measured = findings.subject, findings.faithfulness
    unread = [0.0] * subject.unread
    target = subject.target_told
    return {
        "history": list(subject.state.visible),
        "name": name,
        "target": {"id": target["id"], "title": target["title"]},
        "removal": findings.removal,
        "values": None if name == ATTENTION else unread + plain(findings.values(name)),
        "signed": signed(name),
        "effects": unread + plain(measured.effects),
        "negligible": findings.negligible,
    }


def label(name: str) -> str:
    """A method's name as a heading: `Gradient × input`."""
    return (name[0].upper() + name[1:]).replace(" x ", " × ")


def plain(values: np.ndarray) -> list:
    """Nested lists in which what is not finite is None, as JSON has it."""
    if values.ndim > 1:
        return [plain(row) for row in values]
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _method(findings: Findings, name: str) -> dict[str, Any]:
    reason = findings.reason(name)
    return {
        "name": name,
        "label": label(name),
        "note": _note(findings, name),
        "signed": signed(name),
        "values": None if reason else plain(findings.values(name)),
        "reason": reason,
    }


def _note(findings: Findings, name: str) -> str | None:
    """Which of several such explanations this is."""
    panel, options = findings.subject.panel, findings.options
    if name == ATTENTION:
        head = "mean of heads" if panel.head is None else f"head {panel.head}"
        return f"layer {panel.layer}, {head}" if panel.layer else None
    if name == "integrated gradients":
        return f"{options.steps} steps"
    sampled = METHODS[name].sampled
    return f"up to {options.samples:,} samples, seed {options.seed}" if sampled else None


def _how(findings: Findings, measured: Faithfulness) -> list[str]:
    return [
        f"leave-one-out {REMOVALS[findings.removal]}",
        f"{measured.orders} random orders, seed {measured.seed}",
    ]
