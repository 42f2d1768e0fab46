"""Ids outside, indices inside.

Users and items keep the data's own ids wherever a person sees them. Arrays
hold integer indices: 1..n for the ids in order, 0 for padding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Int32

from attnrec.errors import DataError, UnknownIdError, did_you_mean

_MANY = 20_000  # ids beyond which only those of like length and start are compared


class Vocabulary:
    """The ids of users or items, in a fixed order; the first has index 1.

    Args:
        ids: unique ids, none missing.
        kind: what the ids name, for error messages: `"user"` or `"item"`.

    Example:
        >>> films = Vocabulary(pd.Index(["heat", "alien"]), kind="item")
        >>> films.index("alien"), films.id(1)
        (2, 'heat')
    """

    def __init__(self, ids: pd.Index, kind: str = "item"):
        ids = pd.Index(ids)
        if ids.hasnans:
            raise DataError(f"{kind} ids: {int(ids.isna().sum())} are missing; expected none")
        if not ids.is_unique:
            repeated = ids[ids.duplicated()].tolist()[0]
            raise DataError(f"{kind} ids: {repeated!r} occurs more than once; expected unique ids")
        self.ids = ids
        self.kind = kind

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id: object) -> bool:
        return self._find(id) is not None

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} {self.kind} ids)"

    def index(self, id: object) -> int:
        """The index, 1..n, of one id.

        Raises:
            UnknownIdError: naming the nearest known id.
        """
        position = self._find(id)
        if position is None:
            raise UnknownIdError(self._unknown(id))
        return position + 1

    def indices(self, ids: Iterable[object]) -> Int32[np.ndarray, " key"]:
        """The indices of many ids, as int32[n].

        Raises:
            UnknownIdError: for the first id that is not known.
        """
        if isinstance(ids, (str, bytes)) or not isinstance(ids, Iterable):
            raise TypeError(f"expected a sequence of {self.kind} ids, got {ids!r}")
        ids = list(ids)
        if len(ids) < 256:  # an edited history: no index worth building
            return np.array([self.index(id) for id in ids], dtype=np.int32)
        positions = self.ids.get_indexer(pd.Index(ids))
        if (positions < 0).any():
            raise UnknownIdError(self._unknown(ids[int(np.argmax(positions < 0))]))
        return (positions + 1).astype(np.int32)

    def id(self, index: int) -> object:
        """The id at one index, as a plain Python value."""
        if not 1 <= index <= len(self):
            raise UnknownIdError(f"{self.kind} index {index}: expected 1 to {len(self)}")
        return self.ids[index - 1 : index].tolist()[0]

    def to_ids(self, indices: Sequence[int] | np.ndarray) -> list:
        """The ids at many indices, as plain Python values."""
        indices = np.asarray(indices, dtype=np.int64)
        if indices.size and not (indices.min() >= 1 and indices.max() <= len(self)):
            wrong = indices[(indices < 1) | (indices > len(self))][0]
            raise UnknownIdError(f"{self.kind} index {wrong}: expected 1 to {len(self)}")
        return self.ids.take(indices - 1).tolist()

    def _find(self, id: object) -> int | None:
        if isinstance(id, (bool, np.bool_)):  # True == 1, but it is not the id 1
            return None
        try:
            return int(self.ids.get_loc(id))
        except (KeyError, TypeError, ValueError, OverflowError, pd.errors.InvalidIndexError):
            return None

    def _unknown(self, id: object) -> str:
        text = str(id)[:80]
        shown = text if isinstance(id, (int, float, np.number)) else repr(text)
        names = self.ids.astype(str)
        if text in names:
            like = self.id(int(names.get_loc(text)) + 1)
            return (
                f"unknown {self.kind} {shown}: it came as {type(id).__name__}, "
                f"and the data's ids are {type(like).__name__}; did you mean {like!r}?"
            )
        if len(names) > _MANY:
            near_length = (names.str.len() - len(text)).to_numpy()
            names = names[(np.abs(near_length) <= 1) & names.str.startswith(text[:1])]
        return f"unknown {self.kind} {shown}{did_you_mean(text, names)}"
