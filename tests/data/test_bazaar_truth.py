"""The truth: probabilities, interventions, recorded causes and the best possible figures."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from attnrec.data import split
from attnrec.data.bazaar import MECHANISMS, simulate
from attnrec.data.bazaar.intensity import SHARPNESS
from attnrec.data.bazaar.personas import PERSONAS
from attnrec.errors import DataError, UnknownIdError
from attnrec.evaluation import hit_rate, mrr, ndcg, ranks


@pytest.fixture(scope="module")
def data():
    return simulate(num_users=300, num_items=80, seed=5)


@pytest.fixture(scope="module")
def truth(data):
    return data.truth


def intensities(truth, user, items, seconds, at, skip=()):
    """The formula, term by term in plain Python: {(item, positions, mechanism): value}."""
    shop, who = truth.shop, truth.user_vocabulary.index(user) - 1
    rate = list(PERSONAS.values())[truth.shoppers.persona[who] - 1]
    when = pd.Timestamp(at, unit="s")
    part = 1 + sum(when.hour >= hour for hour in (11, 16, 21))
    terms = {}
    brands = {}
    for j, (item, second) in enumerate(zip(items, seconds, strict=True), start=1):
        if j in skip:
            continue
        bump = []
        for m in range(3):
            x = (at - second) / 86_400 / shop.lag[m, item]
            bump.append(rate[m] * shop.strength[m, item] * (x * math.exp(1 - x)) ** SHARPNESS[m])
        for other, share in zip(shop.complements[item], (0.6, 0.3, 0.1), strict=True):
            terms[other, (j,), "complement"] = bump[0] * share
        terms[item, (j,), "replenishment"] = bump[1]
        brand = shop.brand[item]
        if brand in brands:
            alike = [i for i in range(1, shop.num_items + 1) if shop.brand[i] == brand]
            for other in alike:
                terms[other, (brands[brand], j), "loyalty"] = bump[2] / len(alike)
        brands[brand] = j
    for item in range(1, shop.num_items + 1):
        terms[item, (), "price"] = rate[3] * shop.price[truth.shoppers.category[who], item]
        terms[item, (), "season"] = rate[4] * shop.season[when.month, item]
        terms[item, (), "popularity"] = rate[5] * shop.popularity[part, item]
    return terms


def normalised(terms, num_items):
    out = np.zeros(num_items + 1)
    for (item, _, _), value in terms.items():
        out[item] += value
    return out / out.sum()


def own_rows(truth, user):
    which = truth.user_vocabulary.index(user) - 1
    return slice(*truth.sequences.offsets[which : which + 2])


def sampled_events(truth, count, seed=0):
    """User and position of random purchases."""
    rng = np.random.default_rng(seed)
    for which in rng.integers(0, len(truth.users), count):
        yield truth.users[which], int(rng.integers(1, truth.sequences.lengths[which] + 1))


@pytest.mark.parametrize("user", ["u1", "u2", "u77", "u300"])
def test_probabilities_and_removals_are_the_formula(truth, user):
    # 1e-9 relative: powers in another order of operations.
    rows = own_rows(truth, user)
    items, seconds = truth.sequences.items[rows], truth.times[rows]
    for position in range(1, len(items) + 1):
        before, at = position - 1, int(seconds[position - 1])
        told = (truth, user, items[:before], seconds[:before], at)
        expected = normalised(intensities(*told), 80)
        assert truth.probabilities(user, position) == pytest.approx(expected, rel=1e-9)
        for skip in {1, before // 2, before} - {0} if before else ():
            expected = normalised(intensities(*told, skip={skip}), 80)
            found = truth.probabilities(user, position, without=skip)
            assert found == pytest.approx(expected, rel=1e-9)


def test_responsibilities_are_shares_of_the_formula(truth):
    for user, position in sampled_events(truth, 30):
        rows = own_rows(truth, user)
        items, seconds = truth.sequences.items[rows], truth.times[rows]
        item = items[position - 1]
        terms = intensities(
            truth, user, items[: position - 1], seconds[: position - 1], int(seconds[position - 1])
        )
        mine = {key[1:]: value for key, value in terms.items() if key[0] == item and value > 0}
        found = truth.responsibilities(truth.item_vocabulary.id(item), user, position)
        assert len(found) == len(mine)
        assert found["responsibility"].is_monotonic_decreasing
        for row in found.itertuples():
            expected = mine[row.positions, row.mechanism] / sum(mine.values())
            assert row.responsibility == pytest.approx(expected, rel=1e-9)


def test_recorded_causes_are_as_frequent_as_their_responsibility(data, truth):
    """In each band of responsibility the recorded share lies within 4 standard deviations."""
    claimed, recorded = [], []
    for user, position in sampled_events(truth, 1000, seed=1):
        item = data.history(user)[position - 1]
        table = truth.responsibilities(item, user, position)
        cause = truth.cause(user, position)
        hit = (table["positions"] == cause.positions) & (table["mechanism"] == cause.mechanism)
        assert hit.sum() == 1
        claimed.extend(table["responsibility"])
        recorded.extend(hit)
    claimed, recorded = np.array(claimed), np.array(recorded)
    edges = [0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01]
    for low, high in pairwise(edges):
        band = (claimed >= low) & (claimed < high)
        deviation = math.sqrt((claimed[band] * (1 - claimed[band])).sum())
        assert band.sum() > 40
        assert abs(recorded[band].sum() - claimed[band].sum()) < 4 * deviation + 1e-6


def test_purchases_are_as_frequent_as_their_probability(truth):
    """The draws of the simulator follow what `probabilities` says."""
    claimed, bought = [], []
    for user, position in sampled_events(truth, 3000, seed=2):
        claimed.append(truth.probabilities(user, position)[1:])
        item = truth.sequences.items[own_rows(truth, user).start + position - 1]
        bought.append(np.arange(1, 81) == item)
    claimed, bought = np.concatenate(claimed), np.concatenate(bought)
    edges = [0, 0.002, 0.005, 0.01, 0.03, 0.1, 0.2, 0.4, 1.01]
    for low, high in pairwise(edges):
        band = (claimed >= low) & (claimed < high)
        deviation = math.sqrt((claimed[band] * (1 - claimed[band])).sum())
        assert band.sum() > 100
        assert abs(bought[band].sum() - claimed[band].sum()) < 4 * deviation


def test_without_its_cause_a_purchase_becomes_less_likely(truth):
    """Nearly always; the exception is told exactly by the formula.

    Taking out a purchase that carries a share R of the whole intensity and r
    of the item's own changes p to p (1 - r) / (1 - R): lower just when r > R.
    """
    lower = total = 0
    for user, position in sampled_events(truth, 1500, seed=3):
        cause = truth.cause(user, position)
        if cause.mechanism not in ("complement", "replenishment"):
            continue
        rows = own_rows(truth, user)
        items, seconds = truth.sequences.items[rows], truth.times[rows]
        told = (truth, user, items[: position - 1], seconds[: position - 1])
        terms = intensities(*told, int(seconds[position - 1]))
        kept = intensities(*told, int(seconds[position - 1]), skip=set(cause.positions))
        item = items[position - 1]
        own_share = 1 - sum(v for k, v in kept.items() if k[0] == item) / sum(
            v for k, v in terms.items() if k[0] == item
        )
        whole_share = 1 - sum(kept.values()) / sum(terms.values())
        before = truth.probabilities(user, position)[item]
        after = truth.probabilities(user, position, without=cause.positions)[item]
        assert after == pytest.approx(before * (1 - own_share) / (1 - whole_share), rel=1e-6)
        lower += after < before
        total += 1
    assert total > 800
    assert lower / total > 0.95


def test_loyalty_needs_both_purchases(truth):
    rows = np.flatnonzero(truth.mechanism == MECHANISMS.index("loyalty"))[:50]
    dropped = []
    for row in rows:
        which = int(np.searchsorted(truth.sequences.offsets, row, side="right")) - 1
        position = row - truth.sequences.offsets[which] + 1
        item, user = truth.sequences.items[row], truth.users[which]
        before = truth.probabilities(user, position)[item]
        for one in truth.cause(user, int(position)).positions:
            dropped.append(truth.probabilities(user, int(position), without=one)[item] < before)
    assert np.mean(dropped) > 0.8


def test_recency_does_not_find_the_cause(truth):
    rates = [truth.recency_hit_rate(back) for back in range(1, 60)]
    assert max(rates) <= 0.5  # nor does any other fixed lag
    by_hand = [
        len(data_row.positions) and position - 1 in data_row.positions
        for position, data_row in zip(
            np.concatenate([np.arange(1, n + 1) for n in truth.sequences.lengths]),
            truth.causes.itertuples(),
            strict=True,
        )
    ]
    caused = truth.causes["positions"].map(len).to_numpy() > 0
    assert rates[0] == pytest.approx(np.array(by_hand, dtype=float)[caused].mean())


def test_best_metrics_agree_with_the_evaluation(data, truth):
    """The same cases through `attnrec.evaluation`, with a scorer that knows the truth."""
    cases = split.leave_one_out(data).cases("test")
    lengths = cases.histories.lengths
    known = {}
    for user, history, length in zip(cases.users, cases.histories, lengths, strict=True):
        known.setdefault(tuple(history), []).append(
            truth.probabilities(data.users[user - 1], int(length) + 1)
        )
    # Different users with the same history would need the user's name.
    assert all(len(found) == 1 for found in known.values())

    def scorer(histories):
        return np.stack([known[tuple(row[row > 0])][0] for row in histories])

    found = ranks(scorer, cases, 80, filter_seen=False)
    best = truth.best_metrics(cases, cutoffs=(1, 10))
    # float32 in the evaluation may tie what float64 tells apart: 1e-3.
    assert best["HR@10"] == pytest.approx(hit_rate(found, topn=10), abs=1e-3)
    assert best["NDCG@10"] == pytest.approx(ndcg(found, topn=10), abs=1e-3)
    assert best["MRR@10"] == pytest.approx(mrr(found, topn=10), abs=1e-3)
    assert best["MRR"] == pytest.approx(mrr(found), abs=1e-3)
    assert best == truth.best_metrics(split.leave_one_out(data), cutoffs=(1, 10))
    assert best == truth.best_metrics(cutoffs=(1, 10))


def test_best_metrics_of_a_temporal_split(data, truth):
    best = truth.best_metrics(split.temporal(data))
    assert 0.2 < best["NDCG@10"] < best["HR@10"] < 1
    with pytest.raises(DataError, match="one target"):
        truth.best_metrics(split.temporal(data, targets="all"))


def test_cases_of_other_data_are_refused(truth):
    for other in (simulate(300, 80, seed=6), simulate(400, 80, seed=5)):
        with pytest.raises(DataError, match="split the data that simulate"):
            truth.best_metrics(split.leave_one_out(other))


def test_empty_history(truth):
    found = truth.probabilities(history=[])
    average = np.mean(list(PERSONAS.values()), axis=0)
    shop = truth.shop
    expected = average[3] * shop.price[0] + average[4] * shop.season[0]
    expected = expected + average[5] * shop.popularity[0]
    assert found == pytest.approx(expected / average[3:].sum())
    assert found[0] == 0
    assert found.sum() == pytest.approx(1)
    assert truth.probabilities("u1", 1).sum() == pytest.approx(1)
    assert truth.probabilities(history=[], times=[], at="2024-06-01").sum() == pytest.approx(1)


def test_one_item_and_its_removal(truth):
    assert truth.without(["p5"], 1) == pytest.approx(truth.probabilities(history=[]))
    raised = truth.probabilities(history=["p5"]) - truth.probabilities(history=[])
    assert truth.shop.complements[5, 0] in np.argsort(raised)[-2:]


def test_an_edit_with_the_users_own_times_is_the_same_as_a_removal(data, truth):
    rows = data.rows("u9")
    history, times = rows["item"].tolist(), rows["timestamp"].tolist()
    at = times[-1] + pd.Timedelta(days=7)
    expected = truth.probabilities("u9", without=[2, 4])
    edited = [i for i in range(len(history)) if i not in (1, 3)]
    found = truth.probabilities(
        "u9", history=[history[i] for i in edited], times=[times[i] for i in edited], at=at
    )
    assert found == pytest.approx(expected)
    assert truth.without(history, [2, 4], user="u9", times=times) == pytest.approx(expected)


def test_a_persona_and_the_season_count(truth):
    plain = truth.probabilities(history=["p1", "p2"])
    assert not np.allclose(plain, truth.probabilities("u1", history=["p1", "p2"]))
    december = truth.probabilities(history=["p1", "p2"], at="2024-12-10 20:00")
    april = truth.probabilities(history=["p1", "p2"], at="2024-04-10 20:00")
    candle = 1 + truth.shop.frame["title"].str.startswith("Scented candle").to_numpy().argmax()
    assert december[candle] > 2 * april[candle]


def test_unknown_ids_name_the_nearest(truth):
    with pytest.raises(UnknownIdError, match="unknown user 'u3000'; did you mean 'u300'"):
        truth.probabilities("u3000")
    with pytest.raises(UnknownIdError, match="unknown item 'P5'; did you mean 'p5'"):
        truth.probabilities(history=["p1", "P5"])
    with pytest.raises(UnknownIdError, match="unknown item"):
        truth.responsibilities("tea", "u1")
    with pytest.raises(UnknownIdError, match="unknown user"):
        truth.cause("nobody", 1)
    with pytest.raises(TypeError, match="sequence of item ids"):
        truth.probabilities(history="p1")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "expected one of them, got neither"),
        ({"user": "u1", "position": 0}, "position: expected a position from 1 to"),
        ({"user": "u1", "position": 99}, "position: expected a position from 1 to"),
        ({"user": "u1", "position": 1.5}, "position"),
        ({"user": "u1", "position": True}, "position"),
        ({"user": "u1", "times": []}, "times: expected together with a history"),
        ({"history": ["p1"], "position": 1}, "expected without a history"),
        ({"history": ["p1"], "without": 2}, "without: expected a position from 1 to 1, got 2"),
        ({"history": ["p1"], "times": []}, "times: expected one for each of 1 items, got 0"),
        ({"history": ["p1"], "times": ["soon"]}, "times: expected moments like"),
        ({"history": ["p1"], "times": [None]}, "missing"),
        ({"history": ["p1", "p2"], "times": ["2024-01-02", "2024-01-01"]}, "each after the one"),
        ({"history": ["p1"], "times": ["2024-01-02"], "at": "2024-01-01"}, "`at` after them all"),
    ],
)
def test_what_does_not_fit_is_refused(truth, arguments, says):
    with pytest.raises(DataError, match=says):
        truth.probabilities(**arguments)


def test_filtered_data_no_longer_claims_the_truth(data):
    assert data.filter(min_item_count=60).truth is None


def test_repr_is_short_and_deterministic(truth):
    assert repr(truth) == repr(simulate(num_users=300, num_items=80, seed=5).truth)
    assert repr(truth).startswith(f"Truth({len(truth.times):,} purchases, ")
