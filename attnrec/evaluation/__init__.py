"""Full-catalogue ranking and its metrics."""

from attnrec.evaluation.beyond_accuracy import beyond_accuracy
from attnrec.evaluation.evaluate import compare, evaluate, metric, metric_names, summarise
from attnrec.evaluation.lists import top_lists
from attnrec.evaluation.rank_metrics import average_precision, mrr, ndcg
from attnrec.evaluation.ranking import Scorer, ranks, scorer_name
from attnrec.evaluation.set_metrics import f1, hit_rate, precision, recall

__all__ = [
    "Scorer",
    "average_precision",
    "beyond_accuracy",
    "compare",
    "evaluate",
    "f1",
    "hit_rate",
    "metric",
    "metric_names",
    "mrr",
    "ndcg",
    "precision",
    "ranks",
    "recall",
    "scorer_name",
    "summarise",
    "top_lists",
]
