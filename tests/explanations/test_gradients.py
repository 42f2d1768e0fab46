"""Explanations by derivatives, against models whose answer is known and derivatives taken apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from flax import nnx

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.explanations import gradients
from attnrec.explanations.case import Case
from attnrec.explanations.gradients import convergence_delta
from attnrec.explanations.methods import Options, method_named
from attnrec.inspection import AttentionRecord, Capabilities, Inspection
from attnrec.models import SASRec, SASRecModule, Schema
from attnrec.models.recorder import ModelInspector
from attnrec.models.views import GIVEN, Tape, read_out, recording_view
from attnrec.models.weights import named_leaves, with_leaves

ITEMS, LONGEST, TARGET = 30, 32, 30
CATALOGUE = Catalogue(pd.DataFrame(index=range(1, ITEMS + 1)))
BY_EMBEDDING = ["gradient", "gradient x input", "integrated gradients"]
NAMES = [*BY_EMBEDDING, "gradient x attention"]


class Powers(nnx.Module):
    """Adds up the embeddings of a history and takes a power of each entry; no attention."""

    max_length = 16

    def __init__(self, power: int):
        self.power = power
        self.table = nnx.Embed(ITEMS + 1, 4, rngs=nnx.Rngs(0))

    def encode(self, items, mask, *, rngs=None):
        shown = jnp.where(mask[..., None], self.table(items), 0)
        return jnp.cumsum(shown, axis=1) ** self.power

    def item_embeddings(self):
        return self.table.embedding[...]


def values_of(name: str, case: Case, **options) -> np.ndarray:
    return method_named(name).compute(case, Options(**options))


def history(length: int) -> np.ndarray:
    """Without the target."""
    return np.random.default_rng(length).integers(1, TARGET, length)


@pytest.fixture(scope="module")
def model() -> SASRecModule:
    """Every weight is random, biases and scales too: no term hides behind a zero."""
    config = SASRec(16, num_layers=2, num_heads=2, max_length=LONGEST)
    model = config.build(Schema(ITEMS), nnx.Rngs(0))
    rng = np.random.default_rng(0)
    noise = lambda x: x + rng.normal(0, 0.3, x.shape).astype(np.float32)  # noqa: E731
    nnx.update(model, jax.tree.map(noise, nnx.state(model)))
    return model


@pytest.fixture(scope="module")
def inspector(model) -> ModelInspector:
    return ModelInspector(model, CATALOGUE, "SASRec")


@pytest.fixture(scope="module")
def exact(model) -> ModelInspector:
    """Pads nothing, of nine items."""
    exact = ModelInspector(model, CATALOGUE, "SASRec")
    exact.lengths = (9, LONGEST)
    return exact


def score(model: SASRecModule, items: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """The target's, of the items' table, by the model itself: no padding, no recording."""
    graphdef, state = nnx.split(model)

    @jax.jit
    def score(table):
        leaves = named_leaves(state) | {"item_embedding.embedding": table}
        mine = nnx.merge(graphdef, with_leaves(state, leaves))
        return mine.encode(items[None], items[None] > 0)[0, -1] @ model.item_embeddings()[TARGET]

    return score


@pytest.mark.parametrize("length", [7, 17])
def test_derivatives_by_the_table_are_those_of_the_positions(model, inspector, length):
    """A row of the table enters by every position that its item has, and by no other way."""
    items, table = history(length), model.item_embeddings()
    by_table = np.asarray(jax.jit(jax.grad(score(model, items)))(table))
    case = Case(inspector, items, TARGET)
    norm, dot = (values_of(name, case) for name in ("gradient", "gradient x input"))
    assert norm.dtype == dot.dtype == np.float64
    for item in np.unique(items):
        places = items == item
        expected = table[item] @ by_table[item]
        np.testing.assert_allclose(dot[places].sum(), expected, rtol=1e-3, atol=1e-5)
        if places.sum() == 1:
            expected = np.linalg.norm(by_table[item])
            np.testing.assert_allclose(norm[places], expected, rtol=1e-3, atol=1e-5)


def test_a_linear_model_is_explained_exactly():
    """The score is a sum of products with the target: gradients are the target's embedding."""
    model = Powers(1)
    table = np.asarray(model.item_embeddings())
    case = Case(ModelInspector(model, CATALOGUE, "Powers"), history(5), TARGET)
    products = table[history(5)] @ table[TARGET]
    assert (products < 0).any()
    np.testing.assert_allclose(values_of("gradient x input", case), products, rtol=1e-5)
    np.testing.assert_allclose(values_of("integrated gradients", case), products, rtol=1e-5)
    np.testing.assert_allclose(
        values_of("gradient", case), np.full(5, np.linalg.norm(table[TARGET])), rtol=1e-5
    )


def test_integrated_gradients_of_a_cube():
    """Its derivative is a square, which two points integrate exactly and one, in the middle, not.

    Of a, along alpha a: the integral of 3 alpha² is 1, its value in the middle 3 / 4.
    """
    model = Powers(3)
    table = np.asarray(model.item_embeddings())
    case = Case(ModelInspector(model, CATALOGUE, "Powers"), history(5), TARGET)
    shown = table[history(5)]
    whole = (shown * shown.sum(0) ** 2) @ table[TARGET]
    for steps, part in ((1, 3 / 4), (2, 1), (50, 1)):
        found = values_of("integrated gradients", case, steps=steps)
        np.testing.assert_allclose(found, part * whole, rtol=1e-4)
        delta = (part - 1) * whole.sum()
        assert convergence_delta(case, found) == pytest.approx(delta, rel=1e-3, abs=1e-5)
    np.testing.assert_allclose(values_of("gradient x input", case), 3 * whole, rtol=1e-4)


