"""How faithful explanations are to the model that they explain, beside random ones.

What is measured, and how, stands in `faithfulness_metrics`. There is no total
score: the metrics ask different questions, and agreement with leave-one-out,
for one, validates nothing by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, whole_number
from attnrec.explanations.case import Case
from attnrec.explanations.curves import curves_along
from attnrec.explanations.faithfulness_metrics import METRICS, Better, Evidence
from attnrec.explanations.removal import Removal, ValueFunction

if TYPE_CHECKING:
    import pandas as pd

FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)  # DeYoung et al. (2020)
BAND = (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Several explanations of one case, measured.

    Args:
        names: the explanations, then `"uniform"` and `"random"`.
        metrics: as `METRICS` names them, with `k` and `topn` filled in.
        better: for each metric, `"more"` or `"less"`.
        values: of `"random"`, the mean over the random orders.
        band: two rows, between which 95% of the random orders lie. The mean of
            a yes or no that is nearly always the same can lie outside.
        removal: what taking an item out meant.
        score: of the target, after the whole history.
        effects: what the score loses by each item alone (leave-one-out).
        counts: how many items the curves have taken out, or put in.
        deletion: the score without the first items of each explanation's
            order; of `"random"`, the mean.
        insertion: the score with these items alone.
        deletion_band, insertion_band: of the random orders, as `band`.
        orders: how many random orders.
        seed: of these.
        asked: how many variants of the history the model was asked about.
    """

    names: tuple[str, ...]
    metrics: tuple[str, ...]
    better: tuple[Better, ...]
    values: Float[np.ndarray, "method metric"]
    band: Float[np.ndarray, "2 metric"]
    removal: Removal
    score: float
    effects: Float[np.ndarray, " position"]
    counts: Int[np.ndarray, " count"]
    deletion: Float[np.ndarray, "method count"]
    insertion: Float[np.ndarray, "method count"]
    deletion_band: Float[np.ndarray, "2 count"]
    insertion_band: Float[np.ndarray, "2 count"]
    orders: int
    seed: int
    asked: int

    @property
    def beyond_random(self) -> Bool[np.ndarray, "method metric"]:
        """Whether a value is better than all of the band; never of `"random"` itself."""
        more = np.array([better == "more" for better in self.better])
        beyond = np.where(more, self.values > self.band[1], self.values < self.band[0])
        return beyond & (np.array(self.names) != "random")[:, None]

    def table(self) -> pd.DataFrame:
        """A row for each explanation and a column for each metric.

        Below `"uniform"` and `"random"` stand the two ends of the band of
        random orders. The attributes of the table say what removal meant, and
        for each metric whether more or less is better.
        """
        import pandas as pd

        ends = (f"random, {share:.1%}" for share in BAND)
        index = pd.Index([*self.names, *ends], name="method")
        columns = pd.Index(self.metrics, name="metric")
        frame = pd.DataFrame(np.concatenate([self.values, self.band]), index, columns)
        frame.attrs.update(
            removal=self.removal,
            better=dict(zip(self.metrics, self.better, strict=True)),
            orders=self.orders,
            seed=self.seed,
        )
        return frame


def order_of(values: Float[np.ndarray, "*rows position"]) -> Int[np.ndarray, "*rows position"]:
    """Positions by value, the largest first; of equal values the most recent position first.

    Example:
        >>> order_of(np.array([1.0, 3.0, 1.0, 0.0]))
        array([1, 2, 0, 3])
    """
    from_the_end = np.argsort(-values[..., ::-1], axis=-1, kind="stable")
    return values.shape[-1] - 1 - from_the_end


