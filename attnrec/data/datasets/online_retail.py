"""UCI Online Retail [Chen, 2015]: invoices of a British gift shop, December 2010 to December 2011.

A basket is an invoice. The order of lines inside an invoice says nothing about
time, so it is split by invoice and never inside one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import SHOP
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.data.validation import validate
from attnrec.errors import DataError

FILES = "online_retail.csv*"  # plain or compressed

_COLUMNS = {
    "InvoiceNo": Columns.BASKET,
    "StockCode": Columns.ITEM,
    "Description": Columns.TITLE,
    "Quantity": "quantity",
    "InvoiceDate": Columns.TIMESTAMP,
    "UnitPrice": "price",
    "CustomerID": Columns.USER,
    "Country": "country",
}
# Postage, bank charges, manual corrections, samples, vouchers: codes that are no products.
_PRODUCT = r"\d{5}[A-Za-z]{0,2}|DCGS\w+"


def read(folder: Path, report: Report, name: str) -> Interactions:
    """Purchases of known customers, one row a product and invoice.

    Left out, and reported: cancellations (invoice numbers that start with C)
    and other negative quantities, lines without a customer, and stock codes
    that are no products (postage, charges, corrections). Lines of one invoice
    that name a product twice become one row with the summed quantity.
    """
    lines = _table(folder)
    returned = lines[Columns.BASKET].str.startswith("C") | (lines["quantity"] <= 0)
    nobody = lines[Columns.USER].isna() & ~returned
    other = ~lines[Columns.ITEM].str.fullmatch(_PRODUCT) & ~returned & ~nobody
    report = report.with_rows(
        (
            "returns, cancellations and corrections (quantity not above zero)",
            int(returned.sum()),
            "rows dropped",
        ),
        ("lines without a customer", int(nobody.sum()), "rows dropped"),
        ("lines of postage, charges and the like", int(other.sum()), "rows dropped"),
    )
    lines = lines[~(returned | nobody | other)].copy()
    lines[Columns.ITEM] = lines[Columns.ITEM].str.upper()
    products = _products(lines)
    key = [Columns.BASKET, Columns.ITEM]
    again = lines.duplicated(key)
    report = report.with_rows(
        ("lines that repeat a product of their invoice", int(again.sum()), "quantities summed")
    )
    quantity = lines.groupby(key, sort=False)["quantity"].sum()
    lines = lines[~again].assign(quantity=quantity.to_numpy())
    return validate(
        lines.drop(columns=[Columns.TITLE, "price"]),
        catalogue=products,
        words=SHOP,
        protocol=Protocol(filter_seen=False),
        name=name,
        report=report,
    )


def _table(folder: Path) -> pd.DataFrame:
    path = min(folder.glob(FILES))
    try:
        lines = pd.read_csv(
            path, dtype={"InvoiceNo": "str", "StockCode": "str", "Description": "str"}
        )
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path.name}: truncated or altered ({error})") from error
    lacking = [column for column in _COLUMNS if column not in lines]
    if lacking:
        raise DataError(f"{path.name}: no column {', '.join(lacking)}")
    return lines.rename(columns=_COLUMNS)


def _products(lines: pd.DataFrame) -> pd.DataFrame:
    """For each product its commonest description, in sentence case, and its median price."""
    described = lines.dropna(subset=[Columns.TITLE])
    counts = (
        described.groupby([Columns.ITEM, Columns.TITLE], sort=False)
        .size()
        .reset_index(name="count")
    )
    best = counts.sort_values("count", ascending=False, kind="stable").drop_duplicates(Columns.ITEM)
    titles = best.set_index(Columns.ITEM)[Columns.TITLE].str.split().str.join(" ").str.capitalize()
    prices = lines.groupby(Columns.ITEM, sort=False)["price"].median().round(2)
    return pd.DataFrame(
        {Columns.TITLE: titles.reindex(prices.index), "price": prices.replace(0, np.nan)}
    )
