"""Tables of the user's own: CSV, TSV and Parquet files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from attnrec.errors import DataError

_DELIMITED = {".csv": ",", ".tsv": "\t", ".txt": None}
_COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}


def read_table(path: Path, ids: Iterable[str] = ()) -> pd.DataFrame:
    """Read a delimited or Parquet file.

    Args:
        path: ends in .csv, .tsv, .txt (the separator is then guessed), if need
            be compressed (.gz, .bz2, .xz), or in .parquet.
        ids: columns that hold ids. In a delimited file they are read as text,
            and become numbers only if that loses nothing: `007` stays text.

    Raises:
        DataError: no such file, a form that is not known, or a damaged file.
    """
    if not path.is_file():
        raise DataError(f"source: no file {str(path)!r}")
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in _COMPRESSED:
        endings.pop()
    ending = endings[-1] if endings else ""
    if ending not in _DELIMITED and ending != ".parquet":
        raise DataError(
            f"{path.name}: expected a file that ends in .csv, .tsv, .txt or .parquet, "
            f"got {ending or 'no ending'!r}"
        )
    try:
        if ending == ".parquet":
            return pd.read_parquet(path)
        return _read_delimited(path, _DELIMITED[ending], list(ids))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name}: not UTF-8 text (byte {error.start}); convert it, or read it yourself "
            f"with pandas and load the DataFrame"
        ) from error
    except (
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        OSError,
        EOFError,
        ValueError,
    ) as error:
        raise DataError(f"{path.name}: cannot be read as a table ({error})") from error


def _read_delimited(path: Path, separator: str | None, ids: list[str]) -> pd.DataFrame:
    options = {"sep": separator} if separator else {"sep": None, "engine": "python"}
    table = pd.read_csv(path, dtype=dict.fromkeys(ids, "str"), encoding="utf-8-sig", **options)
    for column in ids:
        if column in table:
            table[column] = _numbers_if_exact(table[column])
    return table


def _numbers_if_exact(text: pd.Series) -> pd.Series:
    """Whole numbers where every value is one, as `7` or `7.0` but not `007`; else text."""
    known = text.dropna()
    if known.empty or not known.str.fullmatch(r"(?:0|-?[1-9]\d{0,17})(?:\.0)?").all():
        return text
    return text.str.removesuffix(".0").astype("Int64")
