"""Figures for papers, in matplotlib: the explorer's picture, attention, its faithfulness."""

from attnrec.plots.attention_graph import attention_graph
from attnrec.plots.attention_matrix import attention_matrix
from attnrec.plots.attention_stream import attention_stream
from attnrec.plots.embedding_map import embedding_map
from attnrec.plots.faithfulness import faithfulness
from attnrec.plots.feature_bars import feature_bars
from attnrec.plots.feature_case import feature_case
from attnrec.plots.feature_distribution import feature_distribution
from attnrec.plots.field_flow import field_flow
from attnrec.plots.field_heatmap import field_heatmap
from attnrec.plots.field_importance import field_importance
from attnrec.plots.files import save
from attnrec.plots.history_attention import history_attention
from attnrec.plots.mean_attention import mean_attention
from attnrec.plots.seasonality import seasonality

__all__ = [
    "attention_graph",
    "attention_matrix",
    "attention_stream",
    "embedding_map",
    "faithfulness",
    "feature_bars",
    "feature_case",
    "feature_distribution",
    "field_flow",
    "field_heatmap",
    "field_importance",
    "history_attention",
    "mean_attention",
    "save",
    "seasonality",
]
