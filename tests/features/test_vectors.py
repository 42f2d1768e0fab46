"""Vectors from outside: against scikit-learn's scaling, in the catalogue, and through a run."""

from __future__ import annotations

import doctest
import importlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from flax import nnx
from sklearn.preprocessing import StandardScaler

import attnrec as ar
from attnrec.data import validate
from attnrec.data.parts import RowSplit
from attnrec.data.split import at_random
from attnrec.errors import DataError
from attnrec.features import Vectors
from attnrec.features.encoders import from_state
from attnrec.models.features import FeatureEmbedding, MultiModalAttention

module = importlib.import_module("attnrec.features.vectors")
RNG = np.random.default_rng(0)


def column(*cells):
    return pd.Series(list(cells), dtype=object)


def test_weights_are_those_of_scikit_learn():
    train, later = RNG.normal(3, 2, (50, 4)), RNG.normal(0, 9, (7, 4))
    encoder = Vectors("image").fit(column(*train))
    assert (encoder.name, encoder.kind, encoder.num_columns) == ("image", "vector", 4)
    assert encoder.labels == ("image 1", "image 2", "image 3", "image 4")
    assert str(encoder.report) == "nothing to report"
    peer = StandardScaler().fit(train)
    for values in (train, later):
        levels, weights = encoder.encode(column(*values))
        assert (levels == [1, 2, 3, 4]).all()
        assert (levels.dtype, weights.dtype) == (np.int32, np.float32)
        np.testing.assert_allclose(weights, peer.transform(values), atol=1e-6)  # float32


@pytest.mark.parametrize(
    "cells",
    [
        ([1, 2], [3, 6]),
        ((1.0, 2.0), (3.0, 6.0)),
        (np.array([1, 2], np.float16), np.array([3, 6], np.int64)),
        ([np.float32(1), 2], [3, np.int8(6)]),
        (np.array([1, 2], object), [3, 6]),
    ],
)
def test_lists_tuples_and_arrays_are_vectors(cells):
    encoder = Vectors("image").fit(column(*cells))
    assert encoder.center == (2, 4)
    assert encoder.spread == (1, 2)
    assert encoder.encode(column(*cells)).weights.tolist() == [[-1, -1], [1, 1]]


def test_bits_and_arrow_lists_are_vectors():
    assert Vectors("tags").fit(column([True, False], [False, False])).center == (0.5, 0)
    lists = pd.ArrowDtype(pa.list_(pa.float32()))
    arrow = pd.Series([[1.0, 2.0], None, [3.0, 2.0]], dtype=lists)
    assert Vectors("image").fit(arrow).encode(arrow).levels.tolist() == [[1, 2], [0, 0], [1, 2]]


def test_what_is_missing_says_nothing():
    gaps = column(None, np.nan, pd.NA, "", " ", [], np.array([]), [1.0, None], [np.inf, 1.0])
    encoder = Vectors("image").fit(column([0.0, 0.0], *gaps, [2.0, 0.0]))
    found = encoder.encode(gaps)
    assert found.levels.shape == (9, 2)
    assert not found.levels.any()
    assert not found.weights.any()
    assert encoder.report.count("image: missing values") == 9
    assert encoder.report.count("image: vectors with gaps or infinite numbers") == 2
    assert encoder.encode(column()).levels.shape == (0, 2)
    assert encoder.encode(pd.Series([[5.0, 0.0]], index=[7])).weights.tolist() == [[4, 0]]


def test_zeros_and_what_never_differs():
    encoder = Vectors("image").fit(column([0.0, 0.0, 0.1], [0.0, 4.0, 0.1], [0.0, 2.0, 0.1]))
    levels, weights = encoder.encode(column([0.0, 0.0, 0.0], [1.0, 2.0, 0.1]))
    assert (levels == [1, 2, 3]).all()
    # a dimension of one value is not scaled: deviation of (0, 4, 2) is sqrt(8 / 3)
    expected = [[0, -2 / np.sqrt(8 / 3), -0.1], [1, 0, 0]]
    np.testing.assert_allclose(weights, expected, atol=1e-7)
    assert encoder.report.count("image: dimensions of one value") == 2
    alone = Vectors("image").fit(column([0.0, 0.0]))
    assert alone.encode(column([0.0, 0.0])).weights.tolist() == [[0, 0]]


def test_large_numbers():
    with pytest.raises(DataError, match="image: numbers too large to be added up; expected less"):
        Vectors("image").fit(column([1.7e308], [1.7e308]))
    encoder = Vectors("image").fit(column([1.0], [2.0]))
    assert encoder.encode(column([1e300])).weights.item() == np.finfo(np.float32).max


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([[1, 2], [3]], "image: expected vectors of 2 numbers, as the first, got 1 in value 2"),
        (["0.1 0.2"], "image: expected a list or array of numbers in each row, got '0.1 0.2'"),
        ([["0.1", "0.2"]], "image: expected a list or array of numbers .* got .'0.1', '0.2'"),
        ([[1, "a"]], "image: expected a list or array of numbers"),
        ([[1, [2]]], "image: expected a list or array of numbers"),
        ([[[1, 2], [3, 4]]], "image: expected a list or array of numbers"),
        ([np.array(3.0)], "image: expected a list or array of numbers"),
        ([[1j, 2]], "image: expected a list or array of numbers"),
        ([pd.to_datetime(["2020-01-01"]).to_numpy()], "image: expected a list or array of numbers"),
        ([{1, 2}], "image: expected a list or array of numbers"),
        ([{"a": 1}], "image: expected a list or array of numbers"),
        ([0.5], "image: expected a list or array of numbers in each row, got 0.5"),
        ([None, [1, None]], "image: expected some values in train, got 2 missing ones"),
        ([], "image: expected some values in train, got no rows"),
    ],
)
def test_what_is_no_vector_is_refused(cells, told):
    with pytest.raises(DataError, match=told):
        Vectors("image").fit(column(*cells))


