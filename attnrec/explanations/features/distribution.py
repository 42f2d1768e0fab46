"""How attention to a field is distributed over cases: histograms on common edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.errors import AttnrecError, whole_number

if TYPE_CHECKING:
    from attnrec.explanations.features.spread import AttentionSpread

BINS = 40
COVERED = 0.995  # of all values lie within the edges
CUT = 2  # times the middle one of all highest bins: what is higher is drawn no higher


@dataclass(frozen=True, eq=False)
class AttentionBins:
    """Histograms of what each field gets, by layer and head.

    Cases in which a field says nothing, or nobody looks, are in none of its histograms.

    Attributes:
        fields: as of `AttentionSpread`.
        layers: their names.
        numbers: of these layers, as they are chosen by.
        num_heads: of a layer.
        edges: of the bins, those of all histograms; a value on the last is in the last bin.
        counts: of the mean of heads, then of each head: the cases in each bin.
        beyond: the cases above the last edge.
        means: over the cases of each histogram; NaN where there is none.
        even: what the field would get in its cases if all got the same; NaN of gates.
        num_cases: how many were asked about.
        top: the share of a field's cases that is as high as a row; more is drawn no higher.
        head: what is shown, from 1; None, the mean of heads.
    """

    fields: tuple[str, ...]
    layers: tuple[str, ...]
    numbers: tuple[int, ...]
    num_heads: int
    edges: Float[np.ndarray, " edge"]
    counts: Int[np.ndarray, "head layer field bin"]
    beyond: Int[np.ndarray, "head layer field"]
    means: Float[np.ndarray, "head layer field"]
    even: Float[np.ndarray, "head layer field"]
    num_cases: int
    top: float
    head: int | None = None

    def of(self, *, head: int | None = None) -> AttentionBins:
        """The same of a head; None, the mean of heads.

        Raises:
            AttnrecError: no such head.
        """
        if head is not None:
            head = whole_number("head", head, most=self.num_heads)
        return replace(self, head=head)

    @property
    def shown(self) -> int:
        """Where the head that is shown stands in the arrays."""
        return self.head if self.head and self.num_heads > 1 else 0

    @property
    def cases(self) -> Int[np.ndarray, "layer field"]:
        """The cases of each histogram, with those beyond its edges."""
        return self.counts[self.shown].sum(-1) + self.beyond[self.shown]

    @property
    def shares(self) -> Float[np.ndarray, "layer field bin"]:
        """Of a field's cases, those in each bin; 0 where it has none."""
        return self.counts[self.shown] / np.maximum(self.cases, 1)[..., None]

    @property
    def title(self) -> str:
        return "How attention is distributed over cases"

    @property
    def told(self) -> str:
        """How many cases there are, of which head, in what bins, and what is marked."""
        heads = (
            "" if self.num_heads == 1 else f", head {self.head}" if self.head else ", mean of heads"
        )
        end, bins = f"{100 * self.edges[-1]:.1f}%", self.counts.shape[-1]
        within = f"{bins} bins from 0 to {end}, the 99.5th percentile of all"
        silent = self.num_cases - self.cases.max(0)
        told = [f"{self.num_cases:,} cases{heads}", within]
        if silent.any():
            told.append("without those in which a field says nothing")
        marked = "line: mean"
        if not np.isnan(self.even).all():
            marked += ", dashed: even attention"
        told.append(marked)
        if self.shares.max() > self.top:
            told.append(f"bins with more than {100 * self.top:.0f}% of the cases are cut")
        return " · ".join(told)

    def to_frame(self) -> pd.DataFrame:
        """A row a bin that holds cases: `layer`, `field`, `from`, `to` and `cases`.

        What lies above the last edge is a bin without an end.
        """
        counts = np.concatenate([self.counts[self.shown], self.beyond[self.shown][..., None]], -1)
        layer, field, place = np.nonzero(counts)
        ends = np.append(self.edges[1:], np.inf)
        return pd.DataFrame(
            {
                "layer": np.array(self.layers, dtype=object)[layer],
                "field": np.array(self.fields, dtype=object)[field],
                "from": self.edges[place],
                "to": ends[place],
                "cases": counts[layer, field, place],
            }
        )


def end_of(spreads: Sequence[AttentionSpread]) -> float:
    """The 99.5th percentile of what any field gets, of every layer and head.

    Raises:
        AttnrecError: one case only.
    """
    if max(spread.num_cases for spread in spreads) < 2:
        raise AttnrecError("cases: expected two or more to be distributed; feature_bars draws one")
    values = np.concatenate([_layers(spread).ravel() for spread in spreads])
    values = values[~np.isnan(values)].astype(float)
    return float(np.quantile(values, COVERED)) or float(values.max())


def attention_bins(
    spread: AttentionSpread, *, bins: int = BINS, end: float | None = None
) -> AttentionBins:
    """The histograms of what fields get.

    Args:
        spread: from `run.attention_spread(...)`.
        bins: how many there are.
        end: the last edge; `end_of([spread])` unless given.

    Raises:
        AttnrecError: one case only, or no bin.
    """
    whole_number("bins", bins)
    edges = np.linspace(0, end_of([spread]) if end is None else end, bins + 1)
    values = _layers(spread).astype(float)
    heads, layers, _, fields = values.shape
    counts = np.zeros((heads, layers, fields, bins), int)
    for place in np.ndindex(heads, layers, fields):
        head, layer, field = place
        counts[place] = np.histogram(values[head, layer, :, field], edges)[0]
    beyond = (values > edges[-1]).sum(2)
    cases = counts.sum(-1) + beyond
    sums = np.nansum(values, axis=2)
    peaks = (counts.max(-1) / np.maximum(cases, 1))[cases > 0]
    numbers = spread.numbers
    each = [
        [spread.of(layer=number, head=head or None) for number in numbers] for head in range(heads)
    ]
    return AttentionBins(
        fields=spread.fields,
        layers=spread.layers,
        numbers=numbers,
        num_heads=spread.num_heads,
        edges=edges,
        counts=counts,
        beyond=beyond,
        means=np.divide(sums, cases, out=np.full(sums.shape, np.nan), where=cases > 0),
        even=np.array([[one.even for one in row] for row in each]),
        num_cases=spread.num_cases,
        top=float(min(peaks.max(), CUT * np.median(peaks))) or 1.0,
        head=spread.head,
    )


def _layers(spread: AttentionSpread) -> Float[np.ndarray, "head layer case field"]:
    """Without the mean of layers where there are several."""
    return spread.every[:, 1:] if len(spread.numbers) > 1 else spread.every
