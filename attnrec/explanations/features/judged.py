r"""How well the examples of a part are scored, as one figure.

Of clicks AUC, of ratings RMSE as of `predict`, and of choices the log-loss of the chosen item
beside others that are drawn evenly,

$$-\frac{1}{n} \sum_i \log \frac{e^{s_{i0}}}{\sum_{j} e^{s_{ij}}},$$

which is defined for every loss that choices are learned by, moves with every
score, and asks for a few items where a rank would ask for all. That figures of
drawn items do not order models as full ranking does [krichene2020sampled]_
does no harm here: one model is held against itself, with the same items drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.special
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from attnrec.errors import AttnrecError, whole_number
from attnrec.features.examples import Examples, Features
from attnrec.features.fields import Inputs
from attnrec.models.features.scorer import centre_of, range_of

Part = Literal["train", "validation", "test"]

DRAWN = 20  # items beside each that was chosen


@dataclass(frozen=True, eq=False)
class Judged:
    """Examples, and how good scores of them are.

    Attributes:
        inputs: each with its one candidate; the candidates of a case stand together.
        candidates: how many each case has.
        name: of the figure.
        figure: from float[batch] scores to a number.
        more_is_better: of the figure.
    """

    inputs: Inputs
    candidates: int
    name: str
    figure: Callable[[np.ndarray], float]
    more_is_better: bool

    def __len__(self) -> int:
        """The number of cases."""
        return len(self.inputs.users.levels) // self.candidates

    def worse(self, before: float, after: float) -> float:
        """By how much the figure is worse after than before."""
        return before - after if self.more_is_better else after - before


def judged(features: Features, part: Part, rows: int | None = None, seed: int = 0) -> Judged:
    """The rows of a part that have a label, and their figure.

    Args:
        features: the data.
        part: which rows.
        rows: so many of them at most, drawn; all unless given.
        seed: of this draw, and of items beside those chosen.

    Raises:
        AttnrecError: no row with a label, one outcome only where clicks are
            judged, or a catalogue of one item where choices are.
    """
    found = some(features, part, rows, seed)
    labels = found.labels.astype(float)
    if features.label == "choice":
        return _of_choices(features, found, seed)
    inputs = features.of_rows(found.rows)
    if features.label == "rating":
        centre, within = centre_of(features), range_of(features)

        def rmse(scores: np.ndarray) -> float:
            return float(np.sqrt(np.square(np.clip(scores + centre, *within) - labels).mean()))

        return Judged(inputs, 1, "RMSE", rmse, False)
    if np.ptp(labels) == 0:
        raise AttnrecError(
            f"part: AUC needs both outcomes, and {len(found)} rows of {part!r} are all "
            f"{labels[0]:g}"
        )
    return Judged(inputs, 1, "AUC", lambda s: auc(labels == 1, s), True)


def auc(positive: Bool[np.ndarray, " row"], scores: Float[np.ndarray, " row"]) -> float:
    """How often a positive row is scored above another, ties counting half [mann1947test]_."""
    count = positive.sum()
    above = rankdata(scores)[positive].sum() - count * (count + 1) / 2
    return float(above / (count * (len(scores) - count)))


def some(features: Features, part: Part, rows: int | None, seed: int) -> Examples:
    """So many rows of a part, drawn, in their order; all unless `rows` is given.

    Raises:
        AttnrecError: no row with a label.
    """
    every = features.examples(part)
    if not len(every):
        raise AttnrecError(f"part: no row of {part!r} has a label")
    if rows is None or whole_number("rows", rows) >= len(every):
        return every
    drawn = np.sort(np.random.default_rng(seed).choice(len(every), rows, replace=False))
    return Examples(*(column[drawn] for column in every))


def _of_choices(features: Features, found: Examples, seed: int) -> Judged:
    num_items = len(features.data.items)
    if num_items < 2:
        raise AttnrecError("features: a catalogue of one item leaves nothing to choose from")
    others = np.random.default_rng(seed).integers(1, num_items, (len(found), DRAWN))
    others += others >= found.items[:, None]  # anything but what was chosen
    items = np.concatenate([found.items[:, None], others], axis=1).astype(np.int32)
    rows, users = (np.repeat(one, 1 + DRAWN) for one in (found.rows, found.users))
    inputs = features.of(
        users, items.ravel(), features.context.take(rows), features.before.take(rows)
    )

    def figure(scores: np.ndarray) -> float:
        each = scores.astype(float).reshape(items.shape)
        return float(-scipy.special.log_softmax(each, axis=1)[:, 0].mean())

    return Judged(inputs, 1 + DRAWN, "LogLoss", figure, False)
