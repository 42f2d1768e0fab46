"""The bars in a saved page: their numbers are the record's, and hand and keys reach them."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FeatureBars
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
    return [...document.querySelectorAll('.bars rect, .bars line, .bars text')]
        .filter(n => n.getAttribute('display') !== 'none').map(n => n.getBoundingClientRect())
        .filter(b => b.left < stage.left - 1 || b.right > stage.right + 1)
        .map(b => [b.left, b.right]);
}"""


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def still(page: Page) -> None:
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")


def bars(page: Page) -> dict[str, list[float]]:
    """Value, 10th percentile, median and 90th percentile by field, top to bottom."""
    found = page.locator("[data-role=bar]").evaluate_all(
        "all => all.map(b => [b.dataset.field,"
        " ['value', 'low', 'median', 'high'].map(name => Number(b.dataset[name]))])"
    )
    return dict(found)


def expected(run, layer: int, head: int | None) -> dict[str, list[float]]:
    """Out of the record, with nothing of what makes the picture."""
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    gets = record.weights(layer, head).astype(float).sum(1) / record.real.sum(1)[:, None]
    told = [gets.mean(0), *np.quantile(gets, [0.1, 0.5, 0.9], axis=0)]
    names = run.features.schema.names
    return {name: [each[i] for each in told] for i, name in enumerate(names)}


def test_what_is_drawn_is_what_the_record_says(run, open_figure):
    page = open_figure(FeatureBars(run, layer=1))
    order = list(bars(page))
    for head in (None, 2):
        if head:
            page.locator(f"[data-role=head-{head}]").click()
        page.locator("[data-role=layer-2]").click()
        expect(page.locator("[data-role=layer-2]")).to_have_attribute("aria-pressed", "true")
        still(page)
        found, told = bars(page), expected(run, 2, head)
        for name, values in told.items():
            assert found[name] == pytest.approx(values, abs=1e-6), name
        assert list(found) == order
    expect(page.locator("[data-role=figure-told]")).to_contain_text("layer 2, head 2")
    page.locator("[data-role=layer-all]").click()
    still(page)
    means = [values[0] for values in bars(page).values()]
    spread = run.attention_spread(head=2)
    assert means == pytest.approx(spread.mean.tolist(), abs=1e-6)
    lengths = page.locator("[data-role=bar]").evaluate_all(
        "all => all.map(b => b.getBoundingClientRect().width)"
    )
    ratio = np.array(lengths) / means
    np.testing.assert_allclose(ratio, ratio[0], rtol=0.01)  # from zero, on one scale


def test_keys_and_mouse_reach_every_bar_and_choose(run, open_figure):
    page = open_figure(FeatureBars(run))
    spread = run.attention_spread()
    tip, root = page.locator("[data-role=figure-tip]"), page.locator("[data-role=figure]")
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    low, middle, high = (f"{spread.quantile(share)[1]:.1%}" for share in (0.1, 0.5, 0.9))
    expect(tip).to_have_text(
        f"{spread.fields[1]}: {spread.mean[1]:.1%}, mean of 30 cases; four fifths of them from "
        f"{low} to {high}, median {middle}; even attention would be 20.0%"
    )
    page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-field", spread.fields[1])
    expect(page.locator("[data-role=bar][data-chosen]")).to_have_count(1)
    page.keyboard.press("End")
    expect(tip).to_contain_text(f"{spread.fields[-1]}: ")
    page.keyboard.press("Escape")
    assert root.get_attribute("data-field") is None
    page.locator(f"[data-role=bar][data-field={spread.fields[2]}]").click()
    expect(root).to_have_attribute("data-field", spread.fields[2])
    page.locator("[data-role=figure-table]").click()
    first = page.locator("[data-role=figure-numbers] tbody tr").first.locator("td")
    assert first.nth(0).text_content() == spread.fields[0]
    assert first.nth(1).text_content() == f"{spread.mean[0]:.6f}"


def test_frames_are_played_on_one_scale(run, open_figure):
    other = run_of(RECIPE, clicks(300), seed=1, spread=1)
    page = open_figure(FeatureBars({"epoch 1": other, "epoch 2": run}))
    ticks = page.locator(".bars text.tick")
    before = ticks.all_text_contents()
    page.locator("[data-role=figure-scrub]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("epoch 1")
    still(page)
    assert ticks.all_text_contents() == before
    shown, told = bars(page), other.attention_spread()
    drawn = [shown[field][0] for field in told.fields]
    assert drawn == pytest.approx(told.mean.tolist(), abs=1e-6)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(run, open_figure, scheme):
    page = open_figure(FeatureBars(run, field="tags", layer=1), color_scheme=scheme)
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
    page = open_figure(FeatureBars(run, field=HOSTILE))
    assert page.locator("img").count() == 0
    assert bars(page)[HOSTILE][0] == pytest.approx(1)
    page.locator("[data-role=bar]").hover()
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(f"{HOSTILE}: 100.0%")
    assert page.locator("[data-role=layer-1]").count() == 0  # nothing to choose
