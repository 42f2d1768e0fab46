"""Validation at the edge: any table in, `Interactions` and a report out.

What is missing is dropped and reported. What is wrong (a date that is no date,
a rating that is no number) is an error that shows where, unless the caller
says `invalid="drop"`. Nothing is dropped or changed without a line in the report.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import Catalogue, Words
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.errors import DataError, did_you_mean

USER, ITEM, TIMESTAMP = Columns.USER, Columns.ITEM, Columns.TIMESTAMP
RATING, BASKET, TITLE = Columns.RATING, Columns.BASKET, Columns.TITLE

# A bare number is a date only where it can hardly be anything else.
_EPOCH_UNITS = (("s", 1e8, 1e11), ("ms", 1e11, 1e14), ("us", 1e14, 1e17), ("ns", 1e17, 1e20))


def validate(
    table: pd.DataFrame,
    *,
    user: str = USER,
    item: str = ITEM,
    timestamp: str | None = None,
    rating: str | None = None,
    basket: str | None = None,
    title: str | None = None,
    features: Iterable[str] = (),
    catalogue: pd.DataFrame | None = None,
    detail: str | None = None,
    words: Words | None = None,
    protocol: Protocol | None = None,
    name: str = "data",
    report: Report | None = None,
    invalid: Literal["error", "drop"] = "error",
) -> Interactions:
    """Check a table of interactions, repair what can be, and sort it.

    Args:
        table: one row an interaction.
        user, item: names of the columns that hold ids.
        timestamp, rating, basket, title: names of optional columns. Where none
            is named, a column of exactly that name is used if there is one.
        features: columns that describe the item; they move to the catalogue.
        catalogue: item labels and features, indexed by item id. Items that
            nobody chose are left out of it, and items it lacks are added.
        detail: the feature shown beside a title.
        words, protocol, name: see `Catalogue` and `Interactions`.
        report: findings of an earlier step, to be kept.
        invalid: what to do with dates and ratings that cannot be read.

    Returns:
        The data, with its `report`. Other columns of `table` are kept as they are.

    Raises:
        DataError: a column is missing, values cannot be read, or nothing remains.

    Example:
        >>> table = pd.DataFrame({"who": ["ann", "ann"], "what": ["tea", "jam"], "day": [2, 1]})
        >>> validate(table, user="who", item="what", timestamp="day").history("ann")
        ['jam', 'tea']
    """
    if invalid not in ("error", "drop"):
        raise DataError(f"invalid: expected 'error' or 'drop', got {invalid!r}")
    report = report or Report()
    frame, features = _named(table, user, item, timestamp, rating, basket, title, features)
    frame, report = _drop_missing(frame, report)
    for column in (USER, ITEM, BASKET):
        if column in frame:
            frame[column], report = _ids(frame[column], report)
    if TIMESTAMP in frame:
        frame, report = _read_column(frame, TIMESTAMP, read_times, invalid, report)
    if RATING in frame:
        frame, report = _read_column(frame, RATING, read_ratings, invalid, report)
    if frame.empty:
        found = f" ({str(report).replace(chr(10), '; ')})" if report.rows else ""
        raise DataError(f"{name}: no interactions remain{found}")
    frame, report = _drop_duplicates(frame, report)
    items, report = _catalogue(frame, catalogue, features, report)
    frame = frame.drop(columns=[TITLE, *features], errors="ignore")
    frame, report = _sort(frame, report)
    lists = Catalogue(items, words or Words(), detail)
    return Interactions(frame, lists, protocol or Protocol(), name, report)


def _named(table, user, item, timestamp, rating, basket, title, features):
    """The table under the package's own column names."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"expected a pandas DataFrame, got {type(table).__name__}")
    features = [features] if isinstance(features, str) else list(features)
    given = {USER: user, ITEM: item, TIMESTAMP: timestamp, RATING: rating, BASKET: basket, TITLE: title}
    mapping: dict[Any, str] = {}
    for role, column in given.items():
        if column is None:
            if role not in table.columns or role in features:
                continue
            column = role
        if column not in table.columns:
            raise DataError(_missing_column(role, column, table))
        if column in mapping:
            raise DataError(f"{role}: column {column!r} is already used as {mapping[column]}")
        mapping[column] = role
    for column in features:
        if column not in table.columns:
            raise DataError(_missing_column("features", column, table))
    if not table.columns.is_unique:
        repeated = table.columns[table.columns.duplicated()][0]
        raise DataError(f"the table has more than one column {repeated!r}; expected unique names")
    taken = [c for c in table.columns if c in set(mapping.values()) and c not in mapping]
    frame = table.drop(columns=taken).rename(columns=mapping)
    first = [role for role in given if role in frame.columns]
    return frame[first + [c for c in frame.columns if c not in first]], features


