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
from attnrec.explanations.features.attention import field_attention, which
from attnrec.explanations.features.judged import Part, some
from attnrec.features.calendar import NAMES, calendar
from attnrec.features.examples import Features
from attnrec.models.features.recorder import FeatureRecorder

MOST = 60  # levels of a circumstance that still make a picture
VARYING = 4  # fields drawn unless they are named
COVERED = 0.98  # of all cases lie within the scale


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

    def mean(self, field: str) -> float:
        """Of a field over all cases."""
        return float(np.nansum(self.of(field) * self.counts) / max(self.num_cases, 1))

    def difference(self, field: str) -> Float[np.ndarray, "row column"]:
        """How far each cell's mean lies above (or, negative, below) the field's."""
        return self.of(field) - self.mean(field)

    @property
    def varying(self) -> tuple[str, ...]:
        """The four fields whose means differ most between cells, weighed by their cases."""
        spread = [np.nansum(self.difference(field) ** 2 * self.counts) for field in self.fields]
        most = np.sort(np.argsort(np.negative(spread), kind="stable")[:VARYING])
        return tuple(self.fields[field] for field in most)

    def scale(self, fields: Sequence[str]) -> float:
        """The difference within which 98% of the cases of each field lie; never zero."""
        there = self.counts > 0
        cases = self.counts[there]
        most = 1e-9
        for field in fields if cases.size else ():
            sizes = abs(self.difference(field)[there])
            order = np.argsort(sizes)
            within = np.cumsum(cases[order]) >= COVERED * cases.sum()
            most = max(most, float(sizes[order][within.argmax()]))
        return most

    @property
    def shown(self) -> tuple[slice, slice]:
        """The rows and the columns from the first with a case to the last.

        Raises:
            AttnrecError: there is no case.
        """
        if not self.num_cases:
            raise AttnrecError("grid: no case is known of both circumstances")
        found = (np.flatnonzero(self.counts.sum(axis)) for axis in (1, 0))
        rows, columns = (slice(int(each[0]), int(each[-1]) + 1) for each in found)
        return rows, columns

    @property
    def title(self) -> str:
        return f"Attention by {self.by[0]} and {self.by[1]}"

    @property
    def told(self) -> str:
        """What was averaged, over how many cases, and what tone and size of a square say."""
        told = (
            f"{which(self.layer, self.head)} · difference from the mean of {self.num_cases:,} "
            "cases, which stands beside the field, in points of a percent (2% of the cases may lie "
            f"beyond the key); a square's area is the cases behind it, {self.counts.max():,} at "
            "most"
        )
        if self.left_out:
            told += f" · {self.left_out:,} of unknown {' or '.join(self.by)} left out"
        return told

    def to_frame(self) -> pd.DataFrame:
        """A row for each cell with a case and each field.

        Returns:
            Its levels, `attention`, `difference` from the field's mean, and `cases`.
        """
        row, column = np.nonzero(self.counts)
        one, other = (np.array(names, dtype=object) for names in self.levels)
        cells = {self.by[0]: one[row], self.by[1]: other[column]}
        frames = [
            pd.DataFrame(cells).assign(
                field=field,
                attention=self.of(field)[row, column],
                difference=self.difference(field)[row, column],
                cases=self.counts[row, column],
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
        by: two columns of the interactions or of the catalogue, or of the calendar (`hour`,
            `weekday`, `month`, `season`, `weekend`, `part_of_day`), in the time zone of the
            features; whether the model reads them or not.
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
    of_items = features.data.catalogue.frame
    times = frame.get(Columns.TIMESTAMP)
    dated = times is not None and pd.api.types.is_datetime64_any_dtype(times)
    if name in frame or name in of_items:
        values, at = frame.get(name), rows
        if values is None:
            values, at = of_items[name], features.data.item_indices[rows] - 1
        try:
            found = pd.Categorical(values)[at]
        except TypeError as error:  # lists
            raise AttnrecError(f"by: {name} holds no plain values, such as words") from error
    elif name in NAMES and dated:
        found = calendar(times.iloc[rows], [name], features.settings["time_zone"])[name].array
    else:
        known = list(dict.fromkeys([*frame, *of_items, *(NAMES if dated else ())]))
        raise AttnrecError(f"by: no {name!r} among {known}{did_you_mean(name, known)}")
    if len(found.categories) > MOST:
        raise AttnrecError(
            f"by: {name} has {len(found.categories)} levels, and a picture holds {MOST}"
        )
    return found
