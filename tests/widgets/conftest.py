"""Models small enough to do their sums by hand, and what a page would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import HistoryExplorer, bundle, page_model
from attnrec_widgets.delivery import on_message

from attnrec.data import FILMS, Catalogue
from attnrec.errors import AttnrecError
from attnrec.inspection import (
    AttentionMap,
    AttentionRecord,
    Capabilities,
    Inspection,
    Request,
)

TITLES = [
    "Alien",
    "Brazil",
    "Casablanca",
    "Dune",
    "Elf",
    "Fargo",
    "Gattaca",
    "<img src=x onerror=alert(1)>",
]


class Steps:
    """Scores item i with i - 4 plus the length of the history; its attention is arithmetic.

    Two layers of two heads. Layer l, head h gives the key at position k the
    weight k + l + h, divided so that a causal row sums to one.
    """

    name = "Steps"
    capabilities = Capabilities(attention=True)
    lengths: tuple[int, ...] = ()

    def __init__(self) -> None:
        years = [str(1979 + i) for i in range(len(TITLES))]
        frame = pd.DataFrame({"title": TITLES, "year": years}, index=[f"m{i}" for i in range(1, 9)])
        self.catalogue = Catalogue(frame, FILMS, "year")
        self.asked: list[list[int]] = []

    @staticmethod
    def weights(n: int, layer: int, head: int) -> np.ndarray:
        raw = np.tril(np.tile(np.arange(1, n + 1) + layer + head, (n, 1)).astype(np.float32))
        return raw / raw.sum(1, keepdims=True)

    def inspect(self, request: Request) -> Inspection:
        self.asked.append(request.items[0].tolist())
        width, n = request.items.shape[1], int(request.mask.sum())
        scores = np.arange(9, dtype=np.float32)[None] - 4 + n
        scores[0, 0] = -np.inf
        maps = []
        for layer in (1, 2):
            weights = np.zeros((1, 2, width, width), np.float32)
            for head in (1, 2):
                weights[0, head - 1, width - n :, width - n :] = self.weights(n, layer, head)
            maps.append(AttentionMap(f"layer{layer}", weights, causal=True))
        record = AttentionRecord(tuple(maps), request.mask)
        return Inspection(request, scores, record, self.catalogue)


class Near(Steps):
    """Scores an item with the number of the history's items that stand beside it, or are it.

    A batch is answered in one call. There is no attention.
    """

    name = "Near"
    capabilities = Capabilities()

    def inspect(self, request: Request) -> Inspection:
        self.asked.append(request.items.tolist())
        beside = np.abs(np.arange(9)[:, None, None] - request.items) <= 1  # [item, batch, key]
        scores = (beside & request.mask).sum(2).T.astype(np.float32)
        scores[:, 0] = -np.inf
        return Inspection(request, scores, AttentionRecord((), request.mask), self.catalogue)


class FakePortable:
    """Stands in for `attnrec.export.Portable`: bytes that no page would run."""

    weights = bytes(range(256)) * 4
    size = len(weights)

    def __init__(self) -> None:
        self.card = {"digest": "abc", "lengths": [4]}
        self.made: list[tuple[str, int]] = []

    def has(self, kind: str, length: int) -> bool:
        if kind not in ("scores", "inspect"):
            raise AttnrecError(f"kind: expected 'scores' or 'inspect', got {kind!r}")
        return (kind, length) in self.made

    def graph(self, kind: str, length: int) -> bytes:
        self.made.append((kind, length))
        return f"{kind} of {length}".encode()


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def near() -> Near:
    return Near()


@pytest.fixture
def portable(steps) -> FakePortable:
    """The portable form of `steps`."""
    steps.capabilities = Capabilities(attention=True, page_export=True)
    steps.portable = FakePortable()
    return steps.portable


@pytest.fixture
def runtime(tmp_path, monkeypatch) -> Iterator[list[bytes]]:
    """What runs a model in the page, as if it were built: worker and WebAssembly."""
    parts = [b"worker", b"wasm"]
    for name, part in zip(page_model.RUNTIME, parts, strict=True):
        (tmp_path / name).write_bytes(part)
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    page_model.runtime.cache_clear()
    yield parts
    page_model.runtime.cache_clear()


@pytest.fixture
def ask() -> Callable:
    """Sends an explorer what a page would send, and gives its reply: content and buffers."""

    def ask(explorer: HistoryExplorer, type: str, **content: Any) -> tuple[dict, list[bytes]]:
        sent: list = []
        explorer.send = lambda content, buffers=None: sent.append((content, buffers))
        on_message(explorer, {"type": type, "id": "7", **content}, [])
        [(reply, buffers)] = sent
        assert (reply.pop("type"), reply.pop("id")) == (type, "7")
        return reply, buffers

    return ask