def _missing_column(role: str, column: object, table: pd.DataFrame) -> str:
    names = ", ".join(map(repr, list(table.columns)[:12])) or "none"
    hint = did_you_mean(column, table.columns)
    return f"{role}: the table has no column {column!r}{hint} (its columns: {names})"


def _drop_missing(frame: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, Report]:
    for column in (USER, ITEM, TIMESTAMP, BASKET):
        if column not in frame:
            continue
        missing = frame[column].isna()
        if not pd.api.types.is_numeric_dtype(frame[column]):
            missing |= frame[column].astype("str").str.strip().eq("")
        report = report.with_rows((f"missing {column}", int(missing.sum()), "rows dropped"))
        frame = frame[~missing]
    return frame.reset_index(drop=True), report


def _ids(ids: pd.Series, report: Report) -> tuple[pd.Series, Report]:
    """Ids as int64 or as text, never a mixture."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.astype(ids.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(ids):
        return ids.astype("str"), report.with_rows((f"{ids.name} ids", len(ids), "true and false read as text"))
    if pd.api.types.is_integer_dtype(ids):
        return ids.astype("int64"), report
    if pd.api.types.is_float_dtype(ids):
        wrong = ~np.isfinite(ids.to_numpy(dtype=float)) | (ids != np.floor(ids))
        if wrong.any():
            raise DataError(
                f"{ids.name}: expected whole numbers or text as ids, got {float(ids[wrong].iloc[0])} "
                f"({int(wrong.sum())} such values)"
            )
        return ids.astype("int64"), report
    if isinstance(ids.dtype, pd.StringDtype):
        return ids.astype("str"), report
    kinds = ids.map(type).value_counts()
    if all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds.index):
        return ids.astype("int64"), report
    text = ids.map(_id_text).astype("str")
    if len(kinds) > 1:
        names = ", ".join(f"{count:,} {kind.__name__}" for kind, count in kinds.items())
        report = report.with_rows((f"mixed {ids.name} ids ({names})", len(ids), "all read as text"))
        merged = ids.nunique() - text.nunique()
        report = report.with_rows((f"{ids.name} ids that are equal as text", int(merged), "merged"))
    return text, report


def _id_text(id: object) -> str:
    return str(int(id)) if isinstance(id, float) and id.is_integer() else str(id)


def _read_column(frame, column, read, invalid, report):
    """Read one column; refuse or drop the rows whose value cannot be read."""
    values, wrong, note = read(frame[column])
    if wrong.any() and invalid == "error":
        row = int(np.argmax(wrong.to_numpy()))
        kind = "a date or a number" if column == TIMESTAMP else "a number"
        raise DataError(
            f"{column}: {int(wrong.sum()):,} of {len(frame):,} values cannot be read; expected {kind}, "
            f"got {frame[column].iloc[row]!r} in row {row + 1} (invalid='drop' leaves such rows out)"
        )
    report = report.with_rows((f"unreadable {column}", int(wrong.sum()), "rows dropped"), *note)
    frame = frame.assign(**{column: values})[~wrong].reset_index(drop=True)
    return frame, report


def read_times(times: pd.Series) -> tuple[pd.Series, pd.Series, list]:
    """Dates as datetime64 without a zone; plain counters stay numbers.

    Numbers are read as seconds (or milli-, micro-, nanoseconds) since 1970
    where their median is of that size, and otherwise only order the events.

    Returns:
        The times, where they could not be read, and notes for the report.
    """
    none = pd.Series(False, index=times.index)
    if pd.api.types.is_datetime64_any_dtype(times):
        if getattr(times.dt, "tz", None) is not None:
            note = [("time zone", len(times), "converted to UTC")]
            return times.dt.tz_convert("UTC").dt.tz_localize(None), none, note
        return times, none, []
    numbers = pd.to_numeric(times, errors="coerce")
    if numbers.notna().mean() > 0.5:
        wrong = ~np.isfinite(numbers.astype("float64"))
        size = numbers[~wrong].abs().median()
        for unit, low, high in _EPOCH_UNITS:
            if low <= size < high:
                stamps = numbers.where(~wrong, 0).astype("int64")
                note = [(f"timestamps in {unit} since 1970", len(times), "read as dates")]
                return pd.to_datetime(stamps, unit=unit), wrong, note if unit != "s" else []
        return numbers, wrong, []
    dates = pd.to_datetime(times.astype("str"), errors="coerce", format="ISO8601")
    if dates.isna().any():  # not ISO: one format for the whole column, taken from its first value
        dates = pd.to_datetime(times.astype("str"), errors="coerce", format="mixed")
    if getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    return dates, dates.isna(), []


def read_ratings(ratings: pd.Series) -> tuple[pd.Series, pd.Series, list]:
    """Ratings as float64; missing ones stay missing, text that is no number is wrong."""
    numbers = pd.to_numeric(ratings, errors="coerce").astype("float64")
    wrong = (numbers.isna() & ratings.notna()) | np.isinf(numbers)
    note = [
        ("missing ratings", int(ratings.isna().sum()), "kept, without a rating"),
        ("negative ratings", int((numbers < 0).sum()), "kept as they are"),
    ]
    return numbers, wrong, note


def _drop_duplicates(frame: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, Report]:
    """One row for each user, item and time (or basket); without those, every row counts."""
    moment = [column for column in (TIMESTAMP, BASKET) if column in frame]
    if moment:
        same = frame.duplicated([USER, ITEM, *moment])
        report = report.with_rows(("duplicates of user, item and " + " and ".join(moment), int(same.sum()),
                                   "rows dropped, the first kept"))
        frame = frame[~same].reset_index(drop=True)
    again = int(frame.duplicated([USER, ITEM]).sum())
    return frame, report.with_rows(("repeated choices of an item by the same user", again, "kept"))


def _catalogue(frame, known, features, report):
    """Item labels and features for exactly the items that occur, and their order."""
    columns = [column for column in (TITLE, *features) if column in frame]
    first = frame.drop_duplicates(ITEM).set_index(ITEM)[columns]
    if TITLE in columns:
        several = int((frame.groupby(ITEM)[TITLE].nunique() > 1).sum())
        report = report.with_rows(("items with more than one title", several, "the first is used"))
    if known is None:
        return first, report
    occurs = known.index.isin(first.index)
    report = report.with_rows(("catalogue items that nobody chose", int((~occurs).sum()), "left out"))
    lacking = first.index.difference(known.index, sort=False)
    report = report.with_rows(("items that the catalogue lacks", len(lacking), "added, titled by their ids"))
    joined = known[occurs].join(first[[c for c in columns if c not in known]])
    return pd.concat([joined, first.loc[lacking]]) if len(lacking) else joined, report


def _sort(frame: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, Report]:
    """By user in order of first appearance, then time, then basket; ties as in the source."""
    keys = [pd.factorize(frame[USER])[0]]
    if TIMESTAMP in frame:
        if BASKET in frame:  # a basket is one moment: its lines stay together
            times = frame.groupby([USER, BASKET], sort=False)[TIMESTAMP]
            spread = int((times.nunique() > 1).sum())
            report = report.with_rows(("baskets with more than one time", spread, "the first time is used"))
            frame = frame.assign(**{TIMESTAMP: times.transform("min")})
        keys.append(frame[TIMESTAMP].to_numpy())
    if BASKET in frame:
        keys.append(pd.factorize(frame[BASKET])[0])
    elif TIMESTAMP in frame:
        tied = int(frame.duplicated([USER, TIMESTAMP], keep=False).sum())
        report = report.with_rows(("timestamp collisions within a user", tied, "kept in the source's order"))
    order = np.lexsort(keys[::-1])  # stable; the last key given counts most
    return frame.iloc[order].reset_index(drop=True), report
