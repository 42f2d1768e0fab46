import csv
import gzip

import pandas as pd
import pytest

from attnrec.data import datasets, split
from attnrec.errors import DataError

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINES = """1,85123A,WHITE  HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,71053,LANTERN,2,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
1,85123a,WHITE  HANGING HEART,1,2010-12-01 08:27:00,2.75,17850.0,United Kingdom
1,POST,POSTAGE,1,2010-12-01 08:26:00,18.0,17850.0,United Kingdom
C2,71053,LANTERN,-1,2010-12-02 08:26:00,3.39,17850.0,United Kingdom
3,71053,damaged,-5,2010-12-02 08:26:00,0.0,,United Kingdom
4,71053,LANTERN,5,2010-12-02 08:26:00,3.39,,United Kingdom
5,71053,LANTERN,1,2010-11-30 08:26:00,3.39,17850.0,United Kingdom
"""


@pytest.fixture
def put(tmp_path, monkeypatch):
    (tmp_path / "online-retail").mkdir()
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    return tmp_path / "online-retail" / "online_retail.csv.gz"


@pytest.mark.parametrize("reformat", [str, lambda t: t.replace("2010-12-0", "12/").replace(
    "2010-11-30", "11/30").replace(" 08:", "/2010 8:").replace(":00,", ",")])  # fmt: skip
def test_returns_strangers_and_charges_are_reported(put, reformat):
    put.write_bytes(gzip.compress((HEAD + reformat(LINES)).encode()))
    data = datasets.load("online-retail")
    assert data.users.tolist() == [17850]
    assert data.history(17850) == ["71053", "85123A", "71053"]
    assert data.frame["quantity"].tolist() == [1, 7, 2]
    assert data.frame["timestamp"][0] == pd.Timestamp("2010-11-30 08:26")
    assert data.catalogue.titles == ["White hanging heart", "Lantern"]
    assert data.catalogue.frame["price"].tolist() == [2.65, 3.39]
    assert not data.protocol.filter_seen
    assert [(row.what.split(" (")[0], row.count) for row in data.report.rows] == [
        ("returns, cancellations and corrections", 2),
        ("lines without a customer", 1),
        ("lines of postage, charges and the like", 1),
        ("lines that repeat a product of their invoice", 1),
        ("repeated choices of an item by the same user", 1),
    ]


def test_a_file_that_is_not_it_is_refused(put):
    put.write_bytes(gzip.compress((HEAD + LINES).encode())[:-40])
    with pytest.raises(DataError, match="truncated or altered"):
        datasets.load("online-retail")
    put.write_bytes(gzip.compress(b"InvoiceNo,StockCode\n1,2\n"))
    with pytest.raises(DataError, match="no column Description, Quantity"):
        datasets.load("online-retail")


@pytest.fixture(scope="module")
def data():
    return datasets.load("online-retail")


@pytest.mark.needs_data
def test_every_line_is_accounted_for(data, data_folder):
    with gzip.open(data_folder / "online-retail" / "online_retail.csv.gz", "rt") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 541_909
    left_out = [row.count for row in data.report.rows if row.action in
                ("rows dropped", "quantities summed")]  # fmt: skip
    assert len(data) + sum(left_out) == 541_909
    returned = [one for one in lines if one["InvoiceNo"][0] == "C" or int(one["Quantity"]) <= 0]
    assert left_out[0] == len(returned)
    sold = [one for one in lines if one["InvoiceNo"][0] != "C" and int(one["Quantity"]) > 0]
    assert left_out[1] == sum(one["CustomerID"] == "" for one in sold)
    kept = {one["CustomerID"] for one in sold if one["StockCode"][:5].isdigit()} - {""}
    assert kept == {f"{user}.0" for user in data.users}


@pytest.mark.needs_data
def test_no_invoice_is_divided(data):
    made = split.leave_one_out(data)
    parts = data.frame.assign(part=made.part).groupby(["user", "basket"])["part"]
    assert parts.nunique().eq(1).all()
    assert len(made.cases("test")) == 1998
    later = split.temporal(data, targets="all")
    assert data.frame.assign(part=later.part).groupby("basket")["part"].nunique().eq(1).all()
