"""Bazaar as clicks with features, and the simulator's own score of them.

Each purchase stands beside items that were not bought, drawn evenly, in fields that
can say all that is planted of price, brand and season. The simulator's logarithmic
intensity is a model of finer fields, in which each part of its formula reads
fields of its own, so that examples can be mixed which never were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from attnrec.data import Interactions, validate
from attnrec.data.bazaar import intensity, personas, situations
from attnrec.data.bazaar.names import CATEGORIES, KINDS
from attnrec.data.bazaar.truth import Truth
from attnrec.features import FeatureSchema, Field, Inputs, Levels

DRAWN = 4  # items beside each purchase
MEMORY = np.timedelta64(45, "D")  # within which a brand that was come back to counts

# What is planted, and the fields that say it: both ends of each interaction.
GROUPS = {
    "price": ["department", "price level", "category"],
    "brand": ["brand", "came back to"],
    "season": ["high season", "month"],
}
ORACLE = {
    "price": ["department", "price level", "category"],
    "brand": ["brand", "loyalty"],
    "season": ["high season", "month"],
    "popularity": ["appeal", "part"],
    "item": ["item", "triggers"],
}
OF_MECHANISM = {"price": intensity.PRICE, "brand": intensity.LOYALTY, "season": intensity.SEASON}


def clicks(data: Interactions, seed: int = 0) -> Interactions:
    """A row for each purchase and for each item drawn beside it; `event` is the purchase's row."""
    truth, frame = data.truth, data.frame
    others = np.random.default_rng(seed).integers(1, len(data.items), (len(data), DRAWN))
    others += others >= data.item_indices[:, None]
    items = np.concatenate([data.item_indices[:, None], others], axis=1)
    event = np.repeat(np.arange(len(data)), 1 + DRAWN)
    table = pd.DataFrame(
        {
            "user": frame["user"].to_numpy()[event],
            "item": data.items[items.ravel() - 1],
            "timestamp": frame["timestamp"].to_numpy()[event],
            "bought": np.tile([1] + [0] * DRAWN, len(data)),
            "came back to": came_back_to(data)[event],
            "event": event,
        }
    )
    kinds = [KINDS[i % len(KINDS)] for i in range(truth.shop.num_items)]
    catalogue = truth.shop.frame.assign(
        **{
            "price level": truth.shop.frame["price"] / [kind.price for kind in kinds],
            "high season": [f"month {kind.season}" if kind.season else "none" for kind in kinds],
        }
    )
    department = np.array(list(CATEGORIES))[truth.shoppers.category - 1]
    people = pd.DataFrame({"persona": truth.personas, "department": department}, truth.users)
    return validate(table, catalogue=catalogue, people=people, name="bazaar clicks")


def came_back_to(data: Interactions) -> np.ndarray:
    """Before each purchase, the brands that its shopper lately bought, and not for the first time.

    Joined by |; None where there is none.
    """
    brands = data.catalogue.frame["brand"].to_numpy()[data.item_indices - 1]
    times = data.frame["timestamp"].to_numpy()
    found = np.empty(len(data), object)
    for start, stop in zip(data.sequences.starts, data.sequences.stops, strict=True):
        known: set[str] = set()
        again: dict[str, np.datetime64] = {}
        for row in range(start, stop):
            recent = [brand for brand, last in again.items() if times[row] - last <= MEMORY]
            found[row] = "|".join(sorted(recent)) or None
            if brands[row] in known:
                again[brands[row]] = times[row]
            known.add(brands[row])
    return found


