"""What every model that leaves Python has: graphs on demand, and weights that they share."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Float, Shaped

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.export.conversion import OPSET, convert
from attnrec.export.verification import check, run_graph
from attnrec.provenance import versions
from attnrec.typing import Array

Kind = Literal["scores", "inspect"]
KINDS = ("scores", "inspect")
FORMAT = 2  # of card and graphs; one more whenever either, or a model's own code, changes


class Graphs(ABC):
    """Graphs of one model without its weights, each made when it is asked for.

    Args:
        weights: by name; inputs of every graph.
        card: what is told of the model, as JSON holds it: its `name`, the `lengths` of
            history that it reads, ascending, and whatever else decides its graphs.
        constants: further arrays that the graphs share, of any type; the card does not list
            them.
        graphs: graphs that were made earlier, as `made` gives them; used
            where they are of this model and these weights.

    Attributes:
        card: with `format`, `digest` (of weights, constants and card), `weights` (name,
            shape and offset in bytes), `opset` and `versions`.
        size: bytes of the weights.

    Raises:
        AttnrecError: weights that are not float32, or named as an input is.
    """

    def __init__(
        self,
        weights: Mapping[str, Float[np.ndarray, "..."]],
        card: Mapping[str, Any],
        *,
        constants: Mapping[str, Shaped[np.ndarray, "..."]] | None = None,
        graphs: Mapping[str, bytes] | None = None,
    ):
        self._by_jax = jax.jit(self._answer, static_argnums=0)  # what graphs are checked against
        self._weights, self._constants = dict(weights), dict(constants or {})
        self.card: dict[str, Any] = {"format": FORMAT, "digest": "", "opset": OPSET, **card}
        name, taken = self.card["name"], self.told(self.card["lengths"][-1])
        offset, listed = 0, []
        for weight, array in self._weights.items():
            if array.dtype != np.float32:
                raise AttnrecError(
                    f"export: weight {weight!r} of {name} is {array.dtype}; expected float32"
                )
            if weight in taken:
                raise AttnrecError(
                    f"export: a weight of {name} is called {weight!r}, as an input of the graph is"
                )
            listed.append({"name": weight, "shape": list(array.shape), "offset": offset})
            offset += array.nbytes
        self.size = offset
        self.card["weights"] = listed
        digest = hashlib.sha256(json.dumps(self.card, sort_keys=True).encode())
        digest.update(self.weights)
        for array in self._constants.values():
            digest.update(np.ascontiguousarray(array).tobytes())
        self.card["digest"] = digest.hexdigest()
        self._mark = self.card["digest"][:16]
        self._made = {key: graph for key, graph in (graphs or {}).items() if self._mark in key}
        self.card["versions"] = versions("jax2onnx")

    @cached_property
    def weights(self) -> bytes:
        """All weights one after the other, float32, little-endian, at the card's offsets."""
        return b"".join(
            np.ascontiguousarray(array, "<f4").tobytes() for array in self._weights.values()
        )

    @property
    def arrays(self) -> dict[str, Shaped[np.ndarray, "..."]]:
        """The weights by name, and the constants."""
        return self._weights | self._constants

    @property
    def made(self) -> dict[str, bytes]:
        """The graphs there are so far, under names that tell digest, kind and length."""
        return dict(self._made)

    def graph(self, kind: Kind, length: int) -> bytes:
        """A graph, checked against JAX when it is made.

        Must run where nothing else traces; see `attnrec.export.prepare`.

        Args:
            kind: `"scores"` or `"inspect"`.
            length: columns of the history: one of the card's `lengths`, or any
                other that the model reads.

        Raises:
            AttnrecError: an unknown kind or length, a model that has no ONNX
                form, or a graph that disagrees with JAX, naming the output.
        """
        key = self._key(kind, length)
        if key not in self._made:
            self._made[key] = self._make(kind, int(length))
        return self._made[key]

    def has(self, kind: Kind, length: int) -> bool:
        """Whether a graph is at hand and need not be made; raises as `graph` does."""
        return self._key(kind, length) in self._made

    def _key(self, kind: Kind, length: int) -> str:
        if kind not in KINDS:
            raise AttnrecError(
                f"kind: expected 'scores' or 'inspect', got {kind!r}{did_you_mean(kind, KINDS)}"
            )
        most = self.card["lengths"][-1]
        if not most and length != 0:
            raise AttnrecError(f"length: {self.card['name']} reads no history, got {length!r}")
        length = whole_number("length", length, least=min(1, most), most=most)
        return f"{self._mark}-{kind}-{length}"

    def _make(self, kind: Kind, length: int) -> bytes:
        inputs = self.example(kind, length)
        shapes = {
            name: jax.ShapeDtypeStruct(("batch", *array.shape[1:]), array.dtype)
            for name, array in inputs.items()
        }
        for name, array in self.arrays.items():
            shapes[name] = jax.ShapeDtypeStruct(array.shape, array.dtype)

        def function(*arrays: Array) -> tuple[Array, ...]:
            return tuple(self._answer(kind, dict(zip(shapes, arrays, strict=True))).values())

        model = convert(function, shapes, self.outputs(kind), name=self.card["name"])
        self.verify(model, kind, length)
        return model

    def verify(self, model: bytes, kind: Kind, length: int) -> None:
        """Refuses a serialized model, with its weights inside or not, that disagrees with JAX.

        Raises:
            AttnrecError: naming the output; or that onnxruntime cannot execute it.
        """
        inputs = self.example(kind, length)
        expected = self._by_jax(kind, {**inputs, **self.arrays})
        name = f"{self.card['name']} ({kind}, length {length})"
        try:
            found = run_graph(model, inputs, self.arrays)
        except Exception as error:  # an operator, or a use of one, that onnxruntime lacks
            raise AttnrecError(
                f"export: onnxruntime cannot execute {name} ({type(error).__name__}: {error})"
            ) from error
        check(name, found, {output: expected[output] for output in self.outputs(kind)})

    @abstractmethod
    def example(self, kind: Kind, length: int) -> dict[str, np.ndarray]:
        """Random inputs of a graph, without the weights."""

    @abstractmethod
    def outputs(self, kind: Kind) -> list[str]:
        """Names of a graph's outputs, in their order."""

    @abstractmethod
    def told(self, length: int) -> dict[str, str]:
        """What each input and output means, in words."""

    @abstractmethod
    def usage(self, length: int) -> str:
        """How a graph is asked, for a reader who has nothing but a file of it."""

    @abstractmethod
    def _answer(self, kind: Kind, named: Mapping[str, Array]) -> dict[str, Array]:
        """What a graph computes, from inputs by name to outputs by name."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.card['name']}, {self.size / 1e6:.1f} MB of weights)"
