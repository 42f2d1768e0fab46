"""Choices with their circumstances: Frappe, DePaulMovie and TripAdvisor, as CARSKit offers them.

What the circumstances were stands in columns of `frame`, beside user and item.
None of the three says when: the order of a user's rows is that of the source
and no course of events, so that a split by time, or one that leaves out the
last, means nothing here.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import FILMS, Words
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.data.validation import validate
from attnrec.errors import DataError

APPS = Words("app", "apps", "used")
HOTELS = Words("hotel", "hotels", "visited")
UNKNOWN = "unknown"

_APP = ["name", "category", "developer", "language", "price", "downloads", "rating"]
_HOTEL = {"ItemCity": "city", "ItemState": "state", "ItemTimeZone": "time_zone"}
_OF_GUEST = {"UserState": "user_state", "UserTimeZone": "user_time_zone", "TripType": "trip_type"}


def read_frappe(folder: Path, report: Report, name: str) -> Interactions:
    """Frappe [Baltrunas et al., 2015]: apps used, in which circumstances, how often (`cnt`).

    Where the source says `unknown`, nothing stands here. Cities are numbers
    without names. Apps are used again and again: seen ones are not filtered.
    """
    uses = _table(folder, "frappe.csv", ["user", "item", "cnt"], sep="\t")
    apps = _table(folder, "meta.csv", ["item", *_APP], sep="\t").set_index("item")[_APP]
    known = apps["name"] != UNKNOWN
    report = report.with_rows(("apps without a name", int((~known).sum()), "kept"))
    apps = apps.where(apps != UNKNOWN).rename(columns={"name": Columns.TITLE})
    apps["rating"] = pd.to_numeric(apps["rating"], errors="coerce")
    text = uses.columns[uses.dtypes == "str"]
    gaps = int((uses[text] == UNKNOWN).to_numpy().sum())
    report = report.with_rows((f"circumstances that are {UNKNOWN!r}", gaps, "left empty"))
    uses[text] = uses[text].where(uses[text] != UNKNOWN)
    return validate(
        uses,
        catalogue=apps,
        detail="category",
        words=APPS,
        protocol=Protocol(filter_seen=False),
        name=name,
        report=_without_time(uses, report),
    )


def read_depaulmovie(folder: Path, report: Report, name: str) -> Interactions:
    """DePaulMovie [Zheng et al., 2015]: students' ratings of films by time, location, companion.

    The three are empty where a rating was asked for without circumstances. A
    film may be rated by one student in several of them. Films are known by
    their IMDb ids alone.
    """
    columns = ["userid", "itemid", "rating", "Time", "Location", "Companion"]
    ratings = _table(folder, "ratings.txt", columns)
    ratings = ratings.rename(columns={name: name.lower() for name in columns})
    return validate(
        ratings,
        user="userid",
        item="itemid",
        words=FILMS,
        name=name,
        report=_without_time(ratings, report),
    )


def read_tripadvisor(folder: Path, report: Report, name: str) -> Interactions:
    """TripAdvisor, second version [Zheng et al., 2014]: ratings of hotels by the type of trip.

    Hotels have no names here, and are called by number and city.
    """
    columns = ["UserID", "ItemID", "Rating", *_HOTEL, *_OF_GUEST]
    visits = _table(folder, "Data_TripAdvisor_v2.csv", columns)
    hotels = visits.drop_duplicates("ItemID").set_index("ItemID")[[*_HOTEL]].rename(columns=_HOTEL)
    city = hotels["city"].str.title()
    hotels[Columns.TITLE] = [f"Hotel {n}, {city}" for n, city in zip(city.index, city, strict=True)]
    return validate(
        visits.drop(columns=[*_HOTEL]).rename(columns=_OF_GUEST),
        user="UserID",
        item="ItemID",
        rating="Rating",
        catalogue=hotels,
        detail="state",
        words=HOTELS,
        name=name,
        report=_without_time(visits, report),
    )


def _without_time(table: pd.DataFrame, report: Report) -> Report:
    action = "kept in the source's order, which is no course of events"
    return report.with_rows(("rows without a time", len(table), action))


def _table(folder: Path, file: str, columns: list[str], sep: str = ",") -> pd.DataFrame:
    """A file of that name, in whatever folder its archive has it."""
    path = min(folder.glob(f"**/{file}"))
    try:
        table = pd.read_csv(path, sep=sep, encoding="utf-8")
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{file}: truncated or altered ({error})") from error
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise DataError(f"{file}: no column {', '.join(lacking)}")
    return table
