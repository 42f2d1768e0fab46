"""What really caused each purchase, and what would be bought without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.data.bazaar import intensity, oracle, situations
from attnrec.data.bazaar.intensity import ATTRIBUTES, LOYALTY, MECHANISMS
from attnrec.data.bazaar.personas import PERSONAS, Shoppers
from attnrec.data.bazaar.shop import COMPLEMENT_SHARES, Shop
from attnrec.data.sequences import Sequences
from attnrec.data.split import Cases, Split
from attnrec.data.vocabulary import Vocabulary


class Cause(NamedTuple):
    """Why something was bought.

    Attributes:
        positions: the positions of the history (from 1) that caused it: one
            for complement and replenishment, both purchases of the brand for
            loyalty, none for price, season and popularity.
        mechanism: one of `MECHANISMS`.
        attribute: what worked: the item, its brand, its price, the timestamp,
            or its popularity.
    """

    positions: tuple[int, ...]
    mechanism: str
    attribute: str


@dataclass(frozen=True, eq=False)
class Truth:
    """The simulator's own knowledge of its data.

    Positions count from 1. A next purchase is asked for in one of two ways:
    `user` and `position` mean the purchase that the user really made there,
    at its own time, after what really came before; `history` means any list
    of item ids, real or edited, and then `user` only lends the persona (an
    average shopper where there is none).

    Attributes:
        shop: the products and their ties.
        shoppers: personas, departments and habits; shopper i is user index i + 1.
        users: user ids.
        sequences: the purchases of every user.
        times: int64[row], seconds since 1970.
        mechanism: int8[row], index into `MECHANISMS`.
        positions: int16[row, 2], the causing positions; 0 where there are fewer.

    Example:
        >>> from attnrec.data.bazaar import simulate
        >>> truth = simulate(num_users=50, num_items=100, seed=0).truth
        >>> after = truth.without(["p1", "p2", "p3"], position=1)
        >>> round(float(after.sum()), 6), after.shape
        (1.0, (101,))
    """

    shop: Shop
    shoppers: Shoppers
    users: pd.Index
    sequences: Sequences
    times: Int[np.ndarray, " row"]
    mechanism: Int[np.ndarray, " row"]
    positions: Int[np.ndarray, "row 2"]

    def __repr__(self) -> str:
        share = (self.positions[:, 0] > 0).mean()
        return f"Truth({len(self.times):,} purchases, {share:.0%} of them caused by earlier ones)"

    @cached_property
    def user_vocabulary(self) -> Vocabulary:
        """User ids and their indices."""
        return Vocabulary(self.users, kind="user")

    @cached_property
    def item_vocabulary(self) -> Vocabulary:
        """Item ids and their indices."""
        return Vocabulary(self.shop.frame.index, kind="item")

    @cached_property
    def causes(self) -> pd.DataFrame:
        """For each row of `data.frame`: positions (a tuple), mechanism, attribute."""
        pairs = np.sort(self.positions, axis=1).tolist()
        return pd.DataFrame(
            {
                "positions": [tuple(position for position in pair if position) for pair in pairs],
                "mechanism": pd.Categorical.from_codes(self.mechanism, MECHANISMS),
                "attribute": np.array(ATTRIBUTES)[self.mechanism],
            }
        )

    @cached_property
    def personas(self) -> pd.Series:
        """The persona of each user, by id."""
        names = np.array(list(PERSONAS))[self.shoppers.persona - 1]
        return pd.Series(names, index=self.users, name="persona")

    def cause(self, user: object, position: int) -> Cause:
        """Why a user bought what stands at a position of their history.

        Raises:
            UnknownIdError: naming the nearest known user.
            DataError: a position that the history does not have.
        """
        index = self.user_vocabulary.index(user) - 1
        place = situations.checked("position", position, len(self.sequences[index]))
        row = int(self.sequences.offsets[index]) + place - 1
        positions = tuple(sorted(int(one) for one in self.positions[row] if one))
        return Cause(positions, MECHANISMS[self.mechanism[row]], ATTRIBUTES[self.mechanism[row]])

    def probabilities(
        self,
        user: object = None,
        position: int | None = None,
        *,
        history: Iterable[object] | None = None,
        times: Iterable[object] | None = None,
        at: object = None,
        without: int | Iterable[int] = (),
    ) -> Float[np.ndarray, " item"]:
        """The true probability of every next item.

        Args:
            user: whose next purchase; may be left out where a history is given.
            position: which of the user's purchases, from 1; None means the one
                after the whole history. Not together with `history`.
            history: item ids, oldest first; may be empty.
            times: the moment of each purchase in `history`, increasing. None
                means a week apart.
            at: the moment of the purchase that is asked for. None means the
                real one where there is one; otherwise a week after the last,
                and where there are no times either, no particular month or hour.
            without: positions taken out of the history before anything is
                computed; the others keep their times.

        Returns:
            float[item]: entry i for the item of index i, 0 for padding. Sums to 1.

        Raises:
            UnknownIdError: naming the nearest known user or item.
            DataError: positions or times that do not fit the history.
        """
        now = situations.of_one(self, user, position, history, times, at, without)
        return intensity.distribution(self.shop, now)[0]

    def without(
        self,
        history: Iterable[object],
        position: int | Iterable[int],
        *,
        user: object = None,
        times: Iterable[object] | None = None,
        at: object = None,
    ) -> Float[np.ndarray, " item"]:
        """The true probability of every next item once positions are taken out of a history.

        As `probabilities`; for what a user really bought say
        `probabilities(user, position, without=...)`.
        """
        return self.probabilities(user, history=history, times=times, at=at, without=position)

    def responsibilities(
        self,
        item: object,
        user: object = None,
        position: int | None = None,
        *,
        history: Iterable[object] | None = None,
        times: Iterable[object] | None = None,
        at: object = None,
    ) -> pd.DataFrame:
        r"""The posterior probability of every possible cause, were `item` bought next.

        Each term's share of $\lambda_i$ in `attnrec.data.bazaar.intensity`.

        Args:
            item: the id that is bought.
            user, position, history, times, at: as for `probabilities`.

        Returns:
            Columns positions, mechanism and responsibility, the likeliest
            first; impossible causes are left out, the others sum to 1.
        """
        now = situations.of_one(self, user, position, history, times, at, ())
        index = self.item_vocabulary.index(item)
        shop, bought, brand = self.shop, now.items[0], self.shop.brand[index]
        mates = intensity.mates_by_brand(shop.brand[now.items])
        towards = np.stack(  # K_m(h_j, item)
            [
                (shop.complements[bought] == index) @ COMPLEMENT_SHARES,
                bought == index,
                (shop.brand[bought] == brand) / shop.brand_sizes[brand],
            ]
        )
        terms = intensity.triggers(shop, now.items, now.ages, mates, now.rates)[0] * towards
        rows = []
        for (mechanism, key), weight in np.ndenumerate(terms):
            pair = (int(mates[0, key]),) if mechanism == LOYALTY else ()
            rows.append(((*pair, key + 1), mechanism, weight))
        tables = (shop.price[now.category], shop.season[now.month], shop.popularity[now.part])
        for mechanism, table in zip(intensity.BACKGROUNDS, tables, strict=True):
            rows.append(((), mechanism, now.rates[0, mechanism] * table[0, index]))

        frame = pd.DataFrame(rows, columns=["positions", "mechanism", "responsibility"])
        frame["mechanism"] = pd.Categorical.from_codes(frame["mechanism"], MECHANISMS)
        frame["responsibility"] /= frame["responsibility"].sum()
        frame = frame[frame["responsibility"] > 0]
        return frame.sort_values("responsibility", ascending=False, kind="stable").reset_index(
            drop=True
        )

    def best_metrics(
        self, cases: Cases | Split | None = None, cutoffs: Sequence[int] = (5, 10, 20)
    ) -> dict[str, float]:
        """The figures of the simulator's own ranking, which no model beats but by luck.

        Items are ranked by their true probability, which knows the shopper's
        persona and the moment of the purchase; a model that sees only items
        cannot quite reach it. Seen items compete, and ties count against the
        target, as in `attnrec.evaluation` with this data's protocol.

        Args:
            cases: cases with one target each, or a split, for its test cases.
                None ranks the last purchase of every user, as leave-one-out does.
            cutoffs: lengths of the lists that are looked at.

        Returns:
            `HR@k`, `NDCG@k` and `MRR@k` at each cut-off, and `MRR`.
        """
        return oracle.metrics(self.best_ranks(cases), cutoffs)

    def best_ranks(self, cases: Cases | Split | None = None) -> Int[np.ndarray, " case"]:
        """The rank, from 1, of each target among all items; arguments as for `best_metrics`."""
        return oracle.ranks(self, cases)

    def recency_hit_rate(self, back: int = 1) -> float:
        """How often the purchase `back` places earlier is among the causes; 1 is the most recent.

        Of all purchases that earlier ones caused; NaN where there are none.
        """
        firsts = np.repeat(self.sequences.offsets[:-1], self.sequences.lengths)
        earlier = np.arange(len(self.times)) - firsts + 1 - back
        caused = self.positions[:, 0] > 0
        found = (self.positions == earlier[:, None]).any(axis=1)
        return float(found[caused].mean()) if caused.any() else float("nan")
