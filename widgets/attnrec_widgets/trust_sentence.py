"""What a TrustPanel says first: where the lens and the effect of removal part."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec_widgets.trust_findings import Findings, signed

Part = dict[str, Any]  # text, and whether it is strong


def sentence(findings: Findings, lens: str) -> list[Part]:
    """Names the item that acts most against what the lens says of it.

    An item is weighed above average where its share of the lens is more than
    1/n. A signed lens may itself say that an item lowers the score: only those
    that it says raise it can be wrong.
    """
    subject = findings.subject
    words = subject.source.catalogue.words
    note = [_part(f" {subject.note}")] if subject.note else []
    if len(subject) == 1:
        return [_part(f"A history of one {words.item}: there is nothing to rank."), *note]
    reason = findings.reason(lens)
    if reason:
        return [_part(f"{reason}."), *note]
    return [*_of_effects(findings, lens), *note]


def _of_effects(findings: Findings, lens: str) -> list[Part]:
    from attnrec_widgets.trust_report import label, negligible

    subject, measured = findings.subject, findings.faithfulness
    words, effects = subject.source.catalogue.words, measured.effects
    target = _part(subject.target_told["title"], strong=True)
    values = findings.values(lens)
    lowers = effects < -negligible(measured)
    if lens == "leave-one-out":
        chosen, kind = np.ones(len(values), bool), words.items
    else:
        weight = np.abs(values)
        chosen = weight * len(values) > weight.sum()
        kind = f"{words.items} weighed above average"
        if signed(lens):
            chosen, kind = chosen & (values > 0), f"{words.items} that {label(lens)} credits most"
    count, wrong = int(chosen.sum()), chosen & lowers
    if not count:
        return [_part(f"No {words.item} is weighed above average for "), target, _part(".")]

    def title(order: np.ndarray) -> Part:
        return _part(subject.items[int(order)]["title"], strong=True)

    if not wrong.any():
        most = np.where(chosen, effects, -np.inf).argmax()
        none = f"None of the {count} {kind} lowers "
        if effects[most] <= negligible(measured):
            return [_part(none), target, _part(", and none raises it.")]
        return [_part(none), target, _part("; "), title(most), _part(" raises it most.")]
    worst = np.where(wrong, effects, np.inf).argmin()
    number = int(wrong.sum())
    said = "" if lens == "leave-one-out" else " in fact"
    if number == 1:
        start = f"1 of the {count} {kind}{said} lowers "
        return [_part(start), target, _part(": "), title(worst), _part(".")]
    start = f"{number} of the {count} {kind}{said} lower "
    return [_part(start), target, _part("; "), title(worst), _part(" lowers it most.")]


def _part(text: str, strong: bool = False) -> Part:
    return {"text": text, "strong": strong}
