"""What all encoders share: what they give, how they are stored, what they refuse.

A spec (`Categorical`, `Number`, `MultiValued`, `Text`, `Vectors`) is fitted on the
train values of a column and gives an encoder, which knows the levels that train
has and no other: what it never saw tells nothing and has level 0, for an
embedding that was never trained would be noise.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from jaxtyping import Bool

from attnrec.data.report import Finding, Report
from attnrec.errors import DataError, did_you_mean
from attnrec.features.fields import Levels

OTHER, MISSING = "(other)", "(missing)"

_WHERE = {
    "category": ("categorical", "FittedCategorical"),
    "bins": ("number", "FittedBins"),
    "number": ("number", "FittedScale"),
    "set": ("multi_valued", "FittedMultiValued"),
    "text": ("text", "FittedText"),
    "vector": ("vectors", "FittedVectors"),
}


@runtime_checkable
class Encoder(Protocol):
    """A fitted encoder of one column."""

    @property
    def name(self) -> str:
        """The column."""

    @property
    def kind(self) -> str:
        """`"category"`, `"bins"`, `"number"`, `"set"`, `"text"` or `"vector"`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each level is called; that of level i stands in place i - 1. No two are equal."""

    @property
    def num_columns(self) -> int:
        """How many levels a row can have at once."""

    @property
    def report(self) -> Report:
        """What was found in the train values; each line names the column."""

    def encode(self, values: pd.Series) -> Levels:
        """The levels of any values, by place, whatever their index.

        Raises:
            DataError: values that are of another kind than the column.
        """

    def state(self) -> dict[str, Any]:
        """What `from_state` makes the encoder from again; JSON can hold it."""


@runtime_checkable
class Spec(Protocol):
    """How a column is to be encoded."""

    @property
    def column(self) -> str:
        """Its name."""

    def fit(self, values: pd.Series) -> Encoder:
        """The encoder of the column, from its train values.

        Raises:
            DataError: values that are of another kind, or none that is known.
        """


def state_of(encoder: Any) -> dict[str, Any]:
    """The kind and the fields of an encoder, as JSON can hold them."""
    state = {field.name: getattr(encoder, field.name) for field in fields(encoder)}
    return {"kind": encoder.kind} | state | {"report": [list(row) for row in encoder.report.rows]}


def from_state(state: dict[str, Any]) -> Encoder:
    """The encoder whose `state()` this is.

    Raises:
        DataError: a kind that is not known.
    """
    check_choice("kind", state.get("kind"), _WHERE)
    module, name = _WHERE[state["kind"]]
    made = getattr(importlib.import_module(f"attnrec.features.{module}"), name)
    given = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in state.items()
        if key != "kind"
    }
    return made(**given | {"report": Report(tuple(Finding(*row) for row in state["report"]))})


def check_known(column: str, known: Bool[np.ndarray, " row"]) -> None:
    """Refuses train values of which none is known."""
    if not known.any():
        got = f"{len(known):,} missing ones" if len(known) else "no rows"
        raise DataError(f"{column}: expected some values in train, got {got}")


def one_level(column: str, labels: Iterable[str]) -> tuple[str, int, str]:
    """A finding, where there is but one level."""
    return f"{column}: one level, which tells nothing", int(len(list(labels)) == 1), "kept"


def free(label: str, taken: Iterable[str]) -> str:
    """The label, in more brackets where the data itself says it."""
    taken = set(taken)
    while label in taken:
        label = f"({label})"
    return label


def check_choice(argument: str, value: object, choices: Iterable[object]) -> None:
    """Refuses what is none of the choices."""
    choices = list(choices)
    if value not in choices:
        hint = did_you_mean(value, (choice for choice in choices if choice is not None))
        raise DataError(f"{argument}: expected {_either(choices)}, got {value!r}{hint}")


def _either(choices: Iterable[object]) -> str:
    *others, last = map(repr, choices)
    return f"{', '.join(others)} or {last}" if others else last
