"""Items on a map: the model's own vectors, and how far groups lie together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import attnrec as ar
from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.explanations.maps import ItemMap, item_map, item_vectors
from attnrec.features.projection import Projection, project
from attnrec.models.features import FM, LogisticRegression
from tests.explanations.feature_shop import choices, run_of


@pytest.fixture(scope="module")
def shipped():
    return ar.load_run("bazaar-sasrec")


def map_of(points, groups) -> ItemMap:
    frame = pd.DataFrame({"title": [f"item {i}" for i in range(len(points))]})
    projection = Projection(np.array(points, float), "tsne")
    return ItemMap(projection, "kind", tuple(groups), "Model", Catalogue(frame))


def test_of_histories_the_vectors_are_the_item_embeddings(shipped):
    found = item_map(shipped, by="category")
    table = np.asarray(shipped.model.item_embeddings())[1 : len(shipped.items) + 1]
    np.testing.assert_allclose(found.projection.points, project(table).points)
    frame = found.to_frame()
    assert frame.index.tolist() == shipped.items.tolist()
    assert frame["category"].tolist() == shipped.data.catalogue.frame["category"].tolist()
    assert list(frame) == ["title", "x", "y", "category"]


def test_of_features_they_are_those_of_all_fields_of_the_item():
    run = run_of(FM(embedding_size=3), choices(ids=True))
    found = item_vectors(run)
    table = np.asarray(run.model.embedding.table.embedding[...])
    schema = run.features.schema
    levels, weights = (np.asarray(part)[1:] for part in run.features.items)
    assert schema.of("item") == (2, 3, 4)  # item, colour, size: a column each
    expected = (table[levels] * weights[..., None]).reshape(len(run.items), -1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_neighbours_of_a_group():
    """Two clusters of three on a line; one of them has a stranger among its own."""
    points = [(0, 0), (0.1, 0), (0.2, 0), (9, 0), (9.1, 0), (9.2, 0)]
    share, chance = map_of(points, "aaabbb").alike(2)
    assert (share, chance) == (1, pytest.approx(2 / 5))
    share, chance = map_of(points, "aababb").alike(2)
    # Of a: two have one of two, one has none; b likewise.
    assert share == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert chance == pytest.approx(2 / 5)
    unknown = map_of([*points, (0.15, 0)], [*"aaabbb", ""])
    assert unknown.alike(2)[0] == 1


def test_similar_products_lie_together_in_the_shipped_shop(shipped):
    share, chance = item_map(shipped, "tsne", by="category").alike()
    assert share > 3 * chance


def test_a_group_may_be_a_list_or_missing():
    run = run_of(FM(embedding_size=3), choices(ids=True))
    frame = run.data.catalogue.frame
    frame["tags"] = [["red", "wide"], None, *["plain"] * (len(frame) - 2)]
    found = item_map(run, by="tags")
    assert found.groups[:3] == ("['red', 'wide']", "", "plain")


def test_mistakes(shipped):
    with pytest.raises(AttnrecError, match="by: the catalogue has no 'categry'; did you mean 'cat"):
        item_map(shipped, by="categry")
    with pytest.raises(AttnrecError, match="run: LogisticRegression has no vectors of items"):
        item_map(run_of(LogisticRegression(), choices()))
    with pytest.raises(AttnrecError, match="by: this map has no groups"):
        item_map(shipped).alike()
    with pytest.raises(AttnrecError, match="neighbours: expected 1 to 1, got 5"):
        map_of([(0, 0), (1, 1)], "ab").alike(5)
    with pytest.raises(AttnrecError, match="by: kind is known of 1 items, and it takes two"):
        map_of([(0, 0), (1, 1)], ["a", ""]).alike(1)
