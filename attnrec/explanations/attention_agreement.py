"""Do attention, gradients and leaving items out order a history alike?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from scipy.stats import kendalltau

from attnrec.explanations.case import Case
from attnrec.explanations.explain import methods_for
from attnrec.explanations.methods import Method, Options
from attnrec.explanations.removal import Removal, ValueFunction, check_removal

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("gradient", "leave-one-out")


@dataclass(frozen=True, eq=False)
class AttentionAgreement:
    """Kendall's tau-b of methods with each of `MEASURES`, for one case.

    Args:
        methods: their names.
        tau: from -1 to 1; NaN where a method or a measure orders nothing, as
            in a history of one item.
        p_value: of no association, two-sided; NaN likewise.
        measures: what `MEASURES` say of each position.
    """

    methods: tuple[str, ...]
    tau: Float[np.ndarray, "method measure"]
    p_value: Float[np.ndarray, "method measure"]
    measures: Float[np.ndarray, "measure position"]

    def table(self) -> pd.DataFrame:
        """A row a method, a column a measure: tau."""
        import pandas as pd

        return pd.DataFrame(self.tau, pd.Index(self.methods, name="method"), list(MEASURES))


def attention_agreement(
    case: Case, methods: Sequence[str] = ("last layer",), removal: Removal = "drop"
) -> AttentionAgreement:
    r"""The first test of Jain and Wallace [jain2019attention, Sec. 4.1].

    With :math:`\alpha` a method's values, without their signs, it asks for
    Kendall's tau of :math:`\alpha` with

    - the gradient: :math:`|e_p \cdot \partial s / \partial e_p|`, `gradient x
      input` of the target's score;
    - leave-one-out: `output_change`.

    The two agree with each other to a degree, too: `"gradient x input"` among
    the methods tells, without which no tau of attention says much. Departs from
    them in that the gradient flows through the attention weights as well,
    where they hold these fixed, and is that of a score, not of a probability.

    Args:
        case: history, target and model.
        methods: names from `METHODS`.
        removal: what leaving out means.

    Raises:
        AttnrecError: no or an unknown method, one that the model lacks something
            for, or another `removal`.
    """
    options = Options(removal=check_removal(removal))

    def sizes(method: Method) -> Float[np.ndarray, " position"]:
        return np.abs(np.asarray(method.compute(case, options), float))

    chosen = methods_for(case, methods)
    (gradient,) = methods_for(case, ["gradient x input"])
    measures = np.stack([sizes(gradient), output_change(case, removal)])
    found = np.full((len(chosen), len(measures), 2), np.nan)
    for row, method in zip(found, chosen, strict=True):
        values = sizes(method)
        if len(case) > 1:
            row[:] = [kendalltau(values, measure) for measure in measures]
    return AttentionAgreement(
        tuple(one.name for one in chosen), found[..., 0], found[..., 1], measures
    )


def output_change(case: Case, removal: Removal = "drop") -> Float[np.ndarray, " position"]:
    r"""How far the whole answer moves as each item leaves: total variation, 0 to 1.

    .. math:: \mathrm{TVD}(y_{-p}, y) = \tfrac12 \textstyle\sum_i |y_{-p,i} - y_i|

    with :math:`y` the softmax of the candidates' scores [jain2019attention]. It
    asks about no target and has no sign, unlike the method `leave-one-out`.

    Args:
        case: history and model; its target plays no part.
        removal: what leaving out means.
    """
    n = len(case)
    keep = np.vstack([np.ones((1, n), bool), ~np.eye(n, dtype=bool)])
    scores = ValueFunction(case, removal).every(keep).astype(float)
    powers = np.exp(scores - scores.max(1, keepdims=True))
    whole, *without = powers / powers.sum(1, keepdims=True)
    return np.abs(np.array(without) - whole).sum(1) / 2
