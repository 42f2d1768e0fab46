"""What counts as one in an importance: a field, a group of fields, or the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Int

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.features.examples import Features
from attnrec.features.fields import SIDES, FeatureSchema, Inputs, Levels, Side

HISTORY = "history"

# The score of each example, float[batch], as `FeatureScorer.scores` gives it.
Scores: TypeAlias = Callable[[Inputs], np.ndarray]
Groups: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Players:
    """Fields of a model, alone or in groups; where there is a history, it is one more.

    Item fields are those of the candidate: what a history says of its items stays
    with the history.

    Attributes:
        schema: the fields.
        names: of each player, that of its field or group.
        members: its fields, by their place; the history has the place after them all.

    Example:
        >>> from attnrec.features import Field
        >>> fields = Field("age", "user", "bins", ()), Field("price", "item", "bins", ())
        >>> of = FeatureSchema(fields)
        >>> Players.of(of).names, Players.of(of, {"both": ["age", "price"]}).names
        (('age', 'price'), ('both',))
    """

    schema: FeatureSchema
    names: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, schema: FeatureSchema, groups: Groups | None = None) -> Players:
        """Each field by itself, but for those that stand together in a group.

        Raises:
            AttnrecError: groups that are empty, overlap or name no field.
        """
        every = [*schema.names, HISTORY] if schema.history else list(schema.names)
        if not isinstance(groups, Mapping | None):
            raise AttnrecError(
                "groups: expected names and their fields, such as {'money': ['income', 'price']}, "
                f"got {groups!r}"
            )
        found: dict[str, tuple[int, ...]] = {}
        taken: set[str] = set()
        for group, names in (groups or {}).items():
            if isinstance(names, str) or not len(names):
                raise AttnrecError(f"groups[{group!r}]: expected a list of fields, got {names!r}")
            for name in names:
                if name not in every:
                    raise AttnrecError(
                        f"groups[{group!r}]: no {name!r} among {every}{did_you_mean(name, every)}"
                    )
                if name in taken:
                    raise AttnrecError(f"groups[{group!r}]: {name!r} stands in groups twice")
                taken.add(name)
            found[group] = tuple(sorted(every.index(name) for name in names))
        for place, name in enumerate(every):
            if name not in taken:
                if name in found:
                    raise AttnrecError(f"groups[{name!r}]: a field outside of it has that name")
                found[name] = (place,)
        order = sorted(found.items(), key=lambda one: one[1])
        return cls(schema, tuple(name for name, _ in order), tuple(at for _, at in order))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """Of whom each tells: a side, several, or `history`."""
        of = [*(field.side for field in self.schema.fields), HISTORY]
        return tuple(", ".join(dict.fromkeys(of[i] for i in at)) for at in self.members)

    @cached_property
    def of_candidate(self) -> Bool[np.ndarray, " player"]:
        """Which tell, among others, of the item that is asked about."""
        items = set(self.schema.of("item"))
        return np.array([bool(items & set(at)) for at in self.members])

    def mixed(self, cases: Inputs, others: Inputs, own: Bool[np.ndarray, "batch player"]) -> Inputs:
        """Examples whose players are those of `cases` where `own`, else those of `others`.

        Args:
            cases, others: as many examples, each with its one candidate.
            own: which players an example keeps.
        """
        parts = []
        for side, one, other in zip(SIDES, cases[:3], others[:3], strict=True):
            keep = own[:, self._columns[side]]
            parts.append(Levels(*(np.where(keep, *two) for two in zip(one, other, strict=True))))
        history = cases.history
        if history is not None:
            assert others.history is not None
            keep = own[:, [self._player(len(self.schema))]]
            history = history._replace(items=np.where(keep, history.items, others.history.items))
        return cases._replace(users=parts[0], items=parts[1], context=parts[2], history=history)

    def without(self, cases: Inputs, dropped: Bool[np.ndarray, "batch player"]) -> Inputs:
        """Examples in which the dropped players say nothing: level 0, weight 0, no item."""
        return self.mixed(cases, silent(cases), ~dropped)

    def present(self, cases: Inputs) -> Bool[np.ndarray, "batch player"]:
        """Which players say anything."""
        levels = np.concatenate([np.asarray(part.levels) for part in cases[:3]], axis=1)
        there = [levels[:, columns] > 0 for columns in self.schema.columns]
        if cases.history is not None:
            there.append(np.asarray(cases.history.items) > 0)
        said = np.stack([one.any(1) for one in there], axis=1)
        return np.stack([said[:, list(at)].any(1) for at in self.members], axis=1)

    def words(self, features: Features, cases: Inputs) -> list[list[str]]:
        """What each player says in each example."""
        found = []
        for i, levels in enumerate(np.asarray(cases.flat().levels)):
            said = features.values(levels)
            if cases.history is not None:
                said.append(f"{np.count_nonzero(cases.history.items[i])} items")
            found.append([", ".join(filter(None, (said[j] for j in at))) for at in self.members])
        return found

    def _player(self, place: int) -> int:
        return next(i for i, at in enumerate(self.members) if place in at)

    @cached_property
    def _columns(self) -> dict[Side, Int[np.ndarray, " column"]]:
        """Of each side's columns, whose they are."""
        return {
            side: np.array(
                [
                    self._player(field)
                    for field in self.schema.of(side)
                    for _ in range(self.schema.fields[field].num_columns)
                ],
                int,
            )
            for side in SIDES
        }


def silent(cases: Inputs) -> Inputs:
    """As many examples that say nothing."""
    users, items, context = (Levels(*map(np.zeros_like, side)) for side in cases[:3])
    history = cases.history
    if history is not None:
        history = history._replace(items=np.zeros_like(history.items))
    return Inputs(users, items, context, history=history)
