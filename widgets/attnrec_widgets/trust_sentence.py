"""What a TrustPanel says first: where the lens and the effect of removal part."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from attnrec_widgets.trust_findings import Findings, signed

Part = dict[str, Any]  # text, and whether it is strong


def sentence(findings: Findings, lens: str) -> list[Part]:
    """Names the item that acts most against what the lens says of it.

    An item is weighed above average where its share of the lens is more than
    1/n. A signed lens may itself say that an item lowers the score: only those
    that it says raise it can be wrong. Leave-one-out is the effect itself.
    """
    subject = findings.subject
    note = [_part(f" {subject.note}")] if subject.note else []
    if len(subject) == 1:
        item = subject.source.catalogue.words.item
        return [_part(f"A history of one {item}: there is nothing to rank."), *note]
    reason = findings.reason(lens)
    if reason:
        return [_part(f"{reason}."), *note]
    return [*_of_effects(findings, _chosen(findings, lens)), *note]


class _Chosen(NamedTuple):
    """The items that a sentence is about: which, and how they are called."""

    which: np.ndarray
    how: str
    but: str


def _chosen(findings: Findings, lens: str) -> _Chosen:
    values = findings.values(lens)
    if lens == "leave-one-out":
        return _Chosen(np.ones(len(values), bool), "", "")
    weight = np.abs(values)
    heavy = weight * len(values) > weight.sum()
    if signed(lens):
        name = lens.replace(" x ", " × ")
        return _Chosen(heavy & (values > 0), f" that {name} credits most", " in fact")
    return _Chosen(heavy, " weighed above average", " in fact")


def _of_effects(findings: Findings, chosen: _Chosen) -> list[Part]:
    subject, effects = findings.subject, findings.faithfulness.effects
    words, target = subject.source.catalogue.words, _part(subject.target_told["title"], strong=True)
    which, how, but = chosen
    lowers, raises = effects < -findings.negligible, effects > findings.negligible
    best, worst = (int(np.where(which, sign * effects, -np.inf).argmax()) for sign in (1, -1))
    count, wrong = int(which.sum()), int((which & lowers).sum())

    def named(place: int) -> Part:
        return _part(subject.items[place]["title"], strong=True)

    if count == 0:
        return [_part(f"There is no {words.item}{how}.")]
    if count == 1:
        verb = f"{but} lowers" if lowers[best] else " raises" if raises[best] else " does not move"
        one = f"The one {words.item}{how}, "
        return [_part(one), named(best), _part(f",{verb} "), target, _part(".")]
    them = f"{count} {words.items}{how}"
    if not wrong:
        none = _part(f"None of the {them} lowers ")
        if not raises[best]:
            return [none, target, _part(", and none raises it.")]
        return [none, target, _part("; "), named(best), _part(" raises it most.")]
    if wrong == 1:
        return [
            _part(f"1 of the {them}{but} lowers "),
            target,
            _part(": "),
            named(worst),
            _part("."),
        ]
    start = f"{wrong} of the {them}" if wrong < count else f"All {them}"
    most = [_part("; "), named(worst), _part(" lowers it most.")]
    return [_part(f"{start}{but} lower "), target, *most]


def _part(text: str, strong: bool = False) -> Part:
    return {"text": text, "strong": strong}
