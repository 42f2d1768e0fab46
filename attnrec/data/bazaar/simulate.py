"""Draws the histories of many shoppers, all advancing in lock-step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.columns import Columns
from attnrec.data.bazaar import intensity, personas
from attnrec.data.bazaar.personas import Shoppers
from attnrec.data.bazaar.shop import COMPLEMENT_SHARES, Shop
from attnrec.data.bazaar.truth import Truth
from attnrec.data.catalogue import SHOP, Catalogue
from attnrec.data.interactions import Interactions, Protocol
from attnrec.data.report import Report
from attnrec.data.sequences import Sequences
from attnrec.errors import DataError

OPENING = np.datetime64("2023-01-01", "s").astype(np.int64)
_CHUNK = 4096  # shoppers drawn together: small enough for the processor's cache
_PART_BEGINS = np.array([6, 11, 16, 21, 24])  # hours; the shop sleeps from 0 to 6


def simulate(
    num_users: int = 5000,
    num_items: int = 500,
    seed: int = 0,
    *,
    mean_events: float = 27.0,
    min_events: int = 5,
    max_events: int = 60,
) -> Interactions:
    """A shop, its shoppers and their purchases, with the cause of each.

    The model is stated in `attnrec.data.bazaar.intensity`. Equal arguments
    give equal data, in every process.

    Args:
        num_users: shoppers, `u1`, `u2`, ...
        num_items: products, `p1`, `p2`, ...; at least 10.
        seed: of the shop, the shoppers and the purchases.
        mean_events: purchases a shopper makes, on average.
        min_events, max_events: the fewest and the most that any makes.

    Returns:
        Interactions whose `truth` knows the causes (see `Truth`). Shops sell
        again what was bought before: the protocol does not filter seen items.

    Raises:
        DataError: a size out of range.

    Example:
        >>> data = simulate(num_users=20, num_items=50, seed=1)
        >>> data
        Interactions('bazaar': 597 interactions of 20 users with 50 products)
    """
    _check_whole("num_users", num_users, 1)
    _check_whole("num_items", num_items, 10)
    _check_whole("min_events", min_events, 1)
    _check_whole("max_events", max_events, min_events)
    _check_whole("seed", seed, 0)
    is_number = isinstance(mean_events, (int, float, np.number))
    if not is_number or not min_events <= mean_events <= max_events:
        raise DataError(
            f"mean_events: expected between min_events={min_events} and "
            f"max_events={max_events}, got {mean_events!r}"
        )
    root = np.random.SeedSequence(seed)
    rng = np.random.default_rng(root)
    shop = Shop.draw(num_items, rng)
    shoppers = Shoppers.draw(num_users, rng)
    lengths = _lengths(num_users, mean_events, min_events, max_events, rng)
    starts = range(0, num_users, _CHUNK)
    drawn = []
    for start, child in zip(starts, root.spawn(len(starts)), strict=True):
        chunk = slice(start, start + _CHUNK)
        own_rng = np.random.default_rng(child)
        drawn.append(_purchases(shop, shoppers.take(chunk), lengths[chunk], own_rng))
    items, times, mechanism, positions = (np.concatenate(one) for one in zip(*drawn, strict=True))

    offsets = np.append(0, np.cumsum(lengths))
    users = pd.Index([f"u{i}" for i in range(1, num_users + 1)], name=Columns.USER)
    frame = pd.DataFrame(
        {
            Columns.USER: users.repeat(lengths),
            Columns.ITEM: shop.frame.index.take(items - 1),
            Columns.TIMESTAMP: times.astype("datetime64[s]"),
        }
    )
    indices = np.arange(1, num_users + 1, dtype=np.int32)
    sequences = Sequences.end_to_end(items.astype(np.int32), offsets, indices)
    catalogue = Catalogue(shop.frame, SHOP, detail="category")
    truth = Truth(shop, shoppers, users, sequences, times, mechanism, positions)
    return Interactions(frame, catalogue, Protocol(filter_seen=False), "bazaar", Report(), truth)


def _check_whole(name: str, value: Any, least: int) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise DataError(f"{name}: expected a whole number, at least {least}, got {value!r}")


def _lengths(
    num_users: int, mean: float, least: int, most: int, rng: np.random.Generator
) -> Int[np.ndarray, " batch"]:
    """Beta-binomial between `least` and `most`, so that the mean is exact."""
    share = (mean - least) / max(most - least, 1)
    if share in (0, 1):
        return np.full(num_users, int(mean))
    return least + rng.binomial(most - least, rng.beta(3 * share, 3 * (1 - share), num_users))


def _times(
    shoppers: Shoppers, num_events: int, rng: np.random.Generator
) -> Int[np.ndarray, "batch key"]:
    """Seconds since 1970 of each shopper's purchases, at most one a day."""
    shape = (len(shoppers), num_events)
    gaps = np.maximum(np.rint(rng.gamma(6.0, shoppers.gap[:, None] / 6.0, shape)), 1)
    days = rng.integers(0, 540, len(shoppers))[:, None] + np.cumsum(gaps, axis=1).astype(np.int64)
    usual = rng.random(shape) < personas.FAVOURITE_TIME
    part = np.where(usual, shoppers.part[:, None], rng.integers(1, 5, shape))
    begin, end = _PART_BEGINS[part - 1] * 3600, _PART_BEGINS[part] * 3600
    second = begin + (rng.random(shape) * (end - begin)).astype(np.int64)
    return OPENING + days * intensity.SECONDS + second


