"""Attention beside gradients and leave-one-out: by hand, by scipy, and where nothing is ordered."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from attnrec.errors import AttnrecError
from attnrec.explanations.attention_agreement import attention_agreement, output_change
from attnrec.explanations.case import Case
from attnrec.explanations.methods import Options, method_named
from attnrec.inspection import Request

from .conftest import Additive


def softmax(scores) -> np.ndarray:
    return np.exp(scores) / np.exp(scores).sum()


def test_output_change_by_hand():
    """Item 2 is worth 1 to the target and item 3 nothing; the two others score 0."""
    case = Case(Additive([0.0, 1.0, 0.0], target=1), np.array([2, 3]), 1)
    distance = np.abs(softmax([1.0, 0, 0]) - softmax([0.0, 0, 0])).sum() / 2
    np.testing.assert_allclose(output_change(case), [distance, 0], atol=1e-6)


@pytest.mark.parametrize("removal", ["drop", "mask"])
def test_output_change_as_the_model_says_of_each_shorter_history(small, removal):
    left_out = np.array([3, 14])
    case = Case(small, np.array([3, 14, 15, 9]), target=7, left_out=left_out)

    def answer(items, mask):
        scores = np.asarray(small.inspect(Request(items[None], mask[None])).scores[0], float)
        scores[left_out] = -np.inf
        return softmax(scores)

    expected = []
    for position in range(4):
        mask = np.arange(4) != position
        items = case.items if removal == "mask" else case.items[mask]
        without = answer(items, mask if removal == "mask" else np.ones(3, bool))
        expected.append(np.abs(without - answer(case.items, np.ones(4, bool))).sum() / 2)
    np.testing.assert_allclose(output_change(case, removal), expected, atol=1e-5)


def test_agreement_is_scipys_tau_of_sizes(case):
    methods = ("last layer", "gradient x input", "recency")
    found = attention_agreement(case, methods, "mask")
    options = Options(removal="mask")
    gradient = np.abs(method_named("gradient x input").compute(case, options))
    np.testing.assert_allclose(found.measures[0], gradient)
    np.testing.assert_allclose(found.measures[1], output_change(case, "mask"))
    for name, tau, p_value in zip(methods, found.tau, found.p_value, strict=True):
        values = np.abs(method_named(name).compute(case, options))
        expected = [kendalltau(values, measure) for measure in found.measures]
        np.testing.assert_allclose(np.stack([tau, p_value], 1), expected)
    assert found.tau[1, 0] == pytest.approx(1)
    assert found.table().loc["recency", "leave-one-out"] == found.tau[2, 1]


def test_what_orders_nothing_has_no_tau(case):
    found = attention_agreement(case, ["uniform"])
    assert np.isnan(found.tau).all()
    assert np.isnan(found.p_value).all()


def test_a_history_of_one_item_is_no_order(small):
    found = attention_agreement(Case(small, np.array([3]), 7))
    assert found.tau.shape == (1, 2)
    assert np.isnan(found.tau).all()
    assert found.measures.shape == (2, 1)


def test_a_model_without_gradients_is_told():
    case = Case(Additive([0.0, 1.0, 0.0], target=1), np.array([2, 3]), 1)
    with pytest.raises(AttnrecError, match="gradient x input: Additive gives no gradients"):
        attention_agreement(case, ["recency"])


def test_an_unknown_method_is_told_with_the_nearest(case):
    with pytest.raises(AttnrecError, match="no method 'last layerr'.*last layer"):
        attention_agreement(case, ["last layerr"])


def test_what_is_no_list_of_methods_is_told(case):
    for methods in ("recency", []):
        with pytest.raises(AttnrecError, match="methods: expected"):
            attention_agreement(case, methods)
