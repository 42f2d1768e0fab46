"""What `prepare` asks DuckDB for: rows read, dropped, merged, numbered and sorted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data import log
from attnrec.data.catalogue import Catalogue
from attnrec.data.fingerprint import fingerprint
from attnrec.data.reading import EPOCHS
from attnrec.data.report import Report
from attnrec.data.sequences import Sequences
from attnrec.data.validation import described_items
from attnrec.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import duckdb

AT_ONCE = 1 << 20  # events written together

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_WHOLE |= {"UBIGINT", "HUGEINT", "UHUGEINT"}
_DATES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"}
_ZONED = "TIMESTAMP WITH TIME ZONE"


class Preparation:
    """One log in the making.

    Args:
        database: where the work is done.
        folder: where the log's files go.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, folder: Path):
        self._ask, self._folder = database.execute, folder
        self._database = database
        self._report = Report()
        self._zoned = False

    def write(
        self,
        files: list[str],
        columns: tuple[str, str, str | None],
        catalogue: pd.DataFrame | None,
        detail: str | None,
        name: str,
    ) -> dict[str, Any]:
        """Writes everything but the card, and says what is to stand on it."""
        times = self._read(files, *columns)
        self._drop(times is not None, name)
        times = self._dates(times)
        self._merge(times is not None)
        users, items = self._ids("user"), self._ids("item")
        described, self._report = described_items(
            pd.DataFrame({Columns.ITEM: items}), catalogue, [], self._report
        )
        self._number(described.index)
        if times is not None:
            what = "timestamp collisions within a user"
            tied = self._value(
                "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM kept "
                "GROUP BY user, time HAVING count(*) > 1)"
            )
            self._found(what, tied, "kept in the source's order")
        listed = Catalogue(described, detail=detail)
        pd.DataFrame({Columns.USER: users}).to_parquet(self._folder / log.USERS)
        listed.frame.to_parquet(self._folder / log.CATALOGUE)
        sequences, moments = self._events(len(users), times)
        dated = {} if moments is None else {Columns.TIMESTAMP: moments}
        return {
            "name": name,
            "interactions": sequences.total,
            "times": times,
            "report": self._report.rows,
            "fingerprint": fingerprint(pd.Index(users), listed.ids, sequences, dated),
        }

    def _row(self, query: str, given: Sequence = ()) -> tuple:
        row = self._ask(query, given).fetchone()
        assert row is not None
        return row

    def _value(self, query: str) -> int:
        return int(self._row(query)[0])

    def _found(self, what: str, count: int, action: str) -> None:
        self._report = self._report.with_rows((what, count, action))

    def _read(self, files: list[str], user: str, item: str, timestamp: str | None) -> str | None:
        """All rows into the table `raw`, in types of ours; returns the type of times, or None."""
        types = {
            column: kind.upper()
            for column, kind, *_ in self._ask(
                "DESCRIBE SELECT * FROM read_parquet(?)", [files]
            ).fetchall()
        }
        if timestamp is None and Columns.TIMESTAMP in set(types) - {user, item}:
            timestamp = Columns.TIMESTAMP
        roles = {Columns.USER: user, Columns.ITEM: item, Columns.TIMESTAMP: timestamp}
        for role, column in roles.items():
            other = next(name for name, named in roles.items() if named == column)
            if column is not None and other != role:
                raise DataError(f"{role}: column {column!r} is already the {other}")
            if column is not None and column not in types:
                names = ", ".join(map(repr, list(types)[:12])) or "none"
                hint = did_you_mean(column, types)
                raise DataError(f"{role}: no column {column!r}{hint} (the files' columns: {names})")
        wanted = {
            "user": self._id(files, Columns.USER, user, types[user]),
            "item": self._id(files, Columns.ITEM, item, types[item]),
        }
        kind = None
        if timestamp is not None:
            wanted["time"], kind = self._time(files, timestamp, types[timestamp])
        for number, path in enumerate(files):
            select = ", ".join(f"{expression} AS {role}" for role, expression in wanted.items())
            into = "INSERT INTO raw" if number else "CREATE TABLE raw AS"
            self._ask(
                f"{into} SELECT {number << 40} + file_row_number AS source, {select} "
                "FROM read_parquet(?, file_row_number = true)",
                [path],
            )
        return kind

    def _id(self, files: list[str], role: str, column: str, kind: str) -> str:
        """The column as BIGINT or text, NULL where it is missing."""
        name = _quoted(column)
        if kind in _WHOLE:
            return f"CAST({name} AS BIGINT)"
        if kind in ("FLOAT", "DOUBLE"):
            self._refuse(files, role, name, f"{name} != floor({name})", "whole numbers or text")
            return f"CASE WHEN NOT isnan({name}) THEN CAST({name} AS BIGINT) END"
        if kind == "VARCHAR" or kind.startswith("ENUM"):
            return f"CASE WHEN NOT regexp_full_match({name}, '[\\s\\pZ]*') THEN {name}::VARCHAR END"
        raise DataError(f"{role}: expected whole numbers or text as ids, got a column of {kind}")

    def _time(self, files: list[str], column: str, kind: str) -> tuple[str, str]:
        """The column as BIGINT or DOUBLE, and what it means."""
        name = _quoted(column)
        if kind in _DATES or kind == _ZONED:
            if kind == _ZONED:
                self._zoned = True
            return f"epoch_us({name})", "datetime64[us]"
        if kind == "TIMESTAMP_NS":
            return f"epoch_ns({name})", "datetime64[ns]"
        if kind in _WHOLE:
            return f"CAST({name} AS BIGINT)", "int64"
        if kind in ("FLOAT", "DOUBLE"):
            self._refuse(files, Columns.TIMESTAMP, name, "false", "dates or numbers")
            return f"CASE WHEN NOT isnan({name}) THEN CAST({name} AS DOUBLE) END", "float64"
        raise DataError(
            f"timestamp: expected a column of dates or numbers, got {kind}; convert it first"
        )

    def _refuse(self, files: list[str], role: str, name: str, wrong: str, expected: str) -> None:
        """An error where a number is infinite, or wrong in another way."""
        count, first = self._row(
            f"SELECT count(*), min({name}) FROM read_parquet(?) "
            f"WHERE NOT isnan({name}) AND (isinf({name}) OR {wrong})",
            [files],
        )
        if count:
            raise DataError(
                f"{role}: {count:,} values cannot be read: expected {expected}, got {first}"
            )

    def _drop(self, timed: bool, name: str) -> None:
        """Rows without a user, an item or a time."""
        present = "true"
        for role in ("user", "item", "time") if timed else ("user", "item"):
            missing = self._value(f"SELECT count(*) FROM raw WHERE {present} AND {role} IS NULL")
            called = Columns.TIMESTAMP if role == "time" else role
            self._found(f"missing {called}", missing, "rows dropped")
            present += f" AND {role} IS NOT NULL"
        self._ask(f"DELETE FROM raw WHERE NOT ({present})")
        if not self._value("SELECT count(*) FROM raw"):
            found = f" ({'; '.join(str(self._report).splitlines())})" if self._report.rows else ""
            raise DataError(f"{name}: no interactions remain{found}")

    def _dates(self, kind: str | None) -> str | None:
        """Numbers that are dates become dates; see `attnrec.data.reading.read_times`."""
        rows = self._value("SELECT count(*) FROM raw")
        if kind == "datetime64[us]" and self._zoned:
            self._found("times with a zone", rows, "converted to UTC")
        if kind not in ("int64", "float64"):
            return kind
        [size] = self._row("SELECT approx_quantile(abs(time), 0.5) FROM raw")
        for unit, per_second, low, high in EPOCHS:
            if low <= size < high:
                count = 0 if unit == "s" else rows
                self._found(f"times in {unit} since 1970", count, "read as dates")
                scaled = f"CAST(round(time * {1_000_000 // int(per_second)}) AS BIGINT)"
                self._ask(f"ALTER TABLE raw ALTER time TYPE BIGINT USING {scaled}")
                return "datetime64[us]"
        return kind

    def _merge(self, timed: bool) -> None:
        """The table `kept`: one row for each user, item and time; without times, every row."""
        rows = self._value("SELECT count(*) FROM raw")
        if timed:
            self._ask(
                "CREATE TABLE kept AS SELECT user, item, time, min(source) AS source "
                "FROM raw GROUP BY user, item, time"
            )
            self._ask("DROP TABLE raw")
        else:
            self._ask("ALTER TABLE raw RENAME TO kept")
        left = self._value("SELECT count(*) FROM kept")
        what = f"duplicates of user, item and {Columns.TIMESTAMP}"
        self._found(what, rows - left, "rows dropped, the first of each kept")
        pairs = self._value("SELECT count(*) FROM (SELECT DISTINCT user, item FROM kept)")
        self._found("repeated choices of an item by the same user", left - pairs, "kept")

    def _ids(self, role: str) -> pd.Series:
        """Those of users or items, in order of first appearance."""
        ids = self._ask(f"SELECT {role} FROM kept GROUP BY {role} ORDER BY min(source)").df()[role]
        return ids.astype("int64" if pd.api.types.is_integer_dtype(ids) else "str")

    def _number(self, items: pd.Index) -> None:
        """The tables `users` and `items`: the index of each."""
        self._ask(
            "CREATE TABLE users AS SELECT user, row_number() OVER (ORDER BY first) AS number "
            "FROM (SELECT user, min(source) AS first FROM kept GROUP BY user)"
        )
        order = pd.DataFrame({"item": items, "number": np.arange(1, len(items) + 1)})
        self._database.register("item_order", order)
        self._ask("CREATE TABLE items AS SELECT * FROM item_order")
        self._database.unregister("item_order")

    def _events(self, users: int, kind: str | None) -> tuple[Sequences, np.ndarray | None]:
        """The events in their files."""
        counts = self._ask(
            "SELECT count(*) AS n FROM kept JOIN users USING (user) GROUP BY number ORDER BY number"
        ).df()["n"]
        offsets = np.append(0, np.cumsum(counts.to_numpy(np.int64)))
        np.save(self._folder / log.OFFSETS, offsets)
        wanted = {"item": (log.ITEMS, "int32")}
        if kind is not None:
            wanted["time"] = (log.TIMES, "int64" if kind.startswith("datetime64") else kind)
        order = "".join(f", {role}" for role in list(wanted)[1:])
        reader = self._database.sql(
            f"SELECT items.number::INTEGER AS item{order} FROM kept JOIN users USING (user) "
            f"JOIN items USING (item) ORDER BY users.number{order}, source"
        ).to_arrow_reader(AT_ONCE)
        with ExitStack() as open_files:
            files = {}
            for role, (name, stored) in wanted.items():
                files[role] = open_files.enter_context((self._folder / name).open("wb"))
                told = {"descr": f"<{np.dtype(stored).str[1:]}", "fortran_order": False}
                header = told | {"shape": (int(offsets[-1]),)}
                np.lib.format.write_array_header_1_0(files[role], header)
            for batch in reader:
                for role, (_, stored) in wanted.items():
                    files[role].write(batch.column(role).to_numpy().astype(stored).tobytes())
        items, *times = (
            np.load(self._folder / name, mmap_mode="r", allow_pickle=False)
            for name, _ in wanted.values()
        )
        sequences = Sequences.end_to_end(items, offsets, np.arange(1, users + 1, dtype=np.int32))
        return sequences, times[0].view(np.dtype(kind)) if times else None


def _quoted(column: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    return '"' + column.replace('"', '""') + '"'
