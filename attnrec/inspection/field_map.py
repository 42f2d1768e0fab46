"""Where each field looks: attention from field to field, or of pairs of fields, over cases.

AutoInt's Fig. 7 [song2019autoint] shows such maps, of one case and of the mean of many.
A field that says nothing neither looks nor is looked at, so that every mean is
over the cases in which the field that looks, or both of a pair, say something; and what
is never there to be looked at has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, whole_number
from attnrec.features.fields import FeatureSchema
from attnrec.inspection.record import AttentionMap, AttentionRecord


@dataclass(frozen=True, eq=False)
class FieldMap:
    """Attention between fields, a layer a map.

    Attributes:
        fields: their names, along both axes; of the two the first looks and the second is
            looked at, and of pairs either is both.
        layers: names of the model's maps.
        numbers: of these layers, as `layer=` takes them.
        weights: the mean over cases and heads, or of one head; NaN of a pair with itself, and
            where no case tells.
        counts: the cases behind each value.
        num_cases: how many were asked about.
        num_heads: of a layer.
        head: which one (from 1); None, the mean of heads.
        of_pairs: the weights of all pairs of a case sum to one, rather than those of each row.
    """

    fields: tuple[str, ...]
    layers: tuple[str, ...]
    numbers: tuple[int, ...]
    weights: Float[np.ndarray, "layer field field"]
    counts: Int[np.ndarray, "layer field field"]
    num_cases: int
    num_heads: int
    head: int | None
    of_pairs: bool

    @property
    def title(self) -> str:
        return "What each pair gets" if self.of_pairs else "Where each field looks"

    @property
    def told(self) -> str:
        """What was averaged, over how many cases, and what sums to one."""
        one = self.num_cases == 1
        cases = "one case" if one else f"mean of {self.num_cases:,} cases"
        heads = f", head {self.head}" if self.head else ""
        if not heads and self.num_heads > 1:
            heads = f"{', mean of' if one else ' and'} {self.num_heads} heads"
        sums = "all pairs of a case sum to 100%"
        if not self.of_pairs:
            sums = "a row is the field that looks, and sums to 100%"
        return f"{cases}{heads} · {sums}"

    @property
    def shown(self) -> tuple[Bool[np.ndarray, " field"], Bool[np.ndarray, " field"]]:
        """Which fields look anywhere, and which are looked at by any."""
        there = ~np.isnan(self.weights)
        return there.any((0, 2)), there.any((0, 1))

    def to_frame(self) -> pd.DataFrame:
        """A row for each value: `layer`, `looks`, `at`, `attention` and `cases`; pairs once."""
        n = len(self.fields)
        wanted = np.triu(np.ones((n, n), bool), 1) if self.of_pairs else np.ones((n, n), bool)
        layer, one, other = np.nonzero(np.broadcast_to(wanted, self.weights.shape))
        names = np.array(self.fields, dtype=object)
        return pd.DataFrame(
            {
                "layer": np.array(self.layers, dtype=object)[layer],
                "looks": names[one],
                "at": names[other],
                "attention": self.weights[layer, one, other],
                "cases": self.counts[layer, one, other],
            }
        )


def field_map(
    records: Iterable[AttentionRecord],
    schema: FeatureSchema,
    *,
    layer: int | str | None = None,
    head: int | None = None,
) -> FieldMap:
    """The mean over the cases of records.

    Args:
        records: of one model, `recorded(...)` or `[inspection.record]`.
        schema: the fields.
        layer: number (from 1) or name of a map; all of them unless given.
        head: number (from 1); the mean unless given.

    Raises:
        AttnrecError: a model in which fields do not look at fields, no such layer or head, or
            no case.
    """
    found: dict[str, tuple[Any, Any]] = {}
    known = np.zeros(len(schema), bool)
    names: tuple[str, ...] = ()
    num_cases, num_heads, of_pairs = 0, 1, False
    for record in records:
        num_cases += len(record.real)
        names = record.names
        known |= record.real.any(0)
        for map_ in _between_fields(record, schema, layer):
            num_heads, of_pairs = map_.num_heads, not map_.queries
            summed = (_summed_pairs if of_pairs else _summed)(map_, record.real, schema, head)
            sums, counts = found.get(map_.name, (0, 0))
            found[map_.name] = sums + summed[0], counts + summed[1]
    if not num_cases:
        raise AttnrecError("cases: expected one or more, got none")
    sums, counts = (np.stack(parts) for parts in zip(*found.values(), strict=True))
    values = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=(counts > 0) & known)
    return FieldMap(
        fields=schema.names,
        layers=tuple(found),
        numbers=tuple(names.index(name) + 1 for name in found),
        weights=values,
        counts=counts,
        num_cases=num_cases,
        num_heads=num_heads,
        head=head,
        of_pairs=of_pairs,
    )


def _between_fields(
    record: AttentionRecord, schema: FeatureSchema, layer: int | str | None
) -> list[AttentionMap]:
    """The maps in which fields, or pairs of them, are looked at by fields or by nobody."""
    names = set(schema.names)
    maps = [
        map_
        for map_ in maps_of_fields(record, schema, layer)
        if set(map_.queries) <= names and (map_.queries or not set(map_.keys) <= names)
    ]
    if not maps:
        raise AttnrecError(
            "attention: no field looks at another in this model, as in AutoInt, and no pair is "
            "weighed, as in AFM; attention_importance tells what each field gets"
        )
    return maps


def _of_head(map_: AttentionMap, head: int | None) -> Float[np.ndarray, "case query key"]:
    weights = map_.weights.astype(float)
    if head is None:
        return weights.mean(1)
    return weights[:, whole_number("head", head, most=map_.num_heads) - 1]


def _summed(
    map_: AttentionMap,
    real: Bool[np.ndarray, "case field"],
    schema: FeatureSchema,
    head: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over cases, and of how many, field by field."""
    rows, columns = ([schema.index(name) for name in axis] for axis in (map_.queries, map_.keys))
    sums, counts = np.zeros((2, len(schema), len(schema)))
    sums[np.ix_(rows, columns)] = _of_head(map_, head).sum(0)
    counts[np.ix_(rows, columns)] = real[:, rows].sum(0)[:, None]
    return sums, counts.astype(int)


def _summed_pairs(
    map_: AttentionMap,
    real: Bool[np.ndarray, "case field"],
    schema: FeatureSchema,
    head: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The same of pairs, each said in both orders."""
    known = fields_of_keys(schema)
    rows, columns = np.array([known[key] for key in map_.keys]).T
    sums, counts = np.zeros((2, len(schema), len(schema)))
    for one, other in ((rows, columns), (columns, rows)):
        sums[one, other] = _of_head(map_, head)[:, 0].sum(0)
        counts[one, other] = (real[:, rows] & real[:, columns]).sum(0)
    return sums, counts.astype(int)


def maps_of_fields(
    record: AttentionRecord, schema: FeatureSchema, layer: int | str | None = None
) -> list[AttentionMap]:
    """The maps, or the one that is asked for, whose keys are fields or pairs of them."""
    known = fields_of_keys(schema)
    maps = record.maps if layer is None else (record.layer(layer),)
    return [map_ for map_ in maps if map_.keys and all(key in known for key in map_.keys)]


def fields_of_keys(schema: FeatureSchema) -> dict[str, tuple[int, ...]]:
    """A field by its name, or two by those of both."""
    names = schema.names
    pairs = combinations(range(len(names)), 2)
    return {f"{names[i]} × {names[j]}": (i, j) for i, j in pairs} | {
        name: (i,) for i, name in enumerate(names)
    }
