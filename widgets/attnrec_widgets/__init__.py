"""Jupyter widgets that show what a recommender looks at."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attnrec_widgets.history_explorer import HistoryExplorer

if TYPE_CHECKING:
    from attnrec_widgets.attention_stream import AttentionStream
    from attnrec_widgets.charts import AttentionDistribution, RankingBars
    from attnrec_widgets.context_map import ContextMap
    from attnrec_widgets.embedding_map import EmbeddingMap
    from attnrec_widgets.feature_bars import FeatureBars
    from attnrec_widgets.feature_distribution import FeatureDistribution
    from attnrec_widgets.feature_explorer import FeatureExplorer
    from attnrec_widgets.field_flow import FieldFlow
    from attnrec_widgets.field_heatmap import FieldHeatmap
    from attnrec_widgets.linked import link
    from attnrec_widgets.trust_panel import TrustPanel

__all__ = [
    "AttentionDistribution",
    "AttentionStream",
    "ContextMap",
    "EmbeddingMap",
    "FeatureBars",
    "FeatureDistribution",
    "FeatureExplorer",
    "FieldFlow",
    "FieldHeatmap",
    "HistoryExplorer",
    "RankingBars",
    "TrustPanel",
    "link",
]

# Loaded when they are used: the charts bring bqplot, others JAX.
_MODULES = {
    "AttentionDistribution": "charts",
    "AttentionStream": "attention_stream",
    "ContextMap": "context_map",
    "EmbeddingMap": "embedding_map",
    "FeatureBars": "feature_bars",
    "FeatureDistribution": "feature_distribution",
    "FeatureExplorer": "feature_explorer",
    "FieldFlow": "field_flow",
    "FieldHeatmap": "field_heatmap",
    "RankingBars": "charts",
    "TrustPanel": "trust_panel",
    "link": "linked",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"attnrec_widgets.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'attnrec_widgets' has no attribute {name!r}")
