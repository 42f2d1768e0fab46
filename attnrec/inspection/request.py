"""What is asked of a model: a batch of histories, and what to change inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError

UNIFORM = "uniform"


@dataclass(frozen=True)
class Interventions:
    """Changes inside a model's forward pass.

    Args:
        attention: for a named map, the weights to use in place of the model's
            own: an array `[batch or 1, head or 1, query, key]` (softmax maps:
            every row of a real query sums to one over the keys it may see) or
            `"uniform"` for equal weight on every key the query may see.
    """

    attention: Mapping[str, np.ndarray | str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.attention)


@dataclass(frozen=True)
class Request:
    """A batch of histories, right-aligned: the most recent item comes last.

    Args:
        items: `[batch, key]` catalogue indices, 0 where there is no item.
        mask: `[batch, key]` true where the item may be seen. False at a real
            item masks it in place: later items keep their positions.
            Default: every real item.
        interventions: changes inside the forward pass.
        projections: also record the query, key and value of every position,
            out of which attention is made.

    Raises:
        AttnrecError: shapes that do not fit, padding after an item, or a mask
            that shows padding.
    """

    items: Int[np.ndarray, "batch key"]
    mask: Bool[np.ndarray, "batch key"] = None  # type: ignore[assignment]  # set below
    interventions: Interventions = Interventions()
    projections: bool = False

    def __post_init__(self) -> None:
        items = np.asarray(self.items)
        if items.ndim != 2 or not np.issubdtype(items.dtype, np.integer):
            raise AttnrecError(
                "items: expected an integer array [batch, key], "
                f"got {items.dtype} of shape {items.shape}"
            )
        if items.size and items.min() < 0:
            raise AttnrecError(f"items: expected indices from 0, got {items.min()}")
        real = items != 0
        if (real[:, :-1] & ~real[:, 1:]).any():
            raise AttnrecError(
                "items: padding (0) after an item; expected right-aligned histories. "
                "To hide an item in place, make its mask false"
            )
        mask = real if self.mask is None else np.asarray(self.mask, bool)
        if mask.shape != items.shape:
            raise AttnrecError(f"mask: expected shape {items.shape}, got {mask.shape}")
        if (mask & ~real).any():
            raise AttnrecError("mask: true at padding, where there is no item to see")
        object.__setattr__(self, "items", items.astype(np.int32, copy=False))
        object.__setattr__(self, "mask", mask)

    @classmethod
    def of(
        cls,
        histories: Sequence[Sequence[int] | np.ndarray],
        *,
        length: int | None = None,
        interventions: Interventions = Interventions(),
    ) -> Request:
        """Right-align `histories` of indices in `length` columns (default: the longest)."""
        longest = max((len(history) for history in histories), default=0)
        length = max(longest, 1) if length is None else length
        if longest > length:
            raise AttnrecError(f"length: {length} columns cannot hold a history of {longest}")
        items = np.zeros((len(histories), length), np.int32)
        for row, history in zip(items, histories, strict=True):
            if len(history):
                row[-len(history) :] = history
        return cls(items, interventions=interventions)


def check_weights(name: str, weights: Float[np.ndarray, "..."], normalisation: str) -> None:
    """Refuse weights that no attention of this kind could give.

    Raises:
        AttnrecError: naming the map: not four axes, or not finite; for `softmax` negative, or
            a row that sums neither to one nor (a query that is padding) to zero; for `gate`
            outside 0 to 1.
    """
    if weights.ndim != 4:
        raise AttnrecError(
            f"attention[{name!r}]: expected [batch, head, query, key], got shape {weights.shape}"
        )
    if not np.isfinite(weights).all():
        raise AttnrecError(f"attention[{name!r}]: weights must be finite")
    if normalisation == "gate" and ((weights < 0) | (weights > 1)).any():
        raise AttnrecError(
            f"attention[{name!r}]: gates must lie between 0 and 1, "
            f"got {weights.min():.4f} to {weights.max():.4f}"
        )
    if normalisation == "softmax":
        if (weights < 0).any():
            raise AttnrecError(f"attention[{name!r}]: weights must not be negative")
        total = weights.sum(-1)
        if not (np.isclose(total, 1, atol=1e-4) | np.isclose(total, 0, atol=1e-4)).all():
            raise AttnrecError(
                f"attention[{name!r}]: rows must sum to one, "
                f"got sums from {total.min():.4f} to {total.max():.4f}"
            )
