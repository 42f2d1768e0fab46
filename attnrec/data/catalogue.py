"""What is known about the items: readable titles, features, and nouns for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from attnrec.columns import Columns
from attnrec.data.vocabulary import Vocabulary
from attnrec.errors import DataError, did_you_mean


@dataclass(frozen=True)
class Words:
    """The nouns and the verb with which the data speaks of itself."""

    item: str = "item"
    items: str = "items"
    acted: str = "chosen"


FILMS = Words("film", "films", "watched")
SHOP = Words("product", "products", "bought")
MUSIC = Words("artist", "artists", "played")


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The items, in the order of their indices.

    Attributes:
        frame: indexed by item id; a column `title` (text) and any features.
            Where titles are missing, or the whole column is, the id stands in.
        words: nouns for the items.
        detail: the feature shown small beside a title (year, brand), or None.

    Example:
        >>> frame = pd.DataFrame({"title": ["Heat", "Alien"]}, index=[6, 1214])
        >>> Catalogue(frame).search("al")
        [1214]
    """

    frame: pd.DataFrame
    words: Words = field(default_factory=Words)
    detail: str | None = None

    def __post_init__(self) -> None:
        if self.detail is not None and self.detail not in self.frame.columns:
            hint = did_you_mean(self.detail, self.frame.columns)
            raise DataError(f"detail: the catalogue has no column {self.detail!r}{hint}")
        frame = self.frame.rename_axis(index=Columns.ITEM)
        names = pd.Series(frame.index.astype(str), index=frame.index, dtype="str")
        if Columns.TITLE in frame.columns:
            given = frame[Columns.TITLE].astype("str").str.strip()
            frame[Columns.TITLE] = given.where(given.notna() & (given != ""), names)
        else:
            frame.insert(0, Columns.TITLE, names)
        object.__setattr__(self, "frame", frame)
        self.vocabulary  # noqa: B018  ids that repeat or are missing are refused here

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Item ids and their indices."""
        return Vocabulary(self.frame.index, kind="item")

    @property
    def ids(self) -> pd.Index:
        """Item ids, in the order of their indices."""
        return self.frame.index

    @cached_property
    def titles(self) -> list[str]:
        """The title of each item; entry i is the item of index i + 1."""
        return self.frame[Columns.TITLE].tolist()

    @cached_property
    def details(self) -> list[str]:
        """What is shown beside each title, empty where nothing is known."""
        if self.detail is None:
            return [""] * len(self)
        return ["" if pd.isna(value) else str(value) for value in self.frame[self.detail].tolist()]

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        features = [name for name in self.frame.columns if name != Columns.TITLE]
        also = f" with {', '.join(map(str, features))}" if features else ""
        return f"Catalogue({len(self)} {self.words.items}{also})"

    def title(self, id: object) -> str:
        """The title of one item."""
        return self.titles[self.vocabulary.index(id) - 1]

    def search(self, text: str, topn: int = 20) -> list:
        """Ids of the items whose titles match, best first.

        Case and accents do not count. An id typed in full comes first, then
        titles that start with the text, then titles with a word that does,
        then titles that hold it anywhere; catalogue order within each. Text
        that matches nothing, or is empty, gives an empty list.
        """
        wanted = _folded(str(text)).strip()
        if not wanted or topn < 1:
            return []
        word_start = re.compile(r"(?:^|\W)" + re.escape(wanted))
        groups: list[list[int]] = [[], [], [], []]
        for position, title in enumerate(self._folded_titles):
            if self._folded_ids[position] == wanted:
                groups[0].append(position)
            elif wanted not in title:
                continue
            elif title.startswith(wanted):
                groups[1].append(position)
            else:
                groups[2 if word_start.search(title) else 3].append(position)
        best = [position for group in groups for position in group][:topn]
        return self.ids.take(best).tolist()

    def subset(self, ids: pd.Index | Sequence) -> Catalogue:
        """The catalogue of only these items, in its own order."""
        return Catalogue(self.frame[self.ids.isin(ids)], self.words, self.detail)

    @cached_property
    def _folded_titles(self) -> list[str]:
        return [_folded(title) for title in self.titles]

    @cached_property
    def _folded_ids(self) -> list[str]:
        return [_folded(str(id)) for id in self.ids.tolist()]


def _folded(text: str) -> str:
    """Lower case without accents, so that `amelie` finds `Amélie`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