def faithfulness(
    case: Case,
    attributions: Mapping[str, np.ndarray],
    removal: Removal = "drop",
    *,
    k: int = 5,
    topn: int = 10,
    fractions: Sequence[float] = FRACTIONS,
    steps: int = 10,
    orders: int = 100,
    seed: int = 0,
) -> Faithfulness:
    """Measures explanations of one case, and uniform and random ones beside them.

    All variants of the history that any metric of any explanation needs are
    asked about together, each once. `"uniform"` gives every item the same and
    so takes the most recent first, as ties do everywhere.

    Of a history with one item all orders are the same, so that no explanation
    differs from another, and correlations are NaN. They are NaN, too, for an
    explanation that gives every item the same, and where leave-one-out does.

    Args:
        case: history, target and model.
        attributions: by name, a value for each position, oldest first, larger
            for what counts more. Under the names `"uniform"` and `"random"`
            always stand the ones made here.
        removal: what taking an item out means.
        k: how many items an explanation of fixed length names; of a shorter
            history, all.
        topn: length of the list in which the target stands or not.
        fractions: the shares of the history over which AOPC is the mean. One
            share alone gives comprehensiveness and sufficiency at that share.
        steps: equal parts in which a history is taken out, or put in, along
            the curves and for LXR's metrics; 10 in their paper. A history of
            fewer items goes item by item.
        orders: how many random orders make the band.
        seed: of these.

    Raises:
        AttnrecError: an attribution of another length than the history, or
            with a value that is not finite, by its name.

    Example:
        >>> last, first = np.eye(len(case))[[-1, 0]]                           # doctest: +SKIP
        >>> faithfulness(case, {"last": last, "first": first}).table()         # doctest: +SKIP
    """
    k, topn, steps = whole_number("k", k), whole_number("topn", topn), whole_number("steps", steps)
    orders, n = whole_number("orders", orders), len(case)
    if not len(fractions) or not all(0 < share <= 1 for share in fractions):
        raise AttnrecError(f"fractions: expected shares above 0, up to 1; got {list(fractions)}")
    given = checked_attributions(attributions, n, but=("uniform", "random"))
    explained = np.stack([*given.values(), np.ones(n), *random_values(n, orders, seed)])
    by_value = order_of(explained)

    at_steps = in_equal_parts(n, steps)
    at_fractions = np.array([math.ceil(round(n * share, 9)) for share in fractions])
    value = ValueFunction(case, removal)
    counts = np.concatenate([at_steps, n - at_steps, at_fractions, [min(k, n)]])
    curves = curves_along(value, by_value, counts)
    evidence = Evidence(explained, by_value, curves, min(k, n), topn, at_steps, at_fractions)
    measured = np.stack([metric.compute(evidence) for metric in METRICS.values()], axis=1)

    def beside_random(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        named, random = np.split(rows, [len(given) + 1])
        return np.concatenate([named, random.mean(0)[None]]), np.quantile(random, BAND, axis=0)

    values, band = beside_random(measured)
    deletion, deletion_band = beside_random(curves.score_without[:, curves.at(at_steps)])
    insertion, insertion_band = beside_random(curves.score_only[:, curves.at(at_steps)])
    return Faithfulness(
        names=(*given, "uniform", "random"),
        metrics=tuple(name.format(k=k, topn=topn) for name in METRICS),
        better=tuple(metric.better for metric in METRICS.values()),
        values=values,
        band=band,
        removal=removal,
        score=curves.score,
        effects=curves.effects,
        counts=at_steps,
        deletion=deletion,
        insertion=insertion,
        deletion_band=deletion_band,
        insertion_band=insertion_band,
        orders=orders,
        seed=seed,
        asked=value.asked,
    )


def checked_attributions(
    attributions: Mapping[str, np.ndarray], n: int, but: Sequence[str]
) -> dict[str, Float[np.ndarray, " position"]]:
    """Those of other names than `but`, each a finite value for each of n positions."""
    others = ((name, values) for name, values in attributions.items() if name not in but)
    return {name: checked_values(name, values, n) for name, values in others}


def random_values(n: int, orders: int, seed: int) -> Float[np.ndarray, "order position"]:
    """Explanations that say nothing: 1 to n in random order."""
    ascending = np.tile(np.arange(1.0, n + 1), (orders, 1))
    return np.random.default_rng(seed).permuted(ascending, axis=1)


def in_equal_parts(n: int, steps: int) -> Int[np.ndarray, " count"]:
    """From 0 to n in so many equal steps, rounded up, or one by one where n is less."""
    parts = min(steps, n)
    return -(-n * np.arange(parts + 1) // parts)


def checked_values(name: str, values: np.ndarray, n: int) -> Float[np.ndarray, " position"]:
    """One finite value for each of n positions, or an error that names the explanation."""
    values = np.asarray(values, float)
    if values.shape != (n,):
        raise AttnrecError(
            f"{name}: expected {n} values, one for each position, got shape {values.shape}"
        )
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise AttnrecError(f"{name}: expected finite values, got {values[at]} at position {at + 1}")
    return values
