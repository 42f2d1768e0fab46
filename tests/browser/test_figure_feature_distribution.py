"""The histograms in a saved page: their numbers are the record's, and hand and keys reach them."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FeatureDistribution
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.models.features import AutoInt
from tests.browser.test_accessibility import violations
from tests.explanations.feature_shop import clicks, run_of, visits

pytestmark = pytest.mark.browser

RECIPE = AutoInt(embedding_size=4, attention_size=8, num_layers=2)
HOSTILE = "<img src=x onerror=alert(1)>"
BEYOND = """() => {  // what is not within the stage
    const stage = document.querySelector('[data-role=figure-stage]').getBoundingClientRect();
    return [...document.querySelectorAll('.distribution svg *')]
        .map(n => n.getBoundingClientRect())
        .filter(b => b.left < stage.left - 2 || b.right > stage.right + 2)
        .map(b => [b.left, b.right]);
}"""


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def counts(page: Page) -> dict[tuple[str, int, float], int]:
    """By field, layer and lower edge."""
    found = page.locator("[data-role=bin]").evaluate_all(
        "all => all.map(b => [b.dataset.field, ...['layer', 'from', 'count']"
        ".map(name => Number(b.dataset[name]))])"
    )
    return {(field, layer, round(start, 6)): count for field, layer, start, count in found}


def expected(run, head: int | None, edges: np.ndarray) -> dict[tuple[str, int, float], int]:
    """Out of the record, in single precision as the page has it."""
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    found = {}
    for layer in (1, 2):
        gets = record.weights(layer, head).astype(float).sum(1) / record.real.sum(1)[:, None]
        for i, name in enumerate(run.features.schema.names):
            values = gets[:, i].astype(np.float32).astype(float)
            each = np.histogram(values, edges)[0]
            found |= {
                (name, layer, round(float(np.float32(start)), 6)): int(count)
                for start, count in zip(edges[:-1], each, strict=True)
                if count
            }
    return found


def test_what_is_drawn_is_what_the_record_says(run, open_figure):
    page = open_figure(FeatureDistribution(run, bins=15))
    edges = run.attention_spread().bins(15).edges
    for head in (None, 1):
        if head:
            page.locator("[data-role=head-1]").click()
            expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")
        assert counts(page) == expected(run, head, edges)
    means = page.locator("[data-role=mean]").evaluate_all(
        "all => Object.fromEntries(all.map(m => [m.dataset.field + m.dataset.layer,"
        " Number(m.dataset.value)]))"
    )
    found = run.attention_spread(layer=2, head=1)
    for field, mean in zip(found.fields, found.mean, strict=True):
        assert means[f"{field}2"] == pytest.approx(mean, abs=1e-6)
    tall = page.locator("[data-role=bin]").evaluate_all(
        "all => all.filter(b => !('cut' in b.dataset)).map(b => b.getBoundingClientRect().height"
        " / Number(b.dataset.value))"
    )
    np.testing.assert_allclose(tall, tall[0], rtol=0.02)  # one scale of heights


def test_keys_and_mouse_reach_every_bin_and_choose(run, open_figure):
    page = open_figure(FeatureDistribution(run, bins=15))
    found = run.attention_spread().bins(15)
    tip, root = page.locator("[data-role=figure-tip]"), page.locator("[data-role=figure]")
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowDown")
    most = int(found.counts[0, 0, 0].argmax())
    count, edges = found.counts[0, 0, 0, most], found.edges
    expect(tip).to_contain_text(
        f"{found.fields[0]} in layer 1: {count} of 30 cases ({count / 30:.1%}) get "
        f"{edges[most]:.1%} to {edges[most + 1]:.1%}; the mean is {found.means[0, 0, 0]:.1%}"
    )
    page.keyboard.press("PageDown")
    expect(tip).to_contain_text(f"{found.fields[0]} in layer 2: ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    expect(tip).to_contain_text(f"get 0.0% to {edges[1]:.1%}")
    page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-field", found.fields[1])
    expect(root).to_have_attribute("data-layer", "2")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    box = page.locator("[data-role=figure-stage]").bounding_box()
    bin_ = page.locator("[data-role=bin][data-layer='1']").last
    field, at = bin_.get_attribute("data-field"), bin_.bounding_box()
    page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] - 0.5)
    assert box["x"] <= at["x"]
    expect(root).to_have_attribute("data-field", field)
    page.locator("[data-role=figure-table]").click()
    rows = page.locator("[data-role=figure-numbers] tbody tr")
    assert rows.count() == len(found.to_frame())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(run, open_figure, scheme):
    page = open_figure(FeatureDistribution(run, field="tags", layer=1), color_scheme=scheme)
    for width in (600, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert page.evaluate(BEYOND) == [], width
    assert violations(page, "figure") == []


def test_one_field_with_a_hostile_name(open_figure):
    table = visits(200).rename(columns={"hour": HOSTILE})
    features = ar.features.build(
        at_random(validate(table)), context=[HOSTILE], label="rating", threshold=3, ids=False
    )
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=1), features)
    page = open_figure(FeatureDistribution(run))
    assert page.locator("img").count() == 0
    (bin_,) = counts(page).items()  # all of it in every case
    assert bin_[0][0] == HOSTILE
    page.locator("[data-role=bin]").hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(f"{HOSTILE}: 20 of 20 cases")
