"""The baselines that stand beside a model unless others are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attnrec.data import Split
from attnrec.errors import AttnrecError
from attnrec.models.baselines.item_knn import ItemKNN
from attnrec.models.baselines.popularity import Popularity
from attnrec.models.baselines.recent_popularity import RecentPopularity

USUAL = (Popularity(), RecentPopularity(), ItemKNN())


def beside(scorer: Any, baselines: bool | Sequence[Any], split: Split) -> list[Any]:
    """A model's scorer, and those of baselines, fitted.

    Args:
        scorer: of the model.
        baselines: True, the usual ones; False, none; or recipes.
        split: what they are fitted to.

    Raises:
        AttnrecError: something else.
    """
    chosen = USUAL if baselines is True else baselines or ()
    if not isinstance(chosen, Sequence) or not all(
        hasattr(one, "fit") and not isinstance(one, type) for one in chosen
    ):
        raise AttnrecError(
            "baselines: expected True, False or a list of recipes such as [EASE(), UserKNN()], "
            f"got {baselines!r}"
        )
    return [scorer, *(recipe.fit(split) for recipe in chosen)]
