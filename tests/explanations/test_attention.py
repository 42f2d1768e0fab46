"""Explanations from attention, against small cases by hand, brute force and a second library."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from flax import nnx
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.explanations.attention import (
    _flows_through_network,
    attention_row,
    flow_up_to,
    maximum_flows,
    rollout_up_to,
)
from attnrec.explanations.case import Case
from attnrec.explanations.methods import Options, method_named
from attnrec.inspection import AttentionMap, AttentionRecord, Capabilities, Inspection
from attnrec.models import SASRec, Schema
from attnrec.models.recorder import ModelInspector

ITEMS = 30
CATALOGUE = Catalogue(pd.DataFrame(index=range(1, ITEMS + 1)))
NAMES = ["raw attention", "last layer", "rollout", "flow", "value-weighted norms"]
HISTORY = np.array([3, 14, 15, 9, 2, 6, 5])
TWO = np.array([1, 2])


class Given:
    """Records the maps that it was given, whatever is asked."""

    name = "Given"
    catalogue = CATALOGUE
    lengths = ()

    def __init__(self, *maps: AttentionMap, attention: bool = True):
        self.maps, self.capabilities = maps, Capabilities(attention=attention)

    def inspect(self, request):
        scores = np.zeros((len(request.items), ITEMS + 1), np.float32)
        return Inspection(request, scores, AttentionRecord(self.maps, request.mask), CATALOGUE)


def attention_map(name: str, *heads: list, values: list | None = None, **options) -> AttentionMap:
    """Of one history; `values` of each head at each position."""
    if values is not None:
        options["value"] = np.array(values, np.float32)[None]
    return AttentionMap(name, np.array(heads, np.float32)[None], **options)


LOWER = attention_map(
    "lower",
    [[1, 0], [0.5, 0.5]],
    [[1, 0], [0.1, 0.9]],
    values=[[[3, 4], [0, 1]], [[6, 8], [0, 0]]],
)
UPPER = attention_map("upper", [[1, 0], [0.2, 0.8]], values=[[[0, 2], [5, 12]]])


def values_of(name: str, case: Case) -> np.ndarray:
    return method_named(name).compute(case, Options())


@pytest.fixture(scope="module", params=[1, 2, 3])
def inspector(request) -> ModelInspector:
    config = SASRec(16, num_layers=request.param, num_heads=2, max_length=40)
    model = config.build(Schema(ITEMS), nnx.Rngs(0))
    rng = np.random.default_rng(0)  # larger weights, so that attention is far from uniform
    for block in model.blocks:
        for part in (block.attention.query, block.attention.key):
            part.kernel[...] = rng.normal(0, 1, part.kernel.shape).astype(np.float32)
    return ModelInspector(model, CATALOGUE, "SASRec")


def test_two_layers_by_hand():
    case = Case(Given(LOWER, UPPER), TWO, 3)
    expected = {
        "raw attention": [((0.5 + 0.1) / 2 + 0.2) / 2, ((0.5 + 0.9) / 2 + 0.8) / 2],
        "last layer": [0.2, 0.8],
        # With the residual: [[1, 0], [.15, .85]] below, a last row of [.1, .9] above.
        "rollout": [0.1 * 1 + 0.9 * 0.15, 0.9 * 0.85],
        "flow": [min(0.1, 1) + min(0.9, 0.15), min(0.9, 0.85)],
        "value-weighted norms": [
            ((0.5 * 5 + 0.1 * 10) / 2 + 0.2 * 2) / 2,
            ((0.5 * 1 + 0.9 * 0) / 2 + 0.8 * 13) / 2,
        ],
    }
    assert list(expected) == NAMES
    for name, values in expected.items():
        np.testing.assert_allclose(values_of(name, case), values, rtol=1e-6, err_msg=name)


def test_one_row():
    case = Case(Given(LOWER, UPPER), TWO, 3)
    np.testing.assert_allclose(attention_row(case), [0.2, 0.8], rtol=1e-6)
    np.testing.assert_allclose(attention_row(case, "lower"), [0.3, 0.7], rtol=1e-6)
    np.testing.assert_allclose(attention_row(case, 1, head=2), [0.1, 0.9], rtol=1e-6)
    with pytest.raises(AttnrecError, match="did you mean 'upper'"):
        attention_row(case, "uper")
    with pytest.raises(AttnrecError, match="head: expected 1 to 2, got 3"):
        attention_row(case, 1, head=3)


def test_a_value_of_nothing_passes_nothing_on():
    looked_at = attention_map("only", [[1, 0], [0.9, 0.1]], values=[[[0, 0], [1, 0]]])
    found = values_of("value-weighted norms", Case(Given(looked_at), TWO, 3))
    np.testing.assert_allclose(found, [0, 0.1], rtol=1e-6)


def test_layer_by_layer(inspector):
    """The definitions, spelled out with loops over what is recorded."""
    case = Case(inspector, HISTORY, 1)
    n, maps = len(HISTORY), inspector.inspect(case.request).record.maps
    raw, norms, through = [], [], np.eye(n)
    for map_ in maps:
        weights, value = map_.weights[0, :, -n:, -n:], map_.value[0, :, -n:]
        raw.append(sum(weights) / 2)
        norms.append(
            [
                sum(weights[h, -1, k] * np.sqrt((value[h, k] ** 2).sum()) for h in range(2)) / 2
                for k in range(n)
            ]
        )
        through = (raw[-1] / 2 + np.eye(n) / 2) @ through
    np.testing.assert_allclose(values_of("raw attention", case), np.mean(raw, 0)[-1], rtol=1e-5)
    np.testing.assert_allclose(values_of("last layer", case), raw[-1][-1], rtol=1e-5)
    np.testing.assert_allclose(values_of("rollout", case), through[-1], rtol=1e-5)
    np.testing.assert_allclose(values_of("value-weighted norms", case), np.mean(norms, 0), 1e-5)


def test_up_to_a_layer(inspector):
    """Of two layers, what a model of those two alone would give: matrices, and the least cut."""
    history = HISTORY[:5]
    case = Case(inspector, history, 1)
    n, through, capacities = len(history), np.eye(len(history)), []
    for layer, name in enumerate(inspector.names, start=1):
        weights = case.inspection.record.layer(name).weights[0, :, -n:, -n:]
        capacities.append(np.asarray(weights, float).mean(0) / 2 + np.eye(n) / 2)
        through = capacities[-1] @ through
        np.testing.assert_allclose(rollout_up_to(case, layer), through[-1], rtol=1e-6)
        np.testing.assert_array_equal(rollout_up_to(case, name), rollout_up_to(case, layer))
        least = [least_cut(capacities, sink) for sink in range(n)]
        np.testing.assert_allclose(flow_up_to(case, layer), least, rtol=1e-6)
    np.testing.assert_array_equal(rollout_up_to(case), values_of("rollout", case))
    np.testing.assert_array_equal(flow_up_to(case), values_of("flow", case))
    np.testing.assert_array_equal(flow_up_to(case, 1), rollout_up_to(case, 1))


@pytest.mark.parametrize("up_to", [rollout_up_to, flow_up_to])
def test_a_layer_that_is_not_there_or_no_softmax(up_to):
    gates = attention_map("gates", [[0.9, 0], [0.9, 0.9]], normalisation="gate")
    case = Case(Given(LOWER, gates), TWO, 3)
    np.testing.assert_allclose(up_to(case, "lower"), [0.15, 0.85], rtol=1e-6)  # gates lie above
    with pytest.raises(AttnrecError, match="gates: rollout and flow expect weights that sum to"):
        up_to(case, 2)
    with pytest.raises(AttnrecError, match="layer: expected 1 to 2, got 3"):
        up_to(case, 3)
    with pytest.raises(AttnrecError, match="did you mean 'lower'"):
        up_to(case, "lowest")


def test_sums_and_bounds(inspector):
    case = Case(inspector, HISTORY, 1)
    for name in ("raw attention", "last layer", "rollout"):
        assert values_of(name, case).sum() == pytest.approx(1, abs=1e-6)
    flow, rollout = values_of("flow", case), values_of("rollout", case)
    # The shares that rollout multiplies are one way to fill the network.
    assert (flow >= rollout - 1e-9).all()
    assert (flow <= 1).all()
    if len(case.maps) == 1:
        np.testing.assert_allclose(flow, rollout, rtol=1e-12)
    else:
        assert flow.sum() > 1.01


@pytest.mark.parametrize("name", NAMES)
def test_no_padding_and_no_target_counts(inspector, name):
    exact = ModelInspector(nnx.merge(inspector._graphdef, inspector._state), CATALOGUE, "SASRec")
    exact.lengths = (len(HISTORY), 40)
    found = values_of(name, Case(inspector, HISTORY, 1))
    assert found.dtype == np.float64
    assert Case(inspector, HISTORY, 1).length != Case(exact, HISTORY, 1).length == len(HISTORY)
    np.testing.assert_allclose(values_of(name, Case(exact, HISTORY, 1)), found, rtol=1e-4)
    np.testing.assert_array_equal(values_of(name, Case(inspector, HISTORY, 2)), found)


def test_one_item(inspector):
    case = Case(inspector, np.array([4]), 1)
    for name in NAMES[:-1]:
        np.testing.assert_allclose(values_of(name, case), [1], rtol=1e-6)
    assert values_of("value-weighted norms", case)[0] > 0


def layers(num_layers: int, n: int, *, causal: bool = True) -> list[np.ndarray]:
    """Capacities as uneven as learned attention, with the residual."""
    rng = np.random.default_rng([num_layers, n])
    made = []
    for _ in range(num_layers):
        weights = rng.exponential(size=(n, n)) ** 3
        weights = np.tril(weights) if causal else weights
        made.append(0.5 * weights / weights.sum(1, keepdims=True) + 0.5 * np.eye(n))
    return made


def least_cut(capacities: list[np.ndarray], sink: int) -> float:
    """The cheapest way to part source and sink, of all there are: what a maximum flow equals."""
    n, position = len(capacities[0]), np.arange(len(capacities[0]))
    least = np.inf
    for between in product([False, True], repeat=(len(capacities) - 1) * n):
        # Who stands on the source's side, from the bottom, where only the sink matters, to the top.
        sides = [position != sink, *np.reshape(between, (-1, n)), position == n - 1]
        cut = sum(
            matrix[np.ix_(above, ~below)].sum()
            for matrix, below, above in zip(capacities, sides[:-1], sides[1:], strict=True)
        )
        least = min(least, cut)
    return least


@pytest.mark.parametrize(("num_layers", "n"), [(1, 4), (2, 4), (3, 4), (4, 3), (3, 1)])
@pytest.mark.parametrize("causal", [True, False])
def test_the_flow_is_the_least_cut(num_layers, n, causal):
    capacities = layers(num_layers, n, causal=causal)
    expected = [least_cut(capacities, sink) for sink in range(n)]
    np.testing.assert_allclose(maximum_flows(capacities), expected, rtol=1e-12)


@pytest.mark.parametrize("num_layers", [2, 3, 4])
def test_the_flow_is_that_of_a_second_library(num_layers):
    """SciPy's, which counts in whole numbers: here in units of 2 ** -30."""
    n, capacities = 9, layers(num_layers, 9)
    edges = np.zeros(((num_layers + 1) * n,) * 2)
    for level, matrix in enumerate(capacities):
        edges[(level + 1) * n : (level + 2) * n, level * n : (level + 1) * n] = matrix
    graph = csr_matrix(np.round(edges * 2**30).astype(np.int32))
    source = len(edges) - 1
    expected = [maximum_flow(graph, source, sink).flow_value / 2**30 for sink in range(n)]
    np.testing.assert_allclose(maximum_flows(capacities), expected, atol=n * n * 2.0**-30)


