"""What a model's attention says, what else explains it, and whether to believe either."""

from importlib import import_module

from attnrec.explanations.adversarial import AdversarialAttention, adversarial_attention
from attnrec.explanations.aggregate import attention_between, mean_attention
from attnrec.explanations.benchmark import ExplanationBenchmark, benchmark_explanations
from attnrec.explanations.case import Case
from attnrec.explanations.causes import cause_recovery
from attnrec.explanations.counterfactuals import Flip
from attnrec.explanations.deletion_race import DeletionRace, deletion_race
from attnrec.explanations.explain import Explanation, explain, smallest_flip, smallest_rise
from attnrec.explanations.faithfulness import Faithfulness, faithfulness
from attnrec.explanations.methods import METHODS, Options
from attnrec.explanations.removal import Removal, ValueFunction

for _family in ("attention", "gradients", "ablation", "shapley", "lime", "baselines"):
    import_module(f"{__name__}.{_family}")  # each lists its methods, in the order of tables

__all__ = [
    "METHODS",
    "AdversarialAttention",
    "Case",
    "DeletionRace",
    "Explanation",
    "ExplanationBenchmark",
    "Faithfulness",
    "Flip",
    "Options",
    "Removal",
    "ValueFunction",
    "adversarial_attention",
    "attention_between",
    "benchmark_explanations",
    "cause_recovery",
    "deletion_race",
    "explain",
    "faithfulness",
    "mean_attention",
    "smallest_flip",
    "smallest_rise",
]
