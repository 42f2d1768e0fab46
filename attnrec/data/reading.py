"""Reading single columns: ids, times and ratings as people write them.

Each reader returns the values and lines for the report; those for times and
ratings also say which values they could not read.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from pandas.api import types
from pandas.tseries.api import guess_datetime_format

from attnrec.errors import DataError

Notes = list[tuple[str, int, str]]

# A bare number is a date only where it can hardly be anything else: the unit, how
# many make a second, and the sizes that mean a moment from the year 1973 to 5138.
EPOCHS = (("s", 1, 1e8, 1e11), ("ms", 1e3, 1e11, 1e14), ("us", 1e6, 1e14, 1e17))


def read_ids(ids: pd.Series) -> tuple[pd.Series, Notes]:
    """Ids as int64 or as text, never a mixture. None may be missing."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.astype(ids.cat.categories.dtype)
    if types.is_bool_dtype(ids):
        return ids.astype("str"), [
            (f"{ids.name} ids that are true or false", len(ids), "read as text")
        ]
    if types.is_integer_dtype(ids):
        return ids.astype("int64"), []
    if types.is_float_dtype(ids):
        wrong = ~np.isfinite(ids) | (ids != np.floor(ids))
        if wrong.any():
            raise DataError(
                f"{ids.name}: expected whole numbers or text as ids, got "
                f"{float(ids[wrong].iloc[0])} and {int(wrong.sum()) - 1} more such values"
            )
        return ids.astype("int64"), []
    if isinstance(ids.dtype, pd.StringDtype):
        return ids.astype("str"), []
    kinds = ids.map(type).value_counts()
    if all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds.index):
        return ids.astype("int64"), []
    text = ids.map(_id_text).astype("str")
    if len(kinds) == 1:
        return text, []
    counts = ", ".join(f"{count:,} {kind.__name__}" for kind, count in kinds.items())
    return text, [
        (f"mixed {ids.name} ids ({counts})", len(ids), "all read as text"),
        (f"{ids.name} ids that are the same as text", ids.nunique() - text.nunique(), "merged"),
    ]


def _id_text(id: object) -> str:
    return str(int(id)) if isinstance(id, float) and id.is_integer() else str(id)


def read_ratings(ratings: pd.Series) -> tuple[pd.Series, pd.Series, Notes]:
    """Ratings as float64; missing ones stay missing, text that is no number is wrong."""
    numbers = pd.to_numeric(ratings, errors="coerce").astype("float64")
    wrong = (numbers.isna() & ratings.notna()) | np.isinf(numbers)
    return (
        numbers,
        wrong,
        [
            ("missing ratings", int(ratings.isna().sum()), "kept, without a rating"),
            ("negative ratings", int((numbers < 0).sum()), "kept as they are"),
        ],
    )


def read_times(times: pd.Series) -> tuple[pd.Series, pd.Series, Notes]:
    """Times as datetime64 in UTC, without a zone; plain counters stay numbers.

    Numbers are seconds (or milli- or microseconds) since 1970 where their
    median is of that size; otherwise they only order the events. Text without
    a zone is taken as UTC.
    """
    if types.is_datetime64_any_dtype(times):
        zone = getattr(times.dt, "tz", None)
        if zone is None:
            return times, times.isna(), []
        note = ("times with a zone", len(times), "converted to UTC")
        return times.dt.tz_convert("UTC").dt.tz_localize(None), times.isna(), [note]
    numbers = pd.to_numeric(times, errors="coerce")
    if numbers.notna().mean() > 0.5:
        return _from_numbers(numbers)
    return _from_text(times.astype("str"))


def _from_numbers(numbers: pd.Series) -> tuple[pd.Series, pd.Series, Notes]:
    wrong = ~np.isfinite(numbers.astype("float64"))
    size = numbers[~wrong].abs().median()
    for unit, per_second, low, high in EPOCHS:
        if low <= size < high:
            whole = numbers.where(~wrong, 0)
            note = (
                f"times in {unit} since 1970",
                0 if unit == "s" else len(numbers),
                "read as dates",
            )
            if (whole % 1 != 0).any():  # parts of a second still order events
                whole, unit = (whole * (1e6 / per_second)).round(), "us"
            return pd.to_datetime(whole.astype("int64"), unit=unit), wrong, [note]
    return numbers, wrong, []


def _from_text(text: pd.Series) -> tuple[pd.Series, pd.Series, Notes]:
    def parse(**how) -> pd.Series:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # day or month first: handled below
            dates = pd.to_datetime(text, errors="coerce", utc=True, **how)
        return dates.dt.tz_localize(None)

    dates = parse(format="ISO8601")
    if dates.notna().mean() > 0.5:
        return dates, dates.isna(), []
    month_first, day_first = (
        parse(format=_guess(text, dayfirst) or "mixed", dayfirst=dayfirst)
        for dayfirst in (False, True)
    )
    if day_first.notna().sum() > month_first.notna().sum():
        return day_first, day_first.isna(), []
    unclear = (month_first != day_first) & month_first.notna()
    if day_first.notna().sum() < month_first.notna().sum():
        return month_first, month_first.isna(), []
    note = ("dates that could be day or month first", int(unclear.sum()), "read as month first")
    return month_first, month_first.isna(), [note]


def _guess(text: pd.Series, dayfirst: bool) -> str | None:
    """The format of the first of some values that has a known one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        guesses = (guess_datetime_format(value, dayfirst=dayfirst) for value in text.head(100))
        return next((guess for guess in guesses if guess), None)
