r"""Content-based recommendation: what is like the history, by what the items are.

Each item is a vector over attributes, such as `genre: Drama` or `brand: Pebble`,
with weight $\log(n / n_a)$ for an attribute that $n_a$ of $n$ items have, so that
one which all share counts for nothing; and a history $H$, as a set, scores

$$s_i = \frac{1}{|H|} \sum_{j \in H} \cos(v_i, v_j).$$

[pazzani2007content]_ Neither other users nor the order of the history plays a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from attnrec.columns import Columns
from attnrec.data import Catalogue, Split
from attnrec.data.choices import chosen_of
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.features.infer import are_vectors
from attnrec.typing import Items, Scores


@dataclass(frozen=True)
class ContentBased:
    """Which attributes of the catalogue count.

    Args:
        columns: of the catalogue; all but the title, and vectors of numbers, unless given. A
            text is one attribute, or several with `|` between them; a number is the fifth of
            the catalogue to which it belongs; a list or array is as many attributes;
            what is missing is none.
        num_bins: how many parts of like size numbers are put into, in place of fifths.
    """

    columns: tuple[str, ...] | None = None
    num_bins: int = 5

    def __post_init__(self) -> None:
        if isinstance(self.columns, str):
            raise AttnrecError(f"columns: expected several, such as [{self.columns!r}]")
        if self.columns is not None and not isinstance(self.columns, Sequence):
            raise AttnrecError(f"columns: expected a list of names, got {self.columns!r}")
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple(self.columns))
        if self.columns == ():
            raise AttnrecError("columns: expected one or more, got none")
        object.__setattr__(self, "num_bins", whole_number("num_bins", self.num_bins, least=2))

    def fit(self, split: Split) -> ContentScorer:
        """Reads the catalogue; of the train part nothing.

        Raises:
            AttnrecError: a column that the catalogue lacks, one of vectors, no column at all, or
                columns that say nothing.
        """
        return ContentScorer("ContentBased", self.vectors(split.data.catalogue))

    def vectors(self, catalogue: Catalogue) -> sparse.csr_array:
        """float32[item + 1, attribute], rows of length one, or zero where nothing is known."""
        frame = catalogue.frame.drop(columns=Columns.TITLE)
        for column in self.columns or ():
            if column not in frame:
                raise AttnrecError(
                    f"columns: the catalogue has no {column!r}{did_you_mean(column, frame.columns)}"
                )
        vectors = [column for column in frame if are_vectors(frame[column].dropna())]
        for column in self.columns or ():
            if column in vectors:
                raise AttnrecError(f"columns: {column!r} holds vectors, which are no attributes")
        names = [name for name in frame if name not in vectors]
        names = names if self.columns is None else list(self.columns)
        if not names:
            raise AttnrecError(
                "columns: the catalogue tells nothing of its items but their titles; load the "
                "data with features="
            )
        rows: list[int] = []
        attributes: list[str] = []
        for name in names:
            for row, value in enumerate(self._values(frame[name]), 1):
                told = {f"{name}: {one}" for one in value}
                rows += [row] * len(told)
                attributes += sorted(told)
        columns, known = pd.factorize(np.array(attributes, dtype=object))
        if not len(known):
            raise AttnrecError(f"columns: {', '.join(map(str, names))} say nothing of any item")
        shape = (len(frame) + 1, len(known))
        has = sparse.coo_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        count = np.bincount(columns, minlength=len(known))
        weighted = has.tocsr() @ sparse.diags_array(np.log(len(frame) / count))
        length = np.sqrt(weighted.multiply(weighted).sum(axis=1))
        scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
        return sparse.csr_array(sparse.diags_array(scale) @ weighted, dtype=np.float32)

    def _values(self, column: pd.Series) -> Iterable[list]:
        """The attributes of each item."""
        numbers = pd.api.types.is_numeric_dtype(column)
        if numbers and not pd.api.types.is_bool_dtype(column):
            finite = column.astype("float64").where(np.isfinite(column.astype("float64")))
            column = pd.qcut(finite, self.num_bins, duplicates="drop").astype("object")
        for value in column:
            if isinstance(value, str):
                yield [part.strip() for part in value.split("|") if part.strip()]
            elif isinstance(value, (tuple, list, set, frozenset, np.ndarray)):
                yield [one for one in value if not pd.isna(one)]
            else:
                yield [] if pd.isna(value) else [value]


@dataclass(frozen=True, eq=False)
class ContentScorer:
    """Content-based, fitted.

    Attributes:
        name: how tables call it.
        vectors: float32[item + 1, attribute].
    """

    name: str
    vectors: sparse.csr_array

    def __call__(self, histories: Items) -> Scores:
        """The mean similarity to the distinct items of each history."""
        asked = chosen_of(np.asarray(histories), self.vectors.shape[0] - 1)
        count = np.maximum(asked.sum(axis=1), 1)[:, None]
        return ((asked @ self.vectors @ self.vectors.T).toarray() / count).astype(np.float32)
