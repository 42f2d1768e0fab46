"""A case of a model of features as the front end reads it (`figures/views/case_types.ts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnrec.inspection import top_indices
from attnrec_widgets.figure import plain

if TYPE_CHECKING:
    import pandas as pd

    from attnrec.explanations.features import Case


def case_told(one: Case) -> dict[str, Any]:
    """Its fields, and what comes of them."""
    return {
        "names": list(one.names),
        "sides": list(one.sides),
        "words": list(one.words),
        "changed": one.changed.tolist(),
        "attention": one.attention,
        "shapley": one.shapley,
        "off": one.off.tolist(),
        "dropped": one.dropped.tolist(),
        "score": one.score,
        "prediction": one.prediction,
        "scoreWithout": one.score_without,
        "predictionWithout": one.prediction_without,
        "rank": one.rank,
    }


def ranking_told(run: Any, one: Case, topn: int) -> list[dict[str, Any]]:
    """The best items in a case, as `FeatureRun.recommend` has them."""
    scores = np.array(one.scores)
    scores[run.seen(one.user)] = -np.inf
    best = top_indices(scores[None], topn)[0]
    catalogue = run.data.catalogue
    ids = catalogue.vocabulary.to_ids(best)
    return [
        {"id": plain(id), "title": catalogue.titles[i - 1], "rank": rank, "score": float(scores[i])}
        for rank, (i, id) in enumerate(zip(best.tolist(), ids, strict=True), 1)
        if np.isfinite(scores[i])
    ]


def costs_told(table: pd.DataFrame, rows: int) -> list[list]:
    """Each threshold, and what it costs.

    Args:
        table: from `FeatureRun.drop_low_attention(threshold=...)`.
        rows: that it is of.
    """
    figure, before = table.columns[-1], table.loc[(0.0, "nothing")]
    found = []
    for level in dict.fromkeys(table.index.get_level_values(0)[1:]):
        row = table.loc[(level, "lowest attention")]
        told = {
            "fields": float(row["fields"]),
            "change": float(row["change"]),
            "figure": figure,
            "before": float(before[figure]),
            "after": float(row[figure]),
            "random": float(table.loc[(level, "at random"), figure]),
            "rows": rows,
        }
        found.append([float(level), told])
    return found
