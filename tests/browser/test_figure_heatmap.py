"""The heat-map in a saved page: its numbers are the record's, and hand and keys reach them."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FieldHeatmap
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.models.features import AutoInt
from tests.browser.screen import wait_until_equal
from tests.browser.test_accessibility import violations
from tests.explanations.feature_shop import clicks, run_of, visits

pytestmark = pytest.mark.browser

RECIPE = AutoInt(embedding_size=4, attention_size=8, num_layers=2)
HOSTILE = "<img src=x onerror=alert(1)>"
BEYOND = """() => {  // cells that are not within the stage
    const stage = document.querySelector('[data-role=figure-stage]').getBoundingClientRect();
    return [...document.querySelectorAll('[data-role=cell]')].map(c => c.getBoundingClientRect())
        .filter(c => c.left < stage.left || c.right > stage.right || c.bottom > stage.bottom);
}"""


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def cells(page: Page) -> dict[tuple[int, str, str], float]:
    found = page.locator("[data-role=cell]").evaluate_all(
        "all => all.map(c => [Number(c.dataset.layer), c.dataset.looks, c.dataset.at,"
        " Number(c.dataset.value)])"
    )
    return {(layer, looks, at): value for layer, looks, at, value in found}


def expected(found) -> dict[tuple[int, str, str], float]:
    return {
        (layer, looks, at): np.float32(found.weights[i, j, k]).item()
        for i, layer in enumerate(found.numbers)
        for j, looks in enumerate(found.fields)
        for k, at in enumerate(found.fields)
        if not np.isnan(found.weights[i, j, k])
    }


def test_what_is_drawn_is_what_python_has(run, open_figure):
    page = open_figure(FieldHeatmap(run))
    assert cells(page) == pytest.approx(expected(run.field_map()), abs=1e-9)
    assert page.locator("[data-role=figure-told]").text_content() == run.field_map().told
    page.locator("[data-role=head-2]").click()
    wait_until_equal(lambda: page.locator("[data-moving=false]").count(), 1)
    assert cells(page) == pytest.approx(expected(run.field_map(head=2)), abs=1e-9)
    expect(page.locator("[data-role=figure-told]")).to_contain_text("head 2")
    page.locator("[data-role=figure-table]").click()
    rows = page.locator("[data-role=figure-numbers] tbody tr")
    assert rows.count() == 2 * 5 * 5
    first = run.field_map(head=2).to_frame().iloc[0]
    assert rows.first.locator("td").all_text_contents() == [
        "layer 1", first["looks"], first["at"], f"{first['attention']:.6f}", str(first["cases"])
    ]  # fmt: skip


def test_the_keyboard_reaches_every_cell_and_chooses(run, open_figure):
    page = open_figure(FieldHeatmap(run))
    page.locator("[data-role=figure-stage]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    share = run.field_map().weights[0, 1, 1]
    tip = page.locator("[data-role=figure-tip]")
    expect(tip).to_have_text(
        f"colour looks at colour in layer 1: {share:.0%}, mean of "
        f"{run.field_map().counts[0, 1, 1]} cases"
    )
    root = page.locator("[data-role=figure]")
    page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-field", "colour")
    expect(root).to_have_attribute("data-layer", "1")
    page.keyboard.press("PageDown")
    expect(tip).to_contain_text("in layer 2")
    page.keyboard.press("End")
    expect(tip).to_contain_text("noise looks at noise in layer 2")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    assert root.get_attribute("data-field") is None


def test_the_mouse_tells_and_chooses(run, open_figure):
    page = open_figure(FieldHeatmap(run))
    cell = page.locator("[data-role=cell][data-layer='2'][data-looks=tags][data-at=hour]")
    cell.hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text("tags looks at hour in layer 2")
    cell.click()
    root = page.locator("[data-role=figure]")
    expect(root).to_have_attribute("data-field", "hour")
    cell.click()  # again: no longer chosen
    expect(root).not_to_have_attribute("data-field", "hour")


def test_several_are_played_and_end_where_they_began(run, open_figure):
    other = run_of(RECIPE, clicks(300), seed=1, spread=1)
    page = open_figure(FieldHeatmap({"epoch 1": run, "epoch 2": other}))
    root = page.locator("[data-role=figure]")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("epoch 2")
    assert cells(page) == pytest.approx(expected(other.field_map()), abs=1e-9)
    scrub = page.locator("[data-role=figure-scrub]")
    scrub.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("epoch 1")
    expect(root).to_have_attribute("data-moving", "false")
    assert cells(page) == pytest.approx(expected(run.field_map()), abs=1e-9)
    page.locator("[data-role=figure-play]").click()
    expect(root).to_have_attribute("data-moving", "true")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("epoch 2", timeout=5_000)
    expect(root).to_have_attribute("data-moving", "false")
    assert cells(page) == pytest.approx(expected(other.field_map()), abs=1e-9)


def test_with_reduced_motion_nothing_moves(run, open_figure):
    page = open_figure(FieldHeatmap(run), reduced_motion="reduce")
    page.evaluate(
        "() => { window.moved = 0; new MutationObserver(all => { for (const one of all)"
        " if (one.target.dataset.moving === 'true') window.moved++; }).observe("
        "document.querySelector('[data-role=figure]'), { attributeFilter: ['data-moving'] }); }"
    )
    page.locator("[data-role=head-1]").click()
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-head", "1")
    assert cells(page) == pytest.approx(expected(run.field_map(head=1)), abs=1e-9)
    assert page.evaluate("window.moved") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(run, open_figure, scheme):
    page = open_figure(FieldHeatmap(run, field="tags"), color_scheme=scheme)
    for width in (600, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        beyond = page.evaluate(BEYOND)
        assert beyond == [], width
    assert page.locator("[data-role=figure]").get_attribute("data-theme") == scheme
    assert violations(page, "figure") == []


def test_out_of_sight_it_keeps_its_width(run, open_figure):
    """JupyterLab takes cells out of the page; a theme that changes meanwhile draws them anew."""
    page = open_figure(FieldHeatmap(run))
    before = page.locator("[data-role=figure-stage] svg").get_attribute("width")
    page.evaluate(
        "async () => { const host = document.getElementById('figure'); host.style.display = 'none';"
        " document.documentElement.dataset.theme = 'dark'; await new Promise(r => setTimeout(r));"
        " host.style.display = ''; }"
    )
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-theme", "dark")
    assert page.locator("[data-role=figure-stage] svg").get_attribute("width") == before


def test_text_of_the_data_is_text(open_figure):
    table = visits(200).rename(columns={"hour": HOSTILE})
    features = ar.features.build(
        at_random(validate(table)), context=[HOSTILE, "noise"], label="rating", threshold=3,
        ids=False,
    )  # fmt: skip
    run = run_of(RECIPE, features)
    page = open_figure(FieldHeatmap({HOSTILE: run, "two": run}, field=HOSTILE))
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("[data-role=cell]").first.get_attribute("data-looks")
    page.locator("[data-role=cell]").first.hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(HOSTILE)


def test_the_svg_saved_from_the_page_is_drawn_with_text(run, open_figure):
    page = open_figure(FieldHeatmap(run))
    with page.expect_download() as download:
        page.locator("[data-role=figure-save]").click()
    assert download.value.suggested_filename == "attnrec-field-heatmap.svg"
    svg = download.value.path().read_text(encoding="utf-8")
    assert "Where each field looks" in svg
    assert ">colour</text>" in svg
