r"""Attention that is as different as it can be while the recommendations stay.

Jain and Wallace, Attention is not Explanation (2019) [jain2019attention], Sec.
4.2.2: of the attention distributions :math:`\alpha` that leave the output
where it was, the one furthest from the model's own :math:`\hat\alpha`,

.. math::
    \max_\alpha \; \mathrm{JSD}(\alpha, \hat\alpha) \quad\text{such that}\quad
    \mathrm{TVD}(y_\alpha, y_{\hat\alpha}) =
    \tfrac12 \textstyle\sum_i |y_{\alpha,i} - y_{\hat\alpha,i}| \le \epsilon ,

with :math:`y` the softmax of the candidates' scores. Each head of each chosen
map has one distribution, its row of the last query, from which attention over
a history is read; other rows are held where they were. The Jensen-Shannon
divergence is at most :math:`\ln 2`.

How it is searched for, `attnrec.explanations.adversarial_search` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.explanations.adversarial_search import STRONG, Attack, divergence, search
from attnrec.explanations.case import Case, rows_of
from attnrec.inspection import Inspection, Interventions, Request, top_indices

POSITIONS = 1 << 12  # positions searched at a time
SCORES = 1 << 22  # and scores


@dataclass(frozen=True, eq=False)
class AdversarialAttention:
    """Attention that misleads about one case, and the way there.

    Frame 0 is the model's own; each further one is the best found so far that
    keeps the bound. All figures are of the model's answers to `interventions`.

    Attributes:
        case: history and model.
        weights: by map, the last query's rows `[frame, head, position]`.
        steps: of Adam, up to each frame.
        divergence: from the model's own, mean over maps and heads, in nats.
        total_variation: of the softmax over candidates.
        score_change: the largest of any candidate's score.
        same_top: the `topn` first are the same, in the same order.
        topn, epsilon: as asked for.
    """

    case: Case
    weights: dict[str, Float[np.ndarray, "frame head position"]]
    steps: Int[np.ndarray, " frame"]
    divergence: Float[np.ndarray, " frame"]
    total_variation: Float[np.ndarray, " frame"]
    score_change: Float[np.ndarray, " frame"]
    same_top: Bool[np.ndarray, " frame"]
    topn: int
    epsilon: float

    def __len__(self) -> int:
        return len(self.steps)

    def maps(self, frame: int = -1) -> dict[str, Float[np.ndarray, "head query key"]]:
        """The chosen maps at one frame, whole, without padding."""
        return {name: maps[frame] for name, maps in _whole(self.case, self.weights).items()}

    def interventions(self, frame: int = -1) -> Interventions:
        """What makes the model use one frame's maps for `Request(case.items[None])`."""
        return Interventions({name: map_[None] for name, map_ in self.maps(frame).items()})

    @cached_property
    def inspection(self) -> Inspection:
        """The model's answers at every frame, a row each."""
        items = np.repeat(self.case.items[None], len(self), axis=0)
        given = Interventions(_whole(self.case, self.weights))
        return self.case.inspector.inspect(Request(items, interventions=given))

    def table(self) -> pd.DataFrame:
        """A row a frame: `step`, `divergence`, `total_variation`, `score_change`, `same_top`."""
        names = ("divergence", "total_variation", "score_change", "same_top")
        return pd.DataFrame({"step": self.steps} | {name: getattr(self, name) for name in names})

    def __repr__(self) -> str:
        top = "the same" if self.same_top[-1] else "not the same"
        return (
            f"Attention over {len(self.case)} items moved by {self.divergence[-1]:.3f} of at most "
            f"{np.log(2):.3f} nats, the recommendations by {self.total_variation[-1]:.4f}; "
            f"the first {self.topn} are {top}."
        )


