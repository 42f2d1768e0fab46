"""Fields' vectors against sums over levels, one by one."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from flax import nnx

from attnrec.features.fields import FeatureSchema, Field, Levels
from attnrec.models.features.embedding import FeatureEmbedding

CATEGORY = ("category", ("a", "b", "c"), 1)
SET = ("set", ("a", "b", "c", "d"), 2)
VECTOR = ("vector", ("1", "2", "3"), 3)
RNG = np.random.default_rng(0)


def schema_of(user, item, context=()):
    told = {"user": user, "item": item, "context": context}
    return FeatureSchema(
        tuple(
            Field(f"{side} {number}", side, *field)
            for side, fields in told.items()
            for number, field in enumerate(fields)
        )
    )


def cases_of(schema, count=20):
    """Cases in which a fifth of the fields say nothing."""
    parts = []
    for field in schema.fields:
        shape = (count, field.num_columns)
        levels = RNG.integers(1, len(field.labels) + 1, size=shape)
        if field.kind == "vector":
            levels = np.tile(np.arange(1, field.num_columns + 1), (count, 1))
        there = RNG.random((count, 1)) > 0.2
        parts.append(Levels(levels * there, RNG.normal(size=shape) * there))
    return schema.joint(range(len(schema)), parts)


@pytest.mark.parametrize(
    "schema",
    [
        schema_of([VECTOR], [VECTOR]),
        schema_of([CATEGORY, VECTOR], [VECTOR, VECTOR, CATEGORY, SET], [VECTOR]),
        schema_of([CATEGORY, SET, VECTOR, CATEGORY], [CATEGORY], [CATEGORY]),
    ],
    ids=["vectors alone", "vectors beside each other", "vectors between others"],
)
def test_a_field_is_the_sum_of_its_levels(schema):
    embedding = FeatureEmbedding(schema, 4, rngs=nnx.Rngs(0))
    cases = cases_of(schema)
    table = np.asarray(embedding.table.embedding[...], np.float64)
    expected = np.array(
        [
            [
                sum(w * table[level] for level, w in zip(levels[c], weights[c], strict=True))
                for c in schema.columns
            ]
            for levels, weights in zip(*cases, strict=True)
        ]
    )
    inputs = schema.apart(cases)
    np.testing.assert_allclose(embedding(inputs), expected, atol=1e-6)
    of_items = slice(len(schema.of("user")), len(schema.of("user", "item")))
    np.testing.assert_allclose(embedding.candidates(inputs)[:, 0], expected[:, of_items], atol=1e-6)
    there = [[(row[c] > 0).any() for c in schema.columns] for row in cases.levels]
    np.testing.assert_array_equal(embedding.present(inputs), there)


def test_gradients_reach_the_rows_of_what_is_there():
    schema = schema_of([CATEGORY, VECTOR], [SET])
    cases = cases_of(schema)

    def loss(embedding):
        return embedding(schema.apart(cases)).sum()

    found = nnx.grad(loss)(FeatureEmbedding(schema, 4, rngs=nnx.Rngs(0))).table.embedding[...]
    expected = np.zeros(schema.num_levels)
    np.add.at(expected, cases.levels, cases.weights)
    np.testing.assert_allclose(found, np.tile(expected[:, None], 4), atol=1e-5)


def test_it_can_be_traced_and_its_structure_compared():
    schema = schema_of([VECTOR], [CATEGORY])
    embedding = FeatureEmbedding(schema, 4, rngs=nnx.Rngs(0))
    graph, state = nnx.split(embedding)
    assert hash(graph) == hash(nnx.split(embedding)[0])
    inputs = schema.apart(cases_of(schema))
    found = jax.jit(lambda state: nnx.merge(graph, state)(inputs))(state)
    np.testing.assert_allclose(found, embedding(inputs), atol=1e-6)
