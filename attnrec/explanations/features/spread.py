"""What each field gets of the attention, case by case: its mean, and how far cases lie apart.

The numbers are those of `field_attention`, of each layer and head and of their means. A field that
says nothing in a case gets none there, and the case is left out of what is told of the
field; so are cases in which nobody looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.errors import AttnrecError, whole_number
from attnrec.explanations.features.attention import of_record, recorded
from attnrec.explanations.features.distribution import BINS, AttentionBins, attention_bins
from attnrec.explanations.features.judged import Part, some
from attnrec.features.examples import Features
from attnrec.features.fields import FeatureSchema
from attnrec.inspection import AttentionRecord
from attnrec.inspection.field_map import maps_of_fields
from attnrec.models.features.recorder import FeatureRecorder

LOW, HIGH = 0.1, 0.9  # between these quantiles lie four fifths of the cases


@dataclass(frozen=True, eq=False)
class AttentionSpread:
    """What each field gets in each case, of one layer and head or of their means.

    Attributes:
        fields: those that are attended to, first the one that gets most in the mean of all layers
            and heads; so their order is the same whatever is shown.
        layers: names of the maps that tell of fields, as people read them.
        numbers: of these layers, as `layer=` takes them.
        num_heads: of a layer.
        every: the mean of heads, then each head; the mean of layers, then each layer. NaN where a
            field says nothing, and where nobody looks.
        shared: the numbers of a case sum to one, as those of gates do not.
        layer, head: what is shown, from 1; None, the mean of all.
    """

    fields: tuple[str, ...]
    layers: tuple[str, ...]
    numbers: tuple[int, ...]
    num_heads: int
    every: Float[np.ndarray, "head layer case field"]
    shared: bool
    layer: int | None = None
    head: int | None = None

    def of(self, *, layer: int | None = None, head: int | None = None) -> AttentionSpread:
        """The same of a layer and head; None, the mean of all.

        Raises:
            AttnrecError: no such layer or head.
        """
        if head is not None:
            head = whole_number("head", head, most=self.num_heads)
        if layer is not None and whole_number("layer", layer) not in self.numbers:
            raise AttnrecError(f"layer: expected one of {list(self.numbers)}, got {layer!r}")
        return replace(self, layer=layer, head=head)

    @property
    def shares(self) -> Float[np.ndarray, "case field"]:
        """What is shown, case by case; NaN where the field says nothing or nobody looks."""
        head = self.head if self.head and self.num_heads > 1 else 0
        layer = self.numbers.index(self.layer) + 1 if self.layer and len(self.numbers) > 1 else 0
        return self.every[head, layer]

    @property
    def num_cases(self) -> int:
        """How many were asked about."""
        return self.every.shape[2]

    @property
    def counts(self) -> Int[np.ndarray, " field"]:
        """The cases in which each field gets something."""
        return (~np.isnan(self.shares)).sum(0)

    @property
    def mean(self) -> Float[np.ndarray, " field"]:
        """Over these cases; NaN where there is none."""
        shares = self.shares.astype(float)
        sums, counts = np.nansum(shares, axis=0), self.counts
        return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)

    def quantile(self, share: float) -> Float[np.ndarray, " field"]:
        """What so many of these cases lie below, with the next values weighed between."""
        told = (column[~np.isnan(column)] for column in self.shares.T.astype(float))
        return np.array([np.quantile(one, share) if len(one) else np.nan for one in told])

    @property
    def even(self) -> Float[np.ndarray, " field"]:
        """What each would get, in its cases, if all fields that say something got the same.

        NaN of weights that are not shared out, and of a field without a case.
        """
        there = ~np.isnan(self.shares)
        if not self.shared:
            return np.full(there.shape[1], np.nan)
        sums = (there / np.maximum(there.sum(1, keepdims=True), 1)).sum(0)
        return np.divide(sums, there.sum(0), out=np.full(sums.shape, np.nan), where=sums > 0)

    @property
    def title(self) -> str:
        return "What each field gets"

    @property
    def told(self) -> str:
        """What was averaged over how many cases, and what is drawn beside the mean."""
        told = [f"{self.cases}, {self.which}"]
        if self.num_cases > 1:
            told.append("line: 10th to 90th percentile of cases, tick: median")
        told += self._even
        if (self.layer, self.head) != (None, None):
            told.append("sorted by the mean of layers and heads")
        return " · ".join(told)

    @property
    def cases(self) -> str:
        """`mean of 1,200 cases`."""
        return "one case" if self.num_cases == 1 else f"mean of {self.num_cases:,} cases"

    @property
    def which(self) -> str:
        """`mean of layers and heads`, or which: `layer 2, head 1`."""
        layers, heads = len(self.numbers) > 1, self.num_heads > 1
        if self.layer is None and self.head is None and layers and heads:
            return "mean of layers and heads"
        of = "mean of layers" if layers else self.layers[0]
        if self.layer is not None:
            of = self.layers[self.numbers.index(self.layer)]
        return f"{of}, {f'head {self.head}' if self.head else 'mean of heads'}" if heads else of

    @property
    def _even(self) -> list[str]:
        if not self.shared:
            return ["weights that need not sum to 100%"]
        least, most = (f"{100 * told(self.even):.1f}" for told in (np.nanmin, np.nanmax))
        told = f"{least}%" if least == most else f"{least} to {most}%"
        return [f"dashed: even attention, {told}"]

    def bins(self, bins: int = BINS, *, end: float | None = None) -> AttentionBins:
        """How many cases give each field how much, by layer and head; see `attention_bins`."""
        return attention_bins(self, bins=bins, end=end)

    def to_frame(self) -> pd.DataFrame:
        """A row a field: `field`, `attention`, `low`, `median`, `high` and `cases`."""
        return pd.DataFrame(
            {
                "field": np.array(self.fields, dtype=object),
                "attention": self.mean,
                "low": self.quantile(LOW),
                "median": self.quantile(0.5),
                "high": self.quantile(HIGH),
                "cases": self.counts,
            }
        )


def attention_spread(
    recorder: FeatureRecorder,
    features: Features,
    part: Part = "test",
    *,
    layer: int | None = None,
    head: int | None = None,
    rows: int | None = None,
    seed: int = 0,
) -> AttentionSpread:
    """What each field gets in each row of a part.

    Args:
        recorder: the model's, `run.recorder`.
        features: the data.
        part: which rows; of choices, what was chosen.
        layer, head: what is shown, from 1; the mean of all unless given.
        rows: so many at most, drawn with `seed`; all unless given.

    Raises:
        AttnrecError: a model that attends to no field, or no such layer or head.
    """
    inputs = features.of_rows(some(features, part, rows, seed).rows)
    found = spread_of_records(recorded(recorder, inputs), features.schema)
    return found.of(layer=layer, head=head)


def spread_of(
    inspection: Any, *, layer: int | None = None, head: int | None = None
) -> AttentionSpread:
    """The same of the cases that `run.inspect(...)` was asked about.

    Args:
        inspection: what it gave.
        layer, head: as for `attention_spread`.

    Raises:
        AttnrecError: a model that attends to no field, or no such layer or head.
    """
    found = spread_of_records([inspection.record], inspection.features.schema)
    return found.of(layer=layer, head=head)


def spread_of_records(records: Iterable[AttentionRecord], schema: FeatureSchema) -> AttentionSpread:
    """The same out of records of one model.

    Raises:
        AttnrecError: records without a map of fields, or no case.
    """
    parts: list[np.ndarray] = []
    for record in records:
        maps = maps_of_fields(record, schema)
        num_heads = min((map_.num_heads for map_ in maps), default=1)
        numbers = tuple(record.names.index(map_.name) + 1 for map_ in maps)
        layers = [None, *(numbers if len(numbers) > 1 else ())]
        heads = [None, *(range(1, num_heads + 1) if num_heads > 1 else ())]
        each = [[of_record(record, schema, layer, head) for layer in layers] for head in heads]
        gets = np.array(each)
        there = record.real & (np.nansum(gets, axis=-1, keepdims=True) > 0)
        parts.append(np.where(there, gets, np.nan).astype(np.float32))
    if not sum(part.shape[2] for part in parts):
        raise AttnrecError("cases: expected one or more, got none")
    every = np.concatenate(parts, axis=2)
    attended = np.flatnonzero(~np.isnan(every).all((0, 1, 2)))
    if not len(attended):
        raise AttnrecError("attention: no case tells anything")
    alike = len({map_.keys for map_ in maps}) == 1
    found = AttentionSpread(
        fields=tuple(schema.names[field] for field in attended),
        layers=tuple(
            f"layer {number}" if alike else map_.name.replace("_", " ")
            for number, map_ in zip(numbers, maps, strict=True)
        ),
        numbers=numbers,
        num_heads=num_heads,
        every=every[..., attended],
        shared=all(map_.normalisation == "softmax" for map_ in maps),
    )
    order = np.argsort(-found.mean, kind="stable")  # NaN last
    fields = tuple(found.fields[field] for field in order)
    return replace(found, fields=fields, every=found.every[..., order])
