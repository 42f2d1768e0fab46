"""Folds: which row is judged where, and what comes before it."""

from __future__ import annotations

import doctest
import importlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold

import attnrec as ar
from attnrec.data import datasets, validate
from attnrec.data.folds import k_fold, time_series
from attnrec.data.split import again as split_again
from attnrec.data.split import temporal
from attnrec.errors import AttnrecError, DataError

DAYS = pd.date_range("2020-01-01", periods=40, freq="D")


def of(histories, **columns):
    rows = [(user, item) for user, items in enumerate(histories, 1) for item in items]
    return validate(pd.DataFrame(rows, columns=["user", "item"]).assign(**columns))


@given(st.integers(40, 90), st.integers(2, 20), st.sampled_from([0, 0.1, 0.3]))
def test_every_row_is_judged_once_and_parts_are_as_large_as_scikit_learns(rows, k, validation):
    folds = k_fold(of([range(rows)]), k, validation, seed=1)
    parts = np.array([fold.part for fold in folds])
    assert parts.dtype == np.int8
    assert (parts == 2).sum(axis=0).tolist() == [1] * rows
    tests = [len(test) for _, test in KFold(k).split(np.zeros(rows))]
    assert (parts == 2).sum(axis=1).tolist() == tests
    expected = [round(validation * (rows - test)) for test in tests]
    assert (parts == 1).sum(axis=1).tolist() == expected
    assert (parts == 0).sum(axis=1).min() > 0


def test_rows_are_dealt_by_the_seed_and_not_by_their_order():
    data = of([range(100)] * 2)
    first, again, other = (np.array([f.part for f in k_fold(data, seed=s)]) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    for part in first:
        for code in (1, 2):  # early rows and late ones
            where = np.flatnonzero(part == code) % 100
            assert where.min() < 20
            assert where.max() > 80
    validations = [np.flatnonzero(part == 1).tolist() for part in first]
    assert len({tuple(rows) for rows in validations}) == 5


def test_a_fold_says_what_it_is():
    fold = k_fold(of([range(20)]), k=4, validation=0.2, seed=7)[1]
    assert fold.parameters == {"k": 4, "validation": 0.2, "seed": 7, "fold": 2}
    assert repr(fold) == "RowSplit(k_fold of 'data': 12 train, 3 validation, 5 test)"
    assert fold.train.equals(fold.data.frame[fold.part == 0])


def test_as_many_folds_as_rows():
    folds = k_fold(of([range(12)]), k=12)
    assert sorted(np.flatnonzero(fold.part == 2).item() for fold in folds) == list(range(12))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 1}, "k: expected a whole number from 2, got 1"),
        ({"k": 2.0}, "k: expected a whole number from 2, got 2.0"),
        ({"k": True}, "k: expected a whole number from 2, got True"),
        ({"k": 13}, "k: data has 12 rows, too few for 13 folds"),
        ({"validation": 1}, "validation: expected 0 to below 1, got 1"),
        ({"validation": "0.1"}, "validation: expected 0 to below 1, got '0.1'"),
        ({"k": 2, "validation": 0.05}, "12 rows are too few"),
        ({"k": 2, "validation": 0.95}, "12 rows are too few"),
        ({"seed": -1}, "seed: expected a whole number from 0, got -1"),
    ],
)
def test_folds_of_rows_that_cannot_be_made(arguments, message):
    with pytest.raises(AttnrecError, match=message):
        k_fold(of([range(12)]), **arguments)


def test_data_on_disk_are_dealt_by_time_only(tmp_path):
    frame = pd.DataFrame({"user": [1, 2] * 20, "item": [3, 4, 5, 6] * 10, "timestamp": range(40)})
    frame.to_parquet(tmp_path / "events.parquet")
    log = datasets.prepare(tmp_path / "events.parquet", tmp_path / "log", user="user", item="item")
    with pytest.raises(DataError, match="data: expected interactions in memory, got Log"):
        k_fold(log)
    held = datasets.load(frame)
    for one, other in zip(time_series(log), time_series(held), strict=True):
        np.testing.assert_array_equal(one.part, other.part)
    with pytest.raises(DataError, match="data: expected interactions in memory, got DataFrame"):
        k_fold(frame)
    with pytest.raises(DataError, match="data: expected interactions, got DataFrame"):
        time_series(frame)


def test_periods_by_hand():
    # 10 days, one item a day for one user, and another user on days 5 and 8
    data = of([range(10), [3, 4]], timestamp=DAYS[[*range(10), 5, 8]])
    # in order 0 1 2 3 4 5 5 6 7 8 8 9: the tests are from day 8, and from the second 5 on, so
    # that both are there; validation is from the third row before, and from that second 5 on
    one, two = time_series(data, k=2, validation=0.25, test=0.25, targets="all")
    assert one.part.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, -1, -1, 2, -1]
    assert two.part.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 1, 2]
    assert one.parameters == {
        "k": 2,
        "validation": 0.25,
        "test": 0.25,
        "fold": 1,
        "targets": "all",
        "validation_from": str(DAYS[3]),
        "test_from": str(DAYS[5]),
    }
    first, second = time_series(data, k=2, validation=0.25, test=0.25)
    assert first.part.tolist() == [0, 0, 0, 1, -1, 2, -1, -1, -1, -1, 2, -1]
    assert second.part.tolist() == [0, 0, 0, 0, 0, 1, -1, -1, 2, -1, 1, 2]


