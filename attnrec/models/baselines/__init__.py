"""What every model must beat: popularity, neighbours, EASE, factors, content, sums of them."""

from attnrec.models.baselines.als import ALS
from attnrec.models.baselines.content_based import ContentBased
from attnrec.models.baselines.ease import EASE
from attnrec.models.baselines.hybrid import Hybrid
from attnrec.models.baselines.item_knn import ItemKNN
from attnrec.models.baselines.popularity import Popularity
from attnrec.models.baselines.recent_popularity import RecentPopularity
from attnrec.models.baselines.user_knn import UserKNN

__all__ = [
    "ALS",
    "EASE",
    "ContentBased",
    "Hybrid",
    "ItemKNN",
    "Popularity",
    "RecentPopularity",
    "UserKNN",
]
