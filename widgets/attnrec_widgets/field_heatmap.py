"""FieldHeatmap: where each field looks, layer by layer and head by head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import Layout

from attnrec.errors import AttnrecError
from attnrec.inspection.field_map import FieldMap
from attnrec_widgets.figure import FigureWidget, several, told_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class FieldHeatmap(FigureWidget):
    """Where each field looks, or what each pair of fields gets: a heat-map a layer.

    As in Fig. 7 of AutoInt [song2019autoint]. `plots.field_heatmap` draws the same for paper.

    Args:
        source: a run, for the mean over its test rows; what `run.inspect(...)` or
            `run.field_map(...)` gave; or several of these by label, such as the epochs of a
            training, which are then played.
        rows: of a run, so many test rows at most, drawn.
        field, layer, head: what is chosen; `head=None` is the mean of heads.
        layout: as of any ipywidget.

    Raises:
        AttnrecError: a model in which fields do not look at fields, or a choice that is not there.

    Example:
        >>> FieldHeatmap(run)                                # doctest: +SKIP
        >>> FieldHeatmap(run.inspect(user="u17", item="p3")) # doctest: +SKIP
    """

    kind = "field-heatmap"

    def __init__(
        self,
        source: Any,
        *,
        rows: int | None = None,
        field: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        layout: Layout | dict | None = None,
    ):
        self._sources = several(source)
        self._maps = {label: _by_head(one, rows) for label, one in self._sources.items()}
        last = self._maps[list(self._maps)[-1]]
        self.fields, self.layers = last[0].fields, last[0].numbers
        self.num_heads = len(last) - 1
        super().__init__(layout=layout, field=field, layer=layer, head=head)

    @property
    def found(self) -> FieldMap:
        """What is drawn: of the last frame, with the head that is chosen."""
        maps = self._maps[list(self._maps)[-1]]
        return maps[self.head or 0]

    def to_frame(self) -> pd.DataFrame:
        """Every number that is drawn; see `FieldMap.to_frame`."""
        return self.found.to_frame()

    def figure(self) -> Figure:
        """The picture for paper: `plots.field_heatmap` of the last frame."""
        from attnrec import plots

        return plots.field_heatmap(self.found, provenance=" · ".join(self._provenance()))

    def _drawn(self) -> dict[str, dict[str, Any]]:
        return {label: _frame(maps) for label, maps in self._maps.items()}

    def _provenance(self) -> list[str]:
        return told_of(self._sources)


def _by_head(source: Any, rows: int | None) -> list[FieldMap]:
    """The mean of heads, and each head where there are several."""
    if isinstance(source, FieldMap):
        if rows is not None:
            raise AttnrecError("rows: already decided by what was given")
        return [source]
    if not hasattr(source, "field_map"):
        raise AttnrecError(
            "source: expected a run of features, what its inspect(...) gave, or what its "
            f"field_map(...) gave, got {type(source).__name__}"
        )
    options: Mapping[str, Any] = {} if rows is None else {"rows": rows}
    mean = source.field_map(**options)
    heads = range(1, mean.num_heads + 1) if mean.num_heads > 1 else ()
    return [mean, *(source.field_map(head=head, **options) for head in heads)]


def _frame(maps: list[FieldMap]) -> dict[str, Any]:
    mean = maps[0]
    looks, at = mean.shown
    names = np.array(mean.fields, dtype=object)
    return {
        "title": mean.title,
        "told": mean.told,
        "tolds": [one.told for one in maps],
        "layers": [f"layer {number}" for number in mean.numbers],
        "numbers": list(mean.numbers),
        "looks": names[looks].tolist(),
        "at": names[at].tolist(),
        "heads": len(maps) - 1,
        "weights": np.stack([one.weights[:, looks][:, :, at] for one in maps]),
        "counts": mean.counts[:, looks][:, :, at],
        "ofPairs": mean.of_pairs,
    }
