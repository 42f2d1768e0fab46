"""What a model looked at: named maps of attention weights, and the scores beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool, Float

from attnrec.columns import Columns
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.inspection.request import Request

if TYPE_CHECKING:
    import pandas as pd

    from attnrec.data import Catalogue

Normalisation = Literal["softmax", "gate", "none"]
AxisKind = Literal[
    "position",
    "mask token",
    "candidate",
    "user",
    "feature",
    "feature pair",
    "context",
    "learned query",
]
Rows = Literal["last", "mean", "all"]


@dataclass(frozen=True)
class AttentionMap:
    """The weights of one attention layer.

    Args:
        name: the map's name in the model, by which interventions address it.
        weights: `[batch, head, query, key]`, or with a candidate axis
            `[batch, candidate, head, query, key]` where attention depends on
            the candidate. Zero wherever query or key is not real.
        normalisation: `softmax` (a real row sums to one), `gate` (each weight
            in 0..1 on its own) or `none`.
        query_axis, key_axis: what the two axes run over.
        causal: a query sees only the positions up to its own.
        queries, keys: what stands at each place of the axes, where it is the same in
            every request, as the names of features are.
        query, key, value: what the weights are made of and what they weigh,
            each position projected to each head; where asked for. What stands
            at padding means nothing.
    """

    name: str
    weights: Float[np.ndarray, "*batch head query key"]
    normalisation: Normalisation = "softmax"
    query_axis: AxisKind = "position"
    key_axis: AxisKind = "position"
    causal: bool = False
    queries: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    query: Float[np.ndarray, "batch head position size"] | None = None
    key: Float[np.ndarray, "batch head position size"] | None = None
    value: Float[np.ndarray, "batch head position size"] | None = None

    @property
    def num_heads(self) -> int:
        return self.weights.shape[-3]

    @property
    def value_norms(self) -> Float[np.ndarray, "batch head key"] | None:
        """The length of what each key passes on, where projections were asked for."""
        return None if self.value is None else np.linalg.norm(self.value, axis=-1)


@dataclass(frozen=True)
class AttentionRecord:
    """Every map of one request, first layer first.

    Args:
        maps: the maps.
        real: `[batch, key]`, false at padding and at items masked in place.
    """

    maps: tuple[AttentionMap, ...]
    real: Bool[np.ndarray, "batch key"]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(map_.name for map_ in self.maps)

    def layer(self, layer: int | str | None = None) -> AttentionMap:
        """A map by layer number (1 is next to the input) or name; default the last.

        Raises:
            AttnrecError: no such layer, or a record without maps.
        """
        if not self.maps:
            raise AttnrecError("layer: this model records no attention")
        if layer is None:
            return self.maps[-1]
        if isinstance(layer, str):
            if layer not in self.names:
                raise AttnrecError(
                    f"layer: no map {layer!r} among {list(self.names)}"
                    + did_you_mean(layer, self.names)
                )
            return self.maps[self.names.index(layer)]
        return self.maps[whole_number("layer", layer, most=len(self.maps)) - 1]

    def weights(
        self, layer: int | str | None = None, head: int | None = None
    ) -> Float[np.ndarray, "*batch query key"]:
        """One head's weights (heads count from 1), or the mean of the heads."""
        map_ = self.layer(layer)
        if head is None:
            return map_.weights.mean(-3)
        return map_.weights[..., whole_number("head", head, most=map_.num_heads) - 1, :, :]


