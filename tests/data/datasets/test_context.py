"""Choices with their circumstances, from the files as they lie and as archives unpack."""

from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest

from attnrec.data import datasets
from attnrec.errors import DataError

USES = """user\titem\tcnt\tdaytime\tweekday\tisweekend\thomework\tcost\tweather\tcountry\tcity
0\t7\t3\tmorning\tsunday\tweekend\tunknown\tfree\tsunny\tPeru\t0
0\t7\t1\tnight\tmonday\tworkday\thome\tfree\tunknown\tPeru\t5
1\t8\t1\tnight\tmonday\tworkday\twork\tpaid\trainy\tunknown\t5
"""
APPS = """item\tpackage\tcategory\tdownloads\tdeveloper\ticon\tlanguage\ttext\tname\tprice\trating
8\ta.b\tTools\t10 - 50\tAnn\thttp://x\ten\t<b>\tLamp <i>\tFree\t4.5
7\tunknown\tunknown\tunknown\tunknown\tunknown\tunknown\tunknown\tunknown\tunknown\tunknown
"""


@pytest.fixture
def put(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))

    def write(path: str, text: str) -> None:
        file = tmp_path / "context" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return write


@pytest.mark.parametrize("inside", ["", "frappe/"])  # as they lie, as the archive has them
def test_frappe(put, inside):
    put(f"frappe/{inside}frappe.csv", USES)
    put(f"frappe/{inside}meta.csv", APPS)
    data = datasets.load("frappe")
    assert data.history(0) == [7, 7]
    assert data.frame["cnt"].tolist() == [3, 1, 1]
    assert data.frame["homework"].isna().tolist() == [True, False, False]
    assert data.frame["weather"].tolist()[::2] == ["sunny", "rainy"]
    assert data.frame["country"].isna().tolist() == [False, False, True]
    labels = data.catalogue.frame
    assert labels.loc[8, "title"] == "Lamp <i>"
    assert labels.loc[7, "title"] == "7"
    assert labels["rating"].tolist() == pytest.approx([4.5, np.nan], nan_ok=True)
    assert not data.protocol.filter_seen
    assert data.times is None
    assert [(row.what, row.count) for row in data.report.rows] == [
        ("apps without a name", 1),
        ("circumstances that are 'unknown'", 3),
        ("rows without a time", 3),
        ("repeated choices of an item by the same user", 1),
    ]


def test_depaulmovie(put):
    lines = "1,tt1,2,NA,NA,NA\n1,tt1,5,Weekend,Cinema,Partner\n"
    put("depaulmovie/ratings.txt", f"userid,itemid,rating,Time,Location,Companion\n{lines}")
    data = datasets.load("depaulmovie")
    assert data.history(1) == ["tt1", "tt1"]
    assert data.frame["rating"].tolist() == [2, 5]
    assert data.frame["companion"].isna().tolist() == [True, False]
    assert data.frame.loc[1, ["time", "location"]].tolist() == ["Weekend", "Cinema"]


def test_tripadvisor(put):
    head = "UserID,ItemID,Rating,UserState,UserTimeZone,ItemCity,ItemState,ItemTimeZone,TripType\n"
    put(
        "tripadvisor/Data_TripAdvisor_v2.csv",
        f"{head}A,9,5,AK,AK,LA JOLLA,CA,PACIFIC,SOLO\nB,9,3,NY,NY,LA JOLLA,CA,PACIFIC,FAMILY\n",
    )
    data = datasets.load("tripadvisor")
    assert data.catalogue.titles == ["Hotel 9, La Jolla"]
    assert data.catalogue.frame.loc[9, ["city", "state"]].tolist() == ["LA JOLLA", "CA"]
    assert data.frame["trip_type"].tolist() == ["SOLO", "FAMILY"]
    assert list(data.frame) == [
        *("user", "item", "rating", "user_state", "user_time_zone", "trip_type"),
    ]


def test_an_archive_at_hand_is_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    monkeypatch.setenv("ATTNREC_CACHE", str(tmp_path / "cache"))
    with zipfile.ZipFile(tmp_path / "Movie_DePaulMovie.zip", "w") as archive:
        archive.writestr("Movie_DePaulMovie/ratings.txt", "userid,itemid\n1,2\n")
    with pytest.raises(DataError, match="expected f9af2642a973beb4fe626393c48e5b55"):
        datasets.load("depaulmovie")


def test_a_file_that_is_not_it_is_refused(put):
    put("depaulmovie/ratings.txt", "userid,itemid,rating\n1,2,3\n")
    with pytest.raises(DataError, match=r"ratings.txt: no column Time, Location, Companion"):
        datasets.load("depaulmovie")


@pytest.mark.needs_data
@pytest.mark.parametrize(
    ("name", "users", "items", "rows", "column", "levels"),
    [
        ("frappe", 957, 4082, 96_203, "daytime", 7),
        ("depaulmovie", 97, 79, 5043, "companion", 3),
        ("tripadvisor", 2371, 2269, 14_175, "trip_type", 5),
    ],
)
def test_the_whole_sets(data_folder, name, users, items, rows, column, levels):
    data = datasets.load(name)
    assert (len(data.users), len(data.items), len(data)) == (users, items, rows)
    assert data.frame[column].nunique() == levels
    if name == "frappe":  # every row as the file has it
        lines = pd.read_csv(data_folder / "context" / "frappe" / "frappe.csv", sep="\t")
        again = data.frame.fillna("unknown").groupby("user", sort=True)["cnt"].sum()
        pd.testing.assert_series_equal(again, lines.groupby("user")["cnt"].sum())
