"""FeatureDistribution: how many cases give a field how much attention, layer by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import Layout

from attnrec.explanations.features.distribution import BINS, AttentionBins, end_of
from attnrec_widgets.feature_bars import spread_from
from attnrec_widgets.figure import FigureWidget, several, told_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class FeatureDistribution(FigureWidget):
    """How attention to each field is distributed over cases: a histogram a field and layer.

    All have the same bins and the same scale of heights; a line marks the mean, and a dashed one
    even attention. `plots.feature_distribution` draws the same for paper.

    Args:
        source: a run, for its test rows; what `run.attention_spread(...)` gave, or what
            `run.inspect(...)` gave of many cases; or several of these by label, which are then
            played on one scale.
        rows: of a run, so many test rows at most, drawn.
        bins: how many, from 0 to the 99.5th percentile of all values.
        field, layer, head: what is chosen; `head=None` is the mean of heads.
        layout: as of any ipywidget.

    Raises:
        AttnrecError: one case only, a model that attends to no field, or a choice that is not
            there.

    Example:
        >>> FeatureDistribution(run, head=2)  # doctest: +SKIP
    """

    kind = "feature-distribution"

    def __init__(
        self,
        source: Any,
        *,
        rows: int | None = None,
        bins: int = BINS,
        field: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        layout: Layout | dict | None = None,
    ):
        self._sources = several(source)
        spreads = {label: spread_from(one, rows) for label, one in self._sources.items()}
        end = end_of(list(spreads.values()))
        found = {label: one.bins(bins, end=end).of() for label, one in spreads.items()}
        top = max(one.top for one in found.values())
        self._bins = {label: replace(one, top=top) for label, one in found.items()}
        last = self._last
        self.layers = last.numbers
        self.num_heads = last.num_heads if last.num_heads > 1 else 0
        every = (field for one in self._bins.values() for field in one.fields)
        self.fields = tuple(dict.fromkeys([*last.fields, *every]))
        super().__init__(layout=layout, field=field, layer=layer, head=head)

    @property
    def _last(self) -> AttentionBins:
        return self._bins[list(self._bins)[-1]]

    @property
    def found(self) -> AttentionBins:
        """What is drawn: of the last frame, with the head that is chosen."""
        return self._last.of(head=self.head)

    def to_frame(self) -> pd.DataFrame:
        """Every number that is drawn; see `AttentionBins.to_frame`."""
        return self.found.to_frame()

    def figure(self) -> Figure:
        """The picture for paper: `plots.feature_distribution` of the last frame."""
        from attnrec import plots

        return plots.feature_distribution(self.found, provenance=" · ".join(self._provenance()))

    def _drawn(self) -> dict[str, dict[str, Any]]:
        return {label: _frame(one, self.fields) for label, one in self._bins.items()}

    def _provenance(self) -> list[str]:
        return told_of(self._sources)


def _frame(found: AttentionBins, fields: tuple[str, ...]) -> dict[str, Any]:
    heads = [found.of(head=head or None) for head in range(len(found.counts))]
    at = [fields.index(field) for field in found.fields]

    def placed(values: np.ndarray, empty: float = 0) -> np.ndarray:
        """[head, layer, field, ...], with fields that this frame lacks."""
        every = np.full((*values.shape[:2], len(fields), *values.shape[3:]), empty, float)
        every[:, :, at] = values
        return every

    return {
        "title": found.title,
        "told": heads[0].told,
        "tolds": [one.told for one in heads],
        "fields": list(fields),
        "layers": list(found.layers),
        "numbers": list(found.numbers),
        "heads": found.num_heads if found.num_heads > 1 else 0,
        "cases": found.num_cases,
        "edges": found.edges,
        "top": found.top,
        "counts": placed(found.counts),
        "beyond": placed(found.beyond),
        "means": placed(found.means, np.nan),
        "even": placed(found.even, np.nan),
    }
