"""Features from a table: which columns tell of whom, fitted on the train part alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.interactions import Interactions
from attnrec.data.parts import TRAIN, RowSplit, Split
from attnrec.data.report import Report
from attnrec.data.split import at_random
from attnrec.errors import DataError, did_you_mean, whole_number
from attnrec.features.behaviour import item_behaviour, user_behaviour
from attnrec.features.calendar import NAMES as CALENDAR
from attnrec.features.calendar import calendar
from attnrec.features.clusters import interest_clusters
from attnrec.features.encoders import Encoder, Spec, from_state
from attnrec.features.examples import Features, Label, nothing_of
from attnrec.features.fields import SIDES, FeatureSchema, Field, Levels, Side
from attnrec.features.infer import infer

Wanted = Sequence[str | Spec]
INTEREST = "interest"
TELLS_ALL = 0.999  # share of the label's variance from which on a feature is said to be the label


def build(
    source: Split | RowSplit | Interactions,
    *,
    user: Wanted = (),
    item: Wanted = (),
    context: Wanted = (),
    label: str | None = None,
    threshold: float | None = None,
    ids: bool = True,
    history: int = 0,
    time_zone: str | None = None,
) -> Features:
    """Fits the features of users, items and circumstances, and says all examples in them.

    A feature is a column's name, whose kind is then told from its values, or a
    `Categorical`, `Number`, `MultiValued`, `Text` or `Vectors` of a column. Where it is looked for:

    * `user`: the table of users, what `user_behaviour` works out of the train
      part (`frequency`, `recency`, ...), `interest`, the cluster that `interest_clusters` finds
      for them there, or a column of the interactions, of which each user's latest
      value in train counts;
    * `item`: the catalogue, or `item_behaviour`;
    * `context`: a column of the interactions, or `hour`, `weekday`, `month`, `season`,
      `weekend` and `part_of_day` of their times.

    Args:
        source: from `attnrec.split`; with a label, data that are not divided yet are
            divided `at_random`.
        user, item, context: features.
        label: a column to predict, as a rating; without one what is predicted is
            which item is chosen.
        threshold: labels above it are 1 and below it 0, and what equals it is left out.
        ids: who and what are features, too: `user` and `item`.
        history: how many items that a user had before a model can see, for models that
            look at them: the most recent, and of clicks only what was clicked.
        time_zone: that of the shop, such as "Europe/London", for calendar features; without
            one, those of UTC, in which the data keep times that have a zone, or of times
            as they stand.

    Returns:
        The features; `.report` says what was found, `.describe()` what there is.

    Raises:
        DataError: a column that is not there or says nothing, a label with one class
            or without a number, or data on disk.

    Warns:
        UserWarning: a feature that gives the label away.

    Example:
        >>> from attnrec.data import datasets
        >>> data = datasets.load("bazaar", num_users=50)
        >>> from attnrec.data.split import temporal
        >>> build(temporal(data), item=["price", "brand"], context=["hour"]).schema.names
        ('user', 'item', 'price', 'brand', 'hour')
    """
    split = _divided(source, label)
    if not isinstance(ids, bool):
        raise DataError(f"ids: expected True or False, got {ids!r}")
    settings = {
        "label": label,
        "threshold": threshold,
        "ids": bool(ids),
        "history": whole_number("history", history, least=0),
        "time_zone": time_zone,
    }
    columns = _Columns(split, time_zone)
    encoders: dict[str, Encoder] = {}
    sides: dict[str, tuple[Side, str]] = {}
    report = Report()
    for side, wanted in zip(SIDES, (user, item, context), strict=True):
        for one in _checked(side, wanted):
            column = one if isinstance(one, str) else one.column
            seen = columns.of(side, column)[columns.in_train(side)]
            spec = infer(seen) if isinstance(one, str) else one
            taken = column in encoders or (ids and column in ("user", "item"))
            name = f"{side} {column}" if taken else column
            if name in encoders:
                raise DataError(f"{side}: {column!r} stands there more than once")
            encoders[name] = spec.fit(seen)
            sides[name] = (side, column)
            report = report.with_rows(*encoders[name].report.rows)
    return _say(split, encoders, sides, settings, columns, report)


def restore(split: Split | RowSplit, state: Mapping[str, Any]) -> Features:
    """The features that `state_of` told, of the same data."""
    encoders = {name: from_state(told) for name, told in state["encoders"].items()}
    sides = {name: (side, column) for name, (side, column) in state["sides"].items()}
    settings = state["settings"]
    columns = _Columns(split, settings["time_zone"])
    return _say(split, encoders, sides, settings, columns, Report(), check=False)


def state_of(features: Features) -> dict[str, Any]:
    """All of the features but the data, as JSON holds it."""
    return {
        "encoders": {name: encoder.state() for name, encoder in features.encoders.items()},
        "sides": features.settings["sides"],
        "settings": {k: told for k, told in features.settings.items() if k != "sides"},
    }


def people_of(features: Features) -> pd.DataFrame | None:
    """What is known of users, and their clusters where these are a feature.

    With a run it is kept as it was found: another machine may group them otherwise.
    """
    people, sides = features.data.people, features.settings["sides"].values()
    known = [] if people is None else list(people.columns)
    if ["user", INTEREST] not in [list(side) for side in sides] or INTEREST in known:
        return people
    found = interest_clusters(features.split)
    return found if people is None else people.join(found)


def _checked(side: str, wanted: Any) -> list[str | Spec]:
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise DataError(f"{side}: expected a list of features, such as ['price'], got {wanted!r}")
    for one in wanted:
        if isinstance(one, type) or not isinstance(one, str | Spec):
            raise DataError(
                f"{side}: expected names of columns, or Categorical, Number, MultiValued, Text or "
                f"Vectors of one, got {one!r}"
            )
    return list(wanted)


def _divided(source: Any, label: str | None) -> Split | RowSplit:
    if label is None and isinstance(source, (Interactions, RowSplit)):
        raise DataError(
            "source: without a label, choices are ranked after a past; expected a division such as "
            "attnrec.split.temporal(data) or leave_one_out(data)"
        )
    if isinstance(source, Interactions):
        return at_random(source)
    if not isinstance(source, (Split, RowSplit)):
        raise DataError(
            "source: expected a division from attnrec.split, such as temporal(data), or "
            f"interactions, got {type(source).__name__}"
        )
    if not isinstance(source.data, Interactions):
        raise DataError(f"source: {source.data.name} stays on disk, and features need a table")
    return source


@dataclass(frozen=True, eq=False)
class _Columns:
    """Where each column is found, and which of its values are of the train part."""

    split: Split | RowSplit
    time_zone: str | None

    @property
    def data(self) -> Interactions:
        assert isinstance(self.split.data, Interactions)
        return self.split.data

    def in_train(self, side: Side) -> np.ndarray:
        """bool: of each user, item or row, whether the train part has it."""
        rows = self.split.part == TRAIN
        if side == "context":
            return rows
        indices, count = (
            (self.data.user_indices, len(self.data.users))
            if side == "user"
            else (self.data.item_indices, len(self.data.items))
        )
        return np.bincount(indices[rows], minlength=count + 1)[1:] > 0

    def of(self, side: Side, column: str) -> pd.Series:
        """A column's value for each user, item or row, in the order of their indices."""
        data = self.data
        places: list[tuple[Sequence[str], Callable[[], pd.Series]]]
        if side == "user":
            people = pd.DataFrame() if data.people is None else data.people
            places = [
                (list(people.columns), lambda: people[column]),
                (list(self.user_behaviour.columns), lambda: self.user_behaviour[column]),
                ([INTEREST], lambda: interest_clusters(self.split)[INTEREST]),
                (self._extras(), lambda: self._latest(column)),
            ]
        elif side == "item":
            frame = data.catalogue.frame
            places = [
                (list(frame.columns), lambda: frame[column]),
                (list(self.item_behaviour.columns), lambda: self.item_behaviour[column]),
            ]
        else:
            timed = Columns.TIMESTAMP in data.frame
            places = [
                (self._extras(), lambda: data.frame[column]),
                (CALENDAR if timed else [], lambda: self._calendar(column)),
            ]
        for names, value in places:
            if column in names:
                return value().reset_index(drop=True).rename(column)
        known = [name for names, _ in places for name in names]
        raise DataError(f"{side}: no column {column!r} among {known}{did_you_mean(column, known)}")

    @cached_property
    def user_behaviour(self) -> pd.DataFrame:
        return user_behaviour(self.split)

    @cached_property
    def item_behaviour(self) -> pd.DataFrame:
        return item_behaviour(self.split)

    def _extras(self) -> list[str]:
        taken = {Columns.USER, Columns.ITEM, Columns.TIMESTAMP, Columns.BASKET}
        return [name for name in self.data.frame.columns if name not in taken]

    def _latest(self, column: str) -> pd.Series:
        rows = self.data.frame[self.split.part == TRAIN]
        return rows.groupby(Columns.USER)[column].last().reindex(self.data.users)

    def _calendar(self, column: str) -> pd.Series:
        return calendar(self.data.frame[Columns.TIMESTAMP], [column], self.time_zone)[column]


