"""Attention to the items of a history, to be laid over a map of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from attnrec.columns import Columns
from attnrec.errors import AttnrecError


@dataclass(frozen=True, eq=False)
class ItemAttention:
    """What the items of a history get.

    Attributes:
        weights: by item id, the oldest first; of an item that repeats, the sum.
        to: what it is attention to, in words; or, without weights, why there are none.
    """

    weights: Mapping[Any, float]
    to: str


def attention_to_items(run: Any, user: object, item: object | None = None) -> ItemAttention:
    """What the items of a user's history get: last layer, mean of heads.

    Of a `Run` it is the last position that looks, from which the next item is predicted.
    Of a `FeatureRun` of DIN [zhou2018din] it is the item asked about.

    Args:
        run: a `Run`, or a `FeatureRun` of a model that looks at a history.
        user: a user of the data.
        item: what a `FeatureRun` is asked about; unless given, what it would recommend first.

    Returns:
        The weights, which `plots.embedding_map(found, weights, to=...)` lays over a map.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError: a model that does not look at items of a history, one whose weights may be
            below zero, of which no shares can be drawn, or an empty history.

    Example:
        >>> laid = attention_to_items(run, "u17")  # doctest: +SKIP
        >>> plots.embedding_map(item_map(run), laid.weights, to=laid.to)  # doctest: +SKIP
    """
    of_features = hasattr(run, "features")
    ids, weights, reading = (_of_candidate if of_features else _of_last)(run, user, item)
    if (weights < 0).any():
        raise AttnrecError(
            f"user: {(weights < 0).sum()} of {len(weights)} weights of {run.name} are below 0, "
            "which are no shares; expected a model whose weights are not, such as "
            "DIN(normalisation='softmax'), or attention= with weights of your own"
        )
    told = f"{counted(len(ids), run.data.catalogue)} of user {user} ({reading})"
    return ItemAttention(summed(ids, weights), told)


def summed(ids: Iterable, weights: Float[np.ndarray, " position"]) -> dict[Any, float]:
    """The weights by item, in the order in which items first come."""
    found: dict[Any, float] = {}
    for id, weight in zip(ids, weights.tolist(), strict=True):
        found[id] = found.get(id, 0.0) + weight
    return found


def counted(count: int, catalogue: Any) -> str:
    """`1 product`, `12 products`: in the data's own words."""
    words = catalogue.words
    return f"{count:,} {words.item if count == 1 else words.items}"


def of_heads(count: int) -> str:
    return f"mean of {count} heads" if count > 1 else "its one head"


def _of_last(run: Any, user: object, item: object | None) -> tuple[list, np.ndarray, str]:
    if item is not None:
        raise AttnrecError(f"item: {run.name} is asked about all items at once, not about {item!r}")
    found = run.inspect(user=user)
    table = found.to_frame()
    map_ = found.record.layer()
    reading = f"layer {len(found.record.maps)}, {of_heads(map_.num_heads)}, last position"
    return table[Columns.ITEM].tolist(), table["attention"].to_numpy(float), reading


def _of_candidate(run: Any, user: object, item: object | None) -> tuple[list, np.ndarray, str]:
    if item is None:
        item = run.recommend(user=user, topn=1)[Columns.ITEM].tolist()[0]
    found = run.inspect(user=user, item=item)
    maps = [map_ for map_ in found.record.maps if map_.key_axis == "position"]
    if not maps:
        raise AttnrecError(
            f"user: {run.name} does not look at the items of a history, as DIN does; expected "
            "attention= with weights of your own, or neither"
        )
    history = found.inputs.history.items[0]
    there = np.flatnonzero(history)
    if not len(there):
        raise AttnrecError(f"user: nothing is known of the history of {user!r}")
    catalogue = run.data.catalogue
    weights = found.record.weights(maps[-1].name).reshape(-1, len(history)).mean(0)[there]
    heads = f", {of_heads(maps[-1].num_heads)}" if maps[-1].num_heads > 1 else ""
    reading = f"asked about {catalogue.title(item)}{heads}"
    return catalogue.vocabulary.to_ids(history[there]), weights.astype(float), reading
