r"""Numbers, in bins or to scale.

A bin is a level, as a category is. A number to scale has one level whose weight
is the number: $(x - \mu) / \sigma$ with mean and deviation of train
(`"standard"`), the same of $\operatorname{sign}(x) \log(1 + |x|)$ (`"log"`), or
$(x - \min) / (\max - \min)$ of train, at least 0 and at most 1 (`"minmax"`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pandas as pd
from jaxtyping import Float

from attnrec.data.report import Report
from attnrec.errors import DataError, whole_number
from attnrec.features.encoders import (
    MISSING,
    check_choice,
    check_known,
    free,
    one_level,
    state_of,
)
from attnrec.features.fields import Levels
from attnrec.features.reading import Numbers, intervals, read_numbers, rounded

Scale = Literal["standard", "minmax", "log"]
Imputation = Literal["level", "mean", "median", "mode"]
BINS = 10  # unless otherwise said
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Number:
    """A column of numbers; text that says numbers is read.

    Args:
        column: its name.
        bins: how many, 10 unless there is a scale, parted at quantiles of train, fewer
            where many values are equal; or the edges of bins, from the lowest to the highest, where
            numbers beyond the ends count to the end bins. A
            bin holds its upper edge and not its lower one.
        scale: `"standard"`, `"minmax"` or `"log"`: not in bins, but to scale.
        missing: `"level"`, missing numbers are the level "(missing)" if train
            has any, and else tell nothing; or the `"mean"`, `"median"` or
            `"mode"` of train stands in for them. Infinite numbers are missing.

    Example:
        >>> Number("price", bins=2).fit(pd.Series([1.25, 2.95, 3.5, 8.0])).labels
        ('1.25 to 2.95', '3.5 to 8')
        >>> encoder = Number("price", scale="minmax").fit(pd.Series([1.0, 5.0]))
        >>> encoder.encode(pd.Series([2.0])).weights.item()
        0.25
    """

    column: str
    bins: int | Sequence[float] | None = None
    scale: Scale | None = None
    missing: Imputation = "level"

    def __post_init__(self) -> None:
        check_choice("scale", self.scale, (*get_args(Scale), None))
        check_choice("missing", self.missing, get_args(Imputation))
        if self.scale is not None and self.bins is not None:
            raise DataError(f"bins: expected none with scale={self.scale!r}, got {self.bins!r}")
        if self.scale is None and self.bins is None:
            object.__setattr__(self, "bins", BINS)
        if isinstance(self.bins, Sequence | np.ndarray):
            object.__setattr__(self, "bins", _edges(self.bins))
        elif self.bins is not None:
            object.__setattr__(self, "bins", whole_number("bins", self.bins, least=2))

    def fit(self, values: pd.Series) -> FittedBins | FittedScale:
        """Quantiles, means and what else is asked for, of the train values.

        Raises:
            DataError: text that is no number, dates, no known number, or numbers
                too large for the arithmetic asked for.
        """
        numbers, notes = read_numbers(self.column, values)
        known = np.sort(numbers[~np.isnan(numbers)])
        check_known(self.column, ~np.isnan(numbers))
        gaps = len(numbers) - len(known)
        done, fill = "a level of their own", None
        if self.missing != "level":
            fill = _statistic(self.column, known, self.missing)
            done = f"filled with the {self.missing}, {rounded(fill)}"
        report = Report().with_rows(*notes, (f"{self.column}: missing values", gaps, done))
        has_level = self.missing == "level" and gaps > 0
        if self.scale is None:
            return self._fit_bins(known, has_level, fill, report)
        return self._fit_scale(known, has_level, fill, report)

    def _fit_bins(
        self, known: Numbers, has_level: bool, fill: float | None, report: Report
    ) -> FittedBins:
        if isinstance(self.bins, int):
            edges = _quantile_edges(self.column, known, self.bins)
            ends = np.searchsorted(known, edges, side="right")
            lows, highs = known[np.r_[0, ends]], known[np.r_[ends, len(known)] - 1]
        else:
            given = np.array(self.bins)
            edges, lows, highs = given[1:-1], given[:-1], given[1:]
            beyond = int(((known < given[0]) | (known > given[-1])).sum())
            note = (f"{self.column}: numbers beyond the edges", beyond, "counted to the end bins")
            report = report.with_rows(note)
        names = intervals(lows, highs)
        counts = np.bincount(np.searchsorted(edges, known), minlength=len(names))
        labels = [name for name, count in zip(names, counts, strict=True) if count]
        labels += [MISSING] * has_level
        report = report.with_rows(
            (f"{self.column}: bins without a train value", int((counts == 0).sum()), "no levels"),
            one_level(self.column, labels),
        )
        return FittedBins(
            name=self.column,
            labels=tuple(labels),
            edges=tuple(edges.tolist()),
            level_of_bin=tuple(np.where(counts > 0, np.cumsum(counts > 0), 0).tolist()),
            missing=len(labels) if has_level else 0,
            fill=fill,
            report=report,
        )

    def _fit_scale(
        self, known: Numbers, has_level: bool, fill: float | None, report: Report
    ) -> FittedScale:
        assert self.scale is not None
        low = int((known <= 0).sum()) if self.scale == "log" else 0
        values = _signed_log(known) if self.scale == "log" else known
        with np.errstate(over="ignore", invalid="ignore"):
            if self.scale == "minmax":
                center, spread = values[0], values[-1] - values[0]
            else:
                center, spread = values.mean(), values.std()
        _check_finite(self.column, center, spread)
        constant = bool(values[0] == values[-1])  # a deviation may miss 0 by rounding
        report = report.with_rows(
            (f"{self.column}: numbers of zero and below", low, "as -log(1 + |x|)"),
            (f"{self.column}: one value, which tells nothing", int(constant), "kept"),
        )
        return FittedScale(
            name=self.column,
            labels=(self.column, *[free(MISSING, [self.column])] * has_level),
            scale=self.scale,
            center=float(values[0] if constant else center),
            spread=float(spread) if not constant and spread > 0 else 1.0,
            missing=2 if has_level else 0,
            fill=fill,
            report=report,
        )


@dataclass(frozen=True)
class FittedBins:
    """The bins of a column of numbers; see `Encoder`.

    Attributes:
        name: the column.
        labels: of the bins that train has numbers in, then "(missing)", where there is this level.
        edges: between one bin and the next, ascending; each belongs to the bin below it.
        level_of_bin: from the lowest bin to the highest; 0 where train has no number.
        missing: the level of missing numbers; 0 where there is none.
        fill: what stands in for missing numbers, or None.
        report: what was found in train.
    """

    kind: ClassVar[str] = "bins"
    num_columns: ClassVar[int] = 1

    name: str
    labels: tuple[str, ...]
    edges: tuple[float, ...]
    level_of_bin: tuple[int, ...]
    missing: int
    fill: float | None
    report: Report

    def encode(self, values: pd.Series) -> Levels:
        """[row, 1]: the level of each number's bin, of weight 1, or nothing."""
        numbers = _filled(read_numbers(self.name, values)[0], self.fill)
        of_bin = np.array(self.level_of_bin)[np.searchsorted(np.array(self.edges), numbers)]
        levels = np.where(np.isnan(numbers), self.missing, of_bin).astype(np.int32)[:, None]
        return Levels(levels, (levels > 0).astype(np.float32))

    def state(self) -> dict[str, Any]:
        """See `Encoder`."""
        return state_of(self)


