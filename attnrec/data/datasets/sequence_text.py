"""Text forms in which sequential recommenders are published.

SASRec's [Kang and McAuley, 2018]: a line "user item" an interaction, in the
order of time. S3-Rec's [Zhou et al., 2020]: a line "user item item ..." a user.
Neither has times, so that only the order is known.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import FILMS, MUSIC, SHOP, Words
from attnrec.data.datasets.movielens import catalogue_frame, read_movies_dat, read_users_dat
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.data.validation import validate
from attnrec.errors import DataError


def read_ml_1m(folder: Path, report: Report, name: str) -> Interactions:
    """SASRec's MovieLens 1M, under MovieLens's ids and titles, with its users where they are there.

    The order of users and items is that of SASRec's own numbers, so that the
    index of an item is its number in `ml-1m.txt`.
    """
    numbers = _pairs(folder / "ml-1m.txt")
    users = _original_ids(folder / "sas_to_original_users.txt", numbers[Columns.USER].max())
    items = _original_ids(folder / "sas_to_original_items.txt", numbers[Columns.ITEM].max())
    frame = pd.DataFrame(
        {
            Columns.USER: users[numbers[Columns.USER] - 1],
            Columns.ITEM: items[numbers[Columns.ITEM] - 1],
        }
    )
    return validate(
        frame,
        catalogue=catalogue_frame(read_movies_dat(folder)).reindex(items),
        people=read_users_dat(folder),
        detail="year",
        words=FILMS,
        protocol=Protocol(filter_seen=True),
        name=name,
        report=report,
    )


def read_beauty(folder: Path, report: Report, name: str) -> Interactions:
    """S3-Rec's Amazon Beauty, titled by what is at hand of each product's text."""
    return _lines(folder, "Beauty", SHOP, report, name)


def read_sports(folder: Path, report: Report, name: str) -> Interactions:
    """S3-Rec's Amazon Sports and Outdoors, without titles."""
    return _lines(folder, "Sports_and_Outdoors", SHOP, report, name)


def read_toys(folder: Path, report: Report, name: str) -> Interactions:
    """S3-Rec's Amazon Toys and Games, without titles."""
    return _lines(folder, "Toys_and_Games", SHOP, report, name)


def read_lastfm(folder: Path, report: Report, name: str) -> Interactions:
    """S3-Rec's LastFM, without names: its numbers are not those of HetRec's `artists.dat`."""
    return _lines(folder, "LastFM", MUSIC, report, name)


def _lines(folder: Path, stem: str, words: Words, report: Report, name: str) -> Interactions:
    frame = read_lines(folder / f"{stem}.txt")
    numbers = pd.Index(np.unique(frame[Columns.ITEM]))
    catalogue = pd.DataFrame(index=numbers)
    catalogue[Columns.TITLE] = [f"{words.item.capitalize()} {number}" for number in numbers]
    texts, sets = folder / f"{stem}_item_asin_text.tsv", folder / f"{stem}_item2attributes.json"
    if texts.is_file():
        known = pd.read_csv(texts, sep="\t", quoting=3, encoding="utf-8", index_col="item")
        known = known.reindex(numbers).astype("str")
        title = known["text_id"].str.capitalize()
        catalogue = catalogue.assign(
            title=title.fillna(catalogue[Columns.TITLE]), asin=known["asin"]
        )
    if sets.is_file():
        of_item = json.loads(sets.read_text("utf-8"))
        catalogue["attributes"] = [tuple(dict.fromkeys(of_item.get(str(n), ()))) for n in numbers]
    return validate(
        frame,
        catalogue=catalogue,
        detail="asin" if "asin" in catalogue else None,
        words=words,
        protocol=Protocol(
            filter_seen=True
        ),  # no set holds a repeat, and S3-Rec leaves the seen out
        name=name,
        report=report,
    )


def read_lines(path: Path) -> pd.DataFrame:
    """A line a user: the user, then the items, oldest first."""
    text = path.read_text("utf-8")
    counts = np.array([len(line.split()) for line in text.splitlines()])
    try:
        numbers = np.array(text.split(), dtype=np.int64)
    except ValueError as error:
        raise DataError(f"{path.name}: expected whole numbers only ({error})") from error
    counts = counts[counts > 0]
    starts = np.cumsum(counts) - counts
    is_item = np.ones(len(numbers), dtype=bool)
    is_item[starts] = False
    return pd.DataFrame(
        {
            Columns.USER: np.repeat(numbers[starts], counts - 1),
            Columns.ITEM: numbers[is_item],
        }
    )


def _pairs(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, sep=r" ", names=[Columns.USER, Columns.ITEM], dtype="int64")
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path.name}: expected lines of two whole numbers ({error})") from error


def _original_ids(path: Path, count: int) -> np.ndarray:
    """The original ids of a text form's own numbers 1..count, in that order."""
    pairs = _pairs(path).sort_values(Columns.USER, kind="stable").to_numpy()
    if not np.array_equal(pairs[:, 0], np.arange(1, count + 1)):
        raise DataError(f"{path.name}: expected one original id for each number from 1 to {count}")
    return pairs[:, 1]