def test_through_two_layers_the_library_and_the_sum_agree():
    capacities = layers(2, 12)
    np.testing.assert_allclose(
        maximum_flows(capacities), _flows_through_network(capacities), rtol=1e-12
    )


def test_flow_takes_ways_that_rollout_divides():
    """All the attention above goes where only half of it fits; the flow is what fits."""
    above, below = np.array([[1, 0], [1, 0.0]]), np.array([[0.5, 0.5], [0, 1]])
    np.testing.assert_allclose(maximum_flows([below, above]), [0.5, 0.5])
    # Two ways of 0.5 each, of which one is narrowed to 0.1 in the middle.
    middle = np.array([[0.1, 0.9], [0, 1]])
    halves = np.array([[1, 0], [0.5, 0.5]])
    # To 0: over 0, 0.1. To 1: over 0, 1 what is left of one half, 0.4; over 1, the other.
    found = maximum_flows([np.eye(2), middle, halves])
    np.testing.assert_allclose(found, [0.1, min(0.5, 0.9) + min(0.5, 1)])


@pytest.mark.parametrize("name", NAMES)
def test_a_model_without_attention_is_told(name):
    case = Case(Given(attention=False), TWO, 3)
    needs = "values" if name == "value-weighted norms" else "attention"
    with pytest.raises(AttnrecError, match=f"^{name}: Given gives no {needs}$"):
        method_named(name).check(case)


def test_a_model_that_only_answers_requests_gives_no_values():
    case = Case(Given(LOWER, UPPER), TWO, 3)
    with pytest.raises(AttnrecError, match="value-weighted norms: Given gives no values"):
        method_named("value-weighted norms").check(case)
    for name in NAMES[:-1]:
        method_named(name).check(case)


@pytest.mark.parametrize("name", NAMES)
def test_maps_that_do_not_lead_between_positions_are_refused(name):
    to_fields = attention_map("fields", [[1, 0], [0.5, 0.5]], key_axis="feature")
    with pytest.raises(AttnrecError, match="fields: expected a map from positions to positions"):
        values_of(name, Case(Given(to_fields), TWO, 3))


@pytest.mark.parametrize("name", ["rollout", "flow"])
def test_weights_that_are_no_shares_are_refused(name):
    gates = attention_map("gates", [[0.9, 0], [0.9, 0.9]], normalisation="gate")
    case = Case(Given(gates), TWO, 3)
    with pytest.raises(AttnrecError, match="gates: rollout and flow expect weights that sum to"):
        values_of(name, case)
    np.testing.assert_allclose(values_of("raw attention", case), [0.9, 0.9], rtol=1e-6)
