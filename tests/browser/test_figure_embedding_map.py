"""The map in a saved page: dots lie where Python has them, and hand and keys move what is seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import EmbeddingMap
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.data import Catalogue
from attnrec.explanations.maps import COLOURS, ItemMap
from attnrec.features.projection import Projection
from tests.browser.screen import wait_until_equal
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
LAID = {"p3": 6.0, "p8": 3.0, "p5": 1.0, "p9": 0.0}


def map_of(points: np.ndarray, kinds: int = 3, titles: list[str] | None = None) -> ItemMap:
    count = len(points)
    titles = titles or [f"thing {i}" for i in range(count)]
    groups = tuple(f"kind {i % kinds}" for i in range(count)) if kinds else ("",) * count
    frame = pd.DataFrame({"title": titles}, index=[f"p{i}" for i in range(count)])
    by = "kind" if kinds else None
    return ItemMap(Projection(points, "umap"), by, groups, "Model", Catalogue(frame))


def scattered(count: int = 40) -> ItemMap:
    return map_of(np.random.default_rng(0).normal(size=(count, 2)))


@pytest.fixture(scope="module")
def shipped():
    return ar.load_run("bazaar-sasrec")


def spot(page: Page, shown: EmbeddingMap, item: object) -> tuple[float, float]:
    """Where an item lies in the window."""
    told = page.locator("[data-role=map]")
    left, top, scale = (float(told.get_attribute(f"data-{n}")) for n in ("left", "top", "scale"))
    box = told.bounding_box()
    row = shown.to_frame().set_index("id").loc[item]
    return box["x"] + left + row["x"] * scale, box["y"] + top - row["y"] * scale


def zoom(page: Page) -> float:
    return float(page.locator("[data-role=map]").get_attribute("data-zoom"))


def at_rest(page: Page) -> None:
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")


def item(page: Page) -> str | None:
    return page.locator("[data-role=figure]").get_attribute("data-item")


def circles(page: Page) -> dict[str, list[float]]:
    found = page.locator("[data-role=circle]").evaluate_all(
        "all => all.map(c => [c.dataset.item, Number(c.dataset.value), c.r.baseVal.value])"
    )
    return {item: numbers for item, *numbers in found}


def test_what_is_drawn_is_what_python_has(shipped, open_figure):
    shown = EmbeddingMap(shipped, user="u1")
    page = open_figure(shown)
    expected = shown.to_frame()
    drawn = circles(page)
    laid = expected.dropna().set_index("id")["attention"]
    assert {item: value for item, (value, _) in drawn.items()} == pytest.approx(
        laid.astype(np.float32).to_dict(), rel=1e-6
    )
    shares, radii = np.array(list(drawn.values())).T
    large = shares > 0.01  # radii are written with two decimals
    np.testing.assert_allclose(np.ptp(radii[large] ** 2 / shares[large]), 0, atol=10)
    assert page.locator("[data-role=map]").get_attribute("data-items") == "500"
    assert page.locator("[data-role=figure-told]").text_content() == shown.found.told(
        shown.attention, "27 products of user u1 (layer 2, mean of 2 heads, last position)"
    )
    page.locator("[data-role=figure-table]").click()
    table = page.locator("[data-role=figure-numbers] table").evaluate(
        "table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert table[0] == ["id", "title", "x", "y", "category", "attention"]
    read = pd.DataFrame(table[1:]).set_index(0).loc[expected["id"]]
    assert read[[1, 4]].to_numpy().tolist() == expected[["title", "group"]].to_numpy().tolist()
    places = read[[2, 3]].map(lambda text: float(text.replace("−", "-")))
    np.testing.assert_allclose(places, expected[["x", "y"]], atol=1e-6)
    weights = pd.to_numeric(read[5].replace("", np.nan))
    np.testing.assert_allclose(weights, expected["attention"], atol=1e-6)
    assert table[1][1] == expected.loc[expected["attention"].idxmax(), "title"]


def test_each_dot_is_painted_in_the_colour_of_its_group(open_figure):
    """Nine groups of two and one, on a grid: eight have a colour."""
    assert len(ar.plots.style.CATEGORICAL) == COLOURS == 8
    grid = np.array([[x, y] for y in range(3) for x in range(6)], float)
    shown = EmbeddingMap(map_of(grid[:17], kinds=9))
    page = open_figure(shown, color_scheme="light")
    painted = page.evaluate(
        """places => { const canvas = document.querySelector('[data-role=map]');
            const { left, top } = canvas.getBoundingClientRect(), { width, height } = canvas;
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
            const at = ([x, y]) => 4 * (Math.floor(y - top) * width + Math.floor(x - left));
            return places.map(place => [...data.slice(at(place), at(place) + 4)]); }""",
        [spot(page, shown, f"p{i}") for i in range(17)],
    )
    wanted = [bytes.fromhex(colour.lstrip("#")) for colour in ar.plots.style.CATEGORICAL]
    for i, (*colour, alpha) in enumerate(painted):
        assert alpha > 150, i
        if i % 9 < 8:
            np.testing.assert_allclose(colour, list(wanted[i % 9]), atol=3)
        else:
            assert np.ptp(colour) < 25  # grey


def test_the_mouse_tells_and_chooses(open_figure):
    shown = EmbeddingMap(scattered(), attention=LAID)
    page = open_figure(shown)
    tip = page.locator("[data-role=figure-tip]")
    page.mouse.move(*spot(page, shown, "p8"))
    expect(tip).to_have_text("thing 8, kind: kind 2, 30% of the attention")
    page.mouse.move(*spot(page, shown, "p12"))
    expect(tip).to_have_text("thing 12, kind: kind 0")
    page.mouse.click(*spot(page, shown, "p12"))
    assert item(page) == "p12"
    expect(page.locator("[data-role=chosen]")).to_have_attribute("data-item", "p12")
    name = page.locator("[data-role=name][data-item=p12]")
    assert "thing 12" in name.text_content()
    accent = "rgb(46, 88, 196)"
    assert name.locator("text").last.evaluate("node => getComputedStyle(node).fill") == accent
    page.mouse.click(*spot(page, shown, "p12"))  # again: no longer chosen
    assert item(page) is None


def test_arrows_go_to_the_nearest_in_their_direction(open_figure):
    """A plus of five, one of them twice."""
    points = np.array([[0.0, 0], [1, 0.2], [3, 0], [0, 2], [-1, 0.5], [0.1, -1], [3, 0]])
    page = open_figure(EmbeddingMap(map_of(points, kinds=0), attention={"p0": 1, "p3": 3}))
    page.locator("[data-role=figure-stage]").focus()
    root = page.locator("[data-role=figure]")

    def pressed(*keys: str) -> str:
        for key in keys:
            page.keyboard.press(key)
        return root.get_attribute("data-pointed")

    assert pressed("ArrowRight") == "3"  # from none: to who gets most
    assert pressed("ArrowDown") == "4"
    assert pressed("PageDown") == "3"  # from who gets nothing
    assert pressed("End") == "0"  # who gets least
    assert pressed("PageUp") == "3"
    assert pressed("End", "ArrowRight") == "1"
    assert pressed("ArrowRight") == "2"
    assert pressed("ArrowRight") == "6"  # in the same place
    assert pressed("ArrowRight") == "6"
    assert pressed("ArrowLeft", "ArrowLeft") == "1"
    assert pressed("ArrowLeft", "ArrowDown") == "5"
    assert pressed("Home", "Enter") == "3"
    assert item(page) == "p3"
    pressed("Escape")
    assert item(page) is None


def test_keys_reach_what_is_out_of_sight(open_figure):
    points = np.array([[0.0, 0], [0.1, 0], [9, 0], [0, 9]])
    shown = EmbeddingMap(map_of(points, kinds=0), item="p0")
    page = open_figure(shown)
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowRight")  # from none: to what is chosen
    for _ in range(6):
        page.keyboard.press("+")
    at_rest(page)
    tip = page.locator("[data-role=figure-tip]")
    expect(tip).to_have_text("thing 0")
    expect(tip).to_be_visible()  # what keys zoom in on stays in sight
    page.keyboard.press("ArrowUp")
    expect(tip).to_have_text("thing 3")
    expect(tip).to_be_visible()
    x, y = spot(page, shown, "p3")
    box = page.locator("[data-role=map]").bounding_box()
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]


def test_search_finds_emphasises_and_goes_there(shipped, open_figure):
    shown = EmbeddingMap(shipped)
    page = open_figure(shown)
    field = page.locator("[data-role=find]")
    field.click()
    page.keyboard.type("potting soil")  # with a space, which plays nothing
    titled = shipped.data.catalogue.search("potting soil", 1000)
    expect(page.locator("[data-role=found]")).to_have_text(f"{len(titled)} found")
    named = page.locator("[data-role=name]").evaluate_all("all => all.map(n => n.dataset.item)")
    assert named
    assert set(named) <= set(titled)
    page.keyboard.press("Enter")
    assert item(page) == titled[0]
    at_rest(page)
    assert zoom(page) > 3
    x, y = spot(page, shown, titled[0])
    box = page.locator("[data-role=map]").bounding_box()
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]
    field.focus()
    page.keyboard.press("Escape")
    expect(page.locator("[data-role=found]")).to_have_text("")
    assert item(page) == titled[0]  # Escape was the search's own
    page.keyboard.type("nothing like it")
    expect(page.locator("[data-role=found]")).to_have_text("0 found")
    page.keyboard.press("Enter")
    assert item(page) == titled[0]


def test_the_wheel_belongs_to_the_page_until_the_map_has_the_focus(open_figure):
    shown = EmbeddingMap(scattered())
    page = open_figure(shown)
    page.set_viewport_size({"width": 900, "height": 300})
    seen = next(f"p{i}" for i in range(40) if 200 < spot(page, shown, f"p{i}")[1] < 280)
    page.mouse.move(*spot(page, shown, seen))
    page.mouse.wheel(0, 40)
    wait_until_equal(lambda: page.evaluate("scrollY > 0"), True)
    assert zoom(page) == 1
    page.locator("[data-role=figure-stage]").focus()
    page.evaluate("scrollTo(0, 0)")
    here = spot(page, shown, seen)
    page.mouse.move(*here)
    page.mouse.wheel(0, -300)
    wait_until_equal(lambda: zoom(page) > 1.5, True)
    assert spot(page, shown, seen) == pytest.approx(here, abs=1)  # it stays under the hand
    assert page.evaluate("scrollY") == 0


def test_it_is_dragged_and_seen_as_a_whole_again(open_figure):
    shown = EmbeddingMap(scattered(), item="p0")
    page = open_figure(shown)
    for role in ("in", "in", "out", "in"):
        page.locator(f"[data-role=zoom-{role}]").click()
    at_rest(page)
    assert zoom(page) == pytest.approx(1.5**2, abs=1e-3)
    box = page.locator("[data-role=map]").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = np.array(spot(page, shown, "p4"))
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 30, middle[1] - 20, steps=5)
    page.mouse.move(middle[0] + 60, middle[1] - 40, steps=5)
    page.mouse.up()
    at_rest(page)
    page.wait_for_timeout(50)
    moved = np.array(spot(page, shown, "p4")) - before
    np.testing.assert_allclose(moved, [60, -40], atol=1)
    assert item(page) == "p0"  # the end of a drag chooses nothing
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("0")
    at_rest(page)
    assert zoom(page) == 1
    page.keyboard.press("+")
    page.keyboard.press("-")
    at_rest(page)
    assert zoom(page) == pytest.approx(1, abs=1e-3)


def test_frames_move_the_circles(open_figure):
    shown = EmbeddingMap(
        scattered(), attention={"layer 1": {"p1": 1, "p2": 1}, "layer 2": {"p2": 1}}
    )
    page = open_figure(shown)
    assert circles(page).keys() == {"p2"}
    page.locator("[data-role=figure-scrub]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("layer 1")
    at_rest(page)
    drawn = circles(page)
    assert {item: value for item, (value, _) in drawn.items()} == {"p1": 0.5, "p2": 0.5}


def test_a_group_stands_out(open_figure):
    page = open_figure(EmbeddingMap(scattered()))
    group = page.locator("[data-role=group]").nth(1)
    assert group.text_content() == "kind 113"  # thirteen of kind 1
    canvas = "document.querySelector('[data-role=map]').toDataURL()"
    before = page.evaluate(canvas)
    group.click()
    expect(group).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(canvas) != before
    group.click()
    expect(group).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(canvas) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(shipped, open_figure, scheme):
    page = open_figure(EmbeddingMap(shipped, user="u1", item="p9"), color_scheme=scheme)
    for width in (600, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        names = page.locator("[data-role=name]").evaluate_all(
            "all => all.map(n => n.getBoundingClientRect()).map(b => [b.left, b.top, b.right,"
            " b.bottom])"
        )
        box = page.locator("[data-role=map]").bounding_box()
        for i, (left, top, right, low) in enumerate(names):
            assert box["x"] <= left < right <= box["x"] + box["width"], width
            for a, b, c, d in names[:i]:
                assert right <= a or c <= left or low <= b + 3 or d <= top + 3, width
    assert page.locator("[data-role=figure]").get_attribute("data-theme") == scheme
    assert violations(page, "figure") == []


def test_text_of_the_data_is_text(open_figure):
    found = map_of(np.eye(3, 2), titles=[HOSTILE, "\u202edeerever", "x" * 4000])
    found = ItemMap(found.projection, HOSTILE, (HOSTILE, "a", "b"), HOSTILE, found.catalogue)
    shown = EmbeddingMap(found, attention={"p0": 1, "p1": 1, "p2": 1}, item="p0")
    page = open_figure(shown)
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("[data-role=name][data-item=p0]").text_content()
    assert page.locator("[data-role=group]").first.get_attribute("title") == HOSTILE
    page.mouse.move(*spot(page, shown, "p0"))
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(HOSTILE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_item_and_none_of_a_group(open_figure):
    page = open_figure(EmbeddingMap(map_of(np.zeros((1, 2)), kinds=0), attention={"p0": 2}))
    assert circles(page)["p0"][0] == 1
    assert page.locator("[data-role=group]").count() == 0
    for name in ("left", "top", "scale"):
        assert np.isfinite(float(page.locator("[data-role=map]").get_attribute(f"data-{name}")))
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-role=figure-tip]")).to_have_text("thing 0, 100% of the attention")


def test_ten_thousand_items_pan_and_zoom_without_a_gap(open_figure):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(30, 2))[rng.integers(0, 30, 10_000)]
    shown = EmbeddingMap(
        map_of(4 * centres + rng.normal(size=(10_000, 2)), kinds=30),
        attention={f"p{i}": 1.0 for i in range(50)},
    )
    page = open_figure(shown)
    page.locator("[data-role=figure-stage]").focus()
    gaps = page.evaluate(
        """async () => {
            const plot = document.querySelector('[data-role=map]').parentElement;
            const box = plot.getBoundingClientRect(), x = box.left + 300, y = box.top + 200;
            const of = (kind, clientX, clientY, more) => plot.dispatchEvent(new (kind === 'wheel' ?
                WheelEvent : PointerEvent)(kind, { clientX, clientY, bubbles: true,
                cancelable: true, pointerId: 1, buttons: 1, ...more }));
            plot.setPointerCapture = () => {};  // of a hand that is not there
            const times = [], next = () => new Promise(requestAnimationFrame);
            for (let i = 0, t = await next(), end = t + 1200; t < end; i++, t = await next()) {
                times.push(t);
                if (i % 20 < 10) of('wheel', x, y, { deltaY: i % 40 < 20 ? -60 : 60 });
                else {
                    if (i % 20 === 10) of('pointerdown', x, y, { button: 0 });
                    of('pointermove', x + 8 * (i % 20), y + 5 * (i % 20), {});
                    if (i % 20 === 19) of('pointerup', x, y, {});
                }
            }
            return times.slice(1).map((t, i) => t - times[i]);
        }"""
    )
    print(f"longest gap {max(gaps):.0f} ms of {len(gaps)}, median {np.median(gaps):.0f} ms")
    assert len(gaps) >= 5
    assert max(gaps) < 1000
    assert page.locator("[data-role=map]").get_attribute("data-items") == "10000"
    page.locator("[data-role=figure-table]").click()
    expect(page.locator("[data-role=figure-numbers] tbody tr")).to_have_count(10_000)
