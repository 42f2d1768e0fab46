"""The catalogue as a map: items that a model takes for alike lie close together.

What a model knows of an item is a vector: its embedding, or, of a model of features, the vectors
of all its fields side by side. `attnrec.features.project` puts these on a map.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from attnrec.data.interactions import Catalogue
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.features.projection import Method, Projection, project


@dataclass(frozen=True, eq=False)
class ItemMap:
    """Where each item lies.

    Attributes:
        projection: the points, a row an item, in the catalogue's order.
        by: the column of the catalogue that tells groups; None, none.
        groups: of each item, as text; empty where it is not known.
        name: of the model.
        catalogue: the items.
    """

    projection: Projection
    by: str | None
    groups: tuple[str, ...]
    name: str
    catalogue: Catalogue = field(repr=False)

    def __len__(self) -> int:
        return len(self.projection)

    def to_frame(self) -> pd.DataFrame:
        """A row an item, indexed by its id: `title`, `x`, `y`, and the group."""
        told: dict[str, Any] = {"title": self.catalogue.titles}
        told |= {"x": self.projection.points[:, 0], "y": self.projection.points[:, 1]}
        if self.by is not None:
            told[self.by] = self.groups
        return pd.DataFrame(told, index=self.catalogue.frame.index)

    def alike(self, neighbours: int = 10) -> tuple[float, float]:
        """Whether items of a group lie together.

        Returns:
            The share of an item's nearest neighbours on the map that are of its own group, the mean
            over items whose group is known; and what drawing neighbours would give.

        Raises:
            AttnrecError: a map without groups, or fewer items than neighbours.
        """
        if self.by is None:
            raise AttnrecError("by: this map has no groups; make it with by='category' or others")
        known = np.array([group != "" for group in self.groups])
        codes, _ = pd.factorize(np.array(self.groups, dtype=object)[known])
        count = whole_number("neighbours", neighbours, most=max(len(codes) - 1, 1))
        if len(codes) < 2:
            raise AttnrecError(f"by: {self.by} is known of {len(codes)} items, and it takes two")
        from sklearn.neighbors import NearestNeighbors

        points = self.projection.points[known]
        nearest = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(return_distance=False)
        sizes = np.bincount(codes)[codes]
        chance = (sizes - 1) / (len(codes) - 1)
        return float((codes[nearest] == codes[:, None]).mean()), float(chance.mean())


def item_map(
    run: Any,
    method: Method = "pca",
    *,
    by: str | None = None,
    seed: int = 0,
    **settings: Any,
) -> ItemMap:
    """The items of a run on a map.

    Args:
        run: a `Run`, or a `FeatureRun`.
        method, seed, settings: as for `attnrec.features.project`.
        by: a column of the catalogue that tells groups, such as `"category"`.

    Raises:
        AttnrecError: a column that is not there, a model that has no vectors of items, or as
            `project`.

    Example:
        >>> found = item_map(run, "tsne", by="category")  # doctest: +SKIP
        >>> found.alike()  # doctest: +SKIP
    """
    catalogue = run.data.catalogue
    groups: tuple[str, ...] = ("",) * len(catalogue)
    if by is not None:
        if by not in catalogue.frame:
            raise AttnrecError(
                f"by: the catalogue has no {by!r}{did_you_mean(by, catalogue.frame.columns)}"
            )
        missing = catalogue.frame[by].isna()  # a list is a group like any other value
        groups = tuple(
            "" if none else str(one) for one, none in zip(catalogue.frame[by], missing, strict=True)
        )
    vectors = item_vectors(run)
    return ItemMap(project(vectors, method, seed, **settings), by, groups, run.name, catalogue)


def item_vectors(run: Any) -> Float[np.ndarray, "item size"]:
    """What the model knows of each item.

    Raises:
        AttnrecError: a model without vectors of items, or whose features tell nothing of them.
    """
    count = len(run.data.items)
    if hasattr(run.model, "item_embeddings"):
        return np.asarray(run.model.item_embeddings())[1 : count + 1]
    embedding = getattr(run.model, "embedding", None)
    if embedding is None or not run.features.schema.of("item"):
        raise AttnrecError(f"run: {run.name} has no vectors of items")
    found = np.asarray(embedding.of_items(run.features.items))[1 : count + 1]
    return found.reshape(count, -1)