def _purchases(
    shop: Shop, shoppers: Shoppers, lengths: Int[np.ndarray, " batch"], rng: np.random.Generator
) -> list[np.ndarray]:
    """Items, times, mechanisms and causing positions, a row a purchase, shopper after shopper."""
    order = np.argsort(-lengths, kind="stable")  # the active ones are then always the first
    longest_first = lengths[order]
    who, longest = shoppers.take(order), int(longest_first[0])
    rates, times = personas.rates(who.persona), _times(who, longest, rng)
    month, part = intensity.calendar(times)
    days = times / intensity.SECONDS

    items = np.zeros((len(who), longest), dtype=np.int64)
    mates = np.zeros((len(who), longest), dtype=np.int16)
    mechanism = np.zeros((len(who), longest), dtype=np.int8)
    positions = np.zeros((len(who), longest, 2), dtype=np.int16)
    latest = np.zeros((len(who), len(shop.brand_sizes)), dtype=np.int16)  # position by brand
    for step in range(longest):
        now = slice(0, np.searchsorted(-longest_first, -step, side="left"))
        draws = rng.random((2, now.stop))
        ages = days[now, step, None] - days[now, :step]
        weights = intensity.triggers(shop, items[now, :step], ages, mates[now, :step], rates[now])
        cause, key = _draw_cause(weights, rates[now, intensity.NUM_TRIGGERS :], draws[0])
        caused = cause < intensity.NUM_TRIGGERS
        rows = np.arange(now.stop)
        trigger = np.where(caused, items[rows, key], 0)
        loyal = cause == intensity.LOYALTY

        backgrounds = (who.category[now], month[now, step], part[now, step])
        item = _draw_item(shop, cause, trigger, backgrounds, draws[1])
        items[now, step], mechanism[now, step] = item, cause
        positions[now, step, 0] = np.where(caused, key + 1, 0)
        positions[now, step, 1] = np.where(loyal, mates[rows, key], 0)
        brand = shop.brand[item]
        mates[now, step] = latest[rows, brand]
        latest[rows, brand] = step + 1

    back = np.argsort(order)
    real = (np.arange(longest) < longest_first[:, None])[back]
    return [array[back][real] for array in (items, times, mechanism, positions)]


def _draw_cause(
    weights: Float[np.ndarray, "batch trigger key"],
    background: Float[np.ndarray, "batch 3"],
    draws: Float[np.ndarray, " batch"],
) -> tuple[np.ndarray, np.ndarray]:
    """The mechanism, and the place in the history (from 0) from which it works."""
    batch, num_triggers, length = weights.shape
    running = np.cumsum(np.hstack([weights.reshape(batch, -1), background]), axis=1)
    cell = (running <= draws[:, None] * running[:, -1:]).sum(axis=1)
    cell = np.minimum(cell, running.shape[1] - 1)  # should rounding reach the total
    caused, place = cell < num_triggers * length, max(length, 1)
    mechanism = np.where(caused, cell // place, cell - num_triggers * (length - 1))
    return mechanism, np.where(caused, cell % place, 0)


def _draw_item(
    shop: Shop,
    cause: Int[np.ndarray, " batch"],
    trigger: Int[np.ndarray, " batch"],
    backgrounds: tuple[np.ndarray, np.ndarray, np.ndarray],
    draws: Float[np.ndarray, " batch"],
) -> Int[np.ndarray, " batch"]:
    """An item for each shopper, from the distribution of the mechanism at work.

    `trigger` is the item that causes it, `backgrounds` the category, month and
    part of the day that count where none does.
    """
    item = trigger.copy()  # replenishment
    which = cause == intensity.COMPLEMENT
    share = np.searchsorted(np.cumsum(COMPLEMENT_SHARES)[:-1], draws[which], side="right")
    item[which] = shop.complements[trigger[which], share]

    which = cause == intensity.LOYALTY
    grouped, begins = shop.by_brand
    brand = shop.brand[trigger[which]]
    item[which] = grouped[begins[brand] + (draws[which] * shop.brand_sizes[brand]).astype(np.int64)]

    tables = (shop.price, shop.season, shop.popularity)
    for mechanism, table, row in zip(intensity.BACKGROUNDS, tables, backgrounds, strict=True):
        which = cause == mechanism
        item[which] = _draw_from_rows(table, row[which], draws[which])
    return item


def _draw_from_rows(table: np.ndarray, row: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """For each draw, an item from the distribution in its row of the table."""
    running = np.cumsum(table, axis=1)
    running /= running[:, -1:]
    width = table.shape[1]
    flat = (running + np.arange(len(table))[:, None]).ravel()  # one search for all rows
    found = np.searchsorted(flat, row + draws, side="right") - row * width
    return np.minimum(found, width - 1)
