"""What each field gets of the attention, by when and where: a mean for each cell of a grid.

Whether a season, an hour or any other circumstance goes with what a model looks at. A cell's
mean is as good as the cases behind it, so that their number stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from attnrec.columns import Columns
from attnrec.errors import AttnrecError, did_you_mean
from attnrec.explanations.features.attention import field_attention
from attnrec.explanations.features.judged import Part, some
from attnrec.features.calendar import NAMES, calendar
from attnrec.features.examples import Features
from attnrec.models.features.recorder import FeatureRecorder

MOST = 60  # levels of a circumstance that still make a picture


@dataclass(frozen=True, eq=False)
class ContextGrid:
    """Attention by two circumstances.

    Attributes:
        by: names of the circumstances, of rows and of columns.
        levels: of each, in order.
        fields: those that are attended to.
        weights: the mean over a cell's cases; NaN where there is none.
        counts: the cases of each cell.
        num_cases: of all cells.
        left_out: cases of which a circumstance is not known.
        layer, head: which attention; None, the mean of all.
    """

    by: tuple[str, str]
    levels: tuple[tuple[str, ...], tuple[str, ...]]
    fields: tuple[str, ...]
    weights: Float[np.ndarray, "row column field"]
    counts: Int[np.ndarray, "row column"]
    num_cases: int
    left_out: int
    layer: int | str | None = None
    head: int | None = None

    def of(self, field: str) -> Float[np.ndarray, "row column"]:
        """One field's means.

        Raises:
            AttnrecError: a field that is not attended to.
        """
        if field not in self.fields:
            raise AttnrecError(
                f"field: no {field!r} among {list(self.fields)}{did_you_mean(field, self.fields)}"
            )
        return self.weights[..., self.fields.index(field)]

    def to_frame(self) -> pd.DataFrame:
        """A row for each cell with a case and each field: its levels, `attention` and `cases`."""
        row, column = np.nonzero(self.counts)
        one, other = (np.array(names, dtype=object) for names in self.levels)
        cells = {self.by[0]: one[row], self.by[1]: other[column]}
        frames = [
            pd.DataFrame(cells).assign(
                field=field, attention=self.of(field)[row, column], cases=self.counts[row, column]
            )
            for field in self.fields
        ]
        return pd.concat(frames, ignore_index=True)


def attention_by_context(
    recorder: FeatureRecorder,
    features: Features,
    by: Sequence[str] = ("month", "hour"),
    part: Part = "test",
    *,
    layer: int | str | None = None,
    head: int | None = None,
    rows: int | None = None,
    seed: int = 0,
) -> ContextGrid:
    """Mean attention of each field in each cell of two circumstances.

    Args:
        recorder: the model's, `run.recorder`.
        features: the data.
        by: two columns of the interactions, or of the calendar (`hour`, `weekday`, `month`,
            `season`, `weekend`, `part_of_day`), in the time zone of the features; whether the
            model reads them or not.
        part, layer, head, rows, seed: as for `attention_importance`.

    Raises:
        AttnrecError: circumstances that are not known, that are the same, or that have more than
            60 levels; a model that attends to no field, or no such layer or head.
    """
    if isinstance(by, str) or not isinstance(by, Sequence) or len(by) != 2 or by[0] == by[1]:
        raise AttnrecError(f"by: expected two circumstances, such as ('month', 'hour'), got {by!r}")
    found = some(features, part, rows, seed)
    one, other = (_levels(features, name, found.rows) for name in by)
    each = field_attention(
        recorder, features.schema, features.of_rows(found.rows), layer=layer, head=head
    )
    attended = np.flatnonzero(~np.isnan(each).all(0))
    known = (one.codes >= 0) & (other.codes >= 0)
    shape = (len(one.categories), len(other.categories))
    sums, counts = np.zeros((*shape, len(attended))), np.zeros(shape, int)
    cells = one.codes[known], other.codes[known]
    np.add.at(sums, cells, each[known][:, attended])
    np.add.at(counts, cells, 1)
    there = counts[..., None] > 0
    return ContextGrid(
        by=(by[0], by[1]),
        levels=(tuple(map(str, one.categories)), tuple(map(str, other.categories))),
        fields=tuple(features.schema.names[field] for field in attended),
        weights=np.divide(sums, counts[..., None], out=np.full(sums.shape, np.nan), where=there),
        counts=counts,
        num_cases=int(known.sum()),
        left_out=int((~known).sum()),
        layer=layer,
        head=head,
    )


def _levels(features: Features, name: str, rows: Int[np.ndarray, " row"]) -> pd.Categorical:
    """A circumstance of some rows."""
    frame = features.data.frame
    times = frame.get(Columns.TIMESTAMP)
    dated = times is not None and pd.api.types.is_datetime64_any_dtype(times)
    if name in frame:
        try:
            found = pd.Categorical(frame[name])[rows]
        except TypeError as error:  # lists
            raise AttnrecError(f"by: {name} holds no plain values, such as words") from error
    elif name in NAMES and dated:
        found = calendar(times.iloc[rows], [name], features.settings["time_zone"])[name].array
    else:
        known = [*frame, *(NAMES if dated else ())]
        raise AttnrecError(f"by: no {name!r} among {known}{did_you_mean(name, known)}")
    if len(found.categories) > MOST:
        raise AttnrecError(
            f"by: {name} has {len(found.categories)} levels, and a picture holds {MOST}"
        )
    return found
