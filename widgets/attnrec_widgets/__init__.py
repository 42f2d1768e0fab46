"""Jupyter widgets that show what a recommender looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnrec_widgets.history_explorer import HistoryExplorer

if TYPE_CHECKING:
    from attnrec_widgets.charts import AttentionDistribution, RankingBars
    from attnrec_widgets.trust_panel import TrustPanel

__all__ = ["AttentionDistribution", "HistoryExplorer", "RankingBars", "TrustPanel"]


def __getattr__(name: str) -> Any:
    """The charts load bqplot, the panel JAX, and only when they are used."""
    if name == "TrustPanel":
        from attnrec_widgets.trust_panel import TrustPanel

        return TrustPanel
    if name in ("AttentionDistribution", "RankingBars"):
        from attnrec_widgets import charts

        return getattr(charts, name)
    raise AttributeError(f"module 'attnrec_widgets' has no attribute {name!r}")