def adversarial_attention(
    cases: Sequence[Case],
    *,
    maps: Sequence[str] | None = None,
    epsilon: float = 0.01,
    topn: int = 10,
    strict: bool = False,
    attack: Attack = STRONG,
    seed: int = 0,
) -> list[AdversarialAttention]:
    """Searches for each case, all in batches under jit.

    Args:
        cases: histories before one model; their targets play no part.
        maps: which attention maps move; default all. The last alone is nearest
            to the paper, whose models have one layer.
        epsilon: the bound on the total variation.
        topn: the length of the list that is watched.
        strict: the list has to stay the same, too, in its order.
        attack: how to search; `adversarial_search.AS_PUBLISHED` for the paper's
            settings.
        seed: of the noise. A case gets the same answer alone and among others.

    Raises:
        AttnrecError: cases of different models, a model that takes no
            interventions or gives no gradients, a map that it lacks, a history
            of one item, or scores that are not finite.

    Example:
        >>> (found,) = adversarial_attention([case], strict=True)  # doctest: +SKIP
        >>> asked = Request(case.items[None], interventions=found.interventions())  # doctest: +SKIP
        >>> run.inspector.inspect(asked).top()  # doctest: +SKIP
    """
    topn = whole_number("topn", topn)
    if not (np.isfinite(epsilon) and epsilon > 0):
        raise AttnrecError(f"epsilon: expected a number above 0, got {epsilon!r}")
    if not cases:
        return []
    names = _checked(cases, maps)
    size = len(cases[0].candidates)
    found: list[AdversarialAttention | None] = [None] * len(cases)
    widths = np.array([case.length for case in cases])
    for width in np.unique(widths):
        which = np.flatnonzero(widths == width)
        most = max(1, min(POSITIONS // int(width), SCORES // size))
        for start in range(0, len(which), most):
            places = which[start : start + most]
            chosen = [cases[place] for place in places]
            frames = _frames(chosen, names, int(width), epsilon, topn, strict, attack, seed)
            for row, (place, case) in enumerate(zip(places, chosen, strict=True)):
                rows = {name: part[:, row, :, -len(case) :] for name, part in frames.items()}
                found[place] = _judged(case, rows, epsilon, topn, strict, attack)
    return found  # type: ignore[return-value]  # every place is filled


def _checked(cases: Sequence[Case], maps: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the maps that move."""
    inspector = cases[0].inspector
    able = inspector.capabilities
    if not (able.interventions and able.gradients) or cases[0].probe is None:
        raise AttnrecError(
            f"adversarial_attention: {inspector.name} takes no other attention or has no gradients"
        )
    known = inspector.names  # type: ignore[attr-defined]  # with a probe comes a ModelInspector
    if maps is not None and (isinstance(maps, str) or not len(maps)):
        raise AttnrecError(f"maps: expected names out of {list(known)}, got {maps!r}")
    for name in maps or ():
        if name not in known:
            hint = did_you_mean(name, known)
            raise AttnrecError(f"maps: {inspector.name} has no map {name!r}{hint}")
    for number, case in enumerate(cases, start=1):
        if case.inspector is not inspector:
            raise AttnrecError(f"cases: expected one model, got another in case {number}")
        if len(case) < 2:
            raise AttnrecError(
                f"cases: the history of case {number} has one item; all attention is on it"
            )
        if not np.isfinite(case.inspection.scores[0, case.candidates]).all():
            raise AttnrecError(f"scores: {inspector.name} gives some that are not finite")
    return tuple(name for name in known if maps is None or name in maps)


def _frames(
    cases: list[Case],
    names: tuple[str, ...],
    width: int,
    epsilon: float,
    topn: int,
    strict: bool,
    attack: Attack,
    seed: int,
) -> dict[str, np.ndarray]:
    """The rows `[frame, batch, head, width]` of each map; a batch is a power of two."""
    inspector, probe = cases[0].inspector, cases[0].probe
    assert probe is not None  # what can be intervened in and gives gradients has one: `_checked`
    batch = cases + [cases[-1]] * ((1 << (len(cases) - 1).bit_length()) - len(cases))
    items = rows_of([case.items for case in batch], width, len(batch))
    rng, noise = np.random.default_rng(seed), {}
    for map_ in cases[0].inspection.record.maps:
        if map_.name in names:  # the same for a position counted from the end, in every width
            drawn = rng.normal(0, attack.noise, (inspector.lengths[-1], map_.num_heads))[:width]
            noise[map_.name] = drawn[::-1].T[None].astype(np.float32)
    return jax.device_get(
        search(
            probe.graphdef,
            probe.state,
            items,
            np.stack([case.candidates for case in batch]),
            noise,
            epsilon * (1 - 1e-3),  # so that rounding does not break the bound
            topn=min(topn, *(int(case.candidates.sum()) for case in batch)),
            strict=strict,
            attack=attack,
        )
    )


def _whole(case: Case, rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The model's own maps with their last rows exchanged: `[frame, head, query, key]`."""
    own = dict(zip(case.inspection.record.names, case.maps, strict=True))
    whole = {}
    for name, part in rows.items():
        whole[name] = np.repeat(own[name][None], len(part), axis=0)
        whole[name][:, :, -1] = part
    return whole


def _judged(
    case: Case,
    rows: dict[str, np.ndarray],
    epsilon: float,
    topn: int,
    strict: bool,
    attack: Attack,
) -> AdversarialAttention:
    """Asks the model itself what each frame does. A frame that fails stays at the one before."""
    own = dict(zip(case.inspection.record.names, case.maps, strict=True))
    rows = {name: np.append(own[name][None, :, -1], part, axis=0) for name, part in rows.items()}
    items = np.repeat(case.items[None], attack.frames + 1, axis=0)
    asked = Request(items, interventions=Interventions(_whole(case, rows)))
    scores = np.asarray(case.inspector.inspect(asked).scores, float)
    before = np.asarray(case.inspection.scores, float)
    ranked = [np.where(case.candidates, part, -np.inf) for part in (scores, before)]
    output, own_output = (np.exp(part - part.max(1, keepdims=True)) for part in ranked)
    output, own_output = (part / part.sum(1, keepdims=True) for part in (output, own_output))
    moved = 0.5 * np.abs(output - own_output).sum(1)
    most = min(topn, int(case.candidates.sum()))
    same = (top_indices(ranked[0], most) == top_indices(ranked[1], most)).all(1)
    change = np.abs(scores[:, case.candidates] - before[:, case.candidates]).max(1)
    kept = (moved <= epsilon) & (same | (not strict))
    kept[0] = True
    frame = np.maximum.accumulate(np.where(kept, np.arange(len(kept)), 0))
    apart = [divergence(part.astype(float), part[:1].astype(float)) for part in rows.values()]
    return AdversarialAttention(
        case=case,
        weights={name: part[frame] for name, part in rows.items()},
        steps=np.arange(attack.frames + 1) * (attack.steps // attack.frames),
        divergence=np.concatenate(apart, axis=1).mean(1)[frame],
        total_variation=moved[frame],
        score_change=change[frame],
        same_top=same[frame],
        topn=topn,
        epsilon=float(epsilon),
    )
