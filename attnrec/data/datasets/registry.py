"""The data sets that are known by name, and where their publishers keep them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attnrec.data.datasets import context, movielens, online_retail, sequence_text
from attnrec.data.datasets.download import Remote, at_hand, obtain
from attnrec.data.interactions import Interactions
from attnrec.data.report import Report

Reader = Callable[[Path, Report, str], Interactions]

_GROUPLENS = "https://files.grouplens.org/datasets/movielens"
_RESEARCH = "GroupLens: research, no redistribution"
_GITHUB = "https://raw.githubusercontent.com"
_SASREC = f"{_GITHUB}/kang205/SASRec/master/data"
_MAPPING = f"{_GITHUB}/asash/ml1m-sas-mapping/d27e2bf2021e12764e7bf7b985091edd7c8d2f79"
_S3REC = f"{_GITHUB}/RUCAIBox/CIKM2020-S3Rec/2a81540ae18615d88ef88227b0c066e5b74781e5/data"
_CARSKIT = f"{_GITHUB}/irecsys/CARSKit/0a1789fb0804b067cabd223c4b8fd8b4d2f6e881"
_UCI = "https://archive.ics.uci.edu/static/public/352/data.csv"


@dataclass(frozen=True)
class Dataset:
    """A published data set: what it is, where it is, and how it is read.

    Attributes:
        name: what `load` calls it.
        what: one line about it.
        licence: on what terms its publisher gives it.
        folder: its folder in `ATTNREC_DATA` and in the cache.
        files: names or patterns of the files it cannot do without.
        remotes: where they come from.
        read: from the folder to interactions.
    """

    name: str
    what: str
    licence: str
    folder: str
    files: tuple[str, ...]
    remotes: tuple[Remote, ...]
    read: Reader

    def load(self) -> Interactions:
        """Find or download the files, and read them."""
        folder, report = obtain(self.folder, self.files, self.remotes)
        return self.read(folder, report, self.name)

    @property
    def at_hand(self) -> bool:
        """Whether loading needs no network."""
        return at_hand(self.folder, self.files) is not None


def _archive(name: str, md5: str | None) -> Remote:
    """GroupLens states each checksum beside the archive."""
    return Remote(f"{_GROUPLENS}/{name}.zip", md5, f"at {_GROUPLENS}/{name}.zip.md5")


def _text(base: str, file: str, md5: str) -> Remote:
    """Their publishers state no checksum: these are of the copies we tested with."""
    return Remote(f"{base}/{file}", md5, "of the copy with which attnrec was tested", file)


def _movielens(
    name: str, size: str, files: str, read: Reader, md5: str | None, licence: str = _RESEARCH
) -> Dataset:
    remote = _archive(name, md5)
    return Dataset(name, f"MovieLens: {size}", licence, name, tuple(files.split()), (remote,), read)


def _s3rec(name: str, what: str, folder: str, stem: str, md5: str, read: Reader) -> Dataset:
    licence = "non-commercial" if folder == "lastfm" else "research"
    file = f"{stem}.txt"
    remote = _text(_S3REC, file, md5)
    return Dataset(name, f"{what} (S3-Rec)", licence, folder, (file,), (remote,), read)


def _carskit(
    name: str, what: str, files: tuple[str, ...], archive: str, md5: str, read: Reader
) -> Dataset:
    tested = "of the copy with which attnrec was tested"
    remote = Remote(f"{_CARSKIT}/context-aware_data_sets/{archive}.zip", md5, tested)
    patterns = tuple(f"**/{file}" for file in files)
    licence = "research, no redistribution"
    return Dataset(name, what, licence, f"context/{name}", patterns, (remote,), read)


_ML_1M = _archive("ml-1m", "c4d9eecfca2ab87c1945afe126590906")
_ML_1M_SASREC = (
    _text(_SASREC, "ml-1m.txt", "f7699aece54d883579ea84535bacdda0"),
    _text(_MAPPING, "sas_to_original_users.txt", "283447b79fac5f3d3d142e6ebe98305f"),
    _text(_MAPPING, "sas_to_original_items.txt", "d910c4c3f715e4db89f39000cf521773"),
)

_ALL = (
    _movielens(
        "ml-100k",
        "943 users, 1,682 films, 100,000 ratings",
        "u.data u.item u.genre",
        movielens.read_100k,
        "0e33842e24a9c977be4e0107933c0723",
    ),
    _movielens(
        "ml-1m",
        "6,040 users, 3,706 films, 1,000,209 ratings",
        "ratings.dat movies.dat",
        movielens.read_dat,
        _ML_1M.md5,
    ),
    _movielens(
        "ml-20m",
        "138,493 users, 26,744 films, 20,000,263 ratings",
        "ratings.csv movies.csv",
        movielens.read_csv,
        "cd245b17a1ae2cc31bb14903e1204af3",
    ),
    _movielens(
        "ml-32m",
        "200,948 users, 32,000,204 ratings",
        "ratings.csv movies.csv",
        movielens.read_csv,
        "d472be332d4daa821edc399621853b57",
    ),
    _movielens(
        "ml-latest-small",
        "610 users, 9,724 films, 100,836 ratings",
        "ratings.csv movies.csv",
        movielens.read_csv,
        None,  # GroupLens replaces it from time to time
        "GroupLens: redistribution under the same terms, non-commercial",
    ),
    Dataset(
        "ml-1m-sasrec",
        "MovieLens 1M as SASRec orders it: 6,040 users, 3,416 films, 999,611 interactions",
        _RESEARCH,
        "ml-1m",
        (*(remote.name for remote in _ML_1M_SASREC), "movies.dat"),
        (*_ML_1M_SASREC, _ML_1M),
        sequence_text.read_ml_1m,
    ),
    _s3rec(
        "beauty",
        "Amazon Beauty: 22,363 users, 12,101 products, 198,502 reviews",
        "amazon",
        "Beauty",
        "cb03635343187f36526ed4ba48102b53",
        sequence_text.read_beauty,
    ),
    _s3rec(
        "sports",
        "Amazon Sports and Outdoors: 35,598 users, 18,357 products, 296,337 reviews",
        "amazon",
        "Sports_and_Outdoors",
        "9691c051152edf528a56581da65b1ce3",
        sequence_text.read_sports,
    ),
    _s3rec(
        "toys",
        "Amazon Toys and Games: 19,412 users, 11,924 products, 167,597 reviews",
        "amazon",
        "Toys_and_Games",
        "b139ecacfc81d0fb642bc2f448f13843",
        sequence_text.read_toys,
    ),
    _s3rec(
        "lastfm",
        "LastFM: 1,090 users, 3,646 artists, 52,551 listenings",
        "lastfm",
        "LastFM",
        "e4fa30bf2ba80aba718e55f108561814",
        sequence_text.read_lastfm,
    ),
    Dataset(
        "online-retail",
        "UCI Online Retail: a year of a gift shop's invoices, 541,909 lines",
        "CC BY 4.0, Chen (2015), doi 10.24432/C5BW33",
        "online-retail",
        (online_retail.FILES,),
        (Remote(_UCI, path="online_retail.csv"),),
        online_retail.read,
    ),
    _carskit(
        "frappe",
        "Frappe: 957 users, 4,082 apps, 96,203 uses with their circumstances",
        ("frappe.csv", "meta.csv"),
        "Mobile_Frappe",
        "baa2fc1dc2dca193b40af15f5683bc5d",
        context.read_frappe,
    ),
    _carskit(
        "depaulmovie",
        "DePaulMovie: 97 students, 79 films, 5,043 ratings by time, location and companion",
        ("ratings.txt",),
        "Movie_DePaulMovie",
        "f9af2642a973beb4fe626393c48e5b55",
        context.read_depaulmovie,
    ),
    _carskit(
        "tripadvisor",
        "TripAdvisor: 2,371 users, 2,269 hotels, 14,175 ratings by the type of trip",
        ("Data_TripAdvisor_v2.csv",),
        "Travel_TripAdvisor_v2",
        "7b1c38dc45f8eced03ba1692ae819615",
        context.read_tripadvisor,
    ),
)

DATASETS = {dataset.name: dataset for dataset in _ALL}
