"""A short name for the content of a log, equal in every process and on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from attnrec.data.sequences import Sequences

AT_ONCE = 1 << 20  # rows, so that a log on disk need not come into memory


def fingerprint(
    users: pd.Index,
    items: pd.Index,
    sequences: Sequences,
    columns: Mapping[str, pd.Series | np.ndarray],
) -> str:
    """16 hexadecimal digits of ids, of the order of items in each history, and of columns.

    Args:
        users, items: ids, in the order of their indices.
        sequences: of all users, one after the other from the source's beginning.
        columns: by name, others of the log's columns, such as its times.
    """
    digest = hashlib.sha256()
    for ids in (users, items):
        for text in _json(ids):
            digest.update(text)
    for first in range(0, len(sequences), AT_ONCE):
        block = slice(first, first + AT_ONCE)
        users_of_rows = np.repeat(sequences.users[block], sequences.lengths[block])
        digest.update(users_of_rows.astype("<i4").tobytes())
    for rows in _blocks(sequences.source):
        digest.update(rows.astype("<i4").tobytes())
    for name, column in columns.items():
        digest.update(name.encode())
        for part in _bytes(column):
            digest.update(part)
    return digest.hexdigest()[:16]


def _bytes(column: pd.Series | np.ndarray) -> Iterator[bytes]:
    if pd.api.types.is_datetime64_dtype(column):
        for rows in _blocks(column):
            yield np.asarray(rows).astype("datetime64[us]").astype("<i8").tobytes()
    elif pd.api.types.is_numeric_dtype(column):
        for rows in _blocks(column):
            yield pd.Series(rows).to_numpy(dtype="<f8", na_value=np.nan).tobytes()
    else:
        yield from _json(column)


def _json(values: pd.Index | pd.Series | np.ndarray) -> Iterator[bytes]:
    """The text of `json.dumps` of all of them."""
    between = "["
    for rows in _blocks(values):
        yield (between + json.dumps(rows.tolist(), default=str)[1:-1]).encode()
        between = ", "
    yield b"[]" if between == "[" else b"]"


def _blocks(values):
    for first in range(0, len(values), AT_ONCE):
        yield values[first : first + AT_ONCE]
