"""Who buys: six personas, and shoppers drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from attnrec.data.bazaar.names import CATEGORIES

#                  how strongly each mechanism works: complement, replenishment,
#                  loyalty; price, season, popularity
PERSONAS: dict[str, tuple[float, ...]] = {
    "maker": (5.5, 1.6, 0.4, 0.2, 0.3, 0.3),
    "householder": (2.6, 5.0, 0.4, 0.2, 0.2, 0.3),
    "devotee": (3.2, 2.0, 1.8, 0.1, 0.2, 0.2),
    "bargain hunter": (3.2, 2.0, 0.2, 0.9, 0.2, 0.2),
    "celebrator": (3.2, 2.0, 0.4, 0.1, 0.9, 0.2),
    "browser": (3.2, 2.0, 0.2, 0.2, 0.2, 0.9),
}
FAVOURITE_TIME = 0.7  # share of a shopper's purchases in one part of the day


@dataclass(frozen=True, eq=False)
class Shoppers:
    """One entry a shopper.

    Attributes:
        persona: index into `PERSONAS`, from 1.
        category: the department they know best, from 1; price speaks to them there.
        gap: mean days between their purchases.
        part: their favourite part of the day, 1 morning to 4 night.
    """

    persona: Int[np.ndarray, " batch"]
    category: Int[np.ndarray, " batch"]
    gap: Float[np.ndarray, " batch"]
    part: Int[np.ndarray, " batch"]

    @classmethod
    def draw(cls, num_users: int, rng: np.random.Generator) -> Shoppers:
        """Personas, departments and parts of the day in equal shares; a gap of 5 to 9 days."""
        return cls(
            persona=rng.integers(1, len(PERSONAS) + 1, num_users),
            category=rng.integers(1, len(CATEGORIES) + 1, num_users),
            gap=rng.uniform(5, 9, num_users),
            part=rng.integers(1, 5, num_users),
        )

    def __len__(self) -> int:
        return len(self.persona)

    def take(self, which: np.ndarray | slice) -> Shoppers:
        """These shoppers, in this order."""
        columns = (self.persona, self.category, self.gap, self.part)
        return Shoppers(*(column[which] for column in columns))


def rates(persona: Int[np.ndarray, " batch"]) -> Float[np.ndarray, "batch mechanism"]:
    """How strongly each mechanism works on each persona; 0 is the average shopper."""
    table = np.array(list(PERSONAS.values()))
    return np.vstack([table.mean(axis=0), table])[persona]
