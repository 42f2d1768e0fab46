"""Which kind of feature a column is, told from its values."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.errors import DataError
from attnrec.features.categorical import Categorical
from attnrec.features.encoders import check_known
from attnrec.features.multi_valued import MultiValued
from attnrec.features.number import Number
from attnrec.features.reading import read_texts
from attnrec.features.text import Text
from attnrec.features.vectors import Vectors

FEW = 20  # whole numbers with no more different values than this are categories
SEVERAL = 0.1  # share of texts with a "|" from which on each holds several values
NUMERIC = 0.95  # share of texts that must be numbers
DIFFERENT = 0.9  # share of texts that must be unlike all others to be free text
WORDS = 4  # and how many words they must have on average

_ID = re.compile(r"(^|[ _-])(?i:id)$|[a-z](Id|ID)$")  # id, user_id, StoreId; not "paid"


def infer(values: pd.Series) -> Categorical | MultiValued | Number | Text | Vectors:
    """A spec that suits a column.

    ==================================================== =======================
    values                                               spec
    ==================================================== =======================
    true and false, pandas categories, ids               `Categorical`
    whole numbers, up to 20 different ones               `Categorical`
    other numbers                                        `Number`, in ten bins
    lists of one length, of numbers not all whole        `Vectors`
    other lists, sets; texts of which a tenth hold a "|" `MultiValued`
    texts of which 95% say numbers, more than 20         `Number`, in ten bins
    texts of four words or more, nine in ten unlike      `Text`
    other texts, days                                    `Categorical`
    ==================================================== =======================

    Numbers are ids where the column is called `user`, `item`, `id`, or its name
    ends so; texts are where one of them begins with 0, as "007".

    Args:
        values: named as the column is.

    Raises:
        DataError: no name, no known value, or dates.

    Example:
        >>> infer(pd.Series(["Comedy|Drama", "War"], name="genres"))
        MultiValued(column='genres', separator='|', min_count=1)
    """
    if not isinstance(values.name, str):
        raise DataError(f"values: expected a column with a name, got {values.name!r}")
    name, known = values.name, values.dropna()
    check_known(name, values.notna().to_numpy(dtype=bool))
    if known.dtype.kind in "mM":
        raise DataError(
            f"{name}: {known.dtype} is no feature as it is; "
            "calendar(times, ['weekday', 'hour']) tells what dates mean"
        )
    plain = pd.api.types.is_bool_dtype(known) or isinstance(known.dtype, pd.CategoricalDtype)
    if plain or name in (Columns.USER, Columns.ITEM) or _ID.search(name):
        return Categorical(name)
    if pd.api.types.is_numeric_dtype(known):
        numbers = known.to_numpy(dtype="float64")
        finite = numbers[np.isfinite(numbers)]
        few = len(np.unique(finite)) <= FEW and bool((finite == np.floor(finite)).all())
        return Categorical(name) if few else Number(name)
    if known.dtype == object and known.map(_is_several).any():
        return Vectors(name) if are_vectors(known) else MultiValued(name)
    return _infer_text(name, known)


def are_vectors(known: pd.Series) -> bool:
    """Whether cells are all lists or arrays of one length, of numbers that are not all whole."""
    try:
        cells = np.array(list(known))
    except ValueError:  # of several lengths
        return False
    return cells.ndim == 2 and cells.dtype.kind == "f" and bool((cells != np.floor(cells)).any())


def _is_several(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset | np.ndarray)


def _infer_text(name: str, known: pd.Series) -> Categorical | MultiValued | Number | Text:
    codes, texts, _ = read_texts(name, known)
    check_known(name, codes >= 0)
    counts, each = np.bincount(codes[codes >= 0]), pd.Series(texts, dtype="str")
    share = counts / counts.sum()
    if share[each.str.contains("|", regex=False)].sum() >= SEVERAL:
        return MultiValued(name)
    numbers = pd.to_numeric(each, errors="coerce").to_numpy(dtype="float64")
    is_number = ~np.isnan(numbers)
    numeric = share[is_number].sum() >= NUMERIC and len(np.unique(numbers[is_number])) > FEW
    if numeric and not each.str.contains(r"^0\d").any():
        return Number(name)
    words = (each.str.split().str.len() * share).sum()
    different = len(each) >= DIFFERENT * counts.sum()
    return Text(name) if words >= WORDS and different else Categorical(name)