@pytest.mark.parametrize("length", [1, 12])
def test_completeness(model, inspector, monkeypatch, length):
    items, table = history(length), model.item_embeddings()
    case = Case(inspector, items, TARGET)
    monkeypatch.setattr(gradients, "POSITIONS", 50 * case.length)  # a shape that others compile
    found = values_of("integrated gradients", case, steps=300)
    own = score(model, items)
    expected = float(own(table) - own(table.at[items].set(0)))
    assert abs(expected) > 0.2
    # Every unit that switches on the way costs the sum about a point's weight.
    assert found.sum() == pytest.approx(expected, abs=5e-3)
    assert convergence_delta(case, found) == pytest.approx(found.sum() - expected, abs=1e-4)


def test_chunks_change_nothing(inspector, monkeypatch):
    case = Case(inspector, history(10), TARGET)
    whole = values_of("integrated gradients", case)
    monkeypatch.setattr(gradients, "POSITIONS", 7 * case.length)  # the eighth is not full
    np.testing.assert_allclose(values_of("integrated gradients", case), whole, atol=1e-5)


@pytest.mark.parametrize("steps", [0, -1, 2.5, True])
def test_steps_that_are_no_number_of_points(inspector, unchecked, steps):
    with pytest.raises(AttnrecError, match="steps: expected a whole number from 1"):
        values_of("integrated gradients", Case(inspector, history(3), TARGET), steps=steps)


def in_float64(model: SASRecModule) -> SASRecModule:
    graphdef, state = nnx.split(model)
    model = nnx.merge(graphdef, jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), state))
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Embed):
            module.dtype = jnp.float64
    return model


def test_gradient_x_attention_is_the_rate_of_more_attention_to_a_key(model):
    """By differences, in float64: each layer's column of weights a little larger and smaller."""
    items, step = history(6), 1e-5

    @partial(jax.jit, static_argnums=0)
    def score_with(name, given):
        tape = Tape({name: np.array([GIVEN])}, {name: given})
        view = recording_view(nnx.merge(*nnx.split(precise)), tape)
        return read_out(view, items[None], items[None] > 0)[0] @ view.item_embeddings()[TARGET]

    with jax.enable_x64(True):
        precise = in_float64(model)
        inspector = ModelInspector(precise, CATALOGUE, "SASRec")
        case = Case(inspector, items, TARGET)
        expected = np.zeros(6)
        for name, weights in zip(inspector.names, case.maps, strict=True):
            for key, sign in product(range(6), (1, -1)):
                given = np.array(weights[None], np.float64)
                given[..., key] *= 1 + sign * step
                expected[key] += sign * float(score_with(name, given)) / (2 * step)
        found = values_of("gradient x attention", case)
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_padding_counts_for_nothing(inspector, exact, name):
    cases = [Case(one, history(9), TARGET) for one in (inspector, exact)]
    assert [case.length for case in cases] == [16, 9]
    padded, plain = (values_of(name, case) for case in cases)
    assert padded.shape == (9,)
    np.testing.assert_allclose(padded, plain, atol=1e-4 * np.abs(plain).max())


@pytest.mark.parametrize("name", NAMES)
def test_one_item_and_signs(inspector, name):
    found = [values_of(name, Case(inspector, history(1), target)) for target in range(1, TARGET)]
    assert np.shape(found) == (TARGET - 1, 1)
    assert np.isfinite(found).all()
    assert method_named(name).signed == (name != "gradient") == (np.min(found) < 0)


def test_another_history_compiles_nothing(inspector):
    for name in BY_EMBEDDING:
        values_of(name, Case(inspector, history(5), TARGET))
    before = inspector.probe._by_embedding._cache_size()
    for name in BY_EMBEDDING:
        values_of(name, Case(inspector, history(14), TARGET - 1))
    assert inspector.probe._by_embedding._cache_size() == before


class Answers:
    """Only answers requests, whatever it says that it can."""

    name = "Answers"
    catalogue = CATALOGUE
    lengths = ()

    def __init__(self, **capabilities: bool):
        self.capabilities = Capabilities(**capabilities)

    def inspect(self, request):
        scores = np.zeros((len(request.items), ITEMS + 1), np.float32)
        return Inspection(request, scores, AttentionRecord((), request.mask), CATALOGUE)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_without_gradients_is_told(name):
    needs = "attention gradients" if name == "gradient x attention" else "gradients"
    for can in ({}, {"attention": True}, {"attention": True, "gradients": True}):
        with pytest.raises(AttnrecError, match=f"^{name}: Answers gives no {needs}$"):
            method_named(name).check(Case(Answers(**can), history(3), TARGET))


def test_gradients_without_attention():
    case = Case(ModelInspector(Powers(1), CATALOGUE, "Powers"), history(3), TARGET)
    for name in BY_EMBEDDING:
        method_named(name).check(case)
    with pytest.raises(AttnrecError, match="gradient x attention: Powers gives no attention grad"):
        method_named("gradient x attention").check(case)
