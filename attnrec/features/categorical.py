"""Categories: of all values that train has, each is a level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from attnrec.data.report import Report
from attnrec.errors import whole_number
from attnrec.features.encoders import (
    MISSING,
    OTHER,
    check_choice,
    check_known,
    free,
    one_level,
    state_of,
)
from attnrec.features.fields import Levels
from attnrec.features.reading import read_texts


@dataclass(frozen=True)
class Categorical:
    """A column of categories: text, whole numbers, ids, true and false, dates.

    Values are compared as text, so that the ids 7, 7.0 and "7" are one;
    blanks around a text do not count.

    Args:
        column: its name.
        min_count: values seen less often in train share the level "(other)",
            which then is that of values never seen, too.
        missing: `"level"`, missing values are the level "(missing)" if train has
            any, and else tell nothing; `"mode"`, they count as the most frequent value.

    Example:
        >>> encoder = Categorical("brand").fit(pd.Series(["Pebble", "Nook", "Nook", None]))
        >>> encoder.labels
        ('Nook', 'Pebble', '(missing)')
        >>> encoder.encode(pd.Series(["Pebble", None, "Oak"])).levels.ravel().tolist()
        [2, 3, 0]
    """

    column: str
    min_count: int = 1
    missing: Literal["level", "mode"] = "level"

    def __post_init__(self) -> None:
        object.__setattr__(self, "min_count", whole_number("min_count", self.min_count))
        check_choice("missing", self.missing, ("level", "mode"))

    def fit(self, values: pd.Series) -> FittedCategorical:
        """Levels in order of falling frequency, ties in order of first appearance.

        "(other)" and "(missing)" stand behind them.

        Raises:
            DataError: no value that is known, or rows of several values.
        """
        codes, texts, notes = read_texts(self.column, values)
        check_known(self.column, codes >= 0)
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        order = np.argsort(-counts, kind="stable")
        kept = [texts[i] for i in order if counts[i] >= self.min_count]
        rare, gaps = len(texts) - len(kept), int((codes < 0).sum())
        labels = kept + [free(OTHER, kept)] * (rare > 0)
        as_mode, own_level = self.missing == "mode", self.missing == "level" and gaps > 0
        done = f"counted as {labels[0]!r}" if as_mode else "a level of their own"
        other = len(labels) if rare else 0
        labels += [free(MISSING, kept)] * own_level
        missing = len(labels) if own_level else int(as_mode)
        report = Report().with_rows(
            *notes,
            (f"{self.column}: values seen less than {self.min_count} times", rare, f"as {OTHER}"),
            (f"{self.column}: missing values", gaps, done),
            one_level(self.column, labels),
        )
        return FittedCategorical(self.column, tuple(labels), len(kept), other, missing, report)


@dataclass(frozen=True)
class FittedCategorical:
    """The categories of a column; see `Encoder`.

    Attributes:
        name: the column.
        labels: of the values, then "(other)" and "(missing)", where there are these levels.
        num_values: how many of the labels are values.
        other: the level of values that are none of these; 0 where there is none.
        missing: the level of missing values; 0 where there is none.
        report: what was found in train.
    """

    kind: ClassVar[str] = "category"
    num_columns: ClassVar[int] = 1

    name: str
    labels: tuple[str, ...]
    num_values: int
    other: int
    missing: int
    report: Report

    @cached_property
    def _level_of(self) -> dict[str, int]:
        return {label: level for level, label in enumerate(self.labels[: self.num_values], 1)}

    def encode(self, values: pd.Series) -> Levels:
        """[row, 1]: the level of each value, of weight 1, or nothing."""
        codes, texts, _ = read_texts(self.name, values)
        found = [*(self._level_of.get(text, self.other) for text in texts), self.missing]
        levels = np.array(found, np.int32)[codes][:, None]  # -1 is the last of them
        return Levels(levels, (levels > 0).astype(np.float32))

    def state(self) -> dict[str, Any]:
        """See `Encoder`."""
        return state_of(self)
