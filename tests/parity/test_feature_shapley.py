"""Shapley values of fields are shap's, of the same model and background, to 1e-5."""

from __future__ import annotations

import warnings

import jax
import numpy as np
import pytest
from flax import nnx

from attnrec.explanations.features import Players, shapley_values
from attnrec.features import FeatureSchema, Field, Levels
from attnrec.models.features import AFM, FM, AutoInt, DeepFM

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of matplotlib and numba, as shap 0.51 uses them
    import shap

SIDES = ("user", "user", "item", "item", "item", "context", "context")
LEVELS = 5
TOLERANCE = 1e-5  # scores in float32, of about 1


@pytest.mark.parametrize(
    "recipe",
    [
        FM(embedding_size=4),
        DeepFM(embedding_size=4, hidden_sizes=(8,)),
        AFM(embedding_size=4),
        AutoInt(embedding_size=4, attention_size=8, num_layers=2),
    ],
    ids=lambda recipe: type(recipe).__name__,
)
def test_exact_values_are_those_of_shap(recipe):
    labels = tuple(map(str, range(LEVELS)))
    schema = FeatureSchema(
        tuple(Field(f"f{i}", side, "category", labels) for i, side in enumerate(SIDES))  # type: ignore[arg-type]
    )
    model = recipe.build(schema, nnx.Rngs(0))
    rng = np.random.default_rng(0)
    drawn = lambda x: rng.normal(0, 0.5, x.shape).astype(np.float32)  # noqa: E731
    nnx.update(model, jax.tree.map(drawn, nnx.state(model, nnx.Param)))
    score = nnx.jit(lambda model, inputs: model.score(inputs))
    offsets = np.array(schema.offsets[:-1])

    def inputs(codes):
        """Of levels 1 to 5 in each field; 0 is nothing."""
        levels = np.where(codes > 0, codes + offsets, 0).astype(np.int32)
        return schema.apart(Levels(levels, (levels > 0).astype(np.float32)))

    def scores(given):
        return np.asarray(score(model, given))

    cases, background = (rng.integers(0, LEVELS + 1, (count, len(SIDES))) for count in (3, 20))
    masker = shap.maskers.Independent(background.astype(float), max_samples=len(background))
    explainer = shap.explainers.Exact(lambda codes: scores(inputs(codes.astype(int))), masker)
    expected = explainer(cases.astype(float))
    found, _ = shapley_values(scores, Players.of(schema), inputs(cases), inputs(background))
    np.testing.assert_allclose(found, expected.values, atol=TOLERANCE)
    base = scores(inputs(background)).mean()
    np.testing.assert_allclose(expected.base_values, base, atol=TOLERANCE)
    assert np.abs(found).max() > 0.1
