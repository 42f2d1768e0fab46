"""Dots lie where the map has them, and circles are as large as the attention."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from attnrec import plots
from attnrec.data import Catalogue
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations.maps import ItemMap
from attnrec.features.projection import Projection

RNG = np.random.default_rng(0)


def map_of(count: int = 30, by: str | None = "kind", method="tsne") -> ItemMap:
    titles = [f"item $x^{i}$" for i in range(count)]
    frame = pd.DataFrame({"title": titles}, index=[f"p{i}" for i in range(count)])
    groups = ["a" if i % 3 else "b" for i in range(count)]
    explained = (0.5, 0.25) if method == "pca" else None
    projection = Projection(RNG.normal(size=(count, 2)), method, explained)
    told = tuple(groups) if by else ("",) * count
    return ItemMap(projection, by, told, "Model", Catalogue(frame))


def texts(figure) -> list[str]:
    return [" ".join(text.get_text().split()) for text in figure.texts]


def test_dots_circles_and_what_they_are(tmp_path):
    items = map_of()
    figure = plots.embedding_map(items, {"p3": 3.0, "p7": 1.0}, provenance="seed 7")
    dots, circles = figure.axes[0].collections
    np.testing.assert_allclose(dots.get_offsets(), items.projection.points)
    np.testing.assert_allclose(circles.get_offsets(), items.projection.points[[3, 7]])
    one, other = circles.get_sizes()
    assert one == pytest.approx(3 * other)
    colors = {to_hex(color) for color in dots.get_facecolors()}
    assert colors == set(plots.style.CATEGORICAL[:2])
    named = [text.get_text() for text in figure.axes[0].texts]
    assert named == ["item $x^3$ 75%", "item $x^7$ 25%"]
    near, chance = items.alike(10)
    told = texts(figure)
    assert {"a", "b"} <= set(told)
    share = f"which {near:.0%} of the nearest 10 share (by chance {chance:.0%})"
    assert any(f"coloured by kind, {share}" in line for line in told)
    assert plots.files.provenance_of(figure) == "seed 7"
    assert "item $x^3$" in plots.save(figure, tmp_path / "map.svg").read_text()


def test_names_stay_within_and_apart():
    points = np.array([[0.0, 0.0], [0.01, 0.0], [1.0, 1.0], [1.0, 0.99], [0.5, 0.2]])
    frame = pd.DataFrame({"title": ["a rather long title of an item"] * 5}, index=list("abcde"))
    items = ItemMap(Projection(points, "tsne"), None, ("",) * 5, "Model", Catalogue(frame))
    figure = plots.embedding_map(items, dict(zip("abcde", (5, 4, 3, 2, 1), strict=True)))
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 3  # b and d would lie over a and c
    frame = figure.axes[0].get_window_extent()
    assert all(frame.x0 < box.x0 and box.x1 < frame.x1 for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_without_attention_and_without_groups():
    figure = plots.embedding_map(map_of(by=None, method="pca"))
    (dots,) = figure.axes[0].collections
    assert {to_hex(color) for color in dots.get_facecolors()} == {plots.style.AXIS}
    assert "PCA: each axis holds 50% and 25% of the variance" in " ".join(texts(figure))


def test_groups_that_are_known_of_few_or_of_none():
    few = map_of()
    few = replace(few, groups=("a", "a", "b", *[""] * 27))
    assert "of the nearest 2 share" in " ".join(texts(plots.embedding_map(few)))
    for known in (0, 1):
        groups = ("a",) * known + ("",) * (30 - known)
        told = " ".join(texts(plots.embedding_map(replace(few, groups=groups))))
        assert "nearest" not in told


def test_thousands_of_items_are_one_picture_in_the_file():
    (dots,) = plots.embedding_map(map_of(3000, by=None)).axes[0].collections
    assert dots.get_rasterized()


def test_mistakes():
    with pytest.raises(UnknownIdError, match="unknown item 'q3'"):
        plots.embedding_map(map_of(), {"q3": 1})
    for weights, told in (
        ({"p1": -1.0}, "from 0 on"),
        ({"p1": np.nan}, "finite"),
        ({"p1": 0.0}, "every weight is 0"),
    ):
        with pytest.raises(AttnrecError, match=f"attention: .*{told}"):
            plots.embedding_map(map_of(), weights)
    with pytest.raises(AttnrecError, match="width: expected 2.7 inches or more, got 1"):
        plots.embedding_map(map_of(), width=1)
    with pytest.raises(AttnrecError, match="items: expected what item_map"):
        plots.embedding_map("run")
