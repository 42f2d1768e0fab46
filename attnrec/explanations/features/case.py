"""One case taken apart: what a model makes of it, field by field, and of changes to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.explanations.features.agreement import disagreeing
from attnrec.explanations.features.attention import maps_of_fields, of_record
from attnrec.explanations.features.players import Players, silent
from attnrec.explanations.features.shapley import shapley_values
from attnrec.features.examples import Features
from attnrec.features.fields import SIDES, Inputs, Levels
from attnrec.inspection import AttentionRecord

SAMPLES = 1024  # coalitions: exact Shapley values of ten fields


@dataclass(frozen=True, eq=False)
class Case:
    """A user and an item in some circumstances, and what a model makes of them.

    Attributes:
        user, item: their indices.
        names, sides: of the fields; a history is one more, the last.
        words: what each says; empty where it says nothing.
        changed: those that say something else than the data.
        attention: what each gets, as `of_record` has it; NaN where no map tells of it.
        shapley: what each adds to the score, beside saying nothing: the values sum to
            `score - silent_score`.
        standard_error: of having drawn coalitions; 0 where all were asked about.
        off: where attention disagrees with the size of the Shapley value, as `disagreeing` has it.
        score, silent_score: of the case, and of one that says nothing at all.
        prediction: a probability or a rating; None where scores only rank.
        dropped: the fields whose attention is below the threshold.
        score_without, prediction_without: once these say nothing.
        scores: of every item in its place, entry 0 (padding) minus infinity.
        record: the model's attention, of one case.
        layer, head: which attention; None, the mean of all.
    """

    user: int
    item: int
    names: tuple[str, ...]
    sides: tuple[str, ...]
    words: tuple[str, ...]
    changed: Bool[np.ndarray, " field"]
    attention: Float[np.ndarray, " field"]
    shapley: Float[np.ndarray, " field"]
    standard_error: Float[np.ndarray, " field"]
    off: Bool[np.ndarray, " field"]
    score: float
    silent_score: float
    prediction: float | None
    dropped: Bool[np.ndarray, " field"]
    score_without: float
    prediction_without: float | None
    scores: Float[np.ndarray, " item"]
    record: AttentionRecord
    layer: int | str | None = None
    head: int | None = None

    @property
    def rank(self) -> int:
        """Of the item among all, from 1; ties count against it."""
        better = self.scores >= self.scores[self.item]
        better[[0, self.item]] = False
        return 1 + int(better.sum())

    def told(self, name: str = "") -> str:
        """What stands beside the fields, in a sentence that begins with the model's name."""
        told = [f"{name}, one case" if name else "one case"]
        if not np.isnan(self.attention).all():
            which = "mean of layers and heads"
            if self.layer is not None or self.head is not None:
                which = "mean of layers" if self.layer is None else f"layer {self.layer}"
                which += "" if self.head is None else f", head {self.head}"
            told.append(f"attention: {which}")
        how = "from drawn coalitions" if self.standard_error.any() else "exact"
        told.append(f"Shapley values, {how}: what a field adds to the score beside saying nothing")
        if self.off.any():
            told.append("hatched: attention is far from their size, in rank and in share")
        return " · ".join(told)

    def to_frame(self) -> pd.DataFrame:
        """A row a field: `side`, `value`, `attention`, `shapley`, `dropped`."""
        return pd.DataFrame(
            {
                "side": self.sides,
                "value": self.words,
                "attention": self.attention,
                "shapley": self.shapley,
                "dropped": self.dropped,
            },
            index=pd.Index(self.names, name="field"),
        )


