"""Validation at the edge: any table in, `Interactions` and a report out.

What is missing is dropped and reported. What is wrong (a date that is no date,
a rating that is no number) is an error that shows where, unless the caller
says `invalid="drop"`. Nothing is dropped or changed without a line in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.typing import SeriesGroupBy

from attnrec.columns import Columns
from attnrec.data.catalogue import Catalogue, Words
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.reading import read_ids, read_ratings, read_times
from attnrec.data.report import Report
from attnrec.data.vocabulary import Vocabulary
from attnrec.errors import DataError, did_you_mean

USER, ITEM, TIMESTAMP = Columns.USER, Columns.ITEM, Columns.TIMESTAMP
RATING, BASKET, TITLE = Columns.RATING, Columns.BASKET, Columns.TITLE

_EXPECTED = {TIMESTAMP: "a date or a number", RATING: "a number"}


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
    people: pd.DataFrame | None = None,
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
        people: attributes of users, indexed by user id, in any order. Users
            without interactions are left out, and users it lacks get missing values.
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
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table: expected a pandas DataFrame, got {type(table).__name__}")
    roles = {USER: user, ITEM: item, TIMESTAMP: timestamp, RATING: rating}
    roles |= {BASKET: basket, TITLE: title}
    features = [features] if isinstance(features, str) else list(features)
    frame, report = _named(table, roles, features, report or Report())
    frame, report = _drop_missing(frame, report)
    for column in (USER, ITEM, BASKET):
        if column in frame:
            frame[column], notes = read_ids(frame[column])
            report = report.with_rows(*notes)
    frame, report = _read_column(frame, TIMESTAMP, read_times, invalid, report)
    frame, report = _read_column(frame, RATING, read_ratings, invalid, report)
    if frame.empty:
        found = f" ({'; '.join(str(report).splitlines())})" if report.rows else ""
        raise DataError(f"{name}: no interactions remain{found}")
    frame, report = _drop_duplicates(frame, report)
    items, report = described_items(frame, catalogue, features, report)
    frame, report = _sort(frame.drop(columns=[TITLE, *features], errors="ignore"), report)
    people, report = described_users(frame, people, report)
    lists = Catalogue(items, words or Words(), detail)
    return Interactions(frame, lists, protocol or Protocol(), name, report, people=people)


def _named(
    table: pd.DataFrame, roles: dict[str, str | None], features: list[str], report: Report
) -> tuple[pd.DataFrame, Report]:
    """The table under the package's own column names, its rows counted from 0."""
    if not table.columns.is_unique:
        repeated = table.columns[table.columns.duplicated()][0]
        raise DataError(f"table: more than one column is called {repeated!r}")
    wanted = {
        role: column if column is not None else role
        for role, column in roles.items()
        if column is not None or (role in table.columns and role not in features)
    }
    for role, column in [*wanted.items(), *(("features", feature) for feature in features)]:
        if column not in table.columns:
            names = ", ".join(map(repr, list(table.columns)[:12])) or "none"
            hint = did_you_mean(column, table.columns)
            raise DataError(f"{role}: no column {column!r}{hint} (the table's columns: {names})")
    role_of = {column: role for role, column in wanted.items()}
    for role, column in wanted.items():
        if role_of[column] != role:
            raise DataError(f"{role}: column {column!r} is already the {role_of[column]}")
    hidden = [c for c in table.columns if c in wanted and c not in role_of]
    for column in hidden:
        note = f"left out, since {wanted[column]!r} was named for it"
        report = report.with_rows((f"another column {column!r}", 1, note))
    frame = table.drop(columns=hidden).rename(columns=role_of).reset_index(drop=True)
    return frame[[*wanted, *(c for c in frame.columns if c not in wanted)]], report


def _drop_missing(frame: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, Report]:
    for column in (USER, ITEM, TIMESTAMP, BASKET):
        if column not in frame:
            continue
        missing = frame[column].isna()
        if frame[column].dtype == object or isinstance(frame[column].dtype, pd.StringDtype):
            missing |= frame[column].astype("str").str.strip() == ""
        if missing.any():
            report = report.with_rows((f"missing {column}", int(missing.sum()), "rows dropped"))
            frame = frame[~missing]
    return frame, report


def _read_column(
    frame: pd.DataFrame, column: str, read: Callable, invalid: str, report: Report
) -> tuple[pd.DataFrame, Report]:
    """Read one column, if it is there; refuse or drop the rows whose value cannot be read."""
    if column not in frame or frame.empty:
        return frame, report
    values, wrong, notes = read(frame[column])
    if not wrong.any():
        return frame.assign(**{column: values}), report.with_rows(*notes)
    if invalid == "error":
        first = wrong.idxmax()
        got, expected = frame.loc[first, column], _EXPECTED[column]
        raise DataError(
            f"{column}: {int(wrong.sum()):,} of {len(frame):,} values cannot be read, the first in "
            f"row {first + 1}: got {got!r}, expected {expected} "
            f"(invalid='drop' leaves such rows out)"
        )
    report = report.with_rows((f"unreadable {column}", int(wrong.sum()), "rows dropped"), *notes)
    return frame.assign(**{column: values})[~wrong], report


