r"""The model of the shop: what is bought next, and why.

A shopper $u$ with purchases $h_1, \dots, h_n$ at times $t_1 < \dots < t_n$
buys item $i$ at time $t$ with probability $\lambda_i / \sum_k \lambda_k$, where

$$\lambda_i(t) =
    \underbrace{\sum_{m \in \{\text{complement, replenishment, loyalty}\}} \sum_{j=1}^{n}
        \rho_{um}\, s_m(h_j)\, \psi_m\!\left(\frac{t - t_j}{\tau_m(h_j)}\right) K_m(h_j, i)}
        _{\text{caused by position } j}
  + \underbrace{\sum_{m \in \{\text{price, season, popularity}\}}
        \rho_{um}\, Q_m(i \mid u, t)}_{\text{caused by no position}}$$

Every term is non-negative, and terms only add. So

* the cause of a purchase is one term, drawn with the item, and its posterior
  probability ("responsibility") given the item $i$ is the term's share of $\lambda_i$;
* taking a purchase out of the history takes its terms out of the sum, and
  leaves the others as they were: lags are in days, so nothing else moves.

These are the marks of a multivariate Hawkes process given its event times
[hawkes1971spectra]_; the recorded causes are its branching structure
[hawkes1974cluster]_, and responsibilities are those of stochastic declustering
[zhuang2002stochastic]_.

* $\rho_{um}$: how strongly mechanism $m$ works on the shopper's persona.
* $s_m(h)$: strength of the product as a trigger; 0 for what is never refilled.
* $\psi_m(x) = (x e^{1-x})^{k_m}$: a bump of height 1 at the product's typical
  lag $\tau_m(h)$, narrower for larger $k_m$. A purchase works neither at once
  nor for ever.
* $K_m(h, \cdot)$ sums to 1. Complement: the three complements of $h$, with
  shares .6, .3 and .1. Replenishment: $h$ itself. Loyalty: the items of the
  brand of $h$, alike, and only where $h$ is not the first of its brand in the
  history. The purchase of that brand before it is a cause too: with either of
  the two taken out, the term is gone.
* $Q_m$ sums to 1. Price: low prices in the shopper's department. Season: what
  the month is for. Popularity: what sells, at that part of the day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from attnrec.data.bazaar.shop import COMPLEMENT_SHARES, Shop

MECHANISMS = ("complement", "replenishment", "loyalty", "price", "season", "popularity")
ATTRIBUTES = ("item", "item", "brand", "price", "timestamp", "popularity")
COMPLEMENT, REPLENISHMENT, LOYALTY, PRICE, SEASON, POPULARITY = range(6)
NUM_TRIGGERS = 3  # the first three mechanisms work from a position of the history
BACKGROUNDS = (PRICE, SEASON, POPULARITY)  # the others from none
SHARPNESS = np.array([10.0, 16.0, 4.0])  # k_m
SECONDS = 86_400  # of a day


@dataclass(frozen=True, eq=False)
class Situation:
    """Shoppers about to buy.

    Attributes:
        items: what each has bought, padded with 0.
        ages: days since each of these purchases.
        rates: how strongly each mechanism works on the shopper.
        category: the shopper's department; 0 not known.
        month: 1 to 12; 0 not known.
        part: of the day, 1 to 4; 0 not known.
    """

    items: Int[np.ndarray, "batch key"]
    ages: Float[np.ndarray, "batch key"]
    rates: Float[np.ndarray, "batch mechanism"]
    category: Int[np.ndarray, " batch"]
    month: Int[np.ndarray, " batch"]
    part: Int[np.ndarray, " batch"]


def calendar(times: Int[np.ndarray, "*shape"]) -> tuple[np.ndarray, np.ndarray]:
    """Month (1 to 12) and part of the day (1 to 4) of times in seconds since 1970."""
    month = times.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    part = np.searchsorted([11, 16, 21], times % SECONDS // 3600, side="right") + 1
    return month, part


def triggers(
    shop: Shop,
    items: Int[np.ndarray, "batch key"],
    ages: Float[np.ndarray, "batch key"],
    mates: Int[np.ndarray, "batch key"],
    rates: Float[np.ndarray, "batch mechanism"],
) -> Float[np.ndarray, "batch trigger key"]:
    r"""The weight $\rho_{um} s_m(h_j) \psi_m$ of every position, by mechanism.

    Args:
        shop: strengths and lags of the products.
        items: purchases, padded with 0.
        ages: days since each.
        mates: for each position, the one before it with the same brand
            (`mates_by_brand`); 0 where there is none.
        rates: how strongly each mechanism works on the shopper.
    """
    out = np.empty((len(items), NUM_TRIGGERS, items.shape[1]))
    for m in range(NUM_TRIGGERS):
        lags = np.maximum(ages / shop.lag[m, items], 1e-12)
        bump = np.exp(SHARPNESS[m] * (np.log(lags) + 1 - lags))
        out[:, m] = rates[:, m, None] * shop.strength[m, items] * bump
    out[:, LOYALTY] *= mates > 0
    return out


def mates_by_brand(brands: Int[np.ndarray, "batch key"]) -> Int[np.ndarray, "batch key"]:
    """For each position, the latest earlier position (from 1) with the same brand, or 0."""
    rows = np.arange(len(brands))
    latest = np.zeros((len(brands), brands.max(initial=0) + 1), dtype=np.int16)
    mates = np.zeros(brands.shape, dtype=np.int16)
    for key in range(brands.shape[1]):
        mates[:, key] = latest[rows, brands[:, key]]
        latest[rows, brands[:, key]] = key + 1
    mates[brands == 0] = 0
    return mates


def distribution(shop: Shop, at: Situation) -> Float[np.ndarray, "batch item"]:
    """The probability of every next item; entry 0 (padding) is 0."""
    batch, num_brands = len(at.items), len(shop.brand_sizes)
    weights = triggers(shop, at.items, at.ages, mates_by_brand(shop.brand[at.items]), at.rates)

    def scatter(to: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
        cells = (np.arange(batch)[:, None] * size + to.reshape(batch, -1)).ravel()
        found = np.bincount(cells, weight.ravel(), minlength=batch * size)
        return found.astype(float).reshape(batch, size)  # whole numbers where there is no weight

    complements = weights[:, COMPLEMENT, :, None] * COMPLEMENT_SHARES
    intensity = scatter(shop.complements[at.items], complements, shop.num_items + 1)
    intensity += scatter(at.items, weights[:, REPLENISHMENT], shop.num_items + 1)
    loyal = scatter(shop.brand[at.items], weights[:, LOYALTY], num_brands)
    intensity += (loyal / np.maximum(shop.brand_sizes, 1))[:, shop.brand]
    tables = (shop.price[at.category], shop.season[at.month], shop.popularity[at.part])
    for mechanism, table in zip(BACKGROUNDS, tables, strict=True):
        intensity += at.rates[:, mechanism, None] * table
    return intensity / intensity.sum(axis=1, keepdims=True)
