"""Arrays by name: every array has its own."""

from __future__ import annotations

import jax
import numpy as np
import optax
import pytest
from flax import nnx

from attnrec.models import SASRec, Schema
from attnrec.models.weights import named_leaves, with_leaves


def test_no_two_arrays_share_a_name():
    state = nnx.state(SASRec(8).build(Schema(5), nnx.Rngs(0)))
    tree = (state, optax.adam(1e-3).init(state))
    names = named_leaves(tree)
    assert len(names) == len(jax.tree.leaves(tree))
    assert "blocks.1.attention.value.kernel" in named_leaves(state)


def test_there_and_back():
    tree = {"a": np.arange(3.0), "b": [np.ones((2, 2)), np.zeros(())]}
    back = with_leaves(tree, {name: leaf + 1 for name, leaf in named_leaves(tree).items()})
    np.testing.assert_array_equal(back["a"], [1, 2, 3])
    np.testing.assert_array_equal(back["b"][1], 1)


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"a: expected \(3,\), got \(2,\)"):
        with_leaves({"a": np.zeros(3)}, {"a": np.zeros(2)})
    with pytest.raises(KeyError, match="a"):
        with_leaves({"a": np.zeros(3)}, {})
