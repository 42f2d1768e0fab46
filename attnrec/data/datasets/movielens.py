"""MovieLens 100K, 1M, 20M, 32M and latest-small [Harper and Konstan, 2015].

Ids are MovieLens's own. Titles are made readable (`Usual Suspects, The (1995)`
becomes `The Usual Suspects`), the year becomes a feature, and so do the
genres, joined by `|` as in the source. What 100K and 1M tell of their users
(age, gender, occupation, zip code) becomes `people`, where its file is there.
"""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import FILMS
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.data.validation import validate
from attnrec.errors import DataError

_RATINGS = [Columns.USER, Columns.ITEM, Columns.RATING, Columns.TIMESTAMP]
_MOVIES = [Columns.ITEM, Columns.TITLE, "genres"]
_PEOPLE = ["age", "gender", "occupation", "zip"]
_AGES = {1: "Under 18", 18: "18-24", 25: "25-34", 35: "35-44", 45: "45-49", 50: "50-55", 56: "56+"}
_OCCUPATIONS = [
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
]
# What the codes of 1M mean, as its README says.
_MEANING = {"age": _AGES, "occupation": dict(enumerate(_OCCUPATIONS))}
_ARTICLES = (
    "The|A|An|La|Le|Les|L'|El|Los|Las|Lo|Il|Gli|I|Der|Die|Das|Dem|Den|Det|De|Een|En|Et|Ett"
    "|Un|Une|Una|Uno|Um|Uma|O|Os|As"
)


def read_100k(folder: Path, report: Report, name: str) -> Interactions:
    """MovieLens 100K: `u.data`, `u.item`, and `u.user` where it is there."""
    ratings = _read(folder / "u.data", "\t", _RATINGS)
    genres = [line.split("|")[0] for line in (folder / "u.genre").read_text("latin-1").split()]
    columns = [Columns.ITEM, Columns.TITLE, "released", "video", "address", *genres]
    items = _read(folder / "u.item", "|", columns, encoding="latin-1", quoting=3)
    flags = items[genres].to_numpy(dtype=bool)
    items["genres"] = [
        "|".join(g for g, has in zip(genres, row, strict=True) if has) for row in flags
    ]
    people = _read_people(folder / "u.user", "|", [Columns.USER, *_PEOPLE])
    return _interactions(ratings, items[_MOVIES], report, name, people)


def read_dat(folder: Path, report: Report, name: str) -> Interactions:
    """MovieLens 1M: `ratings.dat`, `movies.dat`, and `users.dat` where it is there."""
    ratings = read_ratings_dat(folder / "ratings.dat")
    return _interactions(ratings, read_movies_dat(folder), report, name, read_users_dat(folder))


def read_csv(folder: Path, report: Report, name: str) -> Interactions:
    """MovieLens 20M, 32M and latest-small: `ratings.csv` and `movies.csv`."""
    ratings = _read(folder / "ratings.csv", ",", _RATINGS, header=0)
    movies = _read(folder / "movies.csv", ",", _MOVIES, header=0, encoding="utf-8")
    movies["genres"] = movies["genres"].where(movies["genres"] != "(no genres listed)", "")
    return _interactions(ratings, movies, report, name)


def read_ratings_dat(path: Path) -> pd.DataFrame:
    """Lines of `user::item::rating::seconds`."""
    return _read(path, "::", _RATINGS)


def read_movies_dat(folder: Path) -> pd.DataFrame:
    """Lines of `item::title::genres`, in latin-1."""
    return _read(folder / "movies.dat", "::", _MOVIES, encoding="latin-1", quoting=3)


def read_users_dat(folder: Path) -> pd.DataFrame | None:
    """Lines of `user::gender::age::occupation::zip`, codes as what they mean; None without them."""
    columns = [Columns.USER, "gender", "age", "occupation", "zip"]
    people = _read_people(folder / "users.dat", "::", columns)
    if people is None:
        return None
    for column, meaning in _MEANING.items():
        unknown = ~people[column].isin([*meaning])
        if unknown.any():
            code = people.loc[unknown, column].iloc[0]
            raise DataError(f"users.dat: expected {column} to be one of {[*meaning]}, got {code}")
        people[column] = people[column].map(meaning).astype("str")
    return people[_PEOPLE]


def catalogue_frame(movies: pd.DataFrame) -> pd.DataFrame:
    """Readable titles, years and genres, indexed by item id."""
    return (
        readable_titles(movies[Columns.TITLE])
        .assign(genres=movies["genres"].astype("str"))
        .set_index(pd.Index(movies[Columns.ITEM], name=Columns.ITEM))
    )


def readable_titles(titles: pd.Series) -> pd.DataFrame:
    """Titles without year, articles in front, and the year beside them.

    Example:
        >>> readable_titles(pd.Series(["Usual Suspects, The (1995)"])).to_dict("list")
        {'title': ['The Usual Suspects'], 'year': [1995]}
    """
    text = titles.astype("str").str.strip()
    year = text.str.extract(r"\((\d{4})(?:[-\u2013]\d{0,4})?\)\s*$")[0]
    bare = text.str.replace(r"\s*\(\d{4}(?:[-\u2013]\d{0,4})?\)\s*$", "", regex=True)
    # Also inside a bracket: `Godzilla (a.k.a. Return of Godzilla, The)`.
    inverted = rf"(^|\((?:a\.k\.a\. )?)([^()]+), ({_ARTICLES})(?=$|:|\)|\s+\()"
    front = bare.str.replace(inverted, r"\1\3 \2", regex=True)
    front = front.str.replace(r"\bL' ", "L'", regex=True)
    return pd.DataFrame({Columns.TITLE: front, "year": pd.to_numeric(year).astype("Int64")})


def _read(path: Path, separator: str, columns: list[str], header=None, **options) -> pd.DataFrame:
    source: Path | io.BytesIO = path
    if separator == "::":  # two characters would need the slow parser, and no file holds a tab
        source, separator = io.BytesIO(path.read_bytes().replace(b"::", b"\t")), "\t"
    try:
        return pd.read_csv(source, sep=separator, names=columns, header=header, **options)
    except ValueError as error:  # of pandas's parser, of a code page, of text that is no number
        raise DataError(f"{path.name}: not a MovieLens file as expected ({error})") from error


def _read_people(path: Path, separator: str, columns: list[str]) -> pd.DataFrame | None:
    """Attributes of users, indexed by user id; None where the file is not there."""
    if not path.is_file():
        return None
    kinds = {Columns.USER: "int64", "age": "int64", "zip": "str"}  # zip codes begin with zeros
    people = _read(
        path, separator, columns, encoding="latin-1", quoting=3, keep_default_na=False, dtype=kinds
    )
    return people.set_index(Columns.USER)


def _interactions(
    ratings: pd.DataFrame,
    movies: pd.DataFrame,
    report: Report,
    name: str,
    people: pd.DataFrame | None = None,
) -> Interactions:
    return validate(
        ratings,
        catalogue=catalogue_frame(movies),
        people=people,
        detail="year",
        words=FILMS,
        protocol=Protocol(filter_seen=True),
        name=name,
        report=report,
    )
