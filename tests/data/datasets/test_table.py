import gzip

import pandas as pd
import pytest

from attnrec.data import datasets
from attnrec.errors import DataError

CSV = "user,item,timestamp,rating\nann,007,2020-01-02,4\nann,8,2020-01-01,5\n"


def put(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.csv", CSV),
        ("log.CSV", CSV),
        ("log.tsv", CSV.replace(",", "\t")),
        ("log.txt", CSV.replace(",", ";")),
        ("log.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("log.csv", "\ufeff" + CSV),
    ],
)
def test_delimited_files(tmp_path, name, text):
    data = datasets.load(put(tmp_path, name, text))
    assert data.history("ann") == ["8", "007"]  # leading zeros are part of an id
    assert data.name == name


def test_parquet_files(tmp_path):
    path = tmp_path / "log.parquet"
    pd.DataFrame({"who": [1, 2], "what": ["a", "b"]}).to_parquet(path)
    data = datasets.load(str(path), user="who", item="what", name="mine")
    assert data.history(2) == ["b"]
    assert data.name == "mine"


def test_numbers_stay_numbers_and_missing_ones_are_dropped(tmp_path):
    path = put(tmp_path, "log.csv", "user,item\n17850.0,1\n,2\n17851.0,1\n")
    data = datasets.load(path)
    assert data.users.tolist() == [17850, 17851]
    assert data.report.count("missing user") == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("log.csv", "", r"log\.csv: cannot be read as a table"),
        ("log.csv", "user,item\n", r"log\.csv: no interactions remain"),
        ("log.csv", "user;item\n1;2\n", r"user: no column 'user'; did you mean 'user;item'"),
        ("log.csv", "user,itm\n1,2\n", r"item: no column 'item'; did you mean 'itm'"),
        ("log.csv", b"user,item\n1,\xe9\n", r"log\.csv: not UTF-8 text"),
        ("log.csv.gz", b"not gzip", r"cannot be read as a table"),
        ("log.parquet", b"not parquet", r"cannot be read as a table"),
        ("log.xls", b"", r"ends in \.csv, \.tsv, \.txt or \.parquet, got '\.xls'"),
        ("log.csv", "user,item,timestamp\n1,2,2020-01-01\n1,2,soon\n",
         r"timestamp: 1 of 2 values cannot be read, the first in row 2: got 'soon'"),
        ("log.csv", "user,item,rating\n1,2,good\n", r"rating: 1 of 1 values cannot be read"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(tmp_path, name, text, message):
    with pytest.raises(DataError, match=message):
        datasets.load(put(tmp_path, name, text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="source: no file"):
        datasets.load(tmp_path / "none.csv")
    with pytest.raises(DataError, match="source: no file"):
        datasets.load(tmp_path)
