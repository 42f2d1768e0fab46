"""What every model must beat: popularity, recent popularity, neighbours, EASE."""

from attnrec.models.baselines.ease import EASE
from attnrec.models.baselines.item_knn import ItemKNN
from attnrec.models.baselines.popularity import Popularity
from attnrec.models.baselines.recent_popularity import RecentPopularity
from attnrec.models.baselines.user_knn import UserKNN

__all__ = ["EASE", "ItemKNN", "Popularity", "RecentPopularity", "UserKNN"]