@given(st.lists(st.integers(0, 39), min_size=30, max_size=80), st.integers(2, 5))
def test_train_ends_before_validation_and_validation_before_the_test(days, k):
    days = np.array(days)
    data = of([days[::2], days[1::2]], timestamp=DAYS[np.r_[days[::2], days[1::2]]])
    try:
        folds = time_series(data, k, validation=0.15, test=0.15, targets="all")
    except DataError as error:
        assert "no interactions in" in str(error)  # noqa: PT017  as moments are not divided
        return
    times, before = data.times, None
    for fold in folds:
        train, validation, test = (times[fold.part == code] for code in range(3))
        assert train.max() < validation.min()
        assert validation.max() < test.min()
        assert (train.min(), validation.max()) == (times.min(), times[times < test.min()].max())
        if before is not None:  # nothing between two periods, and nothing in both
            assert before.max() < test.min()
            assert not ((times > before.max()) & (times < test.min())).any()
        before = test
    assert before.max() == times.max()
    judged = np.sum([fold.part == 2 for fold in folds], axis=0)
    assert judged.max() == 1
    assert judged.sum() == (times >= times[folds[0].part == 2].min()).sum()


@pytest.mark.parametrize("targets", ["first", "all"])
def test_the_last_fold_is_a_temporal_split(targets):
    data = datasets.load("bazaar", num_users=50)
    last = time_series(data, k=3, validation=0.2, test=0.1, targets=targets)[-1]
    whole = temporal(data, validation=0.2, test=0.1, targets=targets)
    np.testing.assert_array_equal(last.part, whole.part)
    assert last.parameters | whole.parameters == last.parameters
    assert len(last.cases("test")) == len(whole.cases("test"))


def test_times_between_0_and_1_are_times_and_not_shares():
    data = of([range(20)], timestamp=np.arange(20) / 20)
    folds = time_series(data, k=2, validation=0.2, test=0.2, targets="all")
    assert [np.bincount(fold.part + 1).tolist() for fold in folds] == [[4, 8, 4, 4], [0, 12, 4, 4]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 1}, "k: expected a whole number from 2, got 1"),
        ({"k": 41}, "k: data has 40 rows, too few for 41 folds"),
        ({"k": 9}, "0.1 and 9 test periods of 0.1 leave nothing to train on"),
        ({"validation": 0}, "validation: expected a share between 0 and 1, got 0"),
        ({"test": 0}, "test: expected a share between 0 and 1, got 0"),
        ({"test": "2020-01-05"}, "test: expected 0 to below 1, got '2020-01-05'"),
        ({"targets": "last"}, "targets: expected 'first' or 'all', got 'last'"),
    ],
)
def test_periods_that_cannot_be_made(arguments, message):
    with pytest.raises(AttnrecError, match=message):
        time_series(of([range(40)], timestamp=DAYS), **arguments)


def test_periods_need_times_and_moments_enough():
    with pytest.raises(DataError, match="needs timestamps, and this data has none"):
        time_series(of([range(40)]))
    days = DAYS[[*range(10), *[10] * 30]]  # most of it in one moment
    with pytest.raises(DataError, match="no interactions in validation"):
        time_series(of([range(40)], timestamp=days), k=2, validation=0.1, test=0.2)
    with pytest.raises(DataError, match="no interactions in the test of fold 1, from 2020-01-11"):
        time_series(of([range(40)], timestamp=days), k=2, validation=0.75, test=0.1)


def test_the_examples_hold():
    assert doctest.testmod(importlib.import_module("attnrec.data.folds")).failed == 0


def test_a_run_of_a_fold_is_saved_and_loaded(tmp_path):
    data = ar.datasets.load("bazaar", num_users=50)
    rng = np.random.default_rng(0)
    rated = replace(data, frame=data.frame.assign(rating=rng.integers(1, 6, len(data))))
    for fold in (k_fold(rated, k=3)[1], time_series(rated, k=3, validation=0.2, test=0.2)[1]):
        features = ar.features.build(fold, item=["price"], label="rating")
        run = ar.fit(ar.FM(2), features, epochs=1, progress=False)
        again = ar.load_run(run.save(tmp_path / fold.kind)).features.split
        assert (again.kind, again.parameters) == (fold.kind, fold.parameters)
        np.testing.assert_array_equal(again.part, fold.part)


def test_a_period_is_made_once_more_from_what_it_tells():
    data = ar.datasets.load("bazaar", num_users=50)
    for fold in time_series(data, k=3):
        made = split_again(data, fold.kind, fold.parameters)
        np.testing.assert_array_equal(made.part, fold.part)
        assert made.parameters == fold.parameters
