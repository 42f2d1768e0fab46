"""The catalogue as a map: items that a model takes for alike lie close together.

What a model knows of an item is a vector: its embedding, or, of a model of features, the vectors
of all its fields side by side. `attnrec.features.project` puts these on a map.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.data.interactions import Catalogue
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.features.projection import Method, Projection, project

COLOURS = 8  # groups that pictures tell apart by colour; all others share one
AXES = {
    "pca": "PCA: each axis holds {:.0%} and {:.0%} of the variance",
    "tsne": "t-SNE: near is alike; how far groups lie apart says nothing",
    "umap": "UMAP: near is alike; how far groups lie apart says nothing",
}


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

    @property
    def title(self) -> str:
        return f"What {self.name} knows of items"

    def told(self, attention: Mapping[Any, Any] | None = None, to: str = "") -> str:
        """What the map is made by, what colours say, and what circles.

        Args:
            attention: what is laid over the map, if anything.
            to: what the attention is to, such as `"12 products of user u17"`; without any, why
                there is none.
        """
        parts = [f"{len(self):,} item{'s' if len(self) != 1 else ''}", AXES[self.projection.method]]
        parts[1] = parts[1].format(*self.projection.explained or ())
        parts += self._colours
        if attention:
            share = "a circle's area is the item's share of the attention"
            parts.append(f"{share} to {to}" if to else share)
        elif to:
            parts.append(to)
        return " · ".join(parts)

    @cached_property
    def _colours(self) -> list[str]:
        known = sum(group != "" for group in self.groups)
        told = []
        if self.by is not None and known > 1:
            count = min(10, known - 1)
            near, chance = self.alike(count)
            told.append(
                f"coloured by {self.by}, which {near:.0%} of the nearest {count} share "
                f"(by chance {chance:.0%})"
            )
        if len(self.by_size) > COLOURS:
            told.append(f"{COLOURS} groups have a colour, all others are grey")
        return told

    @cached_property
    def by_size(self) -> tuple[str, ...]:
        """The groups, that with most items first; the first `COLOURS` of them have a colour."""
        return tuple(group for group, _ in Counter(filter(None, self.groups)).most_common())

    def shares(
        self, attention: Mapping[Any, Any]
    ) -> tuple[Int[np.ndarray, " attended"], Float[np.ndarray, " attended"]]:
        """Rows of the map, and what of the attention each gets.

        Args:
            attention: item ids and their weights, not negative, such as those of a history.

        Raises:
            UnknownIdError: an item that the catalogue lacks.
            AttnrecError: a weight that is negative or not finite, or none above zero.
        """
        places = self.catalogue.vocabulary.indices(list(attention)) - 1
        weights = np.array(list(attention.values()), float)
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise AttnrecError("attention: expected weights from 0 on, and finite ones")
        if len(weights) and not weights.sum():
            raise AttnrecError("attention: every weight is 0")
        return places, weights / weights.sum() if len(weights) else weights

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
