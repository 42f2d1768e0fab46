"""What train tells of how users act and how items are taken up.

Only the rows of the train part count, so that no figure knows of what is to be
predicted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.parts import RowSplit, Split

_DAY = pd.Timedelta(days=1)


def user_behaviour(split: Split | RowSplit) -> pd.DataFrame:
    """Each user's train part in figures.

    ================ =============================================================
    frequency        events
    recency          days from the user's last event to the last of all
    mean_gap         days from one moment with events to the next; none with one moment
    distinct_items   different items
    average_spend    mean over events of price x quantity, 1 where no quantity is
                     told; events without a price do not count
    basket_size      mean number of events of a basket
    ================ =============================================================

    The price is a column `price` of the interactions, or else of the catalogue.

    Returns:
        float64, indexed by user id, in the order of user indices. Columns that the
        data cannot tell are absent: without dates, baskets, or prices that are
        numbers. Users without an event in train have none of the figures (NaN).

    Raises:
        DataError: data that stay on disk.
    """
    train = split.train
    rows = train.groupby(Columns.USER)
    found = {"frequency": rows.size()}
    if _has_dates(train):
        times = rows[Columns.TIMESTAMP]
        moments = times.nunique()
        found["recency"] = (train[Columns.TIMESTAMP].max() - times.max()) / _DAY
        length = (times.max() - times.min()) / _DAY
        found["mean_gap"] = length.where(moments > 1) / (moments - 1).clip(lower=1)
    found["distinct_items"] = rows[Columns.ITEM].nunique()
    prices = _prices(split, train)
    if prices is not None:
        quantity = _numbers(train, Columns.QUANTITY)
        spent = prices if quantity is None else prices * quantity
        found["average_spend"] = spent.groupby(train[Columns.USER]).mean()
    if Columns.BASKET in train:
        found["basket_size"] = rows.size() / rows[Columns.BASKET].nunique()
    return _for_all(found, split.data.users, Columns.USER)


def item_behaviour(split: Split | RowSplit) -> pd.DataFrame:
    """The train part of each item in figures.

    ================ =============================================================
    popularity       events
    users            different users
    recency          days from the item's last event to the last of all
    mean_price       mean over events, where the interactions have a column `price`
    ================ =============================================================

    Returns:
        float64, indexed by item id, in the order of item indices; as for users.

    Raises:
        DataError: data that stay on disk.
    """
    train = split.train
    rows = train.groupby(Columns.ITEM)
    found = {"popularity": rows.size(), "users": rows[Columns.USER].nunique()}
    if _has_dates(train):
        last = rows[Columns.TIMESTAMP].max()
        found["recency"] = (train[Columns.TIMESTAMP].max() - last) / _DAY
    prices = _numbers(train, Columns.PRICE)
    if prices is not None:
        found["mean_price"] = prices.groupby(train[Columns.ITEM]).mean()
    return _for_all(found, split.data.items, Columns.ITEM)


def _for_all(found: dict[str, pd.Series], ids: pd.Index, name: str) -> pd.DataFrame:
    return pd.DataFrame(found).reindex(ids).astype("float64").rename_axis(index=name)


def _has_dates(train: pd.DataFrame) -> bool:
    """Whether there are times that are dates; plain counters have no days."""
    times = train.get(Columns.TIMESTAMP)
    return times is not None and pd.api.types.is_datetime64_any_dtype(times)


def _prices(split: Split | RowSplit, train: pd.DataFrame) -> pd.Series | None:
    """The price of each event, NaN where it is not known."""
    if Columns.PRICE in train:
        return _numbers(train, Columns.PRICE)
    known = _numbers(split.data.catalogue.frame, Columns.PRICE)
    return None if known is None else train[Columns.ITEM].map(known)


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series | None:
    """A column of numbers, NaN where they are missing or infinite; None where there is none."""
    if column not in frame or not pd.api.types.is_numeric_dtype(frame[column]):
        return None
    numbers = frame[column].astype("float64")
    return numbers.where(np.isfinite(numbers))
