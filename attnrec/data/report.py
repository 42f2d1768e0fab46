"""What validation found in the data, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import pandas as pd


class Finding(NamedTuple):
    """One line of a report: what was found, how often, what was done."""

    what: str
    count: int  # type: ignore[assignment]  # a tuple's own count() is of no use here
    action: str


@dataclass(frozen=True)
class Report:
    """Everything that was found, repaired, dropped or left as it was.

    A report never changes; `with_rows` gives a longer one.

    Example:
        >>> print(Report((Finding("missing user", 2, "dropped"),)))
        missing user: 2, dropped
    """

    rows: tuple[Finding, ...] = ()

    def with_rows(self, *rows: tuple[str, int, str]) -> Report:
        """This report and these findings; findings that count nothing are left out."""
        return Report(self.rows + tuple(Finding(*row) for row in rows if row[1]))

    def count(self, what: str) -> int:
        """How often `what` was found; 0 where it was not."""
        return sum(row.count for row in self.rows if row.what == what)

    def to_frame(self) -> pd.DataFrame:
        """The report as a table."""
        return pd.DataFrame(list(self.rows), columns=list(Finding._fields))

    def __str__(self) -> str:
        if not self.rows:
            return "nothing to report"
        return "\n".join(f"{row.what}: {row.count:,}, {row.action}" for row in self.rows)

    def _repr_html_(self) -> str:
        if not self.rows:
            return "<p>nothing to report</p>"
        body = "".join(
            f"<tr><td>{escape(row.what)}</td><td style='text-align:right'>{row.count:,}</td>"
            f"<td>{escape(row.action)}</td></tr>"
            for row in self.rows
        )
        return f"<table><tr><th>found</th><th>count</th><th>done</th></tr>{body}</table>"
