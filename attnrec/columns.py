"""The names of the columns, in one place."""

from __future__ import annotations


class Columns:
    """Column names of every table that attnrec reads or returns."""

    USER = "user"
    ITEM = "item"
    TIMESTAMP = "timestamp"
    RATING = "rating"
    BASKET = "basket"
    TITLE = "title"
    PRICE = "price"
    QUANTITY = "quantity"
    POSITION = "position"
    RANK = "rank"
    SCORE = "score"