def case(
    run: Any,
    user: int,
    item: int,
    changes: Mapping[str, Any],
    *,
    threshold: float = 0.0,
    layer: int | str | None = None,
    head: int | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Case:
    """Asks a model of features about one case.

    Args:
        run: a `FeatureRun`.
        user, item: their indices.
        changes: what fields say in place of what the data say: a value, one of the field's
            labels, or None for nothing. Circumstances that are not named say nothing.
        threshold: leave out the fields that get less attention.
        layer, head: of attention; the mean unless given.
        samples: coalitions asked about; exact where there are no more.
        seed: of coalitions that are drawn.

    Raises:
        AttnrecError: a field that is not there, a value that it never had in train, or a
            threshold that is no number from 0 to 1.
    """
    features, schema = run.features, run.features.schema
    threshold = checked_threshold(threshold)
    players = Players.of(schema)
    asked, changed = changed_inputs(features, user, item, changes)
    scores, record = run.recorder.inspect(asked)
    gets = np.full(len(players), np.nan)
    if maps_of_fields(record, schema):
        gets[: len(schema)] = of_record(record, schema, layer, head)[0]
    present = players.present(asked)[0]
    nothing = silent(asked)
    values, errors = shapley_values(
        run.scorer.scores, players, asked, nothing, samples=samples, seed=seed
    )
    dropped = present & (np.nan_to_num(gets, nan=np.inf) < threshold)
    left = players.without(asked, dropped[None])
    three = np.array([scores[0], *run.scorer.scores(nothing), *run.scorer.scores(left)])
    told = run.scorer.as_predictions(three) if run.predicts else [None] * 3
    off = np.zeros(len(players), bool)
    compared = present & ~np.isnan(gets)
    if compared.sum() > 1:
        sizes = {"attention": gets[compared], "Shapley": np.abs(values[0, compared])}
        off[compared] = disagreeing(pd.DataFrame(sizes))
    return Case(
        user=user,
        item=item,
        names=players.names,
        sides=players.sides,
        words=tuple(_words(features, players, asked)),
        changed=np.append(changed, np.zeros(len(players) - len(schema), bool)),
        attention=gets,
        shapley=values[0],
        standard_error=errors[0],
        off=off,
        score=float(three[0]),
        silent_score=float(three[1]),
        prediction=None if told[0] is None else float(told[0]),
        dropped=dropped,
        score_without=float(three[2]),
        prediction_without=None if told[2] is None else float(told[2]),
        scores=_of_all(run, asked, item),
        record=record,
        layer=layer,
        head=head,
    )


def changed_inputs(
    features: Features, user: int, item: int, changes: Mapping[str, Any]
) -> tuple[Inputs, Bool[np.ndarray, " field"]]:
    """A case in which some fields say something else, and which do.

    Arguments and errors as for `case`.
    """
    schema, levels_of = features.schema, checked_changes(features, changes)
    columns = sum(schema.fields[place].num_columns for place in schema.of("context"))
    empty = Levels(np.zeros((1, columns), np.int32), np.zeros((1, columns), np.float32))
    own = features.of(np.array([user]), np.array([item]), empty)
    changed = np.zeros(len(schema), bool)
    sides = []
    for side, levels in zip(SIDES, own[:3], strict=True):
        row, weights = np.array(levels.levels), np.array(levels.weights)
        start = 0
        for place in schema.of(side):
            field = schema.fields[place]
            here = slice(start, start := start + field.num_columns)
            if field.name in levels_of:
                said = levels_of[field.name]
                same = np.array_equal(said.levels[0], row[0, here])
                changed[place] = not (same and np.allclose(said.weights[0], weights[0, here]))
                row[0, here], weights[0, here] = said.levels[0], said.weights[0]
        sides.append(Levels(row, weights))
    users, items, context = sides
    return own._replace(users=users, items=items, context=context), changed


def checked_threshold(threshold: Any) -> float:
    """A share of the attention.

    Raises:
        AttnrecError: anything but a number from 0 to 1.
    """
    fits = isinstance(threshold, Real) and not isinstance(threshold, bool)
    if not fits or not 0 <= float(threshold) <= 1:
        raise AttnrecError(f"threshold: expected a number from 0 to 1, got {threshold!r}")
    return float(threshold)


def checked_changes(features: Features, changes: Any) -> dict[str, Levels]:
    """What fields are to say, as levels.

    Raises:
        AttnrecError: no fields and values, a field that is not there, or a value that train never
            had.
    """
    names = features.schema.names
    if not isinstance(changes, Mapping):
        raise AttnrecError(f"changes: expected fields and values, got {changes!r}")
    for name in changes:
        if name not in names:
            hint = did_you_mean(name, names)
            raise AttnrecError(f"changes: no field {name!r} among {list(names)}{hint}")
    return {name: said_by(features, names.index(name), said) for name, said in changes.items()}


def said_by(features: Features, place: int, value: Any) -> Levels:
    """One row of a field's columns that says a value, one of its labels, or (None) nothing.

    Raises:
        AttnrecError: a value that train never had.
    """
    field, offset = features.schema.fields[place], features.schema.offsets[place]
    nothing = Levels(
        np.zeros((1, field.num_columns), np.int32), np.zeros((1, field.num_columns), np.float32)
    )
    if value is None:
        return nothing
    if field.kind in ("category", "bins") and value in field.labels:
        level = np.array([[offset + 1 + field.labels.index(value)]], np.int32)
        return Levels(level, np.ones((1, 1), np.float32))
    found = nothing
    if field.name in features.encoders:
        one = features.encoders[field.name].encode(pd.Series([value], name=field.name))
        levels = np.asarray(one.levels)
        found = Levels(np.where(levels > 0, levels + offset, 0), np.asarray(one.weights))
    if not np.any(found.levels):
        hint = did_you_mean(value, field.labels) if isinstance(value, str) else ""
        raise AttnrecError(f"changes: {field.name} was never {value!r} in train{hint}")
    return found


def _words(features: Features, players: Players, asked: Inputs) -> list[str]:
    """What each field says; of a number to scale, the number with three figures."""
    words, said = players.words(features, asked)[0], asked.flat()
    for place, field in enumerate(features.schema.fields):
        column = features.schema.columns[place].start
        if field.kind == "number" and said.levels[0, column] == features.schema.offsets[place] + 1:
            scale: Any = features.encoders[field.name]  # a `FittedScale`
            value = scale.decode(np.asarray(said.weights)[0, column])
            words[place] = f"{float(f'{float(value):.3g}'):g}"
    return words


def _of_all(run: Any, asked: Inputs, item: int) -> Float[np.ndarray, " item"]:
    """The score of every item for the user of a case, the item of the case being as it is there."""
    levels, weights = map(np.array, run.features.items)
    levels[item], weights[item] = asked.items.levels[0], asked.items.weights[0]
    every: Int[np.ndarray, "1 item"] = np.arange(len(levels))[None]
    cases = asked._replace(items=Levels(levels, weights), chosen=every)
    scores = np.array(run.scorer.of_candidates(cases))[0]
    scores[0] = -np.inf
    return scores
