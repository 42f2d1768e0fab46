"""All that a TrustPanel can say of one case, each part worked out once and when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from attnrec.errors import AttnrecError
from attnrec.explanations import (
    METHODS,
    Case,
    Explanation,
    Faithfulness,
    Flip,
    Options,
    Removal,
)
from attnrec.explanations.adversarial import AdversarialAttention, adversarial_attention
from attnrec.explanations.attention import attention_row
from attnrec.explanations.counterfactuals import EXHAUSTIVE, smallest_flip
from attnrec.explanations.deletion_race import DeletionRace, deletion_race
from attnrec.explanations.faithfulness import checked_values
from attnrec.explanations.faithfulness_metrics import ROUNDING
from attnrec_widgets.source import Source
from attnrec_widgets.trust_subject import Subject

ATTENTION = "attention"  # the explorer's layer and head: no method of METHODS, which have none
DEFAULT = (
    ATTENTION,
    "rollout",
    "gradient x attention",
    "gradient x input",
    "integrated gradients",
    "leave-one-out",
)
K = 5  # items that an explanation of fixed length names
Made = TypeVar("Made")


@dataclass(eq=False)
class Findings:
    """Explanations of one subject, and what is measured on them.

    Attributes:
        subject: what is explained.
        methods: names of `METHODS`, and `"attention"`.
        options: what removal means, the seed, the samples of methods that draw.
        orders: random orders beside which explanations are measured.
    """

    subject: Subject
    methods: tuple[str, ...]
    options: Options
    orders: int = 100
    _made: dict[tuple, Any] = field(default_factory=dict, repr=False)
    _turn: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def keep_from(self, other: Findings) -> None:
        """Takes over what another layer, head or length of the ranking leaves as it was."""
        here, there = self.subject.case, other.subject.case
        same = here.target == there.target and self.options == other.options
        for name in ("items", "left_out"):
            same = same and np.array_equal(getattr(here, name), getattr(there, name))
        if same:
            maps = [(of.panel.layer, of.panel.head) for of in (self.subject, other.subject)]
            moved = () if maps[0] == maps[1] else (ATTENTION, "faithfulness")
            made = other._made.items()
            self._made |= {key: part for key, part in made if not {*key} & {*moved}}

    def has(self, *key: str) -> bool:
        """Whether a part is worked out: `"faithfulness"`, `"flip"`, `"race", lens`, ..."""
        return key in self._made

    @property
    def case(self) -> Case:
        return self.subject.case

    @property
    def removal(self) -> Removal:
        return self.options.removal

    @cached_property
    def explanation(self) -> Explanation:
        """Of all methods that have values here."""
        values = {name: self.values(name) for name in self.methods if not self.reason(name)}
        return Explanation(self.case, values, self.options, self.subject.unread)

    @property
    def faithfulness(self) -> Faithfulness:
        return self._once(
            "faithfulness",
            make=lambda: self.explanation.faithfulness(
                k=min(K, len(self.subject)), orders=self.orders, seed=self.options.seed
            ),
        )

    @property
    def negligible(self) -> float:
        """The size of an effect that single precision may make up."""
        return ROUNDING * max(1.0, abs(self.faithfulness.score))

    @property
    def flip(self) -> Flip:
        """The smallest; proved minimal for short histories of a model that answers in batches."""
        prove = self.case.probe is not None and len(self.subject) <= EXHAUSTIVE
        return self._once_or_why(
            "flip",
            make=lambda: smallest_flip(self.case, removal=self.removal, exhaustive=prove),
        )

    @property
    def adversarial(self) -> AdversarialAttention:
        return self._once(
            "adversarial",
            make=lambda: adversarial_attention([self.case], strict=True, seed=self.options.seed)[0],
        )

    def race(self, lens: str) -> DeletionRace:
        """The lens, gradient x input where the model allows it, and leave-one-out."""
        names = dict.fromkeys((lens, "gradient x input", "leave-one-out"))
        racers = {name: self.values(name) for name in names if not self.reason(name)}
        return self._once(
            "race",
            lens,
            make=lambda: deletion_race(
                self.case, racers, self.removal, orders=self.orders, seed=self.options.seed
            ),
        )

    def values(self, name: str) -> np.ndarray:
        """A value for each position that the model reads.

        Raises:
            AttnrecError: the reason why there are none.
        """
        return self._once_or_why("values", name, make=lambda: self._explained(name))

    def reason(self, name: str) -> str | None:
        """Why a method has no values here; None where it has."""
        try:
            self.values(name)
        except AttnrecError as error:
            return str(error)
        return None

    def _explained(self, name: str) -> np.ndarray:
        case, panel = self.case, self.subject.panel
        if name != ATTENTION:
            METHODS[name].check(case)
            return checked_values(name, METHODS[name].compute(case, self.options), len(case))
        lacking = lack(self.subject.source, name)
        if lacking:
            raise AttnrecError(lacking)
        return checked_values(name, attention_row(case, panel.layer, panel.head), len(case))

    def _once_or_why(self, *key: str, make: Callable[[], Made]) -> Made:
        """As `_once`; what cannot be is known once, too."""

        def made() -> Made | AttnrecError:
            try:
                return make()
            except AttnrecError as error:
                return error

        found = self._once(*key, make=made)
        if isinstance(found, AttnrecError):
            raise found
        return found

    def _once(self, *key: str, make: Callable[[], Made]) -> Made:
        if key not in self._made:  # what is at hand waits for nothing that is under way
            with self._turn:
                if key not in self._made:
                    self._made[key] = make()
        return self._made[key]


def lack(source: Source, name: str) -> str | None:
    """What a method needs and a model does not give, as a sentence, or None."""
    inspector = source.inspector
    if name == ATTENTION:
        gives = inspector.capabilities.attention
        return None if gives else f"attention: {source.name} gives no attention"
    try:
        METHODS[name].check(Case(inspector, np.array([1]), 1))
    except AttnrecError as error:
        return str(error)
    return None


def signed(name: str) -> bool:
    """Whether a negative value of a method says that the item lowers the score."""
    return name != ATTENTION and METHODS[name].signed


def default_methods(source: Source) -> Sequence[str]:
    """`DEFAULT`, without attention where the model has none."""
    return DEFAULT[bool(lack(source, ATTENTION)) :]
