"""EmbeddingMap: the catalogue as a map, with attention laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import Layout

from attnrec.errors import AttnrecError
from attnrec.explanations import item_attention
from attnrec.explanations.item_attention import ItemAttention
from attnrec.explanations.maps import ItemMap, item_map
from attnrec_widgets.figure import FigureWidget, told_of
from attnrec_widgets.history_explorer import HistoryExplorer
from attnrec_widgets.traits import Checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CATEGORY = "category"  # tells groups where nobody says what else does


def _check_item(self: EmbeddingMap, value: Any) -> Any:
    """The id as the catalogue has it, in plain Python."""
    if value is None:
        return None
    vocabulary = self.found.catalogue.vocabulary
    return vocabulary.id(vocabulary.index(value))


class EmbeddingMap(FigureWidget):
    """Every item a dot, alike items near each other, and attention as circles over them.

    The area of a circle is the item's share of the attention. Choosing a dot sets `item`.
    `plots.embedding_map` draws the same for paper.

    Args:
        run: a run; what `item_map(run)` gave; or a `HistoryExplorer`, whose attention the map then
            follows: that of its first model, from the position and in the layer and head
            on its screen.
        user: of a run: the attention to this user's history is laid over the map, as
            `attnrec.explanations.item_attention` has it.
        method, seed, settings: of the map, as for `attnrec.item_map`.
        by: a column of the catalogue, by which dots are coloured; unless given, `category` where
            there is one. What `item_map` gave has its own groups, or none.
        attention: weights by item id instead, not negative; or several of these by label, such
            as those of layers, which are then played.
        item: what is chosen; with `user` and DIN, also what the model is asked about.
        layout: as of any ipywidget.

    Attributes:
        found: the `ItemMap`.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError: a model without vectors of items or that looks at no history, weights of
            which no shares can be drawn, or arguments that do not go together.

    Example:
        >>> EmbeddingMap(run, user="u17", by="category")  # doctest: +SKIP
        >>> EmbeddingMap(HistoryExplorer(run, user="u17"), method="tsne")  # doctest: +SKIP
    """

    kind = "embedding-map"
    item = Checked(_check_item).tag(sync=True)
    _following = False

    def __init__(
        self,
        run: Any,
        *,
        user: object | None = None,
        method: Any = "pca",
        by: str | None = None,
        seed: int = 0,
        attention: Mapping | None = None,
        item: object | None = None,
        layout: Layout | dict | None = None,
        **settings: Any,
    ):
        self.explorer = run if isinstance(run, HistoryExplorer) else None
        self.user = user
        self._run = _run_of(run)
        if user is not None and (self._run is None or self.explorer is not None):
            raise AttnrecError("user: of a run; a map knows no users, and an explorer has its own")
        if attention is not None and (user is not None or self.explorer is not None):
            raise AttnrecError("attention: already decided by user, or by the explorer")
        if isinstance(run, ItemMap):
            if method != "pca" or by is not None or seed or settings:
                raise AttnrecError("method, by, seed, settings: already decided by the map given")
            self.found = run
        else:
            if by is None and CATEGORY in self._run.data.catalogue.frame:
                by = CATEGORY
            self.found = item_map(self._run, method, by=by, seed=seed, **settings)
        if not len(self.found):
            raise AttnrecError("run: expected a map of one item or more, got none")
        if self.explorer is not None:
            self._take(_shown_by(self.explorer))
        elif user is not None:
            asked = item if hasattr(self._run, "features") else None
            self._take(item_attention.attention_to_items(self._run, user, asked))
        else:
            self._frames, self._to = _played(self.found, attention), ""
        super().__init__(layout=layout, item=item)
        if self.explorer is not None:
            self.explorer.observe(self._follow, "attention")
            self._following = True

    @property
    def attention(self) -> Mapping[Any, float]:
        """What is laid over the map, in the last frame; assigned, circles move to the new weights.

        Raises:
            AttnrecError: the map follows an explorer.
        """
        return list(self._frames.values())[-1]

    @attention.setter
    def attention(self, attention: Mapping | None) -> None:
        if self._following:
            raise AttnrecError("attention: the map follows an explorer; make one of the run alone")
        self._frames, self._to = _played(self.found, attention), ""
        self._show()

    def to_frame(self) -> pd.DataFrame:
        """A row an item: `id`, `title`, `x`, `y`, `group`, and its share as `attention`.

        Of items to which there is none, `attention` is NaN, and of those without a group `group`
        is empty.
        """
        import pandas as pd

        found = self.found
        places, shares = found.shares(self.attention)
        attention = np.full(len(found), np.nan)
        attention[places] = shares
        return pd.DataFrame(
            {
                "id": found.catalogue.ids,
                "title": found.catalogue.titles,
                "x": found.projection.points[:, 0],
                "y": found.projection.points[:, 1],
                "group": found.groups,
                "attention": attention,
            }
        )

    def figure(self) -> Figure:
        """The picture for paper: `plots.embedding_map` of the last frame."""
        from attnrec import plots

        foot = " · ".join(self._provenance())
        return plots.embedding_map(self.found, self.attention, to=self._to, provenance=foot)

    def close(self) -> None:
        """Stops following, and takes the map off the page."""
        if self._following and self.explorer is not None:
            self._following = False
            self.explorer.unobserve(self._follow, "attention")
        super().close()

    def _follow(self, change: Any) -> None:
        assert self.explorer is not None
        self._take(_shown_by(self.explorer))
        self._show()

    def _take(self, laid: ItemAttention) -> None:
        self._frames, self._to = _played(self.found, laid.weights), laid.to

    def _drawn(self) -> dict[str, dict[str, Any]]:
        frames = {}
        for label, attention in self._frames.items():
            places, shares = self.found.shares(attention)
            told = self.found.told(attention, self._to)
            laid = {"places": places.astype(np.float32), "shares": shares}
            frames[label] = {"title": self.found.title, "told": told, **self._items, **laid}
        return frames

    @cached_property
    def _items(self) -> dict[str, Any]:
        """What no attention changes."""
        found = self.found
        codes = {group: code for code, group in enumerate(found.by_size)}
        return {
            "ids": found.catalogue.ids.tolist(),
            "titles": found.catalogue.titles,
            "points": found.projection.points,
            "by": found.by,
            "names": list(found.by_size),
            "groups": np.array([codes.get(group, -1) for group in found.groups]),
        }

    def _provenance(self) -> list[str]:
        if self.explorer is not None:
            return self.explorer.provenance(1)
        user = [] if self.user is None else [f"user {self.user}"]
        return [*(told_of({"": self._run}) or [self.found.name]), *user]


def _run_of(source: Any) -> Any:
    """The run behind the map; None behind one that is already made."""
    if isinstance(source, ItemMap):
        return None
    if isinstance(source, HistoryExplorer):
        run = source.sources[0].run
        if not hasattr(run, "model"):
            raise AttnrecError(
                f"run: the explorer has no run, only {source.sources[0].name} to ask, whose "
                "vectors of items nobody knows; expected an explorer of a run"
            )
        return run
    if not hasattr(source, "model") or not hasattr(source, "data"):
        raise AttnrecError(
            "run: expected a run, what item_map(run) gave, or a HistoryExplorer, "
            f"got {type(source).__name__}"
        )
    return source


def _played(found: ItemMap, attention: Any) -> dict[str, Mapping[Any, float]]:
    """Weights by item, by label where there are several."""
    if attention is None:
        attention = {}
    if not isinstance(attention, Mapping):
        raise AttnrecError(f"attention: expected weights by item id, got {attention!r}")
    several = attention and all(isinstance(one, Mapping) for one in attention.values())
    frames = {str(label): one for label, one in attention.items()} if several else {"": attention}
    for one in frames.values():
        found.shares(one)
    return frames


def _shown_by(explorer: HistoryExplorer) -> ItemAttention:
    """The attention on the explorer's screen; without any, why."""
    panels = explorer.panels
    if not panels:
        return ItemAttention({}, "the history is empty: no attention")
    shown = panels[0]
    if shown.row is None:
        return ItemAttention({}, f"{shown.name} records no attention")
    state, places = shown.state, np.arange(len(shown.row))
    # What comes later than the position that looks is seen in models that are not causal.
    there = (places >= shown.first) & ((places < state.position) | (shown.row != 0))
    weights = shown.row[there]
    if not (weights >= 0).all():
        return ItemAttention({}, "attention below 0 is no share: no circles")
    if not weights.sum():
        return ItemAttention({}, "no attention from this position")
    head = f"head {shown.head}" if shown.head else item_attention.of_heads(shown.num_heads)
    place = f"position {state.position} of {len(state.history)}"
    count = item_attention.counted(len(weights), explorer.sources[0].catalogue)
    to = f"{count} of the history (layer {shown.layer}, {head}, {place})"
    ids = [state.history[i] for i in np.flatnonzero(there)]
    return ItemAttention(item_attention.summed(ids, weights), to)
