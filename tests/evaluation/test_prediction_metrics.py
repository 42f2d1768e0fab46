"""Metrics of single predictions: by hand, over all pairs, and against scikit-learn."""

from __future__ import annotations

import doctest
import importlib
import time
from math import log, sqrt

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from attnrec.errors import AttnrecError
from attnrec.evaluation import (
    auc,
    calibration_error,
    gauc,
    log_loss,
    mae,
    prediction_metrics,
    reliability,
    rmse,
)

module = importlib.import_module("attnrec.evaluation.prediction_metrics")

# a is ordered as it should be, b has a tie, c has one class only
LABELS = np.array([0, 1, 1, 0, 0, 1, 1])
PREDICTIONS = np.array([0.1, 0.9, 0.2, 0.2, 0.1, 0.3, 0.4])
USERS = np.array(["a", "a", "b", "b", "b", "c", "c"])


@pytest.fixture(scope="module")
def drawn():
    """2,000 clicks of 100 users, probabilities that know something of them, and some ties."""
    rng = np.random.default_rng(0)
    chance = rng.beta(1, 3, 2000)
    labels = (rng.random(2000) < chance).astype(int)
    predictions = np.clip(chance + rng.normal(0, 0.1, 2000), 0.01, 0.99).round(2)
    return labels, predictions, rng.integers(100, size=2000)


def test_auc_by_hand():
    # above the 3 negative rows are .9, .3 and .4; .2 is above .1 and .1 and ties with .2
    assert auc(LABELS, PREDICTIONS) == pytest.approx((3 + 2.5 + 3 + 3) / 12)
    labels = np.array([0, 0, 1])
    assert auc(labels, np.array([1.0, 2.0, 3.0])) == 1
    assert auc(labels, np.array([3, 2, 1])) == 0
    assert auc(labels, np.full(3, 0.7)) == 0.5
    assert auc(labels == 1, np.array([-1e300, 0, 1e300])) == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows):
    labels, predictions = (np.array(column) for column in zip(*rows, strict=True))
    over = predictions[labels][:, None] - predictions[~labels]
    if not over.size:
        with pytest.raises(AttnrecError, match="labels: expected 0 and 1, got [01] in every row"):
            auc(labels, predictions)
        return
    assert auc(labels, predictions) == pytest.approx(((over > 0) + (over == 0) / 2).mean())


def test_gauc_by_hand():
    # a: 1; b: its positive row is above one and ties with one of two: 3/4; c is left out
    assert gauc(LABELS, PREDICTIONS, USERS) == pytest.approx((2 * 1 + 3 * 0.75) / 5)
    shuffled = np.random.default_rng(0).permutation(len(USERS))
    assert gauc(LABELS[shuffled], PREDICTIONS[shuffled], USERS[shuffled]) == pytest.approx(4.25 / 5)
    assert gauc(LABELS, PREDICTIONS, np.zeros(7)) == auc(LABELS, PREDICTIONS)


def test_auc_and_gauc_are_scikit_learns(drawn):
    labels, predictions, users = drawn
    expected = sklearn.metrics.roc_auc_score(labels, predictions)
    assert auc(labels, predictions) == pytest.approx(expected, abs=1e-12)
    total = weight = 0.0
    for user in np.unique(users):
        mine = users == user
        if 0 < labels[mine].mean() < 1:
            total += mine.sum() * sklearn.metrics.roc_auc_score(labels[mine], predictions[mine])
            weight += mine.sum()
    assert weight < 2000  # some users have one class only
    for ids in (users, users.astype(str), pd.Series(users).astype("str")):
        assert gauc(labels, predictions, ids) == pytest.approx(total / weight, abs=1e-12)


def test_gauc_of_one_class_in_each_group_is_refused():
    with pytest.raises(AttnrecError, match="groups: expected at least one with labels 0 and 1"):
        gauc(np.array([0, 1]), np.array([0.1, 0.2]), np.array(["a", "b"]))


def test_a_million_rows_take_about_a_second():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(2, size=10**6), rng.random(10**6)
    users = rng.integers(50_000, size=10**6)
    start = time.process_time()  # of this process: the machine may be busy
    gauc(labels, predictions, users)
    assert time.process_time() - start < 2  # a loop over the groups takes 10 s


def test_log_loss_by_hand_and_of_scikit_learn(drawn):
    found = log_loss(np.array([1, 0]), np.array([0.9, 0.2]))
    assert found == pytest.approx(-(log(0.9) + log(0.8)) / 2)
    labels, predictions, _ = drawn
    expected = sklearn.metrics.log_loss(labels, predictions)
    assert log_loss(labels, predictions) == pytest.approx(expected, abs=1e-12)


def test_a_certainty_that_is_wrong_costs_no_more_than_the_limit():
    assert log_loss(np.array([1]), np.array([0.0])) == pytest.approx(-log(1e-7))
    assert log_loss(np.array([0]), np.array([1.0])) == pytest.approx(-log(1e-7))
    assert log_loss(np.array([0, 1]), np.array([0, 1])) == pytest.approx(1e-7, rel=1e-6)
    assert log_loss(np.array([1]), np.array([1], np.float32)) == pytest.approx(1e-7, rel=1e-6)


def test_errors_of_ratings():
    labels, predictions = np.array([1, 3, 5]), np.array([2.0, 3.0, 3.0])
    assert rmse(labels, predictions) == pytest.approx(sqrt((1 + 0 + 4) / 3))
    assert mae(labels, predictions) == pytest.approx((1 + 0 + 2) / 3)
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(1, 6, 500), rng.normal(3, 1, 500)
    expected = sklearn.metrics.root_mean_squared_error(labels, predictions)
    assert rmse(labels, predictions) == pytest.approx(expected, abs=1e-12)
    expected = sklearn.metrics.mean_absolute_error(labels, predictions)
    assert mae(labels, predictions) == pytest.approx(expected, abs=1e-12)


