"""Sets of categories: the genres of a film, the tags of a product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from attnrec.data.report import Report
from attnrec.errors import DataError, whole_number
from attnrec.features.encoders import OTHER, check_known, free, one_level, state_of
from attnrec.features.fields import Levels
from attnrec.features.reading import text_of


@dataclass(frozen=True)
class MultiValued:
    """A column with several values a row: "Comedy|Drama", or lists, tuples, sets.

    Blanks around a value do not count, nor does a value that stands in a row
    again. A row without values is missing, and tells nothing.

    Args:
        column: its name.
        separator: what stands between the values of a text.
        min_count: values that fewer train rows have share the level "(other)",
            which then is that of values never seen, too.

    Example:
        >>> encoder = MultiValued("genres").fit(pd.Series(["Drama", "Comedy|Drama"]))
        >>> encoder.labels
        ('Drama', 'Comedy')
        >>> encoder.encode(pd.Series(["Comedy|Drama", "Drama|War"])).weights.tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """

    column: str
    separator: str = "|"
    min_count: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.separator, str) or not self.separator:
            raise DataError(f"separator: expected some text, got {self.separator!r}")
        object.__setattr__(self, "min_count", whole_number("min_count", self.min_count))

    def fit(self, values: pd.Series) -> FittedMultiValued:
        """Levels in order of falling frequency, ties in order of first appearance, then "(other)".

        Raises:
            DataError: no row with a value.
        """
        cells = read_cells(self.column, self.separator, values)
        known = np.array([bool(cell) for cell in cells], bool)
        check_known(self.column, known)
        counts = Counter(value for cell in cells for value in cell)
        kept = [value for value, count in counts.most_common() if count >= self.min_count]
        rare = len(counts) - len(kept)
        labels = kept + [free(OTHER, kept)] * (rare > 0)
        level_of = {value: level for level, value in enumerate(kept, 1)}
        widest = max(len({level_of.get(value, 0) for value in cell}) for cell in cells)
        report = Report().with_rows(
            (f"{self.column}: values of less than {self.min_count} rows", rare, f"as {OTHER}"),
            (f"{self.column}: missing values", int((~known).sum()), "tell nothing"),
            one_level(self.column, labels),
        )
        other = len(labels) if rare else 0
        return FittedMultiValued(self.column, tuple(labels), other, widest, self.separator, report)


@dataclass(frozen=True)
class FittedMultiValued:
    """The values of a column that holds several a row; see `Encoder`.

    Attributes:
        name: the column.
        labels: of the values, and behind them "(other)", where there is this level.
        other: the level of values that are none of these; 0 where there is none.
        num_columns: the most levels that a train row has.
        separator: what stands between the values of a text.
        report: what was found in train.
    """

    kind: ClassVar[str] = "set"

    name: str
    labels: tuple[str, ...]
    other: int
    num_columns: int
    separator: str
    report: Report

    @cached_property
    def _level_of(self) -> dict[str, int]:
        values = self.labels[: self.other - 1] if self.other else self.labels
        return {value: level for level, value in enumerate(values, 1)}

    def encode(self, values: pd.Series) -> Levels:
        """[row, column]: the levels of each row, the most frequent first, of equal weights.

        The weights of a row sum to one. A row with more levels than columns
        keeps those that are most frequent in train.
        """
        cells = read_cells(self.name, self.separator, values)
        levels = np.zeros((len(cells), self.num_columns), np.int32)
        for row, cell in enumerate(cells):
            found = {self._level_of.get(value, self.other) for value in cell} - {0}
            some = sorted(found)[: self.num_columns]
            levels[row, : len(some)] = some
        count = (levels > 0).sum(axis=1, keepdims=True)
        return Levels(levels, ((levels > 0) / np.maximum(count, 1)).astype(np.float32))

    def state(self) -> dict[str, Any]:
        """See `Encoder`."""
        return state_of(self)


def read_cells(column: str, separator: str, values: pd.Series) -> list[list[str]]:
    """The values of each row as text, each once; those of a set in alphabetical order."""
    return [list(dict.fromkeys(_texts(column, separator, value))) for value in values]


def _texts(column: str, separator: str, value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [text for part in value.split(separator) if (text := part.strip())]
    several = isinstance(value, list | tuple | set | frozenset | np.ndarray)
    parts = value if several else [value]
    known = [part for part in parts if not (pd.api.types.is_scalar(part) and pd.isna(part))]
    texts = [text for part in known if (text := text_of(column, part))]
    return sorted(texts) if isinstance(value, set | frozenset) else texts
