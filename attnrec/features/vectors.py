r"""Vectors given from outside, such as embeddings of titles or of pictures.

Each dimension is a level, and its weight is the number that stands there, less
the mean of train and over its deviation. So a model's vector of the field is
$\sum_j x_j v_j$: the given one, projected to the width of all others by a matrix
that is learned, as He and McAuley (2016) do with pictures. [he2016vbpr]_
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from attnrec.data.report import Report
from attnrec.errors import DataError
from attnrec.features.encoders import check_known, state_of
from attnrec.features.fields import Levels
from attnrec.features.reading import Notes

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Vectors:
    """A column whose cells are lists or arrays of numbers, all of one length.

    Of an array [item, dimension], `catalogue["image"] = list(array)` makes such
    a column. A missing or empty cell tells nothing, nor does one with a number
    that is missing or infinite.

    Args:
        column: its name.

    Example:
        >>> encoder = Vectors("image").fit(pd.Series([[0.0, 2.0], [4.0, 2.0]]))
        >>> encoder.labels
        ('image 1', 'image 2')
        >>> encoder.encode(pd.Series([[4.0, 3.0], None])).weights.tolist()
        [[1.0, 1.0], [0.0, 0.0]]
    """

    column: str

    def fit(self, values: pd.Series) -> FittedVectors:
        """Mean and deviation of each dimension over the train values.

        Raises:
            DataError: cells that are no vectors of numbers, vectors of several lengths, no
                known one, or numbers too large for the arithmetic.
        """
        vectors, known, notes = read_vectors(self.column, values)
        check_known(self.column, known)
        train = vectors[known]
        with np.errstate(over="ignore", invalid="ignore"):
            center, spread = train.mean(axis=0), train.std(axis=0)
        if not np.isfinite([center, spread]).all():
            raise DataError(
                f"{self.column}: numbers too large to be added up; expected less than 1e150"
            )
        constant = (train == train[0]).all(axis=0)  # a deviation may miss 0 by rounding
        report = Report().with_rows(
            *notes,
            (f"{self.column}: missing values", int((~known).sum()), "tell nothing"),
            (f"{self.column}: dimensions of one value", int(constant.sum()), "kept"),
        )
        return FittedVectors(
            name=self.column,
            center=tuple(np.where(constant, train[0], center).tolist()),
            spread=tuple(np.where(constant | (spread == 0), 1.0, spread).tolist()),
            report=report,
        )


@dataclass(frozen=True)
class FittedVectors:
    """The dimensions of a column of vectors; see `Encoder`.

    Attributes:
        name: the column.
        center, spread: of each dimension, what is taken off, and what the rest is divided by.
        report: what was found in train.
    """

    kind: ClassVar[str] = "vector"

    name: str
    center: tuple[float, ...]
    spread: tuple[float, ...]
    report: Report

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The dimensions, counted from 1: "image 1", "image 2" and so on."""
        return tuple(f"{self.name} {number}" for number in range(1, len(self.center) + 1))

    @property
    def num_columns(self) -> int:
        """The length of the vectors."""
        return len(self.center)

    def encode(self, values: pd.Series) -> Levels:
        """[row, dimension]: every level, with the scaled number as its weight; or nothing.

        Raises:
            DataError: as in `Vectors.fit`, or vectors of another length than train's.
        """
        vectors, known, _ = read_vectors(self.name, values, len(self.center))
        with np.errstate(over="ignore"):
            scaled = (vectors - np.array(self.center)) / np.array(self.spread)
        levels = np.where(known[:, None], np.arange(1, len(self.center) + 1), 0)
        weights = np.where(known[:, None], np.clip(scaled, -_LARGEST, _LARGEST), 0)
        return Levels(levels.astype(np.int32), weights.astype(np.float32))

    def state(self) -> dict[str, Any]:
        """See `Encoder`."""
        return state_of(self)


def read_vectors(
    column: str, values: pd.Series, size: int | None = None
) -> tuple[Float64[np.ndarray, "row dimension"], Bool[np.ndarray, " row"], Notes]:
    """Vectors, zero where they are missing; which are known; and lines for a report.

    Args:
        column, values: the column and its cells.
        size: the length that is expected; that of the first vector unless given.

    Raises:
        DataError: a cell that is no vector of numbers, or one of another length.
    """
    cells = [_vector(column, value) for value in values]
    whose = "train's" if size is not None else "the first"
    for number, cell in enumerate(cells, 1):
        if cell is None:
            continue
        size = len(cell) if size is None else size
        if len(cell) != size:
            raise DataError(
                f"{column}: expected vectors of {size} numbers, as {whose}, got {len(cell)} "
                f"in value {number:,}"
            )
    found = np.zeros((len(cells), size or 0))
    known = np.array([cell is not None for cell in cells], bool)
    if known.any():
        found[known] = [cell for cell in cells if cell is not None]
    broken = ~np.isfinite(found).all(axis=1)
    note = (f"{column}: vectors with gaps or infinite numbers", int(broken.sum()), "as missing")
    found[broken] = 0
    return found, known & ~broken, [note]


def _vector(column: str, value: Any) -> Float64[np.ndarray, " dimension"] | None:
    """One cell; None where it is missing."""
    if pd.api.types.is_scalar(value) and (pd.isna(value) or not str(value).strip()):
        return None
    try:
        found = np.asarray(value if isinstance(value, list | tuple | np.ndarray) else None)
    except ValueError:  # lists of several lengths in one cell
        found = np.empty((0, 0))
    if found.dtype == object and found.ndim == 1:
        gaps = [pd.api.types.is_scalar(number) and pd.isna(number) for number in found]
        if all(gap or isinstance(n, Real) for gap, n in zip(gaps, found, strict=True)):
            found = np.where(gaps, np.nan, found).astype(np.float64)
    if found.ndim != 1 or found.dtype.kind not in "biuf":
        raise DataError(
            f"{column}: expected a list or array of numbers in each row, got {reprlib.repr(value)}"
        )
    return found.astype(np.float64) if len(found) else None
