"""Texts as the terms they hold, weighed by TF-IDF, or hashed.

scikit-learn reads them: lower case, words of two characters and more; the
weights of a text's terms have length one. Of each text the strongest terms are
kept, as they are; the rest of it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy import sparse

from attnrec.data.report import Report
from attnrec.errors import DataError, whole_number
from attnrec.features.encoders import check_choice, check_known, one_level, state_of
from attnrec.features.fields import Levels
from attnrec.features.reading import read_texts


@dataclass(frozen=True)
class Text:
    """A column of texts. A missing one, or one without a known term, tells nothing.

    Args:
        column: its name.
        max_terms: how many, the most frequent of train; or how many buckets.
        hashed: put words into buckets by a hash, so that no vocabulary is held.
        keep: the most terms of a text, those of largest weight, ties in the order of terms.
        stop_words: `"english"` leaves out "the", "of" and the like.

    Example:
        >>> encoder = Text("title").fit(pd.Series(["red kettle", "red lamp"]))
        >>> encoder.labels
        ('kettle', 'lamp', 'red')
        >>> encoder.encode(pd.Series(["Red, red!", "a teapot"])).levels.tolist()
        [[3, 0], [0, 0]]
    """

    column: str
    max_terms: int = 1000
    hashed: bool = False
    keep: int = 16
    stop_words: Literal["english"] | None = None

    def __post_init__(self) -> None:
        for name in ("max_terms", "keep"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        check_choice("hashed", self.hashed, (True, False))
        check_choice("stop_words", self.stop_words, ("english", None))

    def fit(self, values: pd.Series) -> FittedText:
        """Terms or buckets that are among the strongest of a train text, in their order.

        Raises:
            DataError: no text, or none with a word.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        codes, texts, notes = read_texts(self.column, values)
        check_known(self.column, codes >= 0)
        terms, idf = [], []
        if not self.hashed:
            learner = TfidfVectorizer(max_features=self.max_terms, stop_words=self.stop_words)
            try:
                learner.fit([texts[code] for code in codes if code >= 0])
            except ValueError as error:  # an empty vocabulary
                raise self._no_words(len(texts)) from error
            terms, idf = learner.get_feature_names_out().tolist(), learner.idf_.tolist()
        size = self.max_terms if self.hashed else len(terms)
        everything = FittedText(
            name=self.column,
            labels=tuple(terms) or tuple(f"bucket {number}" for number in range(size)),
            num_columns=self.keep,
            terms=tuple(terms),
            idf=tuple(idf),
            size=size,
            used=tuple(range(size)),
            stop_words=self.stop_words,
            report=Report(),
        )
        rows, columns, _, places = strongest(everything.weights(texts), self.keep)
        if not len(rows):
            raise self._no_words(len(texts))
        used = np.unique(columns).tolist()
        labels = tuple(everything.labels[i] for i in used)
        silent = ~np.isin(codes, rows) & (codes >= 0)
        weak = 0 if self.hashed else size - len(used)
        report = Report().with_rows(
            *notes,
            (f"{self.column}: missing values", int((codes < 0).sum()), "tell nothing"),
            (f"{self.column}: texts without a known term", int(silent.sum()), "tell nothing"),
            (f"{self.column}: terms never among the {self.keep} strongest", weak, "left out"),
            one_level(self.column, labels),
        )
        return replace(
            everything,
            labels=labels,
            num_columns=int(places.max()) + 1,
            used=tuple(used),
            report=report,
        )

    def _no_words(self, count: int) -> DataError:
        also = "" if self.stop_words is None else " that are no stop words"
        return DataError(
            f"{self.column}: expected words of two characters or more{also}, "
            f"got none in {count:,} texts"
        )


@dataclass(frozen=True)
class FittedText:
    """The terms or buckets of a column of texts; see `Encoder`.

    Attributes:
        name: the column.
        labels: the terms, or "bucket 17".
        num_columns: the most terms that are kept of a text.
        terms: all that count for the length of a text, in their order; none where hashed.
        idf: inverse document frequency of each of the terms.
        size: how many terms or buckets there are.
        used: which of them are levels.
        stop_words: `"english"` or None.
        report: what was found in train.
    """

    kind: ClassVar[str] = "text"

    name: str
    labels: tuple[str, ...]
    num_columns: int
    terms: tuple[str, ...]
    idf: tuple[float, ...]
    size: int
    used: tuple[int, ...]
    stop_words: Literal["english"] | None
    report: Report

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

        if not self.terms:
            return HashingVectorizer(
                n_features=self.size, alternate_sign=False, stop_words=self.stop_words
            )
        made = TfidfVectorizer(vocabulary=self.terms)
        made.idf_ = np.array(self.idf)
        return made

    def weights(self, texts: list[str]) -> sparse.csr_array:
        """[text, level]: the weight of each term, before the strongest are chosen."""
        return sparse.csr_array(self._vectorizer.transform(texts))[:, list(self.used)]

    def encode(self, values: pd.Series) -> Levels:
        """[row, column]: the levels of each text's strongest terms, the strongest first."""
        codes, texts, _ = read_texts(self.name, values)
        # Behind the texts, where code -1 finds it, stands one that says nothing.
        found = strongest(self.weights([*texts, ""]), self.num_columns)
        levels = np.zeros((len(texts) + 1, self.num_columns), np.int32)
        weights = np.zeros((len(texts) + 1, self.num_columns), np.float32)
        levels[found.rows, found.places] = found.columns + 1
        weights[found.rows, found.places] = found.weights
        return Levels(levels[codes], weights[codes])

    def state(self) -> dict[str, Any]:
        """See `Encoder`."""
        return state_of(self)


class Strongest(NamedTuple):
    """Entries of a sparse matrix: where they stand, and as the how manieth of their row."""

    rows: Int[np.ndarray, " entry"]
    columns: Int[np.ndarray, " entry"]
    weights: Float[np.ndarray, " entry"]
    places: Int[np.ndarray, " entry"]


def strongest(matrix: sparse.csr_array, keep: int) -> Strongest:
    """The largest entries of each row, at most `keep`; equal ones in the order of columns."""
    counts = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    places = np.arange(len(rows)) - np.repeat(matrix.indptr[:-1], counts)
    kept = places < keep
    order = order[kept]
    return Strongest(rows[kept], matrix.indices[order], matrix.data[order], places[kept])
