"""What every model must beat: popularity, recent popularity, item-kNN."""

from attnrec.models.baselines.item_knn import ItemKNN
from attnrec.models.baselines.popularity import Popularity
from attnrec.models.baselines.recent_popularity import RecentPopularity

__all__ = ["ItemKNN", "Popularity", "RecentPopularity"]
