"""A model as graphs and weights: one set of weights, which the graphs of all lengths share.

A graph is ONNX without weights. Its inputs:

================ ======== =============================== ===============================
input            type     shape                           means
================ ======== =============================== ===============================
`items`          int32    [batch, length]                 catalogue indices, right-aligned,
                                                          0 where there is no item
`mask`           bool     [batch, length]                 true where the item may be seen
`replace/MAP`    int32    [batch]                         which weights the map uses: 0 its
                                                          own, 1 the given, 2 equal ones for
                                                          all that a query may see
`given/MAP`      float32  [batch, heads, length, length]  the given weights
a weight's name  float32  the weight's                    as the card lists them
================ ======== =============================== ===============================

and its outputs, all float32:

========================== ================================ ==============================
output                     shape                            means
========================== ================================ ==============================
`scores`                   [batch, items + 1]               of every item; entry 0, padding,
                                                            is minus infinity
`attention/MAP`            [batch, heads, length, length]   query by key; rows of padding 0
`query/MAP`, `key/MAP`,    [batch, heads, length, size]     what the weights are made of and
`value/MAP`                                                 what they weigh
========================== ================================ ==============================

The kind "scores" has `items`, `mask` and `scores` only; "inspect" has all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from attnrec.export.graphs import Graphs, Kind
from attnrec.export.verification import example
from attnrec.typing import Array


class Portable(Graphs):
    """A model of histories as graphs on demand, and the weights that they share.

    Args:
        forward: `(weights, items, mask, replace, given, scores_only) -> (scores,
            layers)`: a function that JAX can trace, where `replace` and `given`
            hold arrays by map, and a layer is its weights, query, key and
            value; `scores_only` is plain Python, and then there are no layers.
        weights: by name.
        name: what to call the model.
        num_items: size of the catalogue.
        lengths: widths that histories are padded to, ascending.
        maps: of each layer `name`, `heads`, `head_size`, `causal` and
            `normalisation`, first to last.
        config: hyperparameters as JSON holds them.
        graphs: as for `Graphs`.

    Attributes:
        card: all of this as plain JSON, and what `Graphs` adds.

    Raises:
        AttnrecError: weights that are not float32, or named as an input is.
    """

    def __init__(
        self,
        forward: Callable,
        weights: Mapping[str, Float[np.ndarray, "..."]],
        *,
        name: str,
        num_items: int,
        lengths: Sequence[int],
        maps: Sequence[Mapping[str, Any]],
        config: Mapping[str, Any],
        graphs: Mapping[str, bytes] | None = None,
    ):
        self._forward = forward
        card = {
            "name": name,
            "num_items": num_items,
            "lengths": list(lengths),
            "maps": [dict(map_) for map_ in maps],
            "config": json.loads(json.dumps(config, default=str)),
        }
        super().__init__(weights, card, graphs=graphs)

    def example(self, kind: Kind, length: int) -> dict[str, np.ndarray]:
        """Random inputs of a graph, without the weights."""
        maps = self.card["maps"] if kind == "inspect" else ()
        return example(length, self.card["num_items"], maps)

    def outputs(self, kind: Kind) -> list[str]:
        """Names of a graph's outputs, in their order."""
        maps = self.card["maps"] if kind == "inspect" else ()
        parts = ("attention", "query", "key", "value")
        return ["scores", *(f"{part}/{map_['name']}" for map_ in maps for part in parts)]

    def usage(self, length: int) -> str:
        """How a graph is asked, for a reader who has nothing but a file of it."""
        return (
            f"Scores what comes next in a history of items. Put the indices of up to {length} "
            "items, the most recent last, at the right end of `items`, with 0 before them; `mask` "
            "is true where `items` is not 0. An item's index is its place, counted from 1, in the "
            "list `item_ids` of this file's metadata; column i of `scores` is the item with index "
            "i."
        )

    def told(self, length: int) -> dict[str, str]:
        """What each input and output means, in words."""
        told = {
            "items": f"indices of the items of each history, right-aligned in {length} columns, 0 "
            "where there is none",
            "mask": "true where an item may be seen; false at a real item masks it in place",
            "scores": f"score of each of {self.card['num_items']} items to come next, in columns "
            "from 1; column 0 is padding, minus infinity",
        }
        for layer, map_ in enumerate(self.card["maps"], 1):
            name, heads = map_["name"], f"{map_['heads']} heads"
            sees = "earlier positions and its own" if map_["causal"] else "all positions"
            told |= {
                f"replace/{name}": "which attention weights each history uses: 0 the model's own, "
                "1 the given ones, 2 equal ones for all that a query may see",
                f"given/{name}": "attention weights to use where replace is 1; each row of a real "
                "query sums to one; otherwise zeros will do",
                f"attention/{name}": f"attention weights that were used in layer {layer}, {heads}, "
                f"query by key; a query sees {sees}",
                f"query/{name}": f"query of each position in layer {layer}, {heads}",
                f"key/{name}": f"key of each position in layer {layer}, {heads}",
                f"value/{name}": f"value of each position in layer {layer}, {heads}",
            }
        return told

    def _answer(self, kind: Kind, named: Mapping[str, Array]) -> dict[str, Array]:
        maps = [map_["name"] for map_ in self.card["maps"]] if kind == "inspect" else []
        scores, layers = self._forward(
            {name: named[name] for name in self._weights},
            named["items"],
            named["mask"],
            {name: named[f"replace/{name}"] for name in maps},
            {name: named[f"given/{name}"] for name in maps},
            kind == "scores",
        )
        answers = [scores, *(part for layer in layers for part in layer)]
        outputs = self.outputs(kind)
        return dict(zip(outputs, answers[: len(outputs)], strict=True))
