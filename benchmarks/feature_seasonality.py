r"""Whether the map of attention by month and category follows the season that Bazaar has planted.

    python -m benchmarks.feature_seasonality [--shops 20 21 22] [--seeds 5] [--shuffled] --json FILE

Newcomers: every shopper buys once, so that nothing bought before echoes the season; in the
ordinary shop complements and refills do that for weeks, and the purchases themselves, without any
model, follow the planted season at r below .5. AFM reads the kind of a product, the month and
the hour, and tells purchases from items drawn beside them. The map is `run.attention_by_context(
("month", "category"))` of the field `month`: its mean attention in each of 120 cells of the test
rows. Planted is what the season sells in a month, `shop.season[month]`, summed over the items of a
category. r is Pearson's over the cells, weighted by their cases and with all alike; "within" is r
of what is left when each category's mean over the year is taken off both.

Of the ordinary shop stand beside it the same figures of AFM, and of a tally of its purchases,
which no model has seen.

Single trainings differ, so that the figure is of the mean map of several. `--shuffled` deals the
dates out anew: the season is gone, and r must be.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import attnrec as ar
from attnrec.data import Interactions, validate
from attnrec.features import Features
from attnrec.models.protocol import configuration_of
from benchmarks.report import Report

DRAWN = 4  # items beside each purchase, drawn evenly
FIT = {"epochs": 12, "learning_rate": 0.01, "patience": 3}


def clicks(data: Interactions, seed: int) -> Interactions:
    """A row for each purchase, and for each item drawn beside it."""
    shop = data.catalogue.frame
    shop = shop.assign(kind=shop["title"].str.split(",").str[0])
    others = np.random.default_rng(seed).integers(1, len(shop), (len(data), DRAWN))
    others += others >= data.item_indices[:, None]  # anything but what was bought
    items = np.column_stack([data.item_indices, others]).ravel() - 1
    rows = data.frame.loc[data.frame.index.repeat(1 + DRAWN), ["user", "timestamp"]]
    rows = rows.reset_index(drop=True).assign(
        item=shop.index[items], bought=np.tile([1] + [0] * DRAWN, len(data))
    )
    return validate(rows, catalogue=shop, name="newcomers")


def planted(truth: Any, categories: tuple[str, ...]) -> np.ndarray:
    """float[month, category]: of what the season sells in a month, the share of each."""
    of = truth.shop.frame["category"].to_numpy()
    shares = truth.shop.season[1:, 1:]
    return np.stack([shares[:, of == category].sum(1) for category in categories], axis=1)


def pearson(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> float:
    one, other = (each - np.average(each, weights=weights) for each in (one, other))
    spread = (weights * one**2).sum() * (weights * other**2).sum()
    return float((weights * one * other).sum() / np.sqrt(spread))


def figures(attention: np.ndarray, season: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    within = attention - attention.mean(0), season - season.mean(0)
    found = {}
    for name, pair in {"r": (attention, season), "r within": within}.items():
        for how, weights in (("by cases", counts), ("alike", np.ones(counts.shape))):
            found[f"{name}, {how}"] = round(pearson(*pair, weights), 3)
    return found


def of_shop(shop: int, seeds: int, users: int, shuffled: bool) -> dict[str, Any]:
    """Figures of one simulation: of each training, and of the mean of their maps."""
    began = time.perf_counter()
    once = {"min_events": 1, "mean_events": 1, "max_events": 1}
    data = ar.datasets.load("bazaar", num_users=users, seed=shop, **once)
    truth = data.truth
    if shuffled:
        dates = np.random.default_rng(shop).permutation(data.frame["timestamp"].to_numpy())
        data = dataclasses.replace(data, frame=data.frame.assign(timestamp=dates))
    features = features_of(clicks(data, shop))
    return _of_maps(shop, data, features, truth, seeds, began)


def of_ordinary_shop(shop: int, seeds: int, users: int) -> dict[str, Any]:
    """The same where shoppers come back, and of the share of purchases in each cell."""
    began = time.perf_counter()
    data = ar.datasets.load("bazaar", num_users=users, seed=shop)
    truth = data.truth
    features = features_of(clicks(data, shop))
    found = _of_maps(shop, data, features, truth, seeds, began)
    month = data.frame["timestamp"].dt.month.to_numpy() - 1
    of = pd.Categorical(data.catalogue.frame["category"])
    counts = np.zeros((12, len(of.categories)))
    np.add.at(counts, (month, of.codes[data.item_indices - 1]), 1)
    shares = counts / counts.sum(1, keepdims=True)
    return found | {"purchases": figures(shares, planted(truth, tuple(of.categories)), counts)}


def features_of(data: Interactions) -> Features:
    return ar.features.build(
        ar.split.at_random(data),  # by time, the test would have three months
        item=["kind"],
        context=["month", "hour"],
        label="bought",
        threshold=0.5,
        ids=False,
    )


def _of_maps(
    shop: int, data: Interactions, features: Features, truth: Any, seeds: int, began: float
) -> dict[str, Any]:
    maps, trainings = [], []
    for seed in range(seeds):
        run = ar.fit(ar.AFM(), features, seed=seed, progress=False, **FIT)
        grid = run.attention_by_context(("month", "category"))
        season = planted(truth, grid.levels[1])
        maps.append(grid.of("month"))
        trainings.append(figures(maps[-1], season, grid.counts))
    mean = np.mean(maps, axis=0)
    return {
        "shop": shop,
        "fingerprint": data.fingerprint,
        "cells": int((grid.counts > 0).sum()),
        "cases": grid.num_cases,
        "attention": [round(float(end), 3) for end in (mean.min(), mean.max())],
        "mean map": figures(mean, season, grid.counts),
        "trainings": trainings,
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shops", type=int, nargs="+", default=[20, 21, 22])
    parser.add_argument("--seeds", type=int, default=5, help="trainings whose maps are averaged")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--shuffled", action="store_true", help="only the control")
    parser.add_argument("--json", type=Path, metavar="FILE")
    told = parser.parse_args()
    report = Report("feature seasonality")
    result: dict[str, Any] = {
        "model": configuration_of(ar.AFM()),
        "fit": FIT,
        "users": told.users,
        "shops": [],
        "control, dates dealt out anew": None,
    }
    for shop in [] if told.shuffled else told.shops:
        result["shops"].append(of_shop(shop, told.seeds, told.users, shuffled=False))
        print(result["shops"][-1], flush=True)
    result["control, dates dealt out anew"] = of_shop(told.shops[0], 3, told.users, shuffled=True)
    print(result["control, dates dealt out anew"])
    result["ordinary shop"] = of_ordinary_shop(told.shops[0], 3, users=3_000)
    print(result["ordinary shop"])
    report.write(told.json, result)


if __name__ == "__main__":
    main()
