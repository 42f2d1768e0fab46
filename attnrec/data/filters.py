"""Filters that a protocol asks for: minimum rating, k-core, maximum history."""

from __future__ import annotations

import numpy as np

from attnrec.columns import Columns
from attnrec.data.interactions import Interactions
from attnrec.errors import DataError


def filter_rows(
    data: Interactions,
    min_rating: float | None = None,
    min_user_count: int | None = None,
    min_item_count: int | None = None,
    max_history: int | None = None,
) -> Interactions:
    """Keep what passes, in this order, and report what was dropped.

    1. Ratings of at least `min_rating`; a missing rating does not pass.
    2. The k-core: users with at least `min_user_count` interactions and items
       with at least `min_item_count`, dropped in turn until all have enough.
    3. The `max_history` most recent interactions of each user. This comes last
       and may leave items with fewer than `min_item_count`.

    Raises:
        DataError: no ratings to filter by, a limit below one, or nothing remains.
    """
    limits = {
        "min_user_count": min_user_count,
        "min_item_count": min_item_count,
        "max_history": max_history,
    }
    for name, limit in limits.items():
        if limit is not None and (isinstance(limit, bool) or limit != int(limit) or limit < 1):
            raise DataError(f"{name}: expected a whole number from 1, got {limit!r}")
    keep = np.ones(len(data), dtype=bool)
    report = data.report
    if min_rating is not None:
        if Columns.RATING not in data.frame:
            raise DataError(f"min_rating: {data.name} has no ratings")
        keep = (data.frame[Columns.RATING] >= min_rating).to_numpy(dtype=bool)
        report = report.with_rows(
            (f"ratings below {min_rating:g}", int((~keep).sum()), "rows dropped")
        )
    if min_user_count or min_item_count:
        core = _core(
            data.user_indices, data.item_indices, keep, min_user_count or 1, min_item_count or 1
        )
        least = f"users with {min_user_count or 1}, items with {min_item_count or 1} or more"
        what = f"outside the core ({least})"
        report = report.with_rows((what, int(keep.sum() - core.sum()), "rows dropped"))
        keep = core
    if max_history is not None:
        recent = keep & (_from_end(data.user_indices, keep) < max_history)
        report = report.with_rows(
            (f"older than the last {max_history}", int(keep.sum() - recent.sum()), "rows dropped")
        )
        keep = recent
    if not keep.any():
        raise DataError(
            f"{data.name}: no interactions pass the filters ({'; '.join(str(report).splitlines())})"
        )
    return data.keep_rows(keep, report)


def _core(
    users: np.ndarray, items: np.ndarray, keep: np.ndarray, user_count: int, item_count: int
) -> np.ndarray:
    """The largest set of rows in which every user and every item has enough."""
    while True:
        enough_users = np.bincount(users[keep], minlength=users.max() + 1) >= user_count
        enough_items = np.bincount(items[keep], minlength=items.max() + 1) >= item_count
        core = keep & enough_users[users] & enough_items[items]
        if core.sum() == keep.sum():
            return core
        keep = core


def _from_end(users: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """How many kept rows of the same user follow each row; rows are grouped by user."""
    running = np.cumsum(keep)
    last = np.flatnonzero(np.r_[users[1:] != users[:-1], True])
    at_end = np.repeat(running[last], np.diff(np.r_[-1, last]))
    return at_end - running