@dataclass(frozen=True, eq=False)
class Oracle:
    """The logarithm of the simulator's intensity, as a model of fields.

    Args:
        truth: of the simulation.
        events: rows of purchases whose moments it is asked about.
    """

    truth: Truth
    events: np.ndarray

    schema = FeatureSchema(
        tuple(
            Field(name, side, "category", ())  # type: ignore[arg-type]
            for side, names in {
                "user": ("persona", "department"),
                "item": ("price level", "category", "brand", "high season", "appeal", "item"),
                "context": ("month", "part", "loyalty", "triggers"),
            }.items()
            for name in names
        )
    )

    def __post_init__(self) -> None:
        shop = self.truth.shop
        kinds = [KINDS[i % len(KINDS)] for i in range(shop.num_items)]
        names = list(CATEGORIES)
        category = np.array([0, *(names.index(kind.category) + 1 for kind in kinds)])
        season = np.array([0, *(kind.season for kind in kinds)])
        best = np.array([0, *CATEGORIES.values()])
        appeal = shop.popularity[1] / (1 + 2 * (best[category] == 1))
        appeal[0] = 0
        months, parts = np.arange(13)[:, None], np.arange(5)[:, None]
        bump = (season > 0) * np.exp(6 * (np.cos(2 * np.pi * (months - season) / 12) - 1))
        hours = 1 + 2 * (best[category] == parts)
        level = np.array([0, *(shop.frame["price"] / [kind.price for kind in kinds])])
        cheap, whole = np.zeros(len(level)), np.zeros(len(names) + 1)
        for one in range(1, len(whole)):
            # Prices are rounded, so that the sum is found but nearly; its products are not.
            of = category == one
            whole[one] = (appeal[of] * np.exp(-5 * level[of])).sum()
            cheap[of] = shop.price[one, of] * whole[one] / appeal[of]
        users, before = self._moments()
        now = situations.of_users(self.truth, users, before)
        ones = np.ones_like(now.rates)
        mates = intensity.mates_by_brand(shop.brand[now.items])
        weights = intensity.triggers(shop, now.items, now.ages, mates, ones)
        rows = np.arange(len(users))[:, None]
        loyal = np.zeros((len(users), len(shop.brand_sizes)))
        np.add.at(loyal, (rows, shop.brand[now.items]), weights[:, intensity.LOYALTY])
        due = np.zeros((2, len(users), shop.num_items + 1))
        np.add.at(due[1], (rows, now.items), weights[:, intensity.REPLENISHMENT])
        for place, share in enumerate(intensity.COMPLEMENT_SHARES):
            towards = shop.complements[now.items, place]
            np.add.at(due[0], (rows, towards), share * weights[:, intensity.COMPLEMENT])
        known = {
            "category": category,
            "season": season,
            "appeal": appeal,
            "bump": bump,
            "best": best,
            "cheap": cheap,
            "of_department": whole,
            "of_month": (bump * appeal).sum(1),
            "of_part": (hours * appeal).sum(1),
            "loyal": loyal / np.maximum(shop.brand_sizes, 1),
            "due": due,
            "users": users,
            "now": now,
        }
        self.__dict__.update(_known=known)

    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        """User index of each event, and how many purchases precede it."""
        starts = self.truth.sequences.offsets
        user = np.searchsorted(starts, self.events, side="right")
        return user, self.events - starts[user - 1]

    def inputs(self, events: np.ndarray, items: np.ndarray) -> Inputs:
        """Items at the moments of events, as places among those given."""
        known, shoppers = self._known, self.truth.shoppers  # type: ignore[attr-defined]
        user = known["users"][events] - 1
        now = known["now"]
        columns = [
            *(shoppers.persona[user], shoppers.category[user]),
            *(items, known["category"][items], self.truth.shop.brand[items]),
            *(known["season"][items] + 1, items, items),
            *(now.month[events], now.part[events], events + 1, events + 1),
        ]
        levels = np.stack(columns, axis=1).astype(np.int32)
        return self.schema.apart(Levels(levels, np.ones(levels.shape, np.float32)))

    def scores(self, inputs: Inputs) -> np.ndarray:
        """The logarithm of the intensity of each example."""
        return np.log(self.terms(inputs).sum(1))

    def terms(self, inputs: Inputs) -> np.ndarray:
        """What each mechanism adds to the intensity, float[batch, mechanism]."""
        known = self._known  # type: ignore[attr-defined]
        persona, department = inputs.users.levels.T
        price, category, brand, season, liked, item = inputs.items.levels.T
        month, part, loyalty, triggers = inputs.context.levels.T
        appeal = known["appeal"][liked]
        turn = 2 * np.pi * (month - (season - 1)) / 12
        bump = (season > 1) * np.exp(6 * (np.cos(turn) - 1))
        hours = 1 + 2 * (known["best"][category] == part)
        found = np.empty((len(persona), len(intensity.MECHANISMS)))
        found[:, intensity.COMPLEMENT] = known["due"][0, triggers - 1, item]
        found[:, intensity.REPLENISHMENT] = known["due"][1, triggers - 1, item]
        found[:, intensity.LOYALTY] = known["loyal"][loyalty - 1, brand]
        found[:, intensity.PRICE] = (
            (category == department)
            * known["cheap"][price]
            * appeal
            / known["of_department"][department]
        )
        found[:, intensity.SEASON] = bump * appeal / known["of_month"][month]
        found[:, intensity.POPULARITY] = hours * appeal / known["of_part"][part]
        return found * personas.rates(persona)
