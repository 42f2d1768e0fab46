"""Figures for one model, and a table of several on the same cases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from attnrec.data import Cases
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.evaluation import rank_metrics, set_metrics
from attnrec.evaluation.ranking import Scorer, ranks, scorer_name
from attnrec.evaluation.sampled import sampled_ranks
from attnrec.evaluation.set_metrics import Ranks

METRICS: dict[str, Callable[..., float]] = {
    "HR": set_metrics.hit_rate,
    "NDCG": rank_metrics.ndcg,
    "MRR": rank_metrics.mrr,
    "Recall": set_metrics.recall,
    "Precision": set_metrics.precision,
    "F1": set_metrics.f1,
    "MAP": rank_metrics.average_precision,
}
WITHOUT_CUTOFF = ("NDCG", "MRR", "MAP")
LOWER_IS_BETTER = ("LogLoss", "ECE", "RMSE", "MAE")  # of predictions


def metric(name: str) -> Callable[..., float]:
    """The metric called `name`, as a function of ranks.

    Args:
        name: one of HR, NDCG, MRR, Recall, Precision, F1 and MAP with a
            cut-off, as in `"NDCG@10"`; NDCG, MRR and MAP also without.

    Example:
        >>> float(metric("MRR@10")(np.array([[2], [40]])))
        0.25
    """
    found = re.fullmatch(r"([A-Za-z0-9]+)(?:@([1-9]\d*))?", name)
    kind, cutoff = found.groups() if found else (name.partition("@")[0], None)
    if not found or kind not in METRICS or (cutoff is None and kind not in WITHOUT_CUTOFF):
        examples = [f"{known}@10" for known in METRICS] + list(WITHOUT_CUTOFF)
        guess = f"{kind}@{cutoff or 10}" if kind in METRICS else name
        raise AttnrecError(
            f"metric {name!r} is not known, expected one of {', '.join(METRICS)} with a cut-off "
            f"of at least 1, such as 'NDCG@10'{did_you_mean(guess, examples)}"
        )
    return partial(METRICS[kind], topn=int(cutoff)) if cutoff else METRICS[kind]


def metric_names(cutoffs: Sequence[int] = (5, 10, 20)) -> list[str]:
    """The names of all metrics at some cut-offs, MRR over the whole list last.

    Raises:
        AttnrecError: anything but a sequence of whole numbers from 1.
    """
    if isinstance(cutoffs, (str, int)):
        raise AttnrecError(f"cutoffs: expected a sequence such as (5, 10), got {cutoffs!r}")
    cutoffs = [whole_number("cutoffs", cutoff) for cutoff in cutoffs]
    return [f"{kind}@{cutoff}" for cutoff in cutoffs for kind in METRICS] + ["MRR"]


def summarise(ranks: Ranks, cutoffs: Sequence[int] = (5, 10, 20)) -> dict[str, float]:
    """All metrics of some ranks, by name."""
    if not (ranks > 0).any():
        raise AttnrecError(
            "cases hold nothing to rank: each needs a target and, unless the model answers "
            "without one, a history"
        )
    return {name: float(metric(name)(ranks)) for name in metric_names(cutoffs)}


def evaluate(
    scorer: Scorer,
    cases: Cases,
    num_items: int,
    *,
    filter_seen: bool,
    cutoffs: Sequence[int] = (5, 10, 20),
    batch_size: int | None = None,
) -> dict[str, float]:
    """Ranks the whole catalogue for every case and gives all metrics.

    The protocol and the tie rule are those of `attnrec.evaluation.ranking`.

    Args:
        scorer: a model or a baseline.
        cases: from `split.cases("validation")` or `split.cases("test")`.
        num_items: size of the catalogue.
        filter_seen: whether items of the history are kept from competing.
        cutoffs: lengths of the lists that are looked at.
        batch_size: cases scored together; unless given, as many as `ranks` finds right.

    Returns:
        HR, NDCG, MRR, Recall, Precision, F1 and MAP at each cut-off, and MRR
        over the whole list, by name: `{"HR@5": ..., ..., "MRR": ...}`.
    """
    found = ranks(scorer, cases, num_items, filter_seen=filter_seen, batch_size=batch_size)
    return summarise(found, cutoffs)


def compare(
    scorers: Sequence[Scorer],
    cases: Cases,
    num_items: int,
    *,
    filter_seen: bool,
    cutoffs: Sequence[int] = (5, 10, 20),
    batch_size: int | None = None,
    num_negatives: int | None = None,
) -> pd.DataFrame:
    """Several models on the same cases, a row for each.

    Where one of them cannot rank a case (its history is empty), the case is
    left out for all, so that the rows can be compared.

    Args:
        scorers: models and baselines; their names must differ.
        cases, num_items, filter_seen, cutoffs, batch_size: as for `evaluate`.
        num_negatives: rank among so many drawn items, as `sampled_ranks` does, and not
            among the whole catalogue; the metrics' names then say among how many.

    Returns:
        A frame indexed by model, a column for each metric, and `cases`, the
        number of cases ranked; `attrs["left_out"]` counts the others.
    """
    names = [scorer_name(scorer) for scorer in scorers]
    if not names or len(set(names)) < len(names):
        raise AttnrecError(
            f"scorers are called {names}, expected at least one and names that differ"
        )
    rank: Callable[[Scorer], Ranks]
    if num_negatives is None:
        among = ""
        rank = partial(
            ranks, cases=cases, num_items=num_items, filter_seen=filter_seen, batch_size=batch_size
        )
    else:
        among = f" of {whole_number('num_negatives', num_negatives) + 1}"
        rank = partial(
            sampled_ranks,
            cases=cases,
            num_items=num_items,
            num_negatives=num_negatives,
            batch_size=batch_size,
        )
    found = [rank(scorer) for scorer in scorers]
    ranked = np.all([(one > 0).any(axis=1) for one in found], axis=0)
    rows = [summarise(one[ranked], cutoffs) for one in found]
    frame = pd.DataFrame(rows, index=pd.Index(names, name="model")).add_suffix(among)
    frame["cases"] = int(ranked.sum())
    frame.attrs["left_out"] = int((~ranked).sum())
    return frame