def test_later_vectors_have_the_length_of_train():
    encoder = Vectors("image").fit(column([1, 2]))
    with pytest.raises(DataError, match="expected vectors of 2 numbers, as train's, got 3 in val"):
        encoder.encode(column(None, [1, 2, 3]))


def test_state():
    encoder = Vectors("image").fit(column([1 / 3, 2], None, [0.1, 7]))
    assert from_state(json.loads(json.dumps(encoder.state()))) == encoder


@pytest.fixture(scope="module")
def shop():
    """Some go by the picture, some by the text, as their taste says."""
    items, rows = 30, 1500
    image, text = RNG.normal(size=(items, 6)).astype("f"), RNG.normal(size=(items, 4))
    user, item = RNG.integers(0, 20, rows), RNG.integers(0, items, rows)
    rating = np.where(user % 2, image[item, 0] > 0, text[item, 1] > 0)
    table = pd.DataFrame({"user": user, "item": item, "rating": rating * 4 + 1})
    catalogue = pd.DataFrame({"image": list(image), "text": text.tolist()})
    catalogue.loc[3, "text"] = None
    people = pd.DataFrame({"taste": np.where(np.arange(20) % 2, "image", "text")})
    return validate(
        table.drop_duplicates(["user", "item"]), catalogue=catalogue.iloc[::-1], people=people
    )


@pytest.fixture(scope="module")
def features(shop):
    return ar.features.build(
        at_random(shop),
        user=["taste"],
        item=[Vectors("image"), Vectors("text")],
        label="rating",
        threshold=3,
        ids=False,
    )


def test_a_field_of_vectors_is_a_projection(features):
    assert features.describe().loc["image", ["side", "kind", "levels"]].tolist() == [
        *("item", "vector", 6),
    ]
    embedding = FeatureEmbedding(features.schema, 3, rngs=nnx.Rngs(0))
    place = features.schema.index("image")
    rows = np.arange(40)
    found = np.asarray(embedding(features.of_rows(rows)))[:, place]
    frame = features.data.catalogue.frame
    each = np.stack(frame["image"].loc[features.data.frame["item"][rows]])
    scaled = (each - features.encoders["image"].center) / features.encoders["image"].spread
    start = features.schema.offsets[place] + 1
    matrix = np.asarray(embedding.table.embedding[...])[start : start + 6]
    np.testing.assert_allclose(found, scaled @ matrix, atol=1e-6)


@pytest.fixture(scope="module")
def run(features):
    recipe = MultiModalAttention(embedding_size=8)
    return ar.fit(recipe, features, epochs=40, batch_size=128, learning_rate=0.02, progress=False)


def test_tastes_are_learned_from_vectors_alone(run):
    assert run.evaluate().loc["MultiModalAttention", "AUC"] > 0.9  # there are no ids
    said = run.inspect(user=[3, 3], item=[5, 3])
    np.testing.assert_allclose(said.record.maps[0].weights.sum(-1), 1, atol=1e-6)
    frame = said.to_frame()
    assert frame["case"].tolist() == [1, 1, 2]
    assert frame["feature"].tolist() == ["image", "text", "image"]  # item 3 has no text
    assert frame["value"].tolist() == ["vector of 6", "vector of 4", "vector of 6"]
    assert frame["attention"][2] == 1


def test_saved_and_loaded_it_says_the_same(run, tmp_path):
    again = ar.load_run(run.save(tmp_path / "run"))
    assert again.features.schema == run.features.schema
    assert again.features.encoders == run.features.encoders
    for before, after in zip(run.features.items, again.features.items, strict=True):
        np.testing.assert_array_equal(after, before)
    asked = {"user": [1, 2, 3], "item": [5, 3, 9]}
    np.testing.assert_array_equal(again.predict(**asked), run.predict(**asked))
    once_more = ar.load_run(again.save(tmp_path / "again"))  # of what Parquet made of lists
    np.testing.assert_array_equal(once_more.predict(**asked), run.predict(**asked))


def test_vectors_of_users_and_of_circumstances():
    rows = pd.DataFrame({"user": list("aabb"), "item": list("xyxy"), "rating": [1, 5, 5, 1]})
    data = validate(
        rows.assign(weather=[[0.5, 1.0], None, [0.5, 3.0], [1.5, 2.0]]),
        people=pd.DataFrame({"face": [[1.0], [2.0]]}, index=["b", "a"]),
    )
    split = RowSplit(data, np.zeros(4, np.int8), "at_random")
    features = ar.features.build(
        split, user=[Vectors("face")], context=[Vectors("weather")], label="rating", ids=False
    )
    levels, weights = features.of_rows(np.arange(4)).flat()
    assert levels.tolist() == [[1, 2, 3], [1, 0, 0], [1, 2, 3], [1, 2, 3]]
    np.testing.assert_allclose(weights[:, 0], [1, 1, -1, -1])
    np.testing.assert_allclose(weights[:, 2], [-np.sqrt(1.5), 0, np.sqrt(1.5), 0], atol=1e-6)
    told = features.encode_context(pd.DataFrame({"weather": [[0.5, 1.0]]}))
    np.testing.assert_array_equal(told.weights[0], weights[0, 1:])


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
