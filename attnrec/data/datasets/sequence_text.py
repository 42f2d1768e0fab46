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
from attnrec.data.datasets.movielens import catalogue_frame, read_movies_dat
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.data.validation import validate
from attnrec.errors import DataError


def read_ml_1m(folder: Path, report: Report, name: str) -> Interactions:
    """SASRec's MovieLens 1M, under MovieLens's ids and titles.

    The order of users and items is that of SASRec's own numbers, so that the
    index of an item is its number in `ml-1m.txt`.
    """
    frame = _pairs(folder / "ml-1m.txt")
    movies = None
    users, items = folder / "sas_to_original_users.txt", folder / "sas_to_original_items.txt"
    if users.is_file() and items.is_file():
        frame[Columns.USER] = _mapped(frame[Columns.USER], users)
        frame[Columns.ITEM] = _mapped(frame[Columns.ITEM], items)
        if (folder / "movies.dat").is_file():
            movies = catalogue_frame(read_movies_dat(folder))
            movies = movies.reindex(_pairs(items).iloc[:, 1])
    return validate(
        frame,
        catalogue=movies,
        detail=None if movies is None else "year",
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
    catalogue = pd.DataFrame(index=pd.Index(np.unique(frame[Columns.ITEM])))
    catalogue[Columns.TITLE] = [f"{words.item.capitalize()} {id}" for id in catalogue.index]
    detail = None
    texts = folder / f"{stem}_item_asin_text.tsv"
    if texts.is_file():
        known = pd.read_csv(texts, sep="\t", quoting=3, encoding="utf-8", dtype={"text_id": "str"}).set_index("item")
        text = known["text_id"].reindex(catalogue.index)
        catalogue[Columns.TITLE] = text.str.capitalize().fillna(catalogue[Columns.TITLE])
        catalogue["asin"] = known["asin"].reindex(catalogue.index)
        detail = "asin"
    attributes = folder / f"{stem}_item2attributes.json"
    if attributes.is_file():
        sets = json.loads(attributes.read_text("utf-8"))
        catalogue["attributes"] = [tuple(dict.fromkeys(sets.get(str(id), ()))) for id in catalogue.index]
    return validate(
        frame,
        catalogue=catalogue,
        detail=detail,
        words=words,
        protocol=Protocol(filter_seen=True),  # the sets hold no repeats, and S3-Rec ranks without the seen
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
    return pd.DataFrame({
        Columns.USER: np.repeat(numbers[starts], counts - 1),
        Columns.ITEM: numbers[is_item],
    })


def _pairs(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, sep=r" ", names=[Columns.USER, Columns.ITEM], dtype="int64")
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path.name}: expected lines of two whole numbers ({error})") from error


def _mapped(numbers: pd.Series, path: Path) -> np.ndarray:
    """Replace a text form's own numbers, 1..n, by the original ids."""
    pairs = _pairs(path).to_numpy()
    table = np.full(max(pairs[:, 0].max(), numbers.max()) + 1, -1)
    table[pairs[:, 0]] = pairs[:, 1]
    mapped = table[numbers]
    if (mapped < 0).any():
        raise DataError(f"{path.name}: has no original id for {numbers[mapped < 0].iloc[0]}")
    return mapped
