"""The simulated shop: sizes, causes that fit their mechanism, equal data for an equal seed."""

import subprocess
import sys

import numpy as np
import pytest

from attnrec.data.bazaar import MECHANISMS, PERSONAS, simulate
from attnrec.data.bazaar.intensity import NUM_TRIGGERS, calendar
from attnrec.data.bazaar.names import BRANDS, CATEGORIES, KINDS
from attnrec.errors import DataError


@pytest.fixture(scope="module")
def data():
    return simulate(num_users=400, num_items=200, seed=3)


def rows_caused_by(data, mechanism):
    """Item indices of the purchases of one mechanism, and of the purchases that caused them."""
    truth = data.truth
    rows = np.flatnonzero(truth.mechanism == MECHANISMS.index(mechanism))
    assert len(rows) > 100
    firsts = np.repeat(truth.sequences.offsets[:-1], truth.sequences.lengths)[rows]
    items = truth.sequences.items
    return items[rows], items[firsts[:, None] + truth.positions[rows] - 1], truth.positions[rows]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"num_users": 0}, "num_users: expected a whole number, at least 1, got 0"),
        ({"num_users": 2.5}, "num_users"),
        ({"num_items": 9}, "num_items: expected a whole number, at least 10, got 9"),
        ({"num_items": True}, "num_items"),
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"mean_events": 4}, "mean_events: expected between min_events=5 and max_events=60"),
        ({"mean_events": float("nan")}, "mean_events"),
        ({"mean_events": "many"}, "mean_events"),
        ({"min_events": 0}, "min_events"),
        ({"max_events": 3}, "max_events: expected a whole number, at least 5, got 3"),
    ],
)
def test_sizes_out_of_range_are_refused(arguments, says):
    with pytest.raises(DataError, match=says):
        simulate(**{"num_users": 2, "num_items": 10} | arguments)


def test_one_shopper_with_one_purchase_has_no_cause_but_the_background():
    data = simulate(1, 10, mean_events=1, min_events=1, max_events=1)
    assert len(data) == 1
    assert data.truth.cause("u1", 1).positions == ()
    assert data.truth.cause("u1", 1).mechanism in MECHANISMS[NUM_TRIGGERS:]
    assert np.isnan(data.truth.recency_hit_rate())


def test_defaults_are_the_promised_shop():
    data = simulate()
    lengths = data.sequences.lengths
    assert len(data.users) == 5000
    assert len(data.items) == 500
    assert lengths.min() >= 5
    assert lengths.max() <= 60
    # Beta-binomial on 5..60 with Beta(1.2, 1.8): standard deviation
    # sqrt(55 * 0.4 * 0.6 * (3 + 55) / (3 + 1)) = 13.8, so 4 standard errors of
    # the mean of 5,000 are 4 * 13.8 / sqrt(5000) = 0.78.
    assert lengths.mean() == pytest.approx(27, abs=0.78)
    assert not data.protocol.filter_seen
    assert data.catalogue.words.items == "products"
    best = data.truth.best_metrics()
    popularity = np.bincount(data.sequences.items, minlength=501)
    last = data.sequences.items[data.sequences.offsets[1:] - 1]
    rank = (popularity[1:] >= popularity[last][:, None]).sum(axis=1)
    popular = np.where(rank <= 10, 1 / np.log2(1 + rank), 0).mean()
    assert 0.35 < best["NDCG@10"] < 0.55
    assert best["NDCG@10"] > 4 * popular


def test_mean_and_bounds_can_be_chosen():
    data = simulate(50, 20, mean_events=3, min_events=3, max_events=3)
    assert set(data.sequences.lengths) == {3}


def test_titles_are_readable_and_unique():
    shop = simulate(1, 3000).catalogue
    assert shop.frame["title"].is_unique
    assert shop.title("p1").startswith("Espresso beans, ")
    assert "Espresso beans" in shop.title(shop.search("espresso b", topn=1)[0])
    assert (shop.frame["price"] > 0).all()
    assert set(shop.frame["category"]) == set(CATEGORIES)
    assert set(shop.frame["brand"]) == set(BRANDS)


def test_names_refer_to_one_another():
    names = {kind.name for kind in KINDS}
    assert len(names) == len(KINDS)
    assert len(set(BRANDS)) == len(BRANDS) == 4 * len(CATEGORIES)
    for kind in KINDS:
        assert kind.category in CATEGORIES
        assert set(kind.complements) <= names - {kind.name}
        assert len(set(kind.complements)) == 3


def test_a_small_shop_still_has_three_different_complements():
    shop = simulate(1, 10).truth.shop
    for item, complements in enumerate(shop.complements[1:], start=1):
        assert len({item, *complements.tolist()}) == 4


