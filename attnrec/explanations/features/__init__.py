"""Importance of the fields of a model of features, beside its attention."""

from attnrec.explanations.features.agreement import FeatureAgreement, feature_agreement
from attnrec.explanations.features.attention import attention_importance, field_attention
from attnrec.explanations.features.by_context import ContextGrid, attention_by_context
from attnrec.explanations.features.case import Case, case
from attnrec.explanations.features.life import AttentionLife, attention_over_life
from attnrec.explanations.features.permutation import importance
from attnrec.explanations.features.players import Players
from attnrec.explanations.features.shapley import FeatureShapley, background_of, shapley_values
from attnrec.explanations.features.threshold import drop_low_attention

__all__ = [
    "AttentionLife",
    "Case",
    "ContextGrid",
    "FeatureAgreement",
    "FeatureShapley",
    "Players",
    "attention_by_context",
    "attention_importance",
    "attention_over_life",
    "background_of",
    "case",
    "drop_low_attention",
    "feature_agreement",
    "field_attention",
    "importance",
    "shapley_values",
]
