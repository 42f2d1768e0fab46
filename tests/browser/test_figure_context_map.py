"""Maps of circumstances in a saved page: their numbers are the grid's, all within reach."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attnrec_widgets import ContextMap
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.explanations.features import ContextGrid
from attnrec.models.features import AutoInt
from tests.browser.test_accessibility import violations
from tests.explanations.feature_shop import run_of

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
FIELDS = ("price", "brand", "hour", "tags", "user")
MONTHS = ("January", "February", "March", "April", "May", "June")
BEYOND = """() => {  // names and cells that are not within the stage
    const stage = document.querySelector('[data-role=figure-stage]').getBoundingClientRect();
    return [...document.querySelectorAll('.context-map rect, .context-map text')]
        .map(c => [c.textContent || c.dataset.role, c.getBoundingClientRect()])
        .filter(([_, c]) => c.left < stage.left - 1 || c.right > stage.right + 1
            || c.bottom > stage.bottom + 1 || c.top < stage.top - 1).map(([name]) => name);
}"""
TOUCHING = """() => {  // upright names of one kind that overlap
    const found = [];
    for (const anchor of ['end', 'middle', 'start']) {
        const boxes = [...document.querySelectorAll(`.context-map text[text-anchor=${anchor}]`)]
            .filter(t => !t.hasAttribute('transform'))
            .map(t => [t.textContent, t.getBoundingClientRect()]);
        boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
            const beside = p.left >= q.right || q.left >= p.right;
            if (!beside && p.top + 2 < q.bottom && q.top + 2 < p.bottom) found.push([a, b]);
        }));
    }
    return found;
}"""


def grid(seed=0, counts=None, rows=MONTHS, columns=24, fields=FIELDS):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 40, (len(rows), columns)) if counts is None else counts
    weights = rng.uniform(0.1, 0.3, (*counts.shape, len(fields)))
    weights[counts == 0] = np.nan
    names = tuple(map(str, range(columns)))
    return ContextGrid(("month", "hour"), (tuple(rows), names), tuple(fields), weights, counts,
                       int(counts.sum()), 3)  # fmt: skip


def cells(page: Page) -> dict[tuple[str, str, str], tuple[float, float, float]]:
    found = page.locator("[data-role=cell]").evaluate_all(
        "all => all.map(c => [c.dataset.field, c.dataset.row, c.dataset.column,"
        " Number(c.dataset.value), Number(c.dataset.difference), Number(c.dataset.cases)])"
    )
    return {(field, row, column): tuple(told) for field, row, column, *told in found}


def expected(found: ContextGrid, fields) -> dict[tuple[str, str, str], tuple]:
    rows, columns = found.levels
    return {
        (field, rows[i], columns[j]): pytest.approx(
            (found.of(field)[i, j], found.difference(field)[i, j], found.counts[i, j]), abs=1e-6
        )
        for field in fields
        for i, j in np.argwhere(found.counts)
    }


def test_what_is_drawn_is_what_python_has(open_figure):
    found = grid()
    page = open_figure(ContextMap(found))
    assert cells(page) == expected(found, found.varying)
    assert page.locator("[data-role=figure-title]").text_content() == "Attention by month and hour"
    assert page.locator("[data-role=figure-told]").text_content() == found.told
    heads = page.locator(".context-map .panel").all_text_contents()
    assert heads == [f"{field} · {found.mean(field):.0%}" for field in found.varying]
    areas = page.locator(f"[data-role=cell][data-field={found.varying[0]}]").evaluate_all(
        "all => all.map(c => [Number(c.dataset.cases), c.getAttribute('width') ** 2])"
    )
    largest = max(areas)
    for cases, area in areas:
        assert area == pytest.approx(largest[1] * cases / largest[0], rel=0.01, abs=2.5)
    page.locator("[data-role=figure-table]").click()
    rows = page.locator("[data-role=figure-numbers] tbody tr")
    table = ContextMap(found).to_frame()
    assert rows.count() == len(table)
    first = rows.first.locator("td").all_text_contents()
    one = table.iloc[0]
    assert first[:4] == [one["field"], "January", one["hour"], f"{one['attention']:.6f}"]
    assert float(first[4].replace("−", "-")) == pytest.approx(one["difference"], abs=1e-6)


def test_the_tone_is_the_difference(open_figure):
    """Orange below the mean, blue above, and the stronger the further away."""
    found = grid(fields=["price"])
    page = open_figure(ContextMap(found))
    tones = page.locator("[data-role=cell]").evaluate_all(
        r"all => all.map(c => [Number(c.dataset.difference),"
        r" ...c.getAttribute('fill').match(/[\d.]+/g).map(Number)])"
    )
    scale = found.scale(["price"])
    for difference, _, chroma, hue in tones:
        if abs(difference) > 0.02 * scale:
            assert hue == (263 if difference > 0 else 56)
        strength = min(1, abs(difference) / scale) ** 0.45
        assert chroma == pytest.approx(0.004 + 0.151 * strength, abs=0.01)


def test_the_keyboard_reaches_every_cell_and_chooses(open_figure):
    counts = np.array([[3, 0, 1], [2, 4, 0]])
    found = grid(counts=counts, rows=("May", "June"), columns=3, fields=["price", "brand"])
    page = open_figure(ContextMap(found))
    page.locator("[data-role=figure-stage]").focus()
    tip, root = page.locator("[data-role=figure-tip]"), page.locator("[data-role=figure]")
    said = []
    page.keyboard.press("ArrowRight")
    for _ in range(8):
        said.append(tip.text_content())
        page.keyboard.press("ArrowRight")
    assert len({*said}) == 8
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    mean, difference = found.of("price")[1, 0], 100 * found.difference("price")[1, 0]
    points = f"{abs(difference):.2g} points {'above' if difference > 0 else 'below'}"
    expect(tip).to_have_text(
        f"price, month June, hour 0: {mean:.1%}, {points} its mean of "
        f"{found.mean('price'):.1%}, of 2 cases"
    )
    page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-field", "price")
    assert json.loads(root.get_attribute("data-context")) == {"month": "June", "hour": "0"}
    expect(page.locator("[data-role=cell][data-chosen]")).to_have_count(2)  # in both maps
    page.keyboard.press("End")
    expect(tip).to_contain_text("brand, month June, hour 1")
    page.keyboard.press("PageUp")
    expect(tip).to_contain_text("price, month June, hour 1")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    assert root.get_attribute("data-context") is None


def test_the_mouse_tells_and_chooses(open_figure):
    found = grid()
    page = open_figure(ContextMap(found))
    cell = page.locator("[data-role=cell][data-field=tags][data-row=May][data-column='7']")
    cell.hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text("tags, month May, hour 7: ")
    cell.click()
    root = page.locator("[data-role=figure]")
    assert json.loads(root.get_attribute("data-context")) == {"month": "May", "hour": "7"}
    expect(page.locator(".context-map .panel.chosen")).to_contain_text("tags")
    assert sorted({*page.locator(".context-map .name.chosen").all_text_contents()}) == ["7", "May"]
    fill = cell.get_attribute("fill")
    cell.click()  # again: no longer chosen
    expect(root).not_to_have_attribute("data-context", "{}")
    assert root.get_attribute("data-context") is None
    assert cell.get_attribute("fill") == fill


def test_one_circumstance_alone_marks_its_row_or_column(open_figure):
    page = open_figure(ContextMap(grid(), context={"hour": "3"}))
    lines = page.locator("[data-role=line]")
    assert lines.count() == 4
    assert {*lines.evaluate_all("all => all.map(l => l.dataset.level)")} == {"3"}
    wide, tall = lines.first.evaluate("l => [l.getBBox().width, l.getBBox().height]")
    assert tall == pytest.approx(6 * wide)
    page = open_figure(ContextMap(grid(), context={"month": "May"}))
    wide, tall = page.locator("[data-role=line]").first.evaluate(
        "l => [l.getBBox().width, l.getBBox().height]"
    )
    assert wide == pytest.approx(24 * tall)


def test_a_field_that_is_chosen_elsewhere_gets_a_map(open_figure):
    found = grid()
    other = next(field for field in found.fields if field not in found.varying)
    page = open_figure(ContextMap(found, field=other))
    assert cells(page) == expected(found, (*found.varying, other))
    expect(page.locator(".context-map .panel.chosen")).to_contain_text(other)


def test_several_are_played(open_figure):
    one, two = grid(1, fields=["price", "brand"]), grid(2, fields=["price", "brand"])
    page = open_figure(ContextMap({"epoch 1": one, "epoch 2": two}))
    assert cells(page) == expected(two, two.fields)
    page.locator("[data-role=figure-scrub]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("epoch 1")
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")
    assert cells(page) == expected(one, one.fields)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(open_figure, scheme):
    page = open_figure(ContextMap(grid(), context={"month": "May"}), color_scheme=scheme)
    for width in (600, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert page.evaluate(BEYOND) == [], width
        assert page.evaluate(TOUCHING) == [], width
    assert page.locator("[data-role=figure]").get_attribute("data-theme") == scheme
    assert violations(page, "figure") == []


def test_one_cell_of_one_field(open_figure):
    counts = np.zeros((6, 24), int)
    counts[4, 7] = 1
    page = open_figure(ContextMap(grid(counts=counts, fields=["price"])))
    cell = page.locator("[data-role=cell]")
    expect(cell).to_have_count(1)
    cell.hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text("its mean of")
    expect(page.locator("[data-role=figure-tip]")).to_contain_text("of one case")
    assert page.evaluate(BEYOND) == []


def test_text_of_the_data_is_text(open_figure):
    page = open_figure(ContextMap(grid(rows=(HOSTILE, "May"), fields=[HOSTILE, "b"])))
    assert page.locator("img").count() == 0
    cell = page.locator("[data-role=cell]").first
    assert cell.get_attribute("data-row") == cell.get_attribute("data-field") == HOSTILE
    cell.hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(f"{HOSTILE}, month {HOSTILE}")


@pytest.mark.needs_data
def test_of_real_ratings(open_figure):
    split = ar.split.leave_one_out(ar.datasets.load("ml-100k"))
    features = ar.features.build(split, user=["gender"], context=["hour"])
    run = run_of(AutoInt(embedding_size=4, attention_size=8), features, spread=1)
    shown = ContextMap(run, ("weekday", "hour"))
    page = open_figure(shown)
    assert cells(page) == expected(shown.found, shown.drawn)
    names = page.locator(".context-map .name").all_text_contents()
    assert names[:7] == list(shown.found.levels[0])
    assert (names[0], names[6]) == ("Monday", "Sunday")
