"""From Parquet files of any size to a log on disk, sorted and numbered, with DuckDB.

Memory is what DuckDB is allowed; what does not fit goes to disk beside the
result. Found, dropped, kept and numbered is exactly what
`attnrec.data.validation.validate` finds, drops, keeps and numbers.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from attnrec.columns import Columns
from attnrec.data import log
from attnrec.data.catalogue import Words
from attnrec.data.histories import Protocol
from attnrec.data.log import Log
from attnrec.data.preparation import Preparation
from attnrec.errors import DataError


def prepare(
    source: str | Path | Sequence[str | Path],
    into: str | Path,
    *,
    user: str = Columns.USER,
    item: str = Columns.ITEM,
    timestamp: str | None = None,
    catalogue: pd.DataFrame | None = None,
    detail: str | None = None,
    words: Words | None = None,
    protocol: Protocol | None = None,
    name: str | None = None,
    memory: str = "4GB",
) -> Log:
    """Turn Parquet files, larger than memory if need be, into a log on disk.

    The log is what `attnrec.datasets.load` would make of the same rows, to the
    number of every item and user, and it is split, trained on, and ranked in
    the same way, without ever being in memory as a whole. Needs DuckDB:
    `pip install 'attnrec[large]'`.

    Args:
        source: a Parquet file, a pattern such as `"events/*.parquet"` (read in
            the order of their names), or a list of files.
        into: a folder that does not exist yet.
        user, item: names of the columns that hold ids, whole numbers or text.
        timestamp: that of the column of dates or numbers; a column called
            `timestamp` is used if none is named. Without any, events keep the
            order of the source.
        catalogue, detail, words, protocol, name: see `attnrec.data.validation.validate`.
        memory: what DuckDB may use, as it writes it.

    Returns:
        The log, opened.

    Raises:
        DataError: no such files or columns, values that cannot be read, a
            folder that exists, or no room on the disk. Nothing is left behind.

    Example:
        >>> log = prepare("events/*.parquet", "log", user="who", item="what")  # doctest: +SKIP
        >>> run = ar.fit(ar.SASRec(), ar.split.leave_one_out(log))             # doctest: +SKIP
    """
    try:
        import duckdb
    except ImportError as error:
        raise DataError("prepare needs DuckDB: pip install 'attnrec[large]'") from error
    into = Path(into).expanduser().resolve()
    if into.exists():
        raise DataError(f"into: {into} exists; name another folder, or remove it")
    files = _files(source)
    into.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        with duckdb.connect(str(new / "work.duckdb")) as database:
            database.execute("SET autoinstall_known_extensions = false")  # no network
            try:
                database.execute("SET memory_limit = ?", [memory])
            except duckdb.Error as error:
                raise DataError(f"memory: expected such as '4GB', got {memory!r}") from error
            database.execute("SET temp_directory = ?", [str(new / "spilled")])
            database.execute("SET preserve_insertion_order = false")
            database.execute("SET enable_progress_bar = false")
            told = Preparation(database, new).write(
                files, (user, item, timestamp), catalogue, detail, name or into.name
            )
        card = {
            "format": log.FORMAT,
            **told,
            "words": asdict(words or Words()),
            "detail": detail,
            "protocol": asdict(protocol or Protocol()),
        }
        (new / log.CARD).write_text(json.dumps(card, indent=1) + "\n")
        for work in new.glob("work.duckdb*"):
            work.unlink()
        shutil.rmtree(new / "spilled", ignore_errors=True)
        os.chmod(new, 0o755)
        new.rename(into)
    except (duckdb.Error, OSError) as error:
        more = f" and {len(files) - 1} more files" if len(files) > 1 else ""
        why = str(error).splitlines()[0]
        raise DataError(f"source: {files[0]}{more} cannot be prepared ({why})") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Log(into)


def _files(source: str | Path | Sequence[str | Path]) -> list[str]:
    given = [source] if isinstance(source, (str, Path)) else source
    if not isinstance(given, Sequence) or not all(isinstance(one, (str, Path)) for one in given):
        raise DataError(f"source: expected a path or a list of paths, got {source!r}")
    files: list[str] = []
    for one in given:
        path = str(Path(one).expanduser())
        found = [path] if Path(path).is_file() else sorted(glob.glob(path, recursive=True))
        if not found:
            raise DataError(f"source: no file {str(one)!r}")
        files += found
    if not files:
        raise DataError("source: expected a Parquet file or more, got none")
    for path in files:
        if not path.endswith(".parquet"):
            raise DataError(f"source: expected files that end in .parquet, got {path!r}")
    return files
