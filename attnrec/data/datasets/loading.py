"""`load`: a data set by name, a file, or a DataFrame."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from attnrec.columns import Columns
from attnrec.data.datasets.registry import DATASETS
from attnrec.data.datasets.table import read_table
from attnrec.data.interactions import Interactions
from attnrec.data.log import Log, is_log
from attnrec.data.validation import validate
from attnrec.errors import DataError, did_you_mean

BAZAAR = "bazaar"


def load(source: str | Path | pd.DataFrame, **options: Any) -> Interactions | Log:
    """Read interactions from a data set by name, a CSV or Parquet file, or a DataFrame.

    Args:
        source: a name of `available()`, a path, or a table with one row an interaction;
            or the folder of a log that `prepare` wrote, which stays on disk.
        options: for a file or table, the columns: `user`, `item`, `timestamp`,
            `rating`, `basket`, `title`, `features` and the rest of
            `attnrec.data.validation.validate`; for `"bazaar"`, those of the
            simulator. The other data sets take none.

    Returns:
        Validated interactions; `report` says what was found and done. Of a
        prepared log a `Log`, which is split and trained on in the same way.

    Raises:
        DataError: an unknown name or option, a file that cannot be read, or
            values that cannot be used.

    Example:
        >>> visits = pd.DataFrame({"who": ["ann", "bo"], "what": ["tea", "tea"]})
        >>> load(visits, user="who", item="what")
        Interactions('data': 2 interactions of 2 users with 1 items)
    """
    if isinstance(source, pd.DataFrame):
        return _call(validate, "a table", (source,), options)
    if not isinstance(source, (str, Path)):
        raise TypeError(
            f"source: expected a name, a path or a DataFrame, got {type(source).__name__}"
        )
    name = str(source)
    if name == BAZAAR:
        from attnrec.data.bazaar import simulate

        return _call(simulate, name, (), options)
    if name in DATASETS:
        if options:
            raise DataError(f"{name}: takes no options, got {', '.join(options)}")
        return DATASETS[name].load()
    path = Path(source).expanduser()
    if is_log(path):
        if options:
            raise DataError(f"{name}: a prepared log takes no options, got {', '.join(options)}")
        return Log(path)
    if path.exists() or path.suffix or len(path.parts) > 1:
        ids = [options.get(role) or role for role in (Columns.USER, Columns.ITEM, Columns.BASKET)]
        return _call(validate, path.name, (read_table(path, ids),), {"name": path.name} | options)
    names = [BAZAAR, *DATASETS]
    raise DataError(
        f"source: no data set or file named {name!r}{did_you_mean(name, names)} "
        f"(known: {', '.join(names)})"
    )


def available() -> pd.DataFrame:
    """The data sets that `load` knows by name.

    Returns:
        A row a data set: what it is, its licence, and whether it is at hand,
        so that loading it needs no network.
    """
    rows = [(BAZAAR, "a simulated shop whose purchases have known causes", "Apache-2.0", True)]
    rows += [(one.name, one.what, one.licence, one.at_hand) for one in DATASETS.values()]
    return pd.DataFrame(rows, columns=["name", "what", "licence", "at hand"]).set_index("name")


def _call(function: Callable, what: str, arguments: tuple, options: dict[str, Any]) -> Interactions:
    """Call with options, and say which one is not known."""
    known = [name for name in inspect.signature(function).parameters if name != "table"]
    for name in options:
        if name not in known:
            raise DataError(
                f"{what}: no option {name!r}{did_you_mean(name, known)} (known: {', '.join(known)})"
            )
    return function(*arguments, **options)
