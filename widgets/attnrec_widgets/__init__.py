"""Jupyter widgets that show what a recommender looks at."""

from attnrec_widgets.charts import AttentionDistribution, RankingBars
from attnrec_widgets.history_explorer import HistoryExplorer

__all__ = ["AttentionDistribution", "HistoryExplorer", "RankingBars"]
