"""FeatureBars: what each field gets of the attention, and how far cases lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import Layout

from attnrec.errors import AttnrecError
from attnrec.explanations.features.spread import HIGH, LOW, AttentionSpread, spread_of
from attnrec_widgets.figure import FigureWidget, several, told_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class FeatureBars(FigureWidget):
    """What each field gets of the attention, as bars: of one case, or the mean over many.

    Of many cases a line goes from the 10th to the 90th percentile, with a tick at the median;
    `FeatureDistribution` draws all of them. A dashed line stands where all fields that say
    something would get the same. Fields keep their order while layer and head change.
    `plots.feature_bars` draws the same for paper.

    Args:
        source: a run, for its test rows; what `run.inspect(...)` or `run.attention_spread(...)`
            gave; or several of these by label, such as the epochs of a training or the events of
            a user, which are then played on one scale.
        rows: of a run, so many test rows at most, drawn.
        field, layer, head: what is chosen; None, the mean of all layers or heads.
        layout: as of any ipywidget.

    Raises:
        AttnrecError: a model that attends to no field, or a choice that is not there.

    Example:
        >>> FeatureBars(run)                                 # doctest: +SKIP
        >>> FeatureBars(run.inspect(user="u17", item="p3"))  # doctest: +SKIP
    """

    kind = "feature-bars"

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
        self._spreads = {label: spread_from(one, rows) for label, one in self._sources.items()}
        last = self._last
        self.layers = last.numbers if len(last.numbers) > 1 else ()
        self.num_heads = last.num_heads if last.num_heads > 1 else 0
        every = (field for spread in self._spreads.values() for field in spread.fields)
        self.fields = tuple(dict.fromkeys([*last.fields, *every]))
        super().__init__(layout=layout, field=field, layer=layer, head=head)

    @property
    def _last(self) -> AttentionSpread:
        return self._spreads[list(self._spreads)[-1]]

    @property
    def found(self) -> AttentionSpread:
        """What is drawn: of the last frame, with the layer and head that are chosen."""
        return self._last.of(layer=self.layer, head=self.head)

    def to_frame(self) -> pd.DataFrame:
        """Every number that is drawn; see `AttentionSpread.to_frame`."""
        return self.found.to_frame()

    def figure(self) -> Figure:
        """The picture for paper: `plots.feature_bars` of the last frame."""
        from attnrec import plots

        return plots.feature_bars(self.found, provenance=" · ".join(self._provenance()))

    def _drawn(self) -> dict[str, dict[str, Any]]:
        frames = {label: _frame(one, self.fields) for label, one in self._spreads.items()}
        most = max(float(np.nanmax(_ends(frame))) for frame in frames.values())
        return {label: {**frame, "most": most} for label, frame in frames.items()}

    def _provenance(self) -> list[str]:
        return told_of(self._sources)


def spread_from(source: Any, rows: int | None) -> AttentionSpread:
    """The attention of each case: what was given, or of a run or an inspection.

    Raises:
        AttnrecError: something else.
    """
    if hasattr(source, "attention_spread"):
        return source.attention_spread() if rows is None else source.attention_spread(rows=rows)
    if rows is not None:
        raise AttnrecError("rows: of a run, which has some to draw from")
    if isinstance(source, AttentionSpread):
        return source
    if not hasattr(source, "record") or not hasattr(source, "features"):
        raise AttnrecError(
            "source: expected a run of features, what its inspect(...) gave, or what its "
            f"attention_spread(...) gave, got {type(source).__name__}"
        )
    return spread_of(source)


def variants(spread: AttentionSpread) -> list[list[AttentionSpread]]:
    """The mean of heads, then each head; in each the mean of layers, then each layer."""
    heads, layers = range(spread.every.shape[0]), range(spread.every.shape[1])
    numbers = (None, *spread.numbers)
    return [[spread.of(layer=numbers[i], head=head or None) for i in layers] for head in heads]


def _frame(spread: AttentionSpread, fields: Sequence[str]) -> dict[str, Any]:
    every = variants(spread)
    at = [fields.index(field) for field in spread.fields]

    def placed(values: Callable[[AttentionSpread], np.ndarray]) -> np.ndarray:
        """[head, layer, field], NaN of fields that this frame lacks."""
        each = np.array([[values(one) for one in row] for row in every])
        found = np.full((*each.shape[:2], len(fields)), np.nan)
        found[..., at] = each
        return found

    def quantile(share: float) -> np.ndarray:
        found = placed(lambda one: one.quantile(share))
        return found if spread.num_cases > 1 else np.full(found.shape, np.nan)

    return {
        "title": spread.title,
        "told": every[0][0].told,
        "tolds": [[one.told for one in row] for row in every],
        "fields": list(fields),
        "layers": list(spread.layers) if len(spread.numbers) > 1 else [],
        "numbers": list(spread.numbers) if len(spread.numbers) > 1 else [],
        "heads": spread.num_heads if spread.num_heads > 1 else 0,
        "cases": spread.num_cases,
        "means": placed(lambda one: one.mean),
        "lows": quantile(LOW),
        "medians": quantile(0.5),
        "highs": quantile(HIGH),
        "even": placed(lambda one: one.even),
        "counts": placed(lambda one: one.counts)[0],
    }


def _ends(frame: dict[str, Any]) -> np.ndarray:
    """Whatever is drawn the farthest to the right."""
    return np.stack([frame["means"], frame["even"], frame["highs"]])
