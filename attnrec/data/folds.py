"""Folds for cross-validation: of rows by lot, and of periods that follow one another."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from attnrec.data.histories import Histories
from attnrec.data.interactions import Interactions
from attnrec.data.parts import TEST, VALIDATION, RowSplit, Split, Stretches
from attnrec.errors import DataError, share, whole_number


def k_fold(
    data: Interactions, k: int = 5, validation: float = 0.1, seed: int = 0
) -> list[RowSplit]:
    """Rows are dealt into k test parts by lot, whatever their user or time.

    Each row is in the test of one fold. Validation is drawn from the rows that
    are not, and what remains is train. As with `at_random`, some of a user's
    rows are learned from that came after others that are judged by.

    Args:
        data: interactions.
        k: folds, two or more; the test parts differ by one row at most.
        validation: the share of a fold's other rows that is its validation; 0, none.
        seed: of the draw.

    Raises:
        DataError: data on disk, or fewer rows than folds, or so few that a
            part stays empty.

    Example:
        >>> from attnrec.data import datasets
        >>> k_fold(datasets.load("bazaar", num_users=50), k=3)[0].parameters
        {'k': 3, 'validation': 0.1, 'seed': 0, 'fold': 1}
    """
    if not isinstance(data, Interactions):
        raise DataError(f"data: expected interactions in memory, got {type(data).__name__}")
    k, validation = _checked(data, k), share("validation", validation)
    seed = whole_number("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    tests = np.array_split(rng.permutation(len(data)), k)
    folds = []
    for fold, test in enumerate(tests, 1):
        others = np.concatenate([rows for rows in tests if rows is not test])
        count = round(validation * len(others))
        if count == len(others) or (validation and not count):
            raise DataError(f"k_fold of {data.name}: {len(data)} rows are too few")
        part = np.zeros(len(data), np.int8)
        part[test] = TEST
        part[rng.permutation(others)[:count]] = VALIDATION
        parameters = {"k": k, "validation": validation, "seed": seed, "fold": fold}
        folds.append(RowSplit(data, part, "k_fold", parameters))
    return folds


def time_series(
    data: Histories,
    k: int = 5,
    validation: float = 0.1,
    test: float = 0.1,
    targets: Literal["first", "all"] = "first",
) -> list[Split]:
    """The latest interactions make k test periods, and each fold learns from all before its own.

    Each fold is a `temporal` split that ends where the next fold's test begins:
    the train part grows from fold to fold, and no model sees anything that
    happened after what it must predict.

    Args:
        data: interactions with timestamps.
        k: folds, two or more, the earliest first.
        validation: the share of all interactions that stand between a fold's
            train and its test.
        test: the share of all interactions in each test period. Interactions
            of one moment are never divided.
        targets: as for `temporal`, in validation and test.

    Raises:
        DataError: no timestamps, fewer rows than folds, shares that leave
            nothing to train on, or a period in which nothing happens.

    Example:
        >>> from attnrec.data import datasets
        >>> time_series(datasets.load("bazaar", num_users=50), k=3)[2]  # doctest: +ELLIPSIS
        Split(time_series of 'bazaar': ... train, ... validation, ... test)
    """
    from attnrec.data.split import temporal  # which offers these folds beside its own

    if not isinstance(data, Histories):
        raise DataError(f"data: expected interactions, got {type(data).__name__}")
    k, validation, test = _checked(data, k), share("validation", validation), share("test", test)
    if validation + k * test >= 1:
        raise DataError(
            f"validation, test: {validation:g} and {k} test periods of {test:g} leave nothing to "
            "train on"
        )
    made = [temporal(data, validation, (k - fold) * test, targets) for fold in range(k)]
    begins = [split.stretches["test"].starts for split in made] + [data.sequences.stops]
    folds = []
    for fold, (split, (starts, end)) in enumerate(zip(made, pairwise(begins), strict=True), 1):
        period = Stretches(starts, np.minimum(split.stretches["test"].stops, end))
        if not (period.starts < period.stops).any():
            raise DataError(
                f"time_series of {data.name}: no interactions in the test of fold {fold}, from "
                f"{split.parameters['test_from']}; expected fewer folds, or longer ones"
            )
        parameters = {"k": k, "validation": validation, "test": test, "fold": fold}
        parameters |= split.parameters
        stretches = {**split.stretches, "test": period}
        folds.append(Split(data, stretches, "time_series", parameters))
    return folds


def _checked(data: Histories, k: int) -> int:
    k = whole_number("k", k, least=2)
    if k > len(data):
        raise DataError(f"k: {data.name} has {len(data)} rows, too few for {k} folds")
    return k
