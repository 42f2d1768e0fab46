"""The map tells the page what Python has, follows an explorer, and refuses what is not there."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import EmbeddingMap, HistoryExplorer, link

import attnrec as ar
from attnrec import plots
from attnrec.data import Catalogue
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations.item_attention import attention_to_items
from attnrec.explanations.maps import ItemMap, item_map
from attnrec.features.projection import Projection
from attnrec.models.features import DIN, FM
from tests.explanations.feature_shop import choices, run_of

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def run():
    return ar.load_run("bazaar-sasrec")


def map_of(count: int = 12, ids: list | None = None) -> ItemMap:
    points = np.random.default_rng(0).normal(size=(count, 2))
    frame = pd.DataFrame({"title": [f"thing {i}" for i in range(count)]}, index=ids)
    groups = tuple("b" if i % 3 else "" if i == 3 else "a" for i in range(count))
    return ItemMap(Projection(points, "tsne"), "kind", groups, "Model", Catalogue(frame))


def numbers(packed: dict) -> np.ndarray:
    data = packed["data"]
    data = base64.b64decode(data) if isinstance(data, str) else data
    return np.frombuffer(data, "<f4").reshape(packed["shape"])


def drawn(shown: EmbeddingMap, frame: int = -1) -> dict[object, float]:
    """Shares by item, as the page gets them."""
    told = shown._picture["frames"][frame]
    places, shares = numbers(told["places"]).astype(int), numbers(told["shares"]).tolist()
    return dict(zip((told["ids"][place] for place in places), shares, strict=True))


def summed(table: pd.DataFrame) -> dict[object, float]:
    return table.groupby("item")["attention"].sum().to_dict()


def test_every_item_is_where_the_map_has_it(run):
    shown = EmbeddingMap(run, method="pca", by="brand")
    (frame,) = shown._picture["frames"]
    found = item_map(run, by="brand")
    np.testing.assert_allclose(numbers(frame["points"]), found.projection.points, rtol=1e-6)
    assert frame["ids"] == run.items.tolist()
    assert frame["titles"] == run.data.catalogue.titles
    codes = numbers(frame["groups"]).astype(int)
    assert [frame["names"][code] for code in codes] == list(found.groups)
    sizes = pd.Series(codes).value_counts()
    assert sizes[0] == sizes.max()  # the largest group has the first colour
    assert (frame["title"], frame["told"]) == (found.title, found.told())
    assert drawn(shown) == {}


def test_of_a_user_it_shows_the_last_position_of_the_last_layer(run):
    shown = EmbeddingMap(run, user="u1")
    weights = run.inspect(user="u1").record.maps[-1].weights[0].mean(0)[-1]
    items = run.past("u1")[-len(weights) :]
    expected = pd.Series(weights[-len(items) :], items).groupby(level=0).sum()
    assert expected.index.size < len(items)  # some repeat
    assert drawn(shown) == pytest.approx((expected / expected.sum()).to_dict(), rel=1e-5)
    to = f"{len(items)} products of user u1 (layer 2, mean of 2 heads, last position)"
    assert shown._picture["frames"][0]["told"].endswith(f"share of the attention to {to}")
    table = shown.to_frame().set_index("id")["attention"]
    assert table.dropna().to_dict() == pytest.approx(drawn(shown), rel=1e-6)
    assert shown._picture["foot"].endswith("user u1")


def test_groups_are_categories_unless_others_are_asked_for(run):
    assert EmbeddingMap(run).found.by == "category"
    assert EmbeddingMap(item_map(run)).found.by is None


def test_of_din_it_is_the_attention_of_the_item_asked_about():
    features = choices(history=5, ids=True)
    run = run_of(DIN(embedding_size=3, normalisation="softmax"), features)
    shown = EmbeddingMap(run, user=3, item=9)
    found = run.inspect(user=3, item=9)
    history = found.inputs.history.items[0]
    weights = found.record.weights()[0].reshape(len(history))
    ids = run.data.catalogue.vocabulary.to_ids(history[history > 0])
    assert drawn(shown) == pytest.approx(dict(zip(ids, weights[history > 0], strict=True)))
    assert "to 5 items of user 3 (asked about 9)" in shown._picture["frames"][0]["told"]
    best = run.recommend(user=3, topn=1)["item"][0]
    assert attention_to_items(run, 3).to.endswith(f"(asked about {best})")
    assert shown.found.by is None  # no column is called category


def test_weights_below_zero_have_no_shares():
    run = run_of(DIN(embedding_size=3), choices(history=5, ids=True))
    assert (run.inspect(user=3, item=9).record.weights() < 0).any()
    with pytest.raises(AttnrecError, match="user: . of 5 weights of DIN are below 0"):
        EmbeddingMap(run, user=3, item=9)


def test_it_follows_an_explorer_until_it_is_closed(run):
    explorer = HistoryExplorer(run, user="u1", engine="kernel")
    shown = EmbeddingMap(explorer)

    def row() -> dict[object, float]:
        table = explorer.attention.to_frame()
        found = summed(table[table["attention"] > 0])
        whole = sum(found.values())
        return {item: weight / whole for item, weight in found.items()}

    assert drawn(shown) == pytest.approx(row(), rel=1e-5)
    before = drawn(shown)
    explorer.remove(27)
    assert drawn(shown) == pytest.approx(row(), rel=1e-5)
    assert drawn(shown) != before
    explorer.query, explorer.layer, explorer.head = 10, 1, 2
    assert drawn(shown) == pytest.approx(row(), rel=1e-5)
    told = shown._picture["frames"][0]["told"]
    assert told.endswith("to 10 products of the history (layer 1, head 2, position 10 of 26)")
    assert shown._picture["foot"] == " · ".join(explorer.provenance(1))
    with pytest.raises(AttnrecError, match="attention: the map follows an explorer"):
        shown.attention = {"p1": 1.0}
    explorer.history = []
    assert drawn(shown) == {}
    assert shown._picture["frames"][0]["told"].endswith("the history is empty: no attention")
    explorer.history = ["p1"]
    assert drawn(shown) == {"p1": 1}
    shown.close()
    shown.close()
    explorer.history = ["p2"]
    assert drawn(shown) == {"p1": 1}


def test_it_follows_an_explorer_that_answers_in_the_page(run):
    explorer = HistoryExplorer(run, history=["p1", "p2"])
    shown = EmbeddingMap(explorer)
    explorer.set_state({"_page": True})
    explorer.set_state({"history": ["p3", "p4", "p3"]})
    assert drawn(shown).keys() == {"p3", "p4"}
    assert sum(drawn(shown).values()) == pytest.approx(1)


def test_an_item_chosen_in_one_map_is_chosen_in_another(run):
    one, other = EmbeddingMap(run), EmbeddingMap(run, method="pca", by="brand")
    joined = link(one, other)
    one.item = "p7"
    assert other.item == "p7"
    joined.unlink()


def test_attention_given_moves_and_several_are_played():
    found = map_of(ids=[f"p{i}" for i in range(12)])
    shown = EmbeddingMap(found, attention={"p1": 3, "p2": 1})
    assert drawn(shown) == {"p1": 0.75, "p2": 0.25}
    shown.attention = {"layer 1": {"p1": 1}, "layer 2": {"p3": 1, "p4": 1}}
    assert shown._picture["labels"] == ["layer 1", "layer 2"]
    assert (drawn(shown, 0), drawn(shown)) == ({"p1": 1}, {"p3": 0.5, "p4": 0.5})
    dots, circles = shown.figure().axes[0].collections  # of the last
    np.testing.assert_allclose(dots.get_offsets(), found.projection.points)
    np.testing.assert_allclose(circles.get_offsets(), found.projection.points[[3, 4]])
    shown.attention = None
    assert drawn(shown) == {}
    assert np.isnan(shown.to_frame()["attention"]).all()
    with pytest.raises(AttnrecError, match="attention: expected weights from 0 on"):
        shown.attention = {"p1": -1}
    with pytest.raises(UnknownIdError, match="unknown item 'q1'"):
        shown.attention = {"layer 1": {"p1": 1}, "layer 2": {"q1": 1}}
    assert drawn(shown) == {}  # what was refused is not drawn


def test_the_table_holds_every_number_of_every_item():
    found = map_of(5)
    table = EmbeddingMap(found, attention={1: 1, 4: 3}).to_frame()
    assert list(table) == ["id", "title", "x", "y", "group", "attention"]
    np.testing.assert_array_equal(table[["x", "y"]], found.projection.points)
    assert table["group"].tolist() == ["a", "b", "b", "", "b"]
    np.testing.assert_array_equal(table["attention"], [np.nan, 0.25, np.nan, np.nan, 0.75])


def test_any_item_of_the_catalogue_is_chosen_and_no_other(run):
    shown = EmbeddingMap(run, item="p7")
    with pytest.raises(UnknownIdError, match="unknown item 'p7x'; did you mean 'p7"):
        shown.item = "p7x"
    shown.set_state({"item": "p9999"})  # from a page: nothing happens
    assert shown.item == "p7"
    shown.set_state({"item": "p8"})
    assert repr(shown) == "EmbeddingMap(SASRec, item='p8')"
    with pytest.raises(AttnrecError, match="field: expected None"):
        shown.field = "category"


def test_ids_become_plain_numbers(tmp_path):
    shown = EmbeddingMap(map_of())
    shown.item = np.int64(4)
    assert type(shown.item) is int
    assert told(shown.save_html(tmp_path / "map.html"))["item"] == 4


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"user": "u1", "attention": {"p1": 1.0}}, "attention: already decided"),
        ({"user": "u1x"}, "unknown user 'u1x'; did you mean"),
        ({"by": "categry"}, "by: .*did you mean 'category'"),
        ({"perplexity": 3}, "settings: pca has no 'perplexity'"),
        ({"attention": [1, 2]}, "attention: expected weights by item id"),
        ({"attention": {"p1": 0.0}}, "attention: every weight is 0"),
        ({"item": "p9999"}, "unknown item 'p9999'"),
    ],
)
def test_arguments_that_do_not_fit(run, options, error):
    with pytest.raises(AttnrecError, match=error):
        EmbeddingMap(run, **options)


def test_it_says_what_it_takes(run, steps):
    with pytest.raises(AttnrecError, match="run: expected a run, .*, got int"):
        EmbeddingMap(3)
    with pytest.raises(AttnrecError, match="by, seed, settings: already decided"):
        EmbeddingMap(map_of(), by="kind")
    with pytest.raises(AttnrecError, match="user: of a run"):
        EmbeddingMap(map_of(), user="u1")
    with pytest.raises(AttnrecError, match="run: the explorer has no run, only Steps"):
        EmbeddingMap(HistoryExplorer(steps, history=["m1"]))
    explorer = HistoryExplorer(run, history=["p1"])
    with pytest.raises(AttnrecError, match="user: of a run"):
        EmbeddingMap(explorer, user="u1")
    with pytest.raises(AttnrecError, match="attention: already decided"):
        EmbeddingMap(explorer, attention={"p1": 1.0})
    with pytest.raises(AttnrecError, match="user: FM does not look at the items of a history"):
        EmbeddingMap(run_of(FM(embedding_size=3), choices(ids=True)), user=3)
    nothing = ItemMap(
        Projection(np.zeros((0, 2)), "tsne"),
        None,
        (),
        "Model",
        Catalogue(pd.DataFrame({"title": []})),
    )
    with pytest.raises(AttnrecError, match="expected a map of one item or more"):
        EmbeddingMap(nothing)


def told(path) -> dict:
    """What a saved page holds."""
    block = re.search(r'id="attnrec-state">(.*?)</script>', path.read_text(encoding="utf-8"))
    return json.loads(block.group(1))


def test_files_say_where_they_come_from(run, tmp_path):
    shown = EmbeddingMap(run, user="u1", item="p1")
    page = told(shown.save_html(tmp_path / "map.html"))
    np.testing.assert_array_equal(
        numbers(page["_picture"]["frames"][0]["points"]),
        numbers(shown._picture["frames"][0]["points"]),
    )
    assert page["item"] == "p1"
    svg = shown.save_figure(tmp_path / "map.svg").read_text(encoding="utf-8")
    assert "What SASRec knows of items</text>" in svg
    assert plots.files.provenance_of(shown.figure()) == page["_picture"]["foot"]


def test_nothing_in_the_data_ends_the_script(tmp_path):
    found = map_of(2)
    frame = pd.DataFrame({"title": [HOSTILE, "b"]})
    found = ItemMap(found.projection, HOSTILE, (HOSTILE, ""), HOSTILE, Catalogue(frame))
    path = EmbeddingMap(found).save_html(tmp_path / "map.html")
    assert "<img src=x" not in path.read_text(encoding="utf-8")
    assert told(path)["_picture"]["frames"][0]["titles"] == [HOSTILE, "b"]
