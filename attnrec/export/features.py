"""A model of features as graphs and weights, as `attnrec.export.portable` has those of histories.

Of each example a graph is told what `attnrec.features.fields.Inputs` say of it, with one
candidate:

================== ======= =========================== ====================================
input              type    shape                       means
================== ======= =========================== ====================================
`user/levels`      int32   [batch, column]             rows of the table of all levels, 0
                                                       where there is nothing
`user/weights`     float32 [batch, column]             their weights, 0 where there is
                                                       nothing
`item/levels`,                                         the same of the candidate
`item/weights`
`context/levels`,                                      the same of the circumstances
`context/weights`
`history`          int32   [batch, length]             catalogue indices, right-aligned, 0
                                                       where there is no item
`replace/MAP`      int32   [batch]                     which weights the map uses: 0 its
                                                       own, 1 the given, 2 equal ones for
                                                       all that a query may see
`given/MAP`        float32 [batch, heads, query, key]  the given weights
================== ======= =========================== ====================================

and a weight's name each weight. It answers with `scores` [batch] and with
`attention/MAP`, shaped as what is given for it. The kind "scores" has neither maps nor
what replaces them. A side without fields has no inputs, and features without a history
have no `history`.

Users, items and circumstances come as levels, not by id, so that a graph also knows
those that are described and were never seen, and carries no table of users. What
a history's items are is inside, as `catalogue/levels` and `catalogue/weights`: that
takes eight bytes a column, less than an item's own embedding, and else every
history would have to bring it along.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from attnrec.errors import AttnrecError
from attnrec.export.graphs import Graphs, Kind
from attnrec.features.examples import Features
from attnrec.features.fields import SIDES, FeatureSchema, History, Inputs, Levels
from attnrec.typing import Array

MANY = 1_000  # levels, from which on a field's labels are not told
WHOSE = {"user": "of each user", "item": "of each candidate", "context": "of the circumstances"}


class FeaturePortable(Graphs):
    """A model of features as graphs on demand, and the weights that they share.

    Args:
        forward: `(weights, inputs, replace, given) -> (scores, maps)`: a function that JAX
            can trace, where `replace` and `given` hold arrays by map, and `maps` are the
            attention weights that were used.
        weights: by name.
        name: what to call the model.
        schema: the fields it reads.
        catalogue: what is said of each item, row 0 being nothing.
        maps: of each layer `name`, `normalisation`, `query_axis`, `key_axis`, `queries`
            and `keys`, first to last.
        config: hyperparameters as JSON holds them.

    Attributes:
        card: all of this as plain JSON, and what `Graphs` adds. Of each of its `fields`
            it tells side, kind, in which columns of its side it stands (from the first
            to before the last), which level is its first, how many it has, and what
            they are called, unless they are more than a thousand.

    Raises:
        AttnrecError: weights that are not float32, or named as an input is.
    """

    def __init__(
        self,
        forward: Callable,
        weights: Mapping[str, Float[np.ndarray, "..."]],
        *,
        name: str,
        schema: FeatureSchema,
        catalogue: Levels,
        maps: Sequence[Mapping[str, Any]],
        config: Mapping[str, Any],
    ):
        self._forward, self._schema = forward, schema
        self._num_items = len(catalogue.levels) - 1
        self._shapes: dict[int, list[tuple[int, ...]]] = {}
        constants = {}
        if schema.history:
            levels, parts = map(np.asarray, catalogue)
            constants = {"catalogue/levels": levels, "catalogue/weights": parts}
        card = {
            "name": name,
            "lengths": [schema.history],
            "fields": _fields(schema),
            "maps": json.loads(json.dumps(maps)),
            "config": json.loads(json.dumps(config, default=str)),
        }
        super().__init__(weights, card, constants=constants)

    def feeds(self, inputs: Inputs, kind: Kind = "inspect") -> dict[str, np.ndarray]:
        """What a graph is given for some examples, by name, without weights or interventions.

        Args:
            inputs: such as `Features.of_rows` gives.
            kind: of the graph.

        Raises:
            AttnrecError: several candidates for a case.

        Example:
            >>> path = run.export_onnx("model.onnx")  # doctest: +SKIP
            >>> feeds = run.portable.feeds(features.of_rows(rows))  # doctest: +SKIP
            >>> onnxruntime.InferenceSession(path).run(None, feeds)  # doctest: +SKIP
        """
        if inputs.chosen is not None:
            raise AttnrecError("inputs: expected one candidate for each case, got several")
        batch = len(inputs.users.levels)
        found: dict[str, np.ndarray] = {}
        for side, said in zip(SIDES, (inputs.users, inputs.items, inputs.context), strict=True):
            if self._schema.of(side):
                found[f"{side}/levels"] = np.asarray(said.levels, np.int32)
                found[f"{side}/weights"] = np.asarray(said.weights, np.float32)
        length = 0
        if self._schema.history:
            assert inputs.history is not None
            found["history"] = np.asarray(inputs.history.items, np.int32)
            length = found["history"].shape[1]
        if kind == "inspect":
            for name, shape in zip(self._names, self._shapes_for(length), strict=True):
                found[f"replace/{name}"] = np.zeros(batch, np.int32)
                found[f"given/{name}"] = np.zeros((batch, *shape), np.float32)
        return found

    def example(self, kind: Kind, length: int) -> dict[str, np.ndarray]:
        """Random inputs of a graph that ask everything of it, without the weights.

        Nine examples, each with a fifth of its columns empty but for the first, which says
        nothing at all, with histories of none, half and all of the length, and with
        the three settings of `replace`.
        """
        rng = np.random.default_rng(0)
        feeds = self.feeds(self._random(rng, 9, length), kind)
        for name in self._names if kind == "inspect" else ():
            weights = rng.random(feeds[f"given/{name}"].shape, np.float32)
            feeds[f"given/{name}"] = weights / weights.sum(-1, keepdims=True)
            feeds[f"replace/{name}"] = np.tile(np.arange(3, dtype=np.int32), 3)
        return feeds

    def outputs(self, kind: Kind) -> list[str]:
        """Names of a graph's outputs, in their order."""
        maps = self._names if kind == "inspect" else ()
        return ["scores", *(f"attention/{name}" for name in maps)]

    def usage(self, length: int) -> str:
        """How a graph is asked, for a reader who has nothing but a file of it."""
        past = (
            f" In `history` stand the indices of up to {length} items that the user had before, "
            "the most recent last, at the right end, with 0 before them; an item's index is its "
            "place, counted from 1, in the list `item_ids` of this file's metadata."
        )
        return (
            "Scores users and items in some circumstances, each described by the levels of its "
            "fields. The list `fields` of this file's metadata says in which columns of its side "
            "each stands, from the first to before the last, which of all levels is the first of "
            "its own, and what they are called, in their order. A category has one level, of "
            "weight 1; values of a set share the weight 1; of a number, and of each number of a "
            "vector, the weight is the scaled number. Both are 0 where nothing is said. "
            "`encoders` says what turns values into levels, counted from 1 within their field, and "
            "`prediction` what a score means." + (past if length else "")
        )

    def told(self, length: int) -> dict[str, str]:
        """What each input and output means, in words."""
        told = {"scores": "score of each example"}
        for side in SIDES:
            told[f"{side}/levels"] = f"levels {WHOSE[side]}, 0 where nothing is said"
            told[f"{side}/weights"] = "weights of these levels, 0 where nothing is said"
        told["history"] = (
            f"indices of the items of each history, right-aligned in {length} columns, 0 where "
            "there is none"
        )
        for map_ in self.card["maps"]:
            name, axes = map_["name"], f"{map_['query_axis']} by {map_['key_axis']}"
            told |= {
                f"replace/{name}": "which attention weights each example uses: 0 the model's own, "
                "1 the given ones, 2 equal ones for all that a query may see",
                f"given/{name}": "attention weights to use where replace is 1; otherwise zeros "
                "will do",
                f"attention/{name}": f"attention weights that were used, by head, {axes}; "
                f"normalisation: {map_['normalisation']}",
            }
        return told

    @property
    def _names(self) -> list[str]:
        return [map_["name"] for map_ in self.card["maps"]]

    def _answer(self, kind: Kind, named: Mapping[str, Array]) -> dict[str, Array]:
        maps = self._names if kind == "inspect" else []
        scores, found = self._forward(
            {name: named[name] for name in self._weights},
            self._inputs(named),
            {name: named[f"replace/{name}"] for name in maps},
            {name: named[f"given/{name}"] for name in maps},
        )
        return dict(zip(self.outputs(kind), [scores, *found[: len(maps)]], strict=True))

    def _inputs(self, named: Mapping[str, Array]) -> Inputs:
        """What a graph's inputs say, as models read it."""
        sides = {
            side: Levels(named[f"{side}/levels"], named[f"{side}/weights"])
            for side in SIDES
            if self._schema.of(side)
        }
        batch = next(iter(sides.values())).levels.shape[0]
        nothing = Levels(jnp.zeros((batch, 0), jnp.int32), jnp.zeros((batch, 0)))
        history = None
        if self._schema.history:
            catalogue = Levels(named["catalogue/levels"], named["catalogue/weights"])
            history = History(named["history"], catalogue)
        user, item, context = (sides.get(side, nothing) for side in SIDES)
        return Inputs(user, item, context, history=history)

    def _random(self, rng: np.random.Generator, batch: int, length: int) -> Inputs:
        """Examples of which the first says nothing."""
        parts = []
        for field in self._schema.fields:
            shape = (batch, field.num_columns)
            said = (rng.random(shape) < 0.8) & (np.arange(batch) > 0)[:, None]
            levels = np.where(said, rng.integers(1, len(field.labels) + 1, shape), 0)
            parts.append(Levels(levels, np.where(said, rng.uniform(0.2, 1, shape), 0)))
        history = None
        if self._schema.history:
            sizes = np.repeat([0, length // 2, length], -(-batch // 3))[:batch, None]
            items = rng.integers(1, self._num_items + 1, (batch, length))
            items = np.where(np.arange(length) >= length - sizes, items, 0).astype(np.int32)
            nothing = np.zeros((1, 0))
            history = History(items, Levels(nothing.astype(np.int32), nothing))
        everything = self._schema.joint(range(len(self._schema)), parts)
        return self._schema.apart(everything, history)

    def _shapes_for(self, length: int) -> list[tuple[int, ...]]:
        """Heads, queries and keys of each map, with histories of a length."""
        if length not in self._shapes:
            one = self.feeds(self._random(np.random.default_rng(0), 1, length), "scores")

            def maps(named: Mapping[str, Array]) -> list[Array]:
                return self._forward(
                    {name: named[name] for name in self._weights}, self._inputs(named), {}, {}
                )[1]

            found = jax.eval_shape(maps, {**one, **self.arrays})
            self._shapes[length] = [each.shape[1:] for each in found]
        return self._shapes[length]


def _fields(schema: FeatureSchema) -> list[dict[str, Any]]:
    """The fields as the card tells them."""
    told = []
    for side in SIDES:
        fields = [schema.fields[place] for place in schema.of(side)]
        edges = np.cumsum([0, *(field.num_columns for field in fields)]).tolist()
        for place, field, columns in zip(schema.of(side), fields, pairwise(edges), strict=True):
            about: dict[str, Any] = {
                "name": field.name,
                "side": side,
                "kind": field.kind,
                "columns": list(columns),
                "first_level": schema.offsets[place] + 1,
                "num_levels": len(field.labels),
            }
            if len(field.labels) <= MANY:
                about["labels"] = list(field.labels)
            told.append(about)
    return told


def encoders_of(features: Features) -> dict[str, dict[str, Any]]:
    """What turns values into levels, by field, where it is not long."""
    found = {}
    for name, encoder in features.encoders.items():
        if len(encoder.labels) <= MANY:
            state = encoder.state()
            found[name] = {key: state[key] for key in state if key not in ("labels", "report")}
    return found
