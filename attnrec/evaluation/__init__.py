"""Full-catalogue ranking and its metrics, and those of single predictions."""

from attnrec.evaluation.beyond_accuracy import beyond_accuracy
from attnrec.evaluation.evaluate import (
    LOWER_IS_BETTER,
    compare,
    evaluate,
    metric,
    metric_names,
    summarise,
)
from attnrec.evaluation.lists import top_lists
from attnrec.evaluation.prediction_metrics import (
    auc,
    calibration_error,
    gauc,
    log_loss,
    mae,
    prediction_metrics,
    reliability,
    rmse,
)
from attnrec.evaluation.rank_metrics import average_precision, mrr, ndcg
from attnrec.evaluation.ranking import Scorer, ranks, scorer_name
from attnrec.evaluation.sampled import sampled_ranks
from attnrec.evaluation.set_metrics import f1, hit_rate, precision, recall

__all__ = [
    "LOWER_IS_BETTER",
    "Scorer",
    "auc",
    "average_precision",
    "beyond_accuracy",
    "calibration_error",
    "compare",
    "evaluate",
    "f1",
    "gauc",
    "hit_rate",
    "log_loss",
    "mae",
    "metric",
    "metric_names",
    "mrr",
    "ndcg",
    "precision",
    "prediction_metrics",
    "ranks",
    "recall",
    "reliability",
    "rmse",
    "sampled_ranks",
    "scorer_name",
    "summarise",
    "top_lists",
]
