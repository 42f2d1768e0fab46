"""On Bazaar, whose causes are known: the yardstick names the attribute that was planted."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.data.bazaar import intensity, simulate, situations
from attnrec.explanations.features import Players, shapley_values
from benchmarks.bazaar_clicks import (
    DRAWN,
    GROUPS,
    OF_MECHANISM,
    ORACLE,
    Oracle,
    came_back_to,
    clicks,
)

ATTRIBUTES = tuple(GROUPS)


@pytest.fixture(scope="module")
def shop():
    return simulate(num_users=400, num_items=150, seed=2)


def test_the_simulators_score_is_its_probability(shop):
    events = np.random.default_rng(0).choice(len(shop), 40, replace=False)
    oracle, size = Oracle(shop.truth, events), len(shop.items)
    at, items = np.divmod(np.arange(len(events) * size), size)
    inputs = oracle.inputs(at, items + 1)
    found = np.exp(oracle.scores(inputs)).reshape(len(events), size)
    users, before = oracle._moments()
    now = situations.of_users(shop.truth, users, before)
    expected = intensity.distribution(shop.truth.shop, now)[:, 1:]
    np.testing.assert_allclose(found / found.sum(1, keepdims=True), expected, rtol=1e-9)


def test_shapley_values_of_the_simulators_score_name_the_planted_attribute(shop):
    rng, truth = np.random.default_rng(0), shop.truth
    each = [
        rng.choice(np.flatnonzero(truth.mechanism == OF_MECHANISM[name]), 60, replace=False)
        for name in ATTRIBUTES
    ]
    lent = rng.choice(len(shop), 50, replace=False)
    events = np.unique(np.concatenate([*each, lent]))
    oracle = Oracle(truth, events)

    def at(rows, items):
        return oracle.inputs(np.searchsorted(events, rows), items)

    rows = np.concatenate(each)
    cases = at(rows, shop.item_indices[rows])
    background = at(lent, rng.integers(1, len(shop.items) + 1, len(lent)))
    players = Players.of(oracle.schema, ORACLE)
    values, _ = shapley_values(oracle.scores, players, cases, background)
    whole = oracle.scores(cases) - oracle.scores(background).mean()
    np.testing.assert_allclose(values.sum(1), whole, atol=1e-9)
    named = values[:, [players.names.index(name) for name in ATTRIBUTES]].argmax(1)
    right = (named == np.repeat(np.arange(3), 60)).reshape(3, 60).mean(1)
    assert right.mean() >= 0.8
    assert right.min() > 1 / 3  # each of them


def test_clicks_are_purchases_and_what_was_drawn_beside(shop):
    data = clicks(shop)
    frame = data.frame
    bought = frame[frame["bought"] == 1]
    assert len(bought) == len(shop)
    np.testing.assert_array_equal(bought["event"], np.arange(len(shop)))
    np.testing.assert_array_equal(bought["item"], shop.frame["item"])
    beside = frame[frame["bought"] == 0].groupby("event").size()
    assert beside.max() == DRAWN
    assert beside.mean() > DRAWN - 0.1  # but for items drawn twice
    levels = data.catalogue.frame["price level"]
    assert levels.between(0.5, 1.8).all()
    assert data.people["department"].nunique() == 10


def test_brands_come_back_to_are_those_bought_again_lately(shop):
    found = came_back_to(shop)
    brands = shop.catalogue.frame["brand"].to_numpy()[shop.item_indices - 1]
    times = shop.frame["timestamp"].to_numpy()
    checked = 0
    for start, stop in zip(shop.sequences.starts[:20], shop.sequences.stops[:20], strict=True):
        for row in range(start, stop):
            expected = {
                brands[i]
                for i in range(start, row)
                if brands[i] in brands[start:i] and times[row] - times[i] <= np.timedelta64(45, "D")
            }
            assert set(found[row].split("|") if found[row] else []) == expected
            checked += bool(expected)
    assert checked > 100
