"""What is for sale: the catalogue, and what goes with what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.columns import Columns
from attnrec.data.bazaar.names import BRANDS, CATEGORIES, KINDS, VERSIONS, Kind

COMPLEMENT_SHARES = np.array([0.6, 0.3, 0.1])
LOYALTY_LAG = 24.0  # days
_BRANDS_OF_CATEGORY = 8  # four of its own, four of the department before


@dataclass(frozen=True, eq=False)
class Shop:
    """Products and their ties, as arrays with an entry 0 for padding.

    Attributes:
        frame: indexed by item id: title, category, brand, price.
        brand: brand of each item, from 1.
        complements: the three complements of each item.
        strength: of each item as a trigger of complements, of replenishment
            and of loyalty; 0 where it is none.
        lag: days after which each item triggers most, for the same three.
        price, season, popularity: distributions over the items by category,
            by month and by part of the day; row 0, for when it is not known,
            is the mean of the others.
    """

    frame: pd.DataFrame
    brand: Int[np.ndarray, " item"]
    complements: Int[np.ndarray, "item complement"]
    strength: Float[np.ndarray, "trigger item"]
    lag: Float[np.ndarray, "trigger item"]
    price: Float[np.ndarray, "category item"]
    season: Float[np.ndarray, "month item"]
    popularity: Float[np.ndarray, "part item"]

    @property
    def num_items(self) -> int:
        """Size of the catalogue, without padding."""
        return len(self.frame)

    @cached_property
    def brand_sizes(self) -> Int[np.ndarray, " brand"]:
        """How many items each brand has; entry 0 is 0."""
        sizes = np.bincount(self.brand)
        sizes[0] = 0
        return sizes

    @cached_property
    def by_brand(self) -> tuple[np.ndarray, np.ndarray]:
        """Item indices grouped by brand, and where each brand begins among them."""
        begins = np.cumsum(self.brand_sizes) - self.brand_sizes
        return np.argsort(self.brand, kind="stable")[1:], begins

    @classmethod
    def draw(cls, num_items: int, rng: np.random.Generator) -> Shop:
        """A shop of `num_items` products: kinds in turn, each by several brands.

        Which product complements which is drawn once, among the products of
        the kinds that `names` says go together.
        """
        number = np.arange(num_items) // len(KINDS)
        kinds = [KINDS[i % len(KINDS)] for i in range(num_items)]
        category = np.array([list(CATEGORIES).index(kind.category) for kind in kinds])
        turn = rng.permuted(np.tile(np.arange(_BRANDS_OF_CATEGORY), (len(KINDS), 1)), axis=1)
        turn = turn[np.arange(num_items) % len(KINDS), number % _BRANDS_OF_CATEGORY]
        brand = (4 * (category - 1) + turn) % len(BRANDS)  # the department before, then its own
        version = number // _BRANDS_OF_CATEGORY

        tier = rng.uniform(0.7, 1.5, len(BRANDS))[brand] * rng.uniform(0.9, 1.1, num_items)
        price = np.round([kind.price for kind in kinds] * tier * 2) / 2
        frame = pd.DataFrame(
            {
                Columns.TITLE: [
                    _title(*row)
                    for row in zip(kinds, brand.tolist(), version.tolist(), strict=True)
                ],
                "category": [kind.category for kind in kinds],
                "brand": [BRANDS[b] for b in brand],
                "price": price,
            },
            index=pd.Index([f"p{i}" for i in range(1, num_items + 1)], name=Columns.ITEM),
        )
        appeal = rng.permutation(np.arange(1, num_items + 1)) ** -0.7  # Zipf's law, flattened
        refill = np.array([kind.refill for kind in kinds], dtype=float)
        ones = np.ones(num_items)
        own_lag = rng.uniform(0.85, 1.15, (2, num_items))
        lags = [
            [kind.lag for kind in kinds] * own_lag[0],
            np.maximum(refill, 1) * own_lag[1],
            LOYALTY_LAG * ones,
        ]
        strength = [rng.uniform(0.4, 1.6, num_items), refill > 0, ones]
        return cls(
            frame=frame,
            brand=np.append(0, brand + 1),
            complements=np.vstack([np.zeros((1, 3), int), _complements(kinds, appeal, rng)]),
            strength=np.pad(np.array(strength, dtype=float), ((0, 0), (1, 0))),
            lag=np.pad(np.array(lags), ((0, 0), (1, 0)), constant_values=1.0),
            price=_table(_cheapness(category, tier) * appeal),
            season=_table(_seasonality(np.array([kind.season for kind in kinds])) * appeal),
            popularity=_table(_hours(category) * appeal),
        )


def _title(kind: Kind, brand: int, version: int) -> str:
    """`Espresso beans, Alder & Finch`; the brand's second such product is `..., large, ...`."""
    versions = ["", *VERSIONS]
    which = versions[version] if version < len(versions) else f"no. {version + 1}"
    return ", ".join(part for part in (kind.name, which, BRANDS[brand]) if part)


def _complements(
    kinds: list[Kind], appeal: Float[np.ndarray, " item"], rng: np.random.Generator
) -> Int[np.ndarray, "item complement"]:
    """Three different items for each, one of each complementary kind where the shop has any.

    Drawn by appeal: what sells well also goes with more.
    """
    everything = set(range(1, len(kinds) + 1))
    of_kind: dict[str, list[int]] = {}
    for index, kind in enumerate(kinds, start=1):
        of_kind.setdefault(kind.name, []).append(index)
    out = np.zeros((len(kinds), 3), dtype=np.int64)
    for index, kind in enumerate(kinds, start=1):
        for place, name in enumerate(kind.complements):
            taken = {index, *out[index - 1, :place].tolist()}
            choices = sorted(set(of_kind.get(name, ())) - taken) or sorted(everything - taken)
            weights = appeal[np.array(choices) - 1]
            out[index - 1, place] = rng.choice(choices, p=weights / weights.sum())
    return out


def _cheapness(category: np.ndarray, tier: np.ndarray) -> Float[np.ndarray, "category item"]:
    """Items of each department, the cheap for their kind far ahead."""
    return (category == np.arange(len(CATEGORIES))[:, None]) * np.exp(-5 * tier)


def _seasonality(season: np.ndarray) -> Float[np.ndarray, "month item"]:
    """Seasonal items by month: a von Mises bump about the month that each is for."""
    turn = 2 * np.pi * (np.arange(1, 13)[:, None] - season) / 12
    return (season > 0) * np.exp(6 * (np.cos(turn) - 1))


def _hours(category: np.ndarray) -> Float[np.ndarray, "part item"]:
    """Each department sells three times as well in its part of the day."""
    best = np.array(list(CATEGORIES.values()))[category]
    return 1.0 + 2.0 * (best == np.arange(1, 5)[:, None])


def _table(weights: np.ndarray) -> np.ndarray:
    """Rows that sum to 1, uniform where all are 0; padding added, and the mean as row 0."""
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, 1.0)
    rows = weights / weights.sum(axis=1, keepdims=True)
    return np.pad(np.vstack([rows.mean(axis=0), rows]), ((0, 0), (1, 0)))
