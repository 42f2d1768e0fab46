"""Reading the values of a column: as text, or as numbers."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int64

from attnrec.errors import DataError

Notes = list[tuple[str, int, str]]
Numbers = Float[np.ndarray, " row"]


class Read(NamedTuple):
    """Single values, read as text.

    Attributes:
        codes: int64[row], the place of each row's text in `texts`; -1 where it is missing.
        texts: no two equal, in order of first appearance.
        notes: lines for a report.
    """

    codes: Int64[np.ndarray, " row"]
    texts: list[str]
    notes: Notes


def read_texts(column: str, values: pd.Series) -> Read:
    """Single values as text, without blanks around; text of blanks alone is missing.

    Raises:
        DataError: a row that holds several values.
    """
    try:
        codes, found = pd.factorize(values)
    except TypeError as error:
        raise _several(column, error) from error
    # An index makes plain floats of float32, and these more digits than were written.
    each = list(found.to_numpy() if pd.api.types.is_float_dtype(found) else found)
    texts = [text_of(column, value) for value in each]
    place: dict[str, int] = {}
    places = [place.setdefault(text, len(place)) if text else -1 for text in texts]
    pairs = zip(each, texts, strict=True)
    padded = [isinstance(value, str) and "" != text != value for value, text in pairs]
    note = (
        f"{column}: texts with blanks around",
        int(np.array([*padded, False])[codes].sum()),
        "stripped",
    )
    return Read(np.array([*places, -1], np.int64)[codes], list(place), [note])


def text_of(column: str, value: Any) -> str:
    """One value as text: 2.0 is "2", for gaps make floats of whole numbers; midnight is a day.

    Raises:
        DataError: several values.
    """
    if isinstance(value, list | tuple | set | frozenset | dict | np.ndarray):
        raise _several(column, type(value).__name__)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return str(value.date())
    return str(value).strip()


def _several(column: str, got: object) -> DataError:
    return DataError(f"{column}: expected one value a row, got {got}; MultiValued takes several")


def read_numbers(column: str, values: pd.Series) -> tuple[Numbers, Notes]:
    """Numbers as float64, NaN where they are missing or infinite, and lines for a report.

    Raises:
        DataError: text that is no number, or dates.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if values.dtype.kind in "mM":
        raise DataError(f"{column}: expected numbers, got {values.dtype}; `calendar` reads dates")
    as_text = 0
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    else:
        text = values.astype("str").str.strip()
        known = text.notna() & ~text.str.lower().isin(["", "nan"])
        numbers = pd.to_numeric(text.where(known), errors="coerce").to_numpy(dtype="float64")
        wrong = known.to_numpy(dtype=bool) & np.isnan(numbers)
        if wrong.any():
            raise DataError(
                f"{column}: expected numbers, got {int(wrong.sum()):,} of {len(values):,} values "
                f"that are none, such as {values.iloc[int(wrong.argmax())]!r}"
            )
        as_text = int((known & values.map(lambda value: isinstance(value, str))).sum())
    infinite = np.isinf(numbers)
    return np.where(infinite, np.nan, numbers), [
        (f"{column}: numbers written as text", as_text, "read"),
        (f"{column}: infinite numbers", int(infinite.sum()), "taken as missing"),
    ]


def intervals(lows: Numbers, highs: Numbers) -> list[str]:
    """Intervals in words, in three digits, or in so many more that they can be told apart.

    Example:
        >>> intervals(np.array([1.25, 3.5017, 7]), np.array([2.95, 4, 7]))
        ['1.25 to 2.95', '3.5 to 4', '7']
    """
    pairs = list(zip(lows.tolist(), highs.tolist(), strict=True))
    for digits in range(3, 18):
        ends = [(rounded(low, digits), rounded(high, digits)) for low, high in pairs]
        texts = [low if low == high else f"{low} to {high}" for low, high in ends]
        points = sum(low == high for low, high in ends)
        if len(set(texts)) == len(texts) and points == (lows == highs).sum():
            break
    return texts


def rounded(number: float, digits: int = 3) -> str:
    """A number in so many digits, and no fewer than it has before the point.

    Example:
        >>> rounded(2.9512), rounded(12345.678), rounded(1999.0), rounded(0.5)
        ('2.95', '12346', '1999', '0.5')
    """
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    if not 1e-4 <= abs(number) < 1e15:
        return f"{number:.{digits}g}"
    decimals = max(0, digits - 1 - int(np.floor(np.log10(abs(number)))))
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
