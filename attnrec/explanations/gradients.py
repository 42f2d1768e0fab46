r"""Explanations by derivatives of the target's score :math:`s`.

By :math:`e_p`, the embedding of the item at position :math:`p` as the model
looks it up, before it is scaled or a position's is added; or by attention
weights.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from attnrec.cores import calls_at_once, side_by_side
from attnrec.errors import whole_number
from attnrec.explanations.case import Case
from attnrec.explanations.methods import Options, method
from attnrec.explanations.variants import POSITIONS
from attnrec.models.lengths import SHORTEST, few_sizes
from attnrec.models.probe import EmbeddingGradients
from attnrec.typing import Array

WORTH_A_CALL = 16  # steps, at least, that a core is given of its own


@method("gradient", needs="gradients", signed=False, source="simonyan2014deep")
def gradient(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r""":math:`\lVert \partial s / \partial e_p \rVert_2`, after Simonyan et al. [simonyan2014deep].

    They take the largest absolute entry; the norm depends on no choice of axes.
    """
    del options
    return _of_positions(case, _by_embedding(case, np.ones(1)).norm)[0]


@method("gradient x input", needs="gradients", signed=True, source="shrikumar2016not")
def gradient_x_input(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r""":math:`e_p \cdot \partial s / \partial e_p` [shrikumar2016not].

    What a small part of the item adds, as if the whole added in proportion.
    """
    del options
    return _of_positions(case, _by_embedding(case, np.ones(1)).product)[0]


@method("integrated gradients", needs="gradients", signed=True, source="sundararajan2017axiomatic")
def integrated_gradients(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r"""Integrated gradients from a history of zero embeddings [sundararajan2017axiomatic, eq. 1].

    .. math::
        e_p \cdot \int_0^1 \frac{\partial s(\alpha e)}{\partial e_p} \, d\alpha

    at `options.steps` Gauss-Legendre points, as captum has it by default. At
    zero every item is there and says nothing: its place is taken and seen,
    which is neither of the two removals. The values add up to
    :math:`s(e) - s(0)`, as exactly as the points let them:
    `convergence_delta` tells. A model that normalises embeddings to which no
    position has been added jumps at zero, and no number of points is enough.

    Raises:
        AttnrecError: fewer than one step.
    """
    steps = whole_number("steps", options.steps)
    points, weights = _points(steps)
    width = min(few_sizes(max(len(case), SHORTEST)), case.length)  # each step pays for padding
    for_memory, for_cores = -(-steps // max(1, POSITIONS // width)), -(-steps // WORTH_A_CALL)
    chunks = max(for_memory, min(for_cores, calls_at_once()))
    rows = -(-steps // chunks)  # chunks of one size compile once
    scale, share = np.zeros((2, chunks * rows))
    scale[:steps], share[:steps] = points, weights

    def part(start: int) -> Float[np.ndarray, " position"]:
        chunk = slice(start, start + rows)
        found = _by_embedding(case, scale[chunk], width)
        return share[chunk] @ _of_positions(case, found.product)

    return np.sum(list(side_by_side(part, range(0, chunks * rows, rows))), axis=0)


@lru_cache(maxsize=64)  # they take a tenth of the time that all gradients at them take
def _points(steps: int) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
    """Where on 0..1 an integral is sampled by Gauss and Legendre's rule, and the weight of each."""
    points, weights = np.polynomial.legendre.leggauss(steps)  # on -1..1, of weight 2
    return (1 + points) / 2, weights / 2


def convergence_delta(case: Case, values: Float[np.ndarray, " position"]) -> float:
    r"""By how much integrated gradients fail to add up: :math:`\sum_p v_p - (s(e) - s(0))`.

    Args:
        case: what was explained.
        values: what `integrated_gradients` gave for it.
    """
    nothing, everything = np.asarray(_by_embedding(case, np.array([0.0, 1.0])).score, np.float64)
    return float(values.sum() - (everything - nothing))


@method(
    "gradient x attention", needs="attention gradients", signed=True, source="serrano2019attention"
)
def gradient_x_attention(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r""":math:`\sum_{l,h,q} A^{(l,h)}_{qk} \, \partial s / \partial A^{(l,h)}_{qk}` of each key.

    The rate at which the score grows as everything that looks at position
    :math:`k` looks at it more, whether or not a row still sums to one; what
    a lower layer passes on, queries and keys above included, counts. Serrano
    and Smith [serrano2019attention] rank by this product in one layer of
    attention. That it is summed over layers, heads and queries follows
    Grad-SAM [barkan2021gradsam], which averages and keeps positive
    derivatives only; here the sign stays.
    """
    del options
    found = case.attention_gradients
    products = [
        np.asarray(found.weights[name][0], np.float64) * np.asarray(found.gradients[name][0])
        for name in found.weights
    ]
    return sum(product.sum((0, 1)) for product in products)[-len(case) :]


def _by_embedding(
    case: Case, scale: Float[np.ndarray, " batch"], width: int = 0
) -> EmbeddingGradients:
    """Of the history, of whose embeddings each row shows a part, in one call.

    Args:
        case: history, target and model.
        scale: of each row, the part.
        width: columns to use; all unless given.
    """
    assert case.probe is not None  # Method.check has refused the others
    items, mask = (
        np.repeat(part[:, -width:], len(scale), axis=0)
        for part in (case.request.items, case.request.mask)
    )
    return case.probe.by_embedding(items, mask, case.target, scale.astype(np.float32))


def _of_positions(
    case: Case, found: Float[Array, "batch key"]
) -> Float[np.ndarray, "batch position"]:
    return np.asarray(found, np.float64)[:, -len(case) :]