@dataclass(frozen=True)
class Inspection:
    """Scores and attention for one request.

    Args:
        request: what was asked.
        scores: `[batch, item]`, entry 0 (padding) minus infinity.
        record: what the model looked at; without maps where it has no attention.
        catalogue: the labels of the items.
        users: the users asked for, where the request came by user.
    """

    request: Request
    scores: Float[np.ndarray, "batch item"]
    record: AttentionRecord
    catalogue: Catalogue = field(repr=False)
    users: tuple = ()

    def to_frame(
        self, *, layer: int | str | None = None, head: int | None = None, rows: Rows = "last"
    ) -> pd.DataFrame:
        """Attention as a table, one row for each real key of each history.

        Args:
            layer: number (from 1) or name of the map; default the last layer.
            head: number (from 1); default the mean over heads.
            rows: which queries: `"last"`, the most recent item's row, from
                which the next item is predicted; `"mean"` over the real
                queries that may see the key; `"all"`, one line for each query
                and key.

        Returns:
            Columns: `user` (where known) or `history` (a number from 1),
            `query` (a position, or the word "mean"), `position` (from 1,
            oldest first), `item`, `title`, `attention`. The attributes
            `layer`, `head` and `rows` of the table say what is shown.
        """
        import pandas as pd

        if rows not in ("last", "mean", "all"):
            raise AttnrecError(f"rows: expected 'last', 'mean' or 'all', got {rows!r}")
        weights = self.record.weights(layer, head)
        if weights.ndim != 3:
            raise AttnrecError("to_frame: a map with a candidate axis has no table over positions")
        parts = []
        for row, items in enumerate(self.request.items):
            start = int((items == 0).sum())
            block = weights[row, start:, start:]
            real = self.record.real[row, start:]
            count = len(real)
            positions = np.arange(1, count + 1)
            if rows == "all":
                query, key = np.nonzero(real[:, None] & real[None, :])
                values, queries = block[query, key], positions[query]
            elif rows == "last":
                last = np.flatnonzero(real)[-1:]
                key = np.flatnonzero(real)
                values = block[last[0], key] if len(last) else np.zeros(0)
                queries = np.repeat(positions[last], len(key))
            else:
                key = np.flatnonzero(real)
                # The mean's denominator counts only the queries that may see the key.
                may_see = (
                    np.tri(count) if self.record.layer(layer).causal else np.ones((count,) * 2)
                )
                values = block[real][:, key].sum(0) / may_see[real][:, key].sum(0)
                queries = np.repeat("mean", len(key))
            indices = items[start:][key]
            parts.append(
                pd.DataFrame(
                    {
                        Columns.USER if self.users else "history": (
                            [self.users[row]] * len(key) if self.users else row + 1
                        ),
                        "query": queries,
                        Columns.POSITION: positions[key],
                        Columns.ITEM: self.catalogue.vocabulary.to_ids(indices),
                        Columns.TITLE: [self.catalogue.titles[i - 1] for i in indices],
                        "attention": values,
                    }
                )
            )
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        frame.attrs.update(
            layer=self.record.layer(layer).name, head="mean" if head is None else head, rows=rows
        )
        return frame

    def top(self, topn: int = 10, *, exclude_seen: bool = False) -> np.ndarray:
        """`[batch, topn]` indices of the best-scored items; equal scores in catalogue order."""
        scores = self.scores
        if exclude_seen:
            scores = scores.copy()
            np.put_along_axis(scores, self.request.items, -np.inf, axis=1)
        return top_indices(scores, topn)


def top_indices(scores: Float[np.ndarray, "batch item"], topn: int) -> np.ndarray:
    """`[batch, topn]` columns of the largest scores, best first; ties in catalogue order.

    Fewer than `topn` columns come back where a catalogue holds fewer items.
    Entry 0 is padding and never among them.
    """
    topn = min(topn, scores.shape[1] - 1)
    body = scores[:, 1:]
    if topn < body.shape[1]:
        # Every column that ties with the last place must take part in the sort.
        cut = np.partition(body, body.shape[1] - topn, axis=1)[:, -topn][:, None]
        width = int((body >= cut).sum(1).max())
        chosen = np.sort(np.argpartition(-body, width - 1, axis=1)[:, :width], axis=1)
    else:
        chosen = np.broadcast_to(np.arange(body.shape[1]), body.shape)
    order = np.argsort(-np.take_along_axis(body, chosen, 1), axis=1, kind="stable")[:, :topn]
    return np.take_along_axis(chosen, order, 1) + 1
