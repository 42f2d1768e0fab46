"""The data sets that are known by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attnrec.data.datasets import movielens, online_retail, sequence_text
from attnrec.data.datasets.download import Remote, at_hand, obtain
from attnrec.data.interactions import Interactions
from attnrec.data.report import Report

_GROUPLENS = "https://files.grouplens.org/datasets/movielens"
_S3REC = "https://raw.githubusercontent.com/RUCAIBox/CIKM2020-S3Rec/2a81540ae18615d88ef88227b0c066e5b74781e5/data"
_MAPPING = "https://raw.githubusercontent.com/asash/ml1m-sas-mapping/d27e2bf2021e12764e7bf7b985091edd7c8d2f79"
_OURS = "attnrec, of the copy that its tests read"
_RESEARCH = "GroupLens: research, no redistribution"


@dataclass(frozen=True)
class Dataset:
    """A published data set: what it is, where it is, and how it is read."""

    name: str
    what: str
    licence: str
    folder: str
    files: tuple[str, ...]
    remotes: tuple[Remote, ...]
    read: Callable[[Path, Report, str], Interactions]

    def load(self) -> Interactions:
        """Find or download the files, and read them."""
        folder, report = obtain(self.folder, self.files, self.remotes)
        return self.read(folder, report, self.name)

    @property
    def at_hand(self) -> bool:
        """Whether loading needs no network."""
        return at_hand(self.folder, self.files) is not None


def _movielens(name: str, md5: str | None) -> Remote:
    url = f"{_GROUPLENS}/{name}.zip"
    return Remote(url, md5, f"{url}.md5")


def _s3rec(stem: str, md5: str) -> Remote:
    return Remote(f"{_S3REC}/{stem}.txt", md5, _OURS, f"{stem}.txt")


_ML_1M_TEXT = (
    Remote(
        "https://raw.githubusercontent.com/kang205/SASRec/master/data/ml-1m.txt",
        "f7699aece54d883579ea84535bacdda0",
        _OURS,
        "ml-1m.txt",
    ),
    Remote(
        f"{_MAPPING}/sas_to_original_users.txt",
        "283447b79fac5f3d3d142e6ebe98305f",
        _OURS,
        "sas_to_original_users.txt",
    ),
    Remote(
        f"{_MAPPING}/sas_to_original_items.txt",
        "d910c4c3f715e4db89f39000cf521773",
        _OURS,
        "sas_to_original_items.txt",
    ),
)

_ALL = (
    Dataset(
        "ml-100k", "MovieLens 100K: 943 users, 1,682 films, 100,000 ratings", _RESEARCH,
        "ml-100k", ("u.data", "u.item", "u.genre"),
        (_movielens("ml-100k", "0e33842e24a9c977be4e0107933c0723"),), movielens.read_100k,
    ),
    Dataset(
        "ml-1m", "MovieLens 1M: 6,040 users, 3,706 films, 1,000,209 ratings", _RESEARCH,
        "ml-1m", ("ratings.dat", "movies.dat"),
        (_movielens("ml-1m", "c4d9eecfca2ab87c1945afe126590906"),), movielens.read_dat,
    ),
    Dataset(
        "ml-20m", "MovieLens 20M: 138,493 users, 26,744 films, 20,000,263 ratings", _RESEARCH,
        "ml-20m", ("ratings.csv", "movies.csv"),
        (_movielens("ml-20m", "cd245b17a1ae2cc31bb14903e1204af3"),), movielens.read_csv,
    ),
    Dataset(
        "ml-32m", "MovieLens 32M: 200,948 users, 32,000,204 ratings", _RESEARCH,
        "ml-32m", ("ratings.csv", "movies.csv"),
        (_movielens("ml-32m", "d472be332d4daa821edc399621853b57"),), movielens.read_csv,
    ),
    Dataset(
        "ml-latest-small", "MovieLens latest-small: 610 users, 9,724 films, 100,836 ratings",
        "GroupLens: redistribution under the same terms, non-commercial",
        "ml-latest-small", ("ratings.csv", "movies.csv"),
        (_movielens("ml-latest-small", None),), movielens.read_csv,
    ),
    Dataset(
        "ml-1m-sasrec", "MovieLens 1M as SASRec orders it: 6,040 users, 3,416 films, 999,611 interactions",
        _RESEARCH, "ml-1m", ("ml-1m.txt",), _ML_1M_TEXT, sequence_text.read_ml_1m,
    ),
    Dataset(
        "beauty", "Amazon Beauty 5-core, as S3-Rec: 22,363 users, 12,101 products", "research",
        "amazon", ("Beauty.txt",),
        (_s3rec("Beauty", "cb03635343187f36526ed4ba48102b53"),), sequence_text.read_beauty,
    ),
    Dataset(
        "sports", "Amazon Sports and Outdoors 5-core, as S3-Rec: 35,598 users, 18,357 products", "research",
        "amazon", ("Sports_and_Outdoors.txt",),
        (_s3rec("Sports_and_Outdoors", "9691c051152edf528a56581da65b1ce3"),), sequence_text.read_sports,
    ),
    Dataset(
        "toys", "Amazon Toys and Games 5-core, as S3-Rec: 19,412 users, 11,924 products", "research",
        "amazon", ("Toys_and_Games.txt",),
        (_s3rec("Toys_and_Games", "b139ecacfc81d0fb642bc2f448f13843"),), sequence_text.read_toys,
    ),
    Dataset(
        "lastfm", "LastFM, as S3-Rec: 1,090 users, 3,646 artists", "non-commercial",
        "lastfm", ("LastFM.txt",),
        (_s3rec("LastFM", "e4fa30bf2ba80aba718e55f108561814"),), sequence_text.read_lastfm,
    ),
    Dataset(
        "online-retail", "UCI Online Retail: a year of invoices of a gift shop, 541,909 lines",
        "CC BY 4.0, Chen (2015), doi 10.24432/C5BW33",
        "online-retail", ("online_retail.csv.gz",), (), online_retail.read,
    ),
)

DATASETS = {dataset.name: dataset for dataset in _ALL}
