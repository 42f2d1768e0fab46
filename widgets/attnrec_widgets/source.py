"""What is explored: an inspector, and what a run knows about users and provenance."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.inspection import Inspector

if TYPE_CHECKING:
    from attnrec.export import Portable

EXAMPLES = 8


@dataclass(frozen=True)
class Past:
    """What an explorer begins with.

    Attributes:
        history: item ids, oldest first.
        held_out: id of the item that really came next, or None.
        times: when each item of the history came, where that is known.
    """

    history: Iterable
    held_out: Any = None
    times: Sequence = ()


@dataclass(frozen=True, eq=False)
class Source:
    """A model as the explorer sees it.

    Attributes:
        inspector: answers requests.
        run: what it came from, if that knows users; a `attnrec.Run`, or
            anything with `inspector`, `data` and, where there is a split,
            `past(user)` and `held_out(user)`.
    """

    inspector: Inspector
    run: Any = field(default=None, repr=False)

    @classmethod
    def of(cls, model: Any, argument: str) -> Source:
        """From a run or an inspector.

        Raises:
            TypeError: naming the argument, for anything else.
        """
        if isinstance(model, Inspector):
            return cls(model)
        if isinstance(getattr(model, "inspector", None), Inspector):
            return cls(model.inspector, model)
        raise TypeError(
            f"{argument}: expected a run, or an inspector with name, catalogue, capabilities, "
            f"lengths and inspect(request); got {type(model).__name__}"
        )

    @property
    def name(self) -> str:
        return self.inspector.name

    @property
    def catalogue(self) -> Catalogue:
        return self.inspector.catalogue

    @property
    def limit(self) -> int | None:
        """The longest history the model reads; None where any will do."""
        return self.inspector.lengths[-1] if self.inspector.lengths else None

    @property
    def filters_seen(self) -> bool:
        """Whether the data's protocol leaves seen items out; False where none is known."""
        return self.run is not None and bool(self.run.data.protocol.filter_seen)

    @cached_property
    def ids(self) -> list:
        """The items' ids as plain Python values, in the order of their indices."""
        return self.catalogue.ids.tolist()

    @cached_property
    def examples(self) -> list:
        """A few ids to begin with: the most frequent, where that is known."""
        if self.run is None:
            return self.ids[:EXAMPLES]
        counts = self.run.data.sequences.counts(len(self.ids))[1:]
        return [self.ids[i] for i in np.argsort(-counts, kind="stable")[:EXAMPLES]]

    @property
    def portable(self) -> Portable:
        """The model in the form that the page runs.

        Raises:
            AttnrecError: it has none, with the reason.
        """
        portable = None
        if self.inspector.capabilities.page_export:
            portable = getattr(self.inspector, "portable", None)
        if portable is None:
            raise AttnrecError(f"{self.name} has no form that runs in the page")
        return portable

    @cached_property
    def catalogue_json(self) -> bytes:
        """Ids, titles and details, in the order of the items' indices."""
        catalogue = self.catalogue
        told = {"ids": self.ids, "titles": catalogue.titles, "details": catalogue.details}
        return json.dumps(told, separators=(",", ":")).encode()

    @cached_property
    def key(self) -> str:
        """What the page knows model and catalogue by: equal where both are."""
        told = hashlib.sha256(self.portable.card["digest"].encode())
        told.update(self.catalogue_json)
        return told.hexdigest()[:16]

    @cached_property
    def packed(self) -> list[bytes]:
        """Weights and catalogue, compressed for the way to the page."""
        parts = self.portable.weights, self.catalogue_json
        return [gzip.compress(part, mtime=0) for part in parts]

    @cached_property
    def _index_of(self) -> dict:
        return {id: index for index, id in enumerate(self.ids, start=1)}

    def indices(self, ids: Iterable) -> np.ndarray:
        """int32[n]; a dictionary's speed, since every edit passes here."""
        index_of = self._index_of
        return np.fromiter((index_of[id] for id in ids), np.int32)

    def known(self, id: Any) -> Any:
        """`id` as the catalogue writes it.

        Raises:
            UnknownIdError: naming the nearest id, or the item whose title it is.
        """
        if id.__hash__ and not isinstance(id, bool) and id in self._index_of:
            return self.ids[self._index_of[id] - 1]
        try:
            return self.ids[self.catalogue.vocabulary.index(id) - 1]
        except UnknownIdError as error:
            titled = self.catalogue.search(id, topn=1) if isinstance(id, str) else []
            hint = ""
            if titled:
                hint = f"; {self.catalogue.title(titled[0])!r} has the id {titled[0]!r}"
            raise UnknownIdError(f"{error}{hint}") from None

    def past_of(self, user: object) -> Past:
        """What is known of a user.

        Raises:
            AttnrecError: an inspector alone knows no users.
            UnknownIdError: naming the nearest known user.
        """
        if self.run is None:
            raise AttnrecError("user: an inspector knows no users; give a run, or history=")
        history, held_out, times = self.run.data.history(user), [], []
        if hasattr(self.run, "past"):
            history, held_out = self.run.past(user), self.run.held_out(user)
        moments = getattr(self.run.data, "times", None)
        if moments is not None and moments.dtype.kind == "M":
            place, whole = self.run.data.user_vocabulary.index(user) - 1, self.run.data.sequences
            own = pd.Series(moments[whole.starts[place] : whole.stops[place]])
            times = own.tolist()[: len(history)]
        return Past(history, held_out[0] if len(held_out) else None, times)

    def provenance(self) -> list[str]:
        """What stands at the foot of every picture: model, data, seed, date."""
        return provenance_of(self.name, self.run)


def provenance_of(name: str, run: Any) -> list[str]:
    """Model, data, seed and date of a run; of what is none (None), the name alone."""
    parts = [name]
    if run is not None:
        data, facts = run.data, getattr(run, "provenance", {})
        parts.append(" ".join(str(x) for x in (data.name, _short(data.fingerprint)) if x))
        parts += [f"seed {facts['seed']}"] if "seed" in facts else []
        parts += [str(facts["date"])[:10]] if "date" in facts else []
    return parts


def _short(fingerprint: str | None) -> str:
    return fingerprint[:8] if fingerprint else ""


def same_items(first: Source, second: Source) -> None:
    """Refuses to compare models of different catalogues.

    Raises:
        AttnrecError: with the counts and an example of the differing ids.
    """
    here, there = set(first.ids), set(second.ids)
    told = [
        f"{len(only)} {where}, such as {min(only, key=str)!r}"
        for only, where in (
            (here - there, "in the first only"),
            (there - here, "in the second only"),
        )
        if only
    ]
    if told:
        raise AttnrecError(f"second: both models must know the same items; {' and '.join(told)}")


def spell_dates(times: Sequence) -> list[str]:
    """Short dates: `3 Nov`, or `Nov ’98` where they span more than one year."""
    one_year = len({time.year for time in times}) <= 1
    return [f"{time.day} {time:%b}" if one_year else f"{time:%b} ’{time:%y}" for time in times]
