"""One standard ONNX file with everything inside, for a reader who has nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attnrec.errors import AttnrecError
from attnrec.export.graphs import Graphs, Kind

TOLD = ("fields", "maps", "config", "digest", "versions")  # of the model's card
LARGEST = 2_000_000_000  # bytes; a protocol buffer holds no more than 2 GiB


def write_onnx(
    portable: Graphs,
    path: str | Path,
    *,
    kind: Kind,
    length: int,
    items: Sequence[Any] = (),
    about: Mapping[str, Any],
) -> Path:
    """Writes a graph with its weights inside and a card in its metadata, whole or not at all.

    Args:
        portable: the model.
        path: the file; an older one is replaced.
        kind, length: which graph.
        items: item ids in the order of their indices, from 1; none where no input has them.
        about: further entries of the card, plain values; JSON where they are
            more than words.

    Raises:
        AttnrecError: see `Graphs.graph`; or a path that is a folder, or a
            model beyond 2 GB.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        raise AttnrecError(f"path: {path} is a folder; expected a file such as model.onnx")
    size = sum(array.nbytes for array in portable.arrays.values())
    if size > LARGEST:
        raise AttnrecError(
            f"path: {size / 1e9:.1f} GB of weights; one ONNX file holds at most 2 GB"
        )
    model = _whole(portable, kind, length, items, about)
    portable.verify(model, kind, length)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(model)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _whole(
    portable: Graphs, kind: Kind, length: int, items: Sequence[Any], about: Mapping[str, Any]
) -> bytes:
    import onnx

    model = onnx.ModelProto.FromString(portable.graph(kind, length))
    weights, told = portable.arrays, portable.told(length)
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    read = _read(model.graph)
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(array, name)
        for name, array in weights.items()
        if name in read  # of what no node reads runtimes would warn
    )
    for value in (*model.graph.input, *model.graph.output):
        value.doc_string = told[value.name]
    model.producer_name = "attnrec"
    model.producer_version = portable.card["versions"]["attnrec"]
    model.doc_string = portable.usage(length)
    card = {
        "title": portable.card["name"],
        "usage": model.doc_string,
        "inputs": {value.name: told[value.name] for value in model.graph.input},
        "outputs": {value.name: told[value.name] for value in model.graph.output},
        **({"item_ids": items} if len(items) else {}),
        **{name: portable.card[name] for name in TOLD if name in portable.card},
        **about,
    }
    onnx.helper.set_model_props(
        model,
        {
            name: value if isinstance(value, str) else json.dumps(value, default=_plain)
            for name, value in card.items()
        },
    )
    return model.SerializeToString()


def _read(graph: Any) -> set[str]:
    """Names of all that a graph's nodes read, those of graphs inside them too."""
    inside = (part.g for node in graph.node for part in node.attribute if part.HasField("g"))
    return {name for node in graph.node for name in node.input}.union(*map(_read, inside))


def _plain(value: Any) -> Any:
    """Numbers of numpy as numbers; the rest as words."""
    return value.item() if hasattr(value, "item") else str(value)
