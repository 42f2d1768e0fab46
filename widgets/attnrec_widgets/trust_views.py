"""Race, lie and flip of a TrustPanel, spelled for the page; all save `seq`."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnrec.errors import AttnrecError
from attnrec.explanations import Flip
from attnrec.inspection import top_indices
from attnrec_widgets.trust_findings import Findings
from attnrec_widgets.trust_report import label, plain
from attnrec_widgets.trust_subject import Subject, titled

TOPN = 10  # of the list that adversarial attention leaves as it is


def race_of(findings: Findings, lens: str) -> dict[str, Any]:
    """Deleting items in each explanation's order, one at a time."""
    subject, race = findings.subject, findings.race(lens)
    first = subject.unread + 1
    return {
        "target": subject.target_told,
        "items": subject.items,
        "counts": race.counts.tolist(),
        "score": subject.score,
        "racers": [
            {
                "name": name,
                "label": label(name),
                "order": (first + race.orders[row]).tolist(),
                "scores": plain(race.scores[row]),
                "ranks": race.ranks[row].tolist(),
                "firsts": [
                    titled(subject.source, index) if index else None
                    for index in race.firsts[row].tolist()
                ],
            }
            for row, name in enumerate(race.names)
        ],
        "band": plain(race.band),
        "orders": race.num_random,
        "seed": race.seed,
        "removal": race.removal,
    }


def lie_of(findings: Findings) -> dict[str, Any]:
    """Adversarial attention, frame by frame; or why there is none."""
    subject = findings.subject
    able = subject.source.inspector.capabilities
    words, name = subject.source.catalogue.words, subject.source.name
    if not (able.gradients and findings.case.probe is not None):
        return _no_lie(subject, f"needs gradients; {name} gives none")
    if not able.interventions:
        return _no_lie(subject, f"needs attention that can be replaced; {name} gives none")
    if len(subject) == 1:
        return _no_lie(subject, f"a history of one {words.item}: all attention is on it")
    try:
        found = findings.adversarial
    except AttnrecError as error:
        return _no_lie(subject, str(error))
    maps = list(found.weights.values())
    weights = np.mean([rows.astype(float).mean(1) for rows in maps], axis=0)  # [frame, position]
    scores = np.where(subject.case.candidates, found.inspection.scores, -np.inf)
    return {
        "items": subject.items,
        "frames": len(found),
        "own": plain(weights[0]),
        "weights": plain(weights),
        "divergence": plain(found.divergence),
        "most": float(np.log(2)),
        "total_variation": plain(found.total_variation),
        "epsilon": found.epsilon,
        "score_change": plain(found.score_change),
        "same_top": found.same_top.tolist(),
        "ranking": [
            [
                {**titled(subject.source, index), "score": float(row[index])}
                for index in best
                if row[index] > -np.inf
            ]
            for row, best in zip(scores, top_indices(scores, TOPN).tolist(), strict=True)
        ],
        "maps": [f"layer {number}" for number in range(1, len(maps) + 1)],
        "error": None,
    }


def _no_lie(subject: Subject, why: str) -> dict[str, Any]:
    return {"items": subject.items, "error": why}


def flip_of(findings: Findings) -> dict[str, Any]:
    """The least removal that changes what comes first."""
    try:
        flip = findings.flip
    except AttnrecError as error:
        return {"found": False, "error": str(error), "removal": findings.removal, "played": False}
    return {
        "found": flip.found,
        "error": None,
        "removed": positions_of(findings, flip),
        "of": len(findings.subject),
        "titles": flip.table()["title"].tolist(),
        "before": {"id": flip.before.item, "title": flip.before.title},
        "after": {"id": flip.after.item, "title": flip.after.title},
        "minimal": flip.minimal,
        "asked": flip.asked,
        "removal": flip.removal,
        "played": False,
    }


def positions_of(findings: Findings, flip: Flip) -> list[int]:
    """What is removed, from 1 in the whole history."""
    return [findings.subject.unread + position for position in flip.removed]
