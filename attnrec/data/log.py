"""A log that stays on disk: written once by `prepare`, mapped into memory, never read whole."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.catalogue import Catalogue, Words
from attnrec.data.histories import Histories, Protocol
from attnrec.data.report import Finding, Report
from attnrec.data.sequences import Sequences
from attnrec.data.vocabulary import Vocabulary
from attnrec.errors import DataError

FORMAT = 1
CARD = "log.json"
ITEMS, OFFSETS, TIMES = "items.npy", "offsets.npy", "times.npy"
USERS, CATALOGUE = "users.parquet", "catalogue.parquet"


class Log(Histories):
    """A prepared log: `attnrec.datasets.prepare` writes it, `attnrec.datasets.load` opens it.

    A folder of plain files. Events, user after user and each user's oldest
    first, are int32 item indices in `items.npy`, with their times in
    `times.npy`; user i has those from `offsets[i]` to `offsets[i + 1]`. Ids
    and labels are Parquet, everything else is JSON. In memory are the ids, the
    offsets, and what of the events is being looked at.

    Attributes:
        folder: where it lies.

    Raises:
        DataError: no log there, or one that is damaged or of another version.
    """

    truth = None
    basket_starts = None

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).expanduser().resolve()
        if not is_log(self.folder):
            raise DataError(f"source: no prepared log in {str(folder)!r}")
        try:
            card: dict[str, Any] = json.loads((self.folder / CARD).read_text())
            if card["format"] != FORMAT:
                raise DataError(
                    f"source: the log in {self.folder} has format {card['format']}, "
                    f"expected {FORMAT}; prepare it again"
                )
            self._source = np.load(self.folder / ITEMS, mmap_mode="r", allow_pickle=False)
            self._offsets = np.load(self.folder / OFFSETS, allow_pickle=False)
            self._times = None
            if card["times"] is not None:
                stored = np.load(self.folder / TIMES, mmap_mode="r", allow_pickle=False)
                self._times = stored.view(card["times"])
            self._users = pd.Index(pd.read_parquet(self.folder / USERS)[Columns.USER])
            self.catalogue = Catalogue(
                pd.read_parquet(self.folder / CATALOGUE), Words(**card["words"]), card["detail"]
            )
            self.protocol = Protocol(**card["protocol"])
            self.name = card["name"]
            self.report = Report(tuple(Finding(*row) for row in card["report"]))
            self._fingerprint = card["fingerprint"]
            whole = len(self._offsets) == len(self._users) + 1
            whole &= int(self._offsets[-1]) == len(self._source) == card["interactions"]
            whole &= self._times is None or len(self._times) == len(self._source)
        except DataError:
            raise
        except Exception as error:
            raise DataError(
                f"source: the log in {self.folder} cannot be read ({type(error).__name__}: {error})"
            ) from error
        if not whole:
            raise DataError(f"source: the files of the log in {self.folder} do not belong together")

    @cached_property
    def user_vocabulary(self) -> Vocabulary:
        """User ids and their indices."""
        return Vocabulary(self._users, kind="user")

    @cached_property
    def sequences(self) -> Sequences:
        """The whole history of every user; the source is the file."""
        indices = np.arange(1, len(self._users) + 1, dtype=np.int32)
        return Sequences.end_to_end(self._source, self._offsets, indices)

    @property
    def times(self) -> np.ndarray | None:
        """The time of each event, from the file; None without times."""
        return self._times

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the content; of equal events those of `Interactions`."""
        return self._fingerprint


def is_log(folder: Path) -> bool:
    """Whether a prepared log lies there."""
    return (folder / CARD).is_file()