def _say(
    split: Split | RowSplit,
    encoders: Mapping[str, Encoder],
    sides: Mapping[str, tuple[Side, str]],
    settings: Mapping[str, Any],
    columns: _Columns,
    report: Report,
    check: bool = True,
) -> Features:
    """All examples in these fields."""
    data = columns.data
    fields: list[Field] = []
    parts: dict[Side, list[Levels]] = {side: [] for side in SIDES}
    for side in SIDES:
        if settings["ids"] and side != "context":
            known = columns.in_train(side)
            labels = data.users.astype(str) if side == "user" else data.catalogue.titles
            fields.append(Field(side, side, "category", tuple(np.asarray(labels)[known].tolist())))
            level = np.where(known, np.cumsum(known), 0).astype(np.int32)[:, None]
            parts[side].append(Levels(level, (level > 0).astype(np.float32)))
        for name, (of, column) in sides.items():
            if of == side:
                encoder = encoders[name]
                fields.append(Field(name, side, encoder.kind, encoder.labels, encoder.num_columns))
                parts[side].append(encoder.encode(columns.of(side, column)))
    if not fields:
        raise DataError("user, item, context: no features, and ids=False")
    schema = FeatureSchema(tuple(fields), settings["history"])
    counts = {"user": len(data.users), "item": len(data.items), "context": len(data)}
    users, items, context = (
        schema.joint(schema.of(side), parts[side]) if parts[side] else nothing_of(counts[side])
        for side in SIDES
    )
    labels, label, notes = _labels(data, settings["label"], settings["threshold"])
    report = report.with_rows(*notes)
    told = {**settings, "sides": {name: list(where) for name, where in sides.items()}}
    made = Features(
        split,
        schema,
        dict(encoders),
        _from_one(users),
        _from_one(items),
        context,
        labels,
        label,
        told,
        report,
    )
    if check:
        _check(made)
    return made