@dataclass(frozen=True)
class FittedScale:
    """The scale of a column of numbers; see `Encoder`.

    Attributes:
        name: the column.
        labels: the column, and "(missing)", where there is this level.
        scale: `"standard"`, `"minmax"` or `"log"`.
        center, spread: what is taken off, and what the rest is divided by.
        missing: the level of missing numbers; 0 where there is none.
        fill: what stands in for missing numbers, or None.
        report: what was found in train.
    """

    kind: ClassVar[str] = "number"
    num_columns: ClassVar[int] = 1

    name: str
    labels: tuple[str, ...]
    scale: Scale
    center: float
    spread: float
    missing: int
    fill: float | None
    report: Report

    def encode(self, values: pd.Series) -> Levels:
        """[row, 1]: level 1 with the scaled number as its weight, which may be 0; or nothing."""
        numbers = _filled(read_numbers(self.name, values)[0], self.fill)
        least, most = self._reach
        with np.errstate(over="ignore"):
            shifted = (_signed_log(numbers) if self.scale == "log" else numbers) - self.center
            scaled = np.clip(shifted / self.spread, least, most)
        gap = np.isnan(numbers)
        levels = np.where(gap, self.missing, 1).astype(np.int32)
        weights = np.where(gap, float(self.missing > 0), scaled).astype(np.float32)
        return Levels(levels[:, None], weights[:, None])

    @property
    def line(self) -> dict[str, float | bool]:
        """What makes a number its weight: less `center`, over `spread`, within `least` and `most`;
        where `log`, of its signed logarithm.
        """
        least, most = self._reach
        told = {"log": self.scale == "log", "center": self.center, "spread": self.spread}
        return told | {"least": least, "most": most}

    @property
    def _reach(self) -> tuple[float, float]:
        """The least and the largest weight."""
        return (0.0, 1.0) if self.scale == "minmax" else (-_LARGEST, _LARGEST)

    def decode(self, weights: Float[np.ndarray, "*batch"]) -> Float[np.ndarray, "*batch"]:
        """The numbers of which these are the weights; those beyond the scale are at its end."""
        shifted = np.asarray(weights, float) * self.spread + self.center
        return np.sign(shifted) * np.expm1(np.abs(shifted)) if self.scale == "log" else shifted

    def state(self) -> dict[str, Any]:
        """See `Encoder`."""
        return state_of(self)


def _edges(bins: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    try:
        edges = () if isinstance(bins, str) else tuple(float(edge) for edge in bins)
    except (TypeError, ValueError):
        edges = ()
    if len(edges) < 2 or not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
        raise DataError(f"bins: expected two or more finite edges that ascend, got {bins!r}")
    return edges


def _quantile_edges(column: str, known: Numbers, bins: int) -> Numbers:
    """Edges with a number of train between each and the next; `known` ascends."""
    distinct = np.unique(known)
    if len(distinct) <= bins:  # a bin for each
        return distinct[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.quantile(known, np.linspace(0, 1, bins + 1))[1:-1]
    _check_finite(column, *edges)
    below = np.searchsorted(known, edges, side="right")
    return edges[(np.diff(below, prepend=0) > 0) & (below < len(known))]


def _statistic(column: str, known: Numbers, name: Imputation) -> float:
    with np.errstate(over="ignore"):
        if name == "mode":
            values, counts = np.unique(known, return_counts=True)
            found = values[counts.argmax()]
        else:
            found = known.mean() if name == "mean" else np.median(known)
    _check_finite(column, found)
    return float(found)


def _check_finite(column: str, *numbers: float) -> None:
    if not np.isfinite(numbers).all():
        raise DataError(f"{column}: numbers too large to be added up; expected less than 1e150")


def _filled(numbers: Numbers, fill: float | None) -> Numbers:
    return numbers if fill is None else np.where(np.isnan(numbers), fill, numbers)


def _signed_log(numbers: Numbers) -> Numbers:
    return np.sign(numbers) * np.log1p(np.abs(numbers))
