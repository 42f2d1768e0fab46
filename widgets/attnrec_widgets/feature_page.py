"""A model of features on its way to a page, with what the page must know to ask it as Python does.

`widgets/src/figures/page/` reads it: `tables.ts` says what each part means.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from attnrec.errors import AttnrecError
from attnrec_widgets import page_model
from attnrec_widgets.choice import PAGE_LIMIT
from attnrec_widgets.engine import sentence_on
from attnrec_widgets.figure import plain, wired

if TYPE_CHECKING:
    from attnrec_widgets.feature_explorer import FeatureExplorer

MOST_FIELDS = 10  # of which every coalition is asked about at each change
MOST_ITEMS = 20_000
KINDS = ("inspect", "scores")


def obstacle(run: Any) -> str | None:
    """Why a page cannot answer for a run of features; None where it can."""
    schema = run.features.schema
    if schema.history:
        return f"{run.name} reads a history, which a page has none of"
    if len(schema) > MOST_FIELDS:
        return f"{len(schema)} fields have more coalitions than a page asks about ({MOST_FIELDS})"
    if len(run.items) > MOST_ITEMS:
        return f"{len(run.items):,} items are more than a page ranks at each change"
    try:
        size = run.portable.size
        page_model.runtime()
    except AttnrecError as error:
        return str(error).rstrip(".")
    features = run.features
    size += sum(8 * np.asarray(side.levels).size for side in (features.users, features.items))
    if size > PAGE_LIMIT:
        return f"{run.name} has {size / 1e6:.1f} MB, and a page is sent {PAGE_LIMIT / 1e6:g} MB"
    return None


class FeaturePage:
    """What a page is sent of a run.

    Args:
        run: a run of features of which `obstacle` is None.
        unit: what a prediction is.
        importance: the sentence that tells of it, or nothing.
    """

    def __init__(self, run: Any, unit: str, importance: str):
        self.portable = run.portable
        self._run, self._unit, self._importance = run, unit, importance

    def packed(self, said: Mapping[str, Any]) -> list[bytes]:
        """Weights and tables, compressed; `said` holds values that the page may not know."""
        told = json.dumps(self.tables(said), separators=(",", ":"), allow_nan=False)
        return [gzip.compress(part, mtime=0) for part in (self.portable.weights, told.encode())]

    def graph(self, kind: Any) -> bytes:
        return gzip.compress(self.portable.graph(kind, 0), mtime=0)

    def tables(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """See `CaseTables` in `tables.ts`."""
        return {**self._tables, "said": said_of(self._run, said)}

    @cached_property
    def _tables(self) -> dict[str, Any]:
        run, features, data = self._run, self._run.features, self._run.data
        schema = features.schema
        context = sum(schema.fields[place].num_columns for place in schema.of("context"))
        told = {
            "name": run.name,
            "unit": self._unit,
            "prediction": self._prediction(),
            "fields": self._fields(),
            "users": {"ids": [plain(one) for one in data.users], **_levels(features.users)},
            "items": {
                "ids": [plain(one) for one in data.items],
                "titles": list(data.catalogue.titles),
                **_levels(features.items),
            },
            "contextColumns": context,
            "seen": self._seen(),
            "maps": self._maps(),
            "importance": self._importance,
        }
        return wired(told, lambda raw: base64.b64encode(raw).decode())

    def _prediction(self) -> Any:
        run = self._run
        if not run.predicts:
            return None
        if run.features.label != "rating":
            return "probability"
        return run.scorer.rating_scale

    def _fields(self) -> list[dict[str, Any]]:
        features, told = self._run.features, []
        for card in self.portable.card["fields"]:
            field = features.schema.fields[features.schema.index(card["name"])]
            scale = None
            if field.kind == "number":
                scale = features.encoders[field.name].line
            told.append(
                {
                    "name": field.name,
                    "side": field.side,
                    "kind": field.kind,
                    "columns": card["columns"],
                    "first": card["first_level"],
                    "labels": [plain(one) for one in field.labels],
                    "scale": scale,
                }
            )
        order = {name: place for place, name in enumerate(features.schema.names)}
        return sorted(told, key=lambda one: order[one["name"]])

    def _seen(self) -> dict[str, np.ndarray] | None:
        offsets, items = self._run.seen_by_all()
        if not len(items):
            return None
        return {"offsets": offsets.astype("f4"), "items": items.astype("f4")}

    def _maps(self) -> list[dict[str, Any]]:
        record = self._run.recorder.inspect(self._run.features.of_rows(np.zeros(1, int)))[1]
        return [
            {
                "name": map_.name,
                "queries": list(map_.queries),
                "keys": list(map_.keys),
                "normalisation": map_.normalisation,
                "heads": map_.num_heads,
                "shape": list(map_.weights.shape[1:]),
            }
            for map_ in record.maps
        ]


def said_of(run: Any, values: Mapping[str, Any]) -> list[list]:
    """Fields, values, and the levels and weights that say them."""
    from attnrec.explanations.features.case import said_by

    features, found = run.features, []
    for name, value in values.items():
        one = said_by(features, features.schema.index(name), value)
        found.append([name, value, *(np.asarray(part)[0].tolist() for part in one)])
    return found


def on_message(explorer: FeatureExplorer, content: Any, buffers: Any) -> None:
    """Sends what the page asks for: the runtime, the model, a graph."""
    kind = content.get("type") if isinstance(content, dict) else None
    if kind not in ("runtime", "model", "graph") or explorer.page is None:
        return
    reply: dict[str, Any] = {}
    parts: list[bytes] = []
    try:
        if kind == "runtime":
            parts = page_model.runtime()[1]
        elif kind == "model":
            reply["card"] = explorer.page.portable.card
            parts = explorer.page.packed(explorer.known_values())
        else:
            from attnrec import export

            export.prepare()
            with export.tracing:
                parts = [explorer.page.graph(content.get("kind"))]
    except AttnrecError as error:
        reply = {"error": str(error)}
    except Exception as error:  # noqa: BLE001  a model may be anybody's
        reply = {"error": sentence_on(explorer.run.name, error)}
    again = {name: content[name] for name in ("type", "id") if name in content}
    explorer.send({**reply, **again}, parts)


def _levels(side: Any) -> dict[str, np.ndarray]:
    return {name: np.asarray(part, "f4") for name, part in side._asdict().items()}
