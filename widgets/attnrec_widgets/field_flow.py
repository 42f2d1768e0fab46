"""FieldFlow: how fields combine layer by layer, from the inputs to the last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import Layout

from attnrec.errors import AttnrecError
from attnrec.inspection.field_map import FieldMap
from attnrec.inspection.field_paths import SHARE, FieldPaths, field_paths
from attnrec_widgets.figure import CHOICES, FigureWidget, several, told_of
from attnrec_widgets.traits import Checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def _check_share(self: FieldFlow, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise AttnrecError(f"share: expected above 0 to 1, got {value!r}")
    return float(value)


class FieldFlow(FigureWidget):
    """Attention between fields as ribbons: from what is looked at, left, to who looks.

    A slider sets how many are drawn. Of a field that is chosen, in the last layer or in another,
    the rollout is laid over them [abnar2020quantifying]: what of each input has arrived there.
    `plots.field_flow` draws the same for paper.

    Args:
        source: a run, for the mean over its test rows; what `run.inspect(...)` or
            `run.field_map(...)` gave; or several of these by label, which are then played.
        rows: of a run, so many test rows at most, drawn.
        share: of each layer's attention, carried by the strongest ribbons, which are drawn; a
            trait that the slider sets, too.
        field, layer, head: what is chosen; the last layer, the mean of heads unless given.
        layout: as of any ipywidget.

    Raises:
        AttnrecError: a model in which fields do not look at fields, a share that is not above 0 to
            1, or a choice that is not there.

    Example:
        >>> FieldFlow(run, field="price")                          # doctest: +SKIP
        >>> FieldFlow(run.inspect(user="u17", item="p3"), share=1) # doctest: +SKIP
    """

    kind = "field-flow"
    share = Checked(_check_share, SHARE).tag(sync=True)
    _saved = (*CHOICES, "share")

    def __init__(
        self,
        source: Any,
        *,
        rows: int | None = None,
        share: float = SHARE,
        field: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        layout: Layout | dict | None = None,
    ):
        self._sources = several(source)
        self._paths = {label: _by_head(one, rows) for label, one in self._sources.items()}
        last = self._paths[list(self._paths)[-1]]
        self.fields, self.layers = last[0].fields, last[0].numbers
        self.num_heads = len(last) - 1
        super().__init__(layout=layout, share=share, field=field, layer=layer, head=head)

    @property
    def found(self) -> FieldPaths:
        """What is drawn: of the last frame, with the head that is chosen."""
        return self._paths[list(self._paths)[-1]][self.head or 0]

    def to_frame(self) -> pd.DataFrame:
        """Every number that is drawn; see `FieldPaths.to_frame`."""
        return self.found.to_frame()

    def figure(self) -> Figure:
        """The picture for paper: `plots.field_flow` of the last frame."""
        from attnrec import plots

        return plots.field_flow(
            self.found.found,
            field=self.field,
            layer=self.layer,
            share=self.share,
            provenance=" · ".join(self._provenance()),
        )

    def _drawn(self) -> dict[str, dict[str, Any]]:
        names = dict.fromkeys(name for paths in self._paths.values() for name in paths[0].fields)
        frames = {label: _frame(paths) for label, paths in self._paths.items()}
        most = {name: max(_height(paths, name) for paths in self._paths.values()) for name in names}
        for frame in frames.values():  # rows are as tall in all frames
            frame["tall"] = np.array([most[name] for name in frame["fields"]])
        return frames

    def _provenance(self) -> list[str]:
        return told_of(self._sources)


def _by_head(source: Any, rows: int | None) -> list[FieldPaths]:
    """The mean of heads, and each head where there are several."""
    if isinstance(source, FieldMap):
        if rows is not None:
            raise AttnrecError("rows: already decided by what was given")
        return [field_paths(source)]
    if not hasattr(source, "field_map"):
        raise AttnrecError(
            "source: expected a run of features, what its inspect(...) gave, or what its "
            f"field_map(...) gave, got {type(source).__name__}"
        )
    if rows is not None and hasattr(source, "record"):
        raise AttnrecError("rows: of a run, which has some to draw from")
    options = {} if rows is None else {"rows": rows}
    mean = source.field_map(**options)
    heads = range(1, mean.num_heads + 1) if mean.num_heads > 1 else ()
    return [field_paths(mean), *(field_paths(source.field_map(head=h, **options)) for h in heads)]


def _height(paths: list[FieldPaths], name: str) -> float:
    """What a field is looked at with at most, or looks with, in any layer and head."""
    if name not in paths[0].fields:
        return 0.0
    place = paths[0].fields.index(name)
    looks = float(paths[0].looks[:, place].any())
    return max(looks, *(float(one.weights[:, :, place].sum(1).max()) for one in paths))


def _frame(paths: list[FieldPaths]) -> dict[str, Any]:
    mean = paths[0]
    return {
        "title": mean.title,
        "told": mean.told,
        "tolds": [one.told for one in paths],
        "ribbons": mean.told_of_ribbons("{share}"),
        "reaches": mean.told_of_rollout("{field}", "{layer}"),
        "fields": list(mean.fields),
        "layers": list(mean.layers),
        "numbers": list(mean.numbers),
        "heads": len(paths) - 1,
        "weights": np.stack([one.weights for one in paths]),
        "rollout": np.stack([one.rollout for one in paths]),
        "counts": mean.counts,
        "looks": mean.looks.astype(float),
    }
