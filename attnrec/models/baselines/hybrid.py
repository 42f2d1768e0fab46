"""Several baselines as one: a weighted sum of their scores (Burke, 2002 [burke2002hybrid]_)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from attnrec.data import Split
from attnrec.errors import AttnrecError
from attnrec.typing import Items, Scores


@dataclass(frozen=True)
class Hybrid:
    """What is summed.

    Args:
        parts: recipes of baselines, such as `(ItemKNN(), ContentBased())`. The
            scores of each are brought to a mean of 0 and a deviation of 1 over the
            catalogue, history by history, so that none counts more for its scale.
        weights: how much each counts; all the same unless given.

    Raises:
        AttnrecError: fewer than two parts, parts that are not baselines, or weights
            of another number or that are not finite.
    """

    parts: tuple[Any, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.parts, Sequence) or not all(
            hasattr(part, "fit") and not isinstance(part, type) for part in self.parts
        ):
            raise AttnrecError(
                f"parts: expected recipes such as (ItemKNN(), ContentBased()), got {self.parts!r}"
            )
        object.__setattr__(self, "parts", tuple(self.parts))
        if len(self.parts) < 2:
            raise AttnrecError(f"parts: expected two baselines or more, got {len(self.parts)}")
        if self.weights is None:
            return
        given = self.weights
        numbers = isinstance(given, Sequence) and all(isinstance(one, Real) for one in given)
        if not numbers or len(given) != len(self.parts) or not np.isfinite(given).all():
            raise AttnrecError(f"weights: expected {len(self.parts)} numbers, got {given!r}")
        object.__setattr__(self, "weights", tuple(map(float, given)))

    def fit(self, split: Split) -> HybridScorer:
        """Fits all parts."""
        weights = self.weights or (1.0,) * len(self.parts)
        return HybridScorer("Hybrid", tuple(part.fit(split) for part in self.parts), weights)


@dataclass(frozen=True, eq=False)
class HybridScorer:
    """Hybrid, fitted.

    Attributes:
        name: how tables call it.
        parts: scorers.
        weights: how much each counts.
    """

    name: str
    parts: tuple[Any, ...]
    weights: tuple[float, ...]

    @property
    def needs_history(self) -> bool:
        return any(getattr(part, "needs_history", True) for part in self.parts)

    def __call__(self, histories: Items) -> Scores:
        """The weighted sum; entry 0 is 0."""
        total = 0.0
        for part, weight in zip(self.parts, self.weights, strict=True):
            scores = np.asarray(part(histories), np.float64)[:, 1:]
            apart = scores - scores.mean(axis=1, keepdims=True)
            deviation = scores.std(axis=1, keepdims=True)
            total = total + weight * np.divide(
                apart, deviation, out=np.zeros_like(apart), where=deviation > 0
            )
        return np.pad(total, ((0, 0), (1, 0))).astype(np.float32)
