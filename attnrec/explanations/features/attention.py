r"""Attention as an importance of fields: one number a field and case.

What a field gets is the mean over heads, over the fields that look (those that
say something) and over layers; `layer` and `head` pick one. In a later layer the
place of a field holds what the field has gathered by then, which is one reason
why attention need not be importance; `feature_agreement` holds it against others.

* Where pairs are attended to, as in AFM, each of the two fields gets half of
  a pair's weight.
* Where maps tell of different fields, as those of the two sides in
  `FeatureAttention`, their rows sum to one each, and half of one field's weight
  among two is not more than a third among three. Each map then counts by the share
  of all attended fields that it tells of, $a_f\, n_{\mathrm{map}} / n$, counting in each
  case the fields that say something: a field that gets as much as any other of its side
  gets $1/n$ on either. Which side matters more, such weights cannot tell. Gates,
  which are not shared out, stay as they are.

So the fields' numbers sum to one in each case, wherever the model's rows do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from attnrec.errors import AttnrecError
from attnrec.explanations.features.judged import Part, some
from attnrec.features.examples import Features
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.inspection import AttentionMap, AttentionRecord
from attnrec.inspection.field_map import fields_of_keys, maps_of_fields
from attnrec.models.features.recorder import FeatureRecorder

AT_ONCE = 2048  # examples recorded together


def attention_importance(
    recorder: FeatureRecorder,
    features: Features,
    part: Part = "test",
    *,
    layer: int | str | None = None,
    head: int | None = None,
    rows: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """What each field gets of the attention, over the rows of a part.

    Args:
        recorder: the model's, `run.recorder`.
        features: the data.
        part: which rows; of choices, what was chosen.
        layer: number (from 1) or name of a map; the mean of all unless given.
        head: number (from 1); the mean of all unless given.
        rows: so many at most, drawn with `seed`; all unless given.

    Returns:
        A row for each field that is attended to, the one that gets most first: `side`,
        `attention`, the mean over rows (0 where the field says nothing), and `deviation`,
        the standard deviation over rows.

    Raises:
        AttnrecError: a model that attends to no field, or no such layer or head.
    """
    inputs = features.of_rows(some(features, part, rows, seed).rows)
    found = field_attention(recorder, features.schema, inputs, layer=layer, head=head)
    attended = np.flatnonzero(~np.isnan(found).all(0))
    table = pd.DataFrame(
        {
            "side": [features.schema.fields[i].side for i in attended],
            "attention": found[:, attended].mean(0),
            "deviation": found[:, attended].std(0),
        },
        index=pd.Index([features.schema.names[i] for i in attended], name="field"),
    )
    return table.sort_values("attention", ascending=False, kind="stable")


def field_attention(
    recorder: FeatureRecorder,
    schema: FeatureSchema,
    inputs: Inputs,
    *,
    layer: int | str | None = None,
    head: int | None = None,
) -> Float[np.ndarray, "case field"]:
    """What each field gets of the attention in each case; NaN where no map tells of the field.

    Arguments and errors as for `attention_importance`.
    """
    parts = [of_record(one, schema, layer, head) for one in recorded(recorder, inputs)]
    return np.concatenate(parts)


def recorded(recorder: FeatureRecorder, inputs: Inputs) -> Iterator[AttentionRecord]:
    """The records of some examples, not too many at once."""
    count = len(inputs.users.levels)
    size = min(AT_ONCE, 1 << max(count - 1, 0).bit_length())
    for start in range(0, count, size):
        rows = np.arange(start, min(start + size, count))
        filled = inputs.take(np.pad(rows, (0, size - len(rows)), mode="edge"))
        _, record = recorder.inspect(filled)
        maps = (replace(map_, weights=map_.weights[: len(rows)]) for map_ in record.maps)
        yield AttentionRecord(tuple(maps), record.real[: len(rows)])


def of_record(
    record: AttentionRecord,
    schema: FeatureSchema,
    layer: int | str | None = None,
    head: int | None = None,
) -> Float[np.ndarray, "case field"]:
    """The same, out of a record.

    Raises:
        AttnrecError: a record without a map of fields, or no such layer or head.
    """
    maps = maps_of_fields(record, schema, layer)
    if not maps:
        what = "what came before, and to no field" if record.maps else "nothing"
        raise AttnrecError(f"attention: this model attends to {what}")
    layers: dict[tuple[str, ...], list[np.ndarray]] = {}
    members: dict[tuple[str, ...], np.ndarray] = {}
    for map_ in maps:
        layers.setdefault(map_.keys, []).append(_of_keys(record, map_, head))
        members[map_.keys] = _members(map_.keys, schema)
    counts = {keys: record.real[:, of.any(0)].sum(1) for keys, of in members.items()}
    total = np.maximum(sum(counts.values()), 1)
    found = np.full(record.real.shape, np.nan)
    for keys, of in members.items():
        share = np.mean(layers[keys], axis=0)
        if all(map_.normalisation == "softmax" for map_ in maps):
            share *= (counts[keys] / total)[:, None]
        fields = of.any(0)
        each = share @ (of / of.sum(1, keepdims=True))
        found[:, fields] = np.nan_to_num(found[:, fields]) + each[:, fields]
    return found


def _of_keys(
    record: AttentionRecord, map_: AttentionMap, head: int | None
) -> Float[np.ndarray, "case key"]:
    """What each key gets: the mean over heads, and over the queries that say something."""
    weights = record.weights(map_.name, head).astype(float)
    asks = (weights > 0).any(-1)  # who says nothing does not look
    return weights.sum(1) / np.maximum(asks.sum(1), 1)[:, None]


def _members(keys: tuple[str, ...], schema: FeatureSchema) -> Float[np.ndarray, "key field"]:
    """Which fields each key is made of."""
    known = fields_of_keys(schema)
    found = np.zeros((len(keys), len(schema)))
    for row, key in zip(found, keys, strict=True):
        row[list(known[key])] = 1
    return found


def which(layer: int | str | None, head: int | None) -> str:
    """Which attention it is that stands for a field: `mean of layers and heads`, `layer 2`."""
    if layer is None and head is None:
        return "mean of layers and heads"
    of_layer = "mean of layers" if layer is None else f"layer {layer}"
    return of_layer if head is None else f"{of_layer}, head {head}"
