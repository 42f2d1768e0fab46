"""AttentionStream: attention through a user's life, event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from ipywidgets import Layout

from attnrec.errors import AttnrecError, did_you_mean
from attnrec_widgets.figure import CHOICES, FigureWidget, several, told_of
from attnrec_widgets.traits import Checked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attnrec.explanations.features import AttentionLife

VIEWS, AXES = ("stream", "lines"), ("events", "time")


def _check_view(self: AttentionStream, value: Any) -> str:
    if value not in VIEWS:
        raise AttnrecError(f"view: expected one of {list(VIEWS)}, got {value!r}")
    return value


def _check_axis(self: AttentionStream, value: Any) -> str:
    if value not in AXES:
        raise AttnrecError(f"axis: expected one of {list(AXES)}, got {value!r}")
    if value == "time" and any(life.times is None for life in self._lives.values()):
        raise AttnrecError("axis: expected 'events', as the data say no dates, got 'time'")
    return value


class AttentionStream(FigureWidget):
    """Attention through a user's life: bands upon each other, or a line for each field.

    Where there are more events than find room, what is drawn are means of several that follow
    each other, and it is said of how many. `plots.attention_stream` draws the same for paper.

    Args:
        source: a run; what `run.attention_over_life(user)` gave; or several of these by label,
            such as the epochs of a training, which are then played.
        user: of a run, an id.
        view: `"stream"` or `"lines"`.
        axis: `"events"` in their order, at one distance; or in `"time"`, where dates are known.
        field, item: what is chosen; the events of an item are marked.
        layout: as of any ipywidget.

    Raises:
        UnknownIdError: naming the nearest known user.
        AttnrecError: no user, or a choice that is not there.

    Example:
        >>> AttentionStream(run, "u17")                # doctest: +SKIP
        >>> AttentionStream(run, "u17", view="lines")  # doctest: +SKIP
    """

    kind = "attention-stream"
    view = Checked(_check_view, "stream").tag(sync=True)
    axis = Checked(_check_axis, "events").tag(sync=True)
    _saved = (*CHOICES, "view", "axis")

    def __init__(
        self,
        source: Any,
        user: Any = None,
        *,
        view: Literal["stream", "lines"] = "stream",
        axis: Literal["events", "time"] = "events",
        field: str | None = None,
        item: Any = None,
        layout: Layout | dict | None = None,
    ):
        self._sources = several(source)
        self._lives = {label: _asked(one, user) for label, one in self._sources.items()}
        self.fields = self.found.fields
        super().__init__(layout=layout, view=view, axis=axis, field=field, item=item)

    @property
    def found(self) -> AttentionLife:
        """What is drawn: of the last frame."""
        return list(self._lives.values())[-1]

    def to_frame(self) -> pd.DataFrame:
        """What each field gets in every event; see `AttentionLife.to_frame`."""
        return self.found.to_frame()

    def figure(self) -> Figure:
        """The picture for paper: `plots.attention_stream` of the last frame, in order."""
        from attnrec import plots

        return plots.attention_stream(
            self.found,
            kind=self.view,
            highlight=() if self.field is None else self.field,
            provenance=" · ".join(self._provenance()),
        )

    def _check_item(self, item: Any) -> None:
        known = list(dict.fromkeys(one for life in self._lives.values() for one in life.items))
        if item not in known:
            hint = did_you_mean(item, known)
            raise AttnrecError(f"item: {item!r} is in no event here{hint}")

    def _drawn(self) -> dict[str, dict[str, Any]]:
        return {label: _frame(life) for label, life in self._lives.items()}

    def _provenance(self) -> list[str]:
        return told_of(self._sources)


def _asked(source: Any, user: Any) -> AttentionLife:
    if hasattr(source, "attention_over_life"):
        if user is None:
            known = [str(one) for one in source.data.users[:3]]
            raise AttnrecError(f"user: expected an id, such as {', '.join(known)}, got None")
        return source.attention_over_life(user)
    if not hasattr(source, "in_steps"):
        raise AttnrecError(
            "source: expected a run of features, or what its attention_over_life(user) gave, got "
            f"{type(source).__name__}"
        )
    if user is not None:
        raise AttnrecError("user: already decided by what was given")
    return source


def _frame(life: AttentionLife) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "title": life.title,
        "told": life.told(),
        "toldInSteps": life.told("{size}"),
        "toldInTime": life.told_in_time,
        "fields": list(life.fields),
        "weights": life.weights,
        "titles": list(life.titles),
        "items": list(life.items),
        "parts": list(life.parts),
        "dates": None,
    }
    if life.times is not None:
        clock = life.times.tz_localize(None)  # as the clocks there show it
        frame["dates"] = [f"{time:%Y-%m-%d %H:%M}" for time in clock]
        frame["days"] = ((clock - clock[0]) / pd.Timedelta(days=1)).to_numpy(np.float64)
        frame["start"] = clock[0].timestamp() * 1000
    return frame