def test_bins_hold_their_upper_edge_and_the_first_holds_zero():
    bins = reliability(np.array([0, 1, 0, 1, 1]), np.array([0, 0.25, 0.26, 0.5, 1]), num_bins=4)
    assert bins.to_dict("list") == {
        "from": [0, 0.25, 0.75],
        "to": [0.25, 0.5, 1],
        "cases": [2, 2, 1],
        "mean_prediction": [(0 + 0.25) / 2, (0.26 + 0.5) / 2, 1],
        "share_positive": [1 / 2, 1 / 2, 1],
    }


@pytest.mark.parametrize("num_bins", [1, 10, 15, 100])
def test_bins_are_scikit_learns(drawn, num_bins):
    labels, predictions, _ = drawn
    bins = reliability(labels, predictions, num_bins)
    share, mean = calibration_curve(labels, predictions, n_bins=num_bins)
    np.testing.assert_allclose(bins["share_positive"], share, atol=1e-12)
    np.testing.assert_allclose(bins["mean_prediction"], mean, atol=1e-12)
    assert bins["cases"].sum() == len(labels)
    expected = np.average(np.abs(share - mean), weights=bins["cases"])
    assert calibration_error(labels, predictions, num_bins) == pytest.approx(expected, abs=1e-12)


def test_calibration_error_by_hand():
    # two bins: 0.1 and 0.3 beside a share of 0; 0.6 and 0.9 beside a share of 1/2
    labels, predictions = np.array([0, 0, 1, 0]), np.array([0.1, 0.3, 0.6, 0.9])
    expected = 2 / 4 * (0.2 - 0) + 2 / 4 * (0.75 - 0.5)
    assert calibration_error(labels, predictions, num_bins=2) == pytest.approx(expected)


def test_true_probabilities_are_calibrated_and_bolder_ones_are_not():
    rng = np.random.default_rng(0)
    chance = rng.random(100_000)
    labels = rng.random(100_000) < chance
    # The share of a bin of 6,667 cases strays by 0.004 in the mean.
    assert calibration_error(labels, chance) < 0.006
    bold = np.clip(1.5 * chance - 0.25, 0, 1)  # 1/12 off in the mean
    assert calibration_error(labels, bold) == pytest.approx(1 / 12, abs=0.006)


def test_all_of_a_task():
    found = prediction_metrics(LABELS, PREDICTIONS, USERS, task="click")
    assert found == {
        "AUC": auc(LABELS, PREDICTIONS),
        "GAUC": gauc(LABELS, PREDICTIONS, USERS),
        "LogLoss": log_loss(LABELS, PREDICTIONS),
        "ECE": calibration_error(LABELS, PREDICTIONS),
    }
    assert {type(value) for value in found.values()} == {float}
    alone = prediction_metrics(LABELS, PREDICTIONS, np.arange(7), task="click")
    assert list(alone) == ["AUC", "LogLoss", "ECE"]  # no user has both classes
    assert prediction_metrics(LABELS, PREDICTIONS, task="click") == alone
    found = prediction_metrics(LABELS, PREDICTIONS, task="rating")
    assert found == {"RMSE": rmse(LABELS, PREDICTIONS), "MAE": mae(LABELS, PREDICTIONS)}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: auc([], []), r"labels: expected one axis of at least one row, got shape \(0,\)"),
        (lambda: auc([0, 1], 0.5), r"predictions: expected one axis .* got shape \(\)"),
        (lambda: auc([[0, 1]], [[0, 1]]), r"labels: expected one axis .* got shape \(1, 2\)"),
        (lambda: mae([1, 2], [1, 2, 3]), "predictions: expected 2 rows, as many as labels, got 3"),
        (lambda: mae(["good"], [1]), "labels: expected numbers, one for each row .*'good'"),
        (lambda: rmse([1, 2], [1, np.nan]), "predictions: expected finite numbers, got nan at in"),
        (lambda: rmse([np.inf], [1]), "labels: expected finite numbers, got inf at index 0"),
        (lambda: auc([0, 1, 2], [1, 2, 3]), "labels: expected 0 or 1, got 2 at index 2"),
        (lambda: auc([1, 1], [1, 2]), "labels: expected 0 and 1, got 1 in every row"),
        (lambda: log_loss([0, 1], [0.5, 1.5]), "predictions: .* 0 to 1, got 1.5 at index 1"),
        (lambda: log_loss([0.5], [0.5]), "labels: expected 0 or 1, got 0.5 at index 0"),
        (lambda: reliability([0, 1], [-1, 1]), "predictions: .* 0 to 1, got -1 at index 0"),
        (lambda: calibration_error([1], [1], 0), "num_bins: expected a whole number from 1, got 0"),
        (lambda: gauc([0, 1], [0, 1], ["a"]), r"groups: .* each of 2 rows, got shape \(1,\)"),
        (lambda: gauc([0, 1], [0, 1], ["a", None]), "groups: .* got a missing one at index 1"),
        (
            lambda: prediction_metrics([0, 1], [0, 1], [None, 1], task="click"),
            "users: .* got a missing one at index 0",
        ),
        (
            lambda: prediction_metrics([0, 1], [0, 1], task="clicks"),
            "task: expected one of .* got 'clicks'; did you mean 'click'",
        ),
    ],
)
def test_what_is_wrong_is_named(call, told):
    with pytest.raises(AttnrecError, match=told):
        call()


def test_the_examples_hold():
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