def _from_one(levels: Levels) -> Levels:
    """With a first row that is nothing, as indices count from 1."""
    return Levels(*(np.pad(part, ((1, 0), (0, 0))) for part in levels))


def _labels(
    data: Interactions, column: str | None, threshold: float | None
) -> tuple[np.ndarray, Label, list[tuple[str, int, str]]]:
    if column is None:
        if threshold is not None:
            raise DataError("threshold: of which label? Name its column, such as label='rating'")
        return np.ones(len(data), np.float32), "choice", []
    if not isinstance(column, str) or column not in data.frame:
        names = list(data.frame.columns)
        raise DataError(f"label: no column {column!r} among {names}{did_you_mean(column, names)}")
    values = data.frame[column]
    if not pd.api.types.is_numeric_dtype(values) or values.dtype.kind == "c":
        raise DataError(f"label: expected a column of numbers, got {column!r} of {values.dtype}")
    labels = values.to_numpy(np.float64, na_value=np.nan)
    known = np.abs(labels) <= np.finfo(np.float32).max
    notes = [(f"{column}: labels that are missing or infinite", int((~known).sum()), "left out")]
    labels = np.where(known, labels, np.nan)
    if threshold is None:
        return labels.astype(np.float32), "rating", notes
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not np.isfinite(threshold):
        raise DataError(f"threshold: expected a number, got {threshold!r}")
    equal = labels == float(threshold)
    notes.append((f"{column}: labels equal to the threshold", int(equal.sum()), "left out"))
    clicks = np.where(np.isnan(labels) | equal, np.nan, labels > float(threshold))
    return clicks.astype(np.float32), "click", notes


def _check(features: Features) -> None:
    """Labels that can be learned, and features that do not give them away."""
    train = features.examples("train")
    if not len(train):
        raise DataError("label: no row of the train part has one")
    if features.label == "choice":
        return
    if len(np.unique(train.labels)) == 1:
        raise DataError(
            f"label: every row of the train part is {train.labels[0]:g}; with one class there is "
            "nothing to tell apart"
        )
    itself = {
        name
        for name, (_, column) in features.settings["sides"].items()
        if column == features.settings["label"]
    }
    for name in itself:
        warnings.warn(f"{name}: is the label itself, and gives it away", stacklevel=4)
    levels = np.asarray(features.of_rows(train.rows).flat().levels)
    total = ((train.labels - train.labels.mean()) ** 2).sum()
    for one, columns in zip(features.schema.fields, features.schema.columns, strict=True):
        level = levels[:, columns][:, 0]
        counts = np.bincount(level)
        if one.name in itself or one.num_columns > 1 or (counts > 0).sum() > len(level) / 10:
            continue
        mean = np.bincount(level, train.labels) / np.maximum(counts, 1)
        told = 1 - ((train.labels - mean[level]) ** 2).sum() / total
        if told > TELLS_ALL:
            warnings.warn(
                f"{one.name}: tells {told:.1%} of the label's variance; a feature that is the "
                "label by another name teaches nothing that can be used",
                stacklevel=4,
            )
