r"""Explanations read off attention alone.

Each says how far the last position, from which the next item is scored, looks
at each position. None asks about the target: every target has the same
explanation, and no value has a sign.

Below, :math:`A^{(l,h)}_{qk}` is the weight of key :math:`k` for query
:math:`q` in head :math:`h` of layer :math:`l`, :math:`n` the last position.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from attnrec.errors import AttnrecError, whole_number
from attnrec.explanations.case import Case
from attnrec.explanations.methods import Options, method


def attention_row(
    case: Case, layer: int | str | None = None, head: int | None = None
) -> Float[np.ndarray, " position"]:
    """The last position's weights in one layer and head, as the model used them.

    Args:
        case: history and model.
        layer: number (from 1, next to the input) or name; default the last.
        head: number (from 1); default the mean of the heads.

    Returns:
        A weight for each position, oldest first; of a softmax they sum to one.

    Raises:
        AttnrecError: no such layer or head, or maps that do not lead from
            position to position.

    Example:
        >>> attention_row(case, layer=1, head=2)  # doctest: +SKIP
    """
    record = case.inspection.record
    weights = case.maps[record.names.index(record.layer(layer).name)][:, -1].astype(np.float64)
    if head is None:
        return weights.mean(0)
    return weights[whole_number("head", head, most=len(weights)) - 1]


@method("raw attention", needs="attention", signed=False)
def raw_attention(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r""":math:`A^{(l,h)}_{n k}`, averaged over heads, then over layers."""
    del options
    return np.mean([attention_row(case, layer + 1) for layer in range(len(case.maps))], axis=0)


@method("last layer", needs="attention", signed=False)
def last_layer(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r""":math:`A^{(L,h)}_{n k}` of the last layer, averaged over heads."""
    del options
    return attention_row(case)


@method("rollout", needs="attention", signed=False, source="abnar2020quantifying")
def rollout(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r"""Attention rollout [abnar2020quantifying, Section 3].

    The last row of :math:`\hat A^{(L)} \cdots \hat A^{(1)}`, where
    :math:`\hat A^{(l)} = \frac12 \bar A^{(l)} + \frac12 I` and
    :math:`\bar A` is the mean of the heads: the half that stays stands for
    the residual connection. It sums to one.
    """
    del options
    return rollout_up_to(case)


@method("flow", needs="attention", signed=False, source="abnar2020quantifying")
def flow(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r"""Attention flow [abnar2020quantifying, Section 3].

    The most that flows to each position, one at a time, from the last
    position above the last layer, where :math:`\hat A^{(l)}_{qk}` of `rollout`
    is the capacity from :math:`q` above layer :math:`l` to :math:`k` below.
    Never less than rollout; together they sum to more than one.
    """
    del options
    return flow_up_to(case)


def rollout_up_to(case: Case, layer: int | str | None = None) -> Float[np.ndarray, " position"]:
    r"""The last row of :math:`\hat A^{(l)} \cdots \hat A^{(1)}`, as Abnar and Zuidema tabulate it.

    Args:
        case: history and model.
        layer: :math:`l`, number (from 1, next to the input) or name; default the last.

    Raises:
        AttnrecError: no such layer, or attention that is no softmax.

    Example:
        >>> rollout_up_to(case, layer=1)  # doctest: +SKIP
    """
    row = np.eye(len(case))[-1]
    for matrix in reversed(with_residual(case, layer)):
        row = row @ matrix
    return row


def flow_up_to(case: Case, layer: int | str | None = None) -> Float[np.ndarray, " position"]:
    """The flow from the last position above `layer`, with what lies above that left out.

    Args:
        case, layer: as for `rollout_up_to`; up to the first layer both are the same.

    Raises:
        AttnrecError: no such layer, or attention that is no softmax.
    """
    return maximum_flows(with_residual(case, layer))


@method("value-weighted norms", needs="values", signed=False, source="kobayashi2020attention")
def value_weighted_norms(case: Case, options: Options) -> Float[np.ndarray, " position"]:
    r""":math:`A^{(l,h)}_{n k}\, \lVert v^{(l,h)}_k \rVert_2`, averaged over heads, then layers.

    After Kobayashi et al. [kobayashi2020attention]: a key that is looked at
    passes on nothing if its value is nothing. Departs from them in that
    :math:`v` is the head's value as attention weighs it, before the output
    projection, which not every model has; and in that heads are averaged, not
    added as vectors.
    """
    del options
    layers = []
    for weights, map_ in zip(case.maps, case.inspection.record.maps, strict=True):
        norms = map_.value_norms
        assert norms is not None  # a case asks for projections
        layers.append((weights[:, -1] * norms[0, :, -len(case) :]).mean(0, dtype=np.float64))
    return np.mean(layers, axis=0)


def with_residual(
    case: Case, layer: int | str | None = None
) -> list[Float[np.ndarray, "query key"]]:
    r""":math:`\hat A` of each layer, from the first to `layer`, or to the last.

    Raises:
        AttnrecError: no such layer, or attention that is no softmax: its rows
            are no shares.
    """
    record = case.inspection.record
    count = record.names.index(record.layer(layer).name) + 1
    for map_ in record.maps[:count]:
        if map_.normalisation != "softmax":
            raise AttnrecError(
                f"{map_.name}: rollout and flow expect weights that sum to one, "
                f"got normalisation {map_.normalisation!r}"
            )
    residual = 0.5 * np.eye(len(case))
    return [0.5 * weights.mean(0, dtype=np.float64) + residual for weights in case.maps[:count]]


def maximum_flows(layers: list[Float[np.ndarray, "query key"]]) -> Float[np.ndarray, " key"]:
    """The maximum flow from the last position above all layers to each one below.

    Through up to two layers every way has its edges for itself, so that the
    flow is the sum of their narrower ends. Deeper, networkx finds it, in
    about a second for 50 positions and four layers.

    Args:
        layers: capacities, lowest layer first, none negative.
    """
    *below, top = layers
    if not below:
        return top[-1]
    if len(below) == 1:
        return np.minimum(top[-1][:, None], below[0]).sum(0)
    return _flows_through_network(layers)


def _flows_through_network(
    layers: list[Float[np.ndarray, "query key"]],
) -> Float[np.ndarray, " key"]:
    """`maximum_flows` of two layers or more; a node is `(layers below it, position)`."""
    import networkx as nx

    bottom, *middle, top = layers
    network = nx.DiGraph()
    for key, capacity in enumerate(top[-1]):
        network.add_edge("source", (len(layers) - 1, key), capacity=capacity)
    for below, capacities in enumerate(middle, start=1):
        for query, key in np.argwhere(capacities):
            edge = (below + 1, query), (below, key)
            network.add_edge(*edge, capacity=capacities[query, key])
    flows = []
    for column in bottom.T:  # the others at the bottom lead nowhere
        for query, capacity in enumerate(column):
            network.add_edge((1, query), "sink", capacity=capacity)
        flows.append(nx.maximum_flow_value(network, "source", "sink"))
    return np.array(flows)