def _drop_duplicates(frame: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, Report]:
    """One row for each user, item and basket or time; without those, every row counts."""
    moment = next((column for column in (BASKET, TIMESTAMP) if column in frame), None)
    if moment is not None:
        same = frame.duplicated([USER, ITEM, moment])
        what = f"duplicates of user, item and {moment}"
        report = report.with_rows((what, int(same.sum()), "rows dropped, the first of each kept"))
        frame = frame[~same]
    again = int(frame.duplicated([USER, ITEM]).sum())
    return frame, report.with_rows(("repeated choices of an item by the same user", again, "kept"))


def described_items(
    frame: pd.DataFrame, known: pd.DataFrame | None, features: list[str], report: Report
) -> tuple[pd.DataFrame, Report]:
    """Labels and features of exactly the items that occur.

    In the order of `known`, or of first appearance; the first value that is
    not missing counts.
    """
    columns = [TITLE, *features] if TITLE in frame else features
    if columns:
        groups = frame.groupby(ITEM, sort=False)
        here = groups[columns].first()
        for column in columns:
            several = _number_of_several(groups[column])
            report = report.with_rows((f"items with several {column}s", several, "the first used"))
    else:
        here = pd.DataFrame(index=pd.Index(frame[ITEM].unique()))
    if known is None:
        return here, report
    Vocabulary(known.index, kind="catalogue")
    occurs = known.index.isin(here.index)
    if not occurs.any():
        raise DataError(
            f"catalogue: none of its ids occur among the items; it has {known.index[:1].tolist()}, "
            f"and the interactions have {here.index[:1].tolist()}"
        )
    lacking = here[~here.index.isin(known.index)]
    report = report.with_rows(
        ("catalogue items that nobody chose", int((~occurs).sum()), "left out"),
        ("items that the catalogue lacks", len(lacking), "added, without its labels"),
    )
    joined = known[occurs].join(here[[c for c in columns if c not in known]])
    return (pd.concat([joined, lacking]) if len(lacking) else joined), report


def described_users(
    frame: pd.DataFrame, known: pd.DataFrame | None, report: Report
) -> tuple[pd.DataFrame | None, Report]:
    """Attributes of exactly the users that occur, in the order of their indices."""
    if known is None:
        return None, report
    if not isinstance(known, pd.DataFrame):
        kind = type(known).__name__
        raise DataError(f"people: expected a pandas DataFrame indexed by user id, got {kind}")
    if not known.columns.is_unique:
        repeated = known.columns[known.columns.duplicated()][0]
        raise DataError(f"people: more than one column is called {repeated!r}")
    users = pd.Index(frame[USER].unique(), name=USER)
    given = Vocabulary(known.index, kind="people").ids  # none missing, none twice
    ids, notes = read_ids(pd.Series(given, name="people"))
    if isinstance(users.dtype, pd.StringDtype):  # as where the table's ids are a mixture
        ids = ids.astype("str")
    read = Vocabulary(pd.Index(ids), kind="people").ids  # nor once they are text
    occurs = read.isin(users)
    if not occurs.any():
        raise DataError(
            f"people: none of its ids occur among the users; it has {read[:1].tolist()}, "
            f"and the interactions have {users[:1].tolist()}"
        )
    report = report.with_rows(
        *notes,
        ("people without interactions", int((~occurs).sum()), "left out"),
        ("users that people lacks", len(users) - int(occurs.sum()), "added, without attributes"),
    )
    return known.set_axis(read).reindex(users), report


def _number_of_several(values: SeriesGroupBy) -> int:
    """How many groups hold more than one value."""
    try:
        return int(values.nunique().gt(1).sum())
    except TypeError as error:
        raise DataError(
            f"features: {values.obj.name!r} holds {error}; expected text or numbers"
        ) from error


def _sort(frame: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, Report]:
    """By user in order of first appearance, then time, then basket; ties as in the source."""
    keys = [pd.factorize(frame[USER])[0]]
    if TIMESTAMP in frame and BASKET in frame:  # a basket is one moment: its rows stay together
        times = frame.groupby([USER, BASKET], sort=False)[TIMESTAMP]
        spread = int(times.nunique().gt(1).sum())
        report = report.with_rows(("baskets of several times", spread, "the earliest used"))
        frame = frame.assign(**{TIMESTAMP: times.transform("min")})
    if TIMESTAMP in frame:
        keys.append(frame[TIMESTAMP].to_numpy())
    if BASKET in frame:
        keys.append(pd.factorize(frame[BASKET])[0])
    order = np.lexsort(keys[::-1])  # stable; the last key given counts most
    if TIMESTAMP in frame and BASKET not in frame:
        user, time = (key[order] for key in keys)
        as_next = (user[1:] == user[:-1]) & (time[1:] == time[:-1])
        tied = int((np.r_[as_next, False] | np.r_[False, as_next]).sum())
        what = "timestamp collisions within a user"
        report = report.with_rows((what, tied, "kept in the source's order"))
    return frame.iloc[order].reset_index(drop=True), report