def test_rows_are_in_order_and_times_increase(data):
    frame = data.frame
    assert list(data.users) == [f"u{i}" for i in range(1, 401)]
    gaps = frame.groupby("user", sort=False)["timestamp"].diff().dropna()
    assert (gaps.dt.total_seconds() > 0).all()
    assert frame["timestamp"].dt.hour.between(6, 23).all()
    assert set(frame["timestamp"].dt.month) == set(range(1, 13))
    assert len(data.truth.causes) == len(frame)


def test_causes_are_earlier_positions(data):
    truth = data.truth
    place = np.arange(len(data)) - np.repeat(truth.sequences.offsets[:-1], data.sequences.lengths)
    assert (truth.positions <= place[:, None]).all()
    assert ((truth.positions[:, 0] > 0) == (truth.mechanism < NUM_TRIGGERS)).all()
    named = truth.causes.loc[truth.mechanism == MECHANISMS.index("loyalty"), "positions"]
    assert set(named.map(len)) == {2}
    assert truth.cause("u7", 5) == tuple(truth.causes.iloc[truth.sequences.offsets[6] + 4])


def test_complements_complement_and_refills_refill(data):
    shop = data.truth.shop
    items, causes, _ = rows_caused_by(data, "complement")
    assert (shop.complements[causes[:, 0]] == items[:, None]).any(axis=1).all()
    items, causes, _ = rows_caused_by(data, "replenishment")
    assert (causes[:, 0] == items).all()
    refilled = {kind.name for kind in KINDS if kind.refill}
    assert {data.catalogue.titles[i - 1].split(",")[0] for i in set(items)} <= refilled


def test_loyalty_has_two_purchases_of_the_brand(data):
    brand = data.truth.shop.brand
    items, causes, positions = rows_caused_by(data, "loyalty")
    assert (brand[causes] == brand[items][:, None]).all()
    assert (positions[:, 0] > positions[:, 1]).all()
    assert (positions[:, 1] > 0).all()


def test_prices_speak_in_the_shoppers_department_and_seasons_in_their_months(data):
    truth = data.truth
    user = np.repeat(np.arange(400), data.sequences.lengths)
    category = np.array([list(CATEGORIES).index(name) for name in data.catalogue.frame["category"]])
    price = truth.mechanism == MECHANISMS.index("price")
    bought = category[truth.sequences.items[price] - 1] + 1
    assert (bought == truth.shoppers.category[user[price]]).all()

    season = np.array([KINDS[i % len(KINDS)].season for i in range(200)])
    rows = truth.mechanism == MECHANISMS.index("season")
    best = season[truth.sequences.items[rows] - 1]
    assert (best > 0).all()
    apart = np.abs(calendar(truth.times[rows])[0] - best)
    # exp(6 (cos(2 pi d / 12) - 1)) is 0.05 two months off and 0.0025 three off.
    assert (np.minimum(apart, 12 - apart) <= 2).mean() > 0.98


def test_personas_differ_as_they_say(data):
    truth = data.truth
    user = np.repeat(np.arange(400), data.sequences.lengths)
    persona = truth.personas.to_numpy()[user]
    assert set(persona) == set(PERSONAS)
    for name, mechanism in [
        ("maker", "complement"),
        ("householder", "replenishment"),
        ("devotee", "loyalty"),
        ("bargain hunter", "price"),
        ("celebrator", "season"),
        ("browser", "popularity"),
    ]:
        worked = truth.mechanism == MECHANISMS.index(mechanism)
        assert worked[persona == name].mean() > 1.2 * worked[persona != name].mean()


def test_calendar():
    times = np.array(["2024-02-29T10:59:59", "2024-12-01T11:00:00", "2025-01-01T23:30:00"])
    month, part = calendar(times.astype("datetime64[s]").astype(np.int64))
    assert month.tolist() == [2, 12, 1]
    assert part.tolist() == [1, 2, 4]


def test_equal_seeds_give_equal_data_in_every_process():
    command = (
        "from attnrec.data.bazaar import simulate;"
        "data = simulate(num_users=40, num_items=30, seed=11);"
        "print(data.fingerprint, data.truth.positions.sum(), data.truth.mechanism.sum())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    here = simulate(num_users=40, num_items=30, seed=11)
    causes = [str(here.truth.positions.sum()), str(here.truth.mechanism.sum())]
    assert runs[0] == runs[1] == [here.fingerprint, *causes]
    assert simulate(num_users=40, num_items=30, seed=12).fingerprint != here.fingerprint


def test_the_shop_is_the_one_that_runs_were_trained_on():
    # A run that ships was trained on simulate(); should this change, train it anew.
    assert simulate(num_users=100, num_items=60, seed=0).fingerprint == "d39cddf6a943793c"
