"""What each field gets of the attention through a user's life, event by event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.columns import Columns
from attnrec.data.parts import PARTS
from attnrec.errors import AttnrecError, whole_number
from attnrec.explanations.features.attention import field_attention, which
from attnrec.features.calendar import in_zone
from attnrec.features.examples import Features
from attnrec.models.features.recorder import FeatureRecorder


@dataclass(frozen=True, eq=False)
class AttentionLife:
    """Attention in each event of a user, the earliest first.

    Attributes:
        user: the id.
        fields: those that are attended to.
        weights: what each gets, as `attention_importance` has it.
        titles: of the items.
        times: of the events, in the features' time zone; None of data without dates.
        layer, head: which attention; None, the mean of all.
        parts: of each event `"train"`, `"validation"`, `"test"`, or `"left out"`.
        items: ids; empty where they are not known.
    """

    user: Any
    fields: tuple[str, ...]
    weights: Float[np.ndarray, "event field"]
    titles: tuple[str, ...]
    times: pd.DatetimeIndex | None
    parts: tuple[str, ...]
    layer: int | str | None = None
    head: int | None = None
    items: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def title(self) -> str:
        return f"Attention through the life of {self.user}"

    def told(self, size: int | str = 1) -> str:
        """How many events, what was averaged, and what sums to one.

        Args:
            size: events of a step; see `in_steps`.
        """
        each = "each by itself" if size == 1 else f"each step the mean of {size}"
        return f"{self._events(f'{each}, in their order')} · {self._which}"

    @property
    def told_in_time(self) -> str:
        """The same where events stand at their times."""
        together = "at their times, those too close to be told apart as one mean"
        return f"{self._events(together)} · {self._which}"

    def _events(self, how: str) -> str:
        return "one event" if len(self) == 1 else f"{len(self):,} events, {how}"

    @property
    def _which(self) -> str:
        sums = np.allclose(self.weights.sum(1), 1, atol=1e-3)
        together = "all sum to 100%" if sums else "weights that need not sum to 100%"
        return f"{which(self.layer, self.head)}, {together}"

    def to_frame(self) -> pd.DataFrame:
        """A row an event, from 1: `time` where there is one, `title`, `part`, and each field."""
        told: dict[str, Any] = {} if self.times is None else {"time": self.times}
        told |= {"title": self.titles, "part": self.parts}
        told |= dict(zip(self.fields, self.weights.T, strict=True))
        return pd.DataFrame(told, index=pd.RangeIndex(1, len(self) + 1, name="event"))

    def in_steps(
        self, most: int
    ) -> tuple[Float[np.ndarray, "step field"], Int[np.ndarray, " edge"]]:
        """Means over runs of consecutive events, as many in each as make no more than `most`.

        Returns:
            The means, and before which events the runs begin, with the end: run i holds the events
            from `edges[i]` to before `edges[i + 1]`, counted from 0.
        """
        size = -(-len(self) // whole_number("most", most))
        edges = np.append(np.arange(0, len(self), size), len(self))
        return np.add.reduceat(self.weights, edges[:-1], axis=0) / np.diff(edges)[:, None], edges


def attention_over_life(
    recorder: FeatureRecorder,
    features: Features,
    user: Any,
    *,
    layer: int | str | None = None,
    head: int | None = None,
) -> AttentionLife:
    """What each field gets in every event of a user that has a label.

    Each event is asked about as it was: its item, its circumstances, and the history before it. But
    what users and items are by their behaviour, such as `frequency`, is what train left them with.

    Args:
        recorder: the model's, `run.recorder`.
        features: the data.
        user: an id.
        layer, head: as for `attention_importance`.

    Raises:
        UnknownIdError: naming the nearest known user.
        AttnrecError: a user without events, or a model that attends to no field.
    """
    data, split = features.data, features.split
    rows = np.flatnonzero(data.user_indices == data.user_vocabulary.index(user))
    rows = rows[~np.isnan(features.labels[rows])]
    if not len(rows):
        raise AttnrecError(f"user: {user!r} has no event with a label")
    times = None
    if Columns.TIMESTAMP in data.frame:
        moments = data.frame[Columns.TIMESTAMP].iloc[rows]
        order = np.argsort(moments.to_numpy(), kind="stable")
        rows, moments = rows[order], moments.iloc[order]
        if pd.api.types.is_datetime64_any_dtype(moments):
            times = pd.DatetimeIndex(in_zone(moments, features.settings["time_zone"]))
    each = field_attention(
        recorder, features.schema, features.of_rows(rows), layer=layer, head=head
    )
    attended = np.flatnonzero(~np.isnan(each).all(0))
    names = {code: name for name, code in PARTS.items()}
    return AttentionLife(
        user=user,
        fields=tuple(features.schema.names[field] for field in attended),
        weights=each[:, attended],
        titles=tuple(data.catalogue.titles[item - 1] for item in data.item_indices[rows]),
        times=times,
        parts=tuple(names.get(int(part), "left out") for part in split.part[rows]),
        layer=layer,
        head=head,
        items=tuple(data.items[data.item_indices[rows] - 1].tolist()),
    )
