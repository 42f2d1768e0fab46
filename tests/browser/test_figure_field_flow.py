"""The ribbons in a saved page: their numbers are the record's, and hand and keys reach them."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FieldFlow
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
    return [...document.querySelectorAll('.field-flow svg *')]
        .map(n => n.getBoundingClientRect())
        .filter(b => b.left < stage.left - 2 || b.right > stage.right + 2 || b.top < stage.top - 2)
        .map(b => [b.left, b.right, b.top]);
}"""


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def still(page: Page) -> None:
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")


def ribbons(page: Page, role: str = "flow") -> dict[tuple[int, str, str], float]:
    found = page.locator(f"[data-role={role}]").evaluate_all(
        "all => all.map(c => [Number(c.dataset.layer), c.dataset.looks, c.dataset.at,"
        " Number(c.dataset.value)])"
    )
    return {(layer, looks, at): value for layer, looks, at, value in found}


def means(run, head: int | None) -> np.ndarray:
    """[layer, looks, at] out of the record."""
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    return np.stack([record.weights(layer, head).astype(float).mean(0) for layer in (1, 2)])


def strongest(run, head: int | None, share: float) -> dict[tuple[int, str, str], float]:
    names, found = run.features.schema.names, {}
    for layer, weights in enumerate(means(run, head), 1):
        left = share * weights.sum() - 1e-6
        for place in np.argsort(-weights, axis=None):
            if left <= 0:
                break
            one, other = np.unravel_index(place, weights.shape)
            found[layer, names[one], names[other]] = weights[one, other]
            left -= weights[one, other]
    return found


def test_what_is_drawn_is_what_the_record_says(run, open_figure):
    page = open_figure(FieldFlow(run))
    assert ribbons(page) == pytest.approx(strongest(run, None, 0.4), abs=1e-6)
    page.locator("[data-role=head-2]").click()
    page.locator("[data-role=flow-share]").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    still(page)
    assert ribbons(page) == pytest.approx(strongest(run, 2, 0.6), abs=1e-6)
    expect(page.locator("[data-role=figure-told]")).to_contain_text("with 60% of each layer's")
    page.locator("[data-role=figure-table]").click()
    rows = page.locator("[data-role=figure-numbers] tbody tr")
    assert rows.count() == 2 * 5 * 5
    weight = means(run, 2)[0, 0, 0]
    assert float(rows.first.locator("td").nth(3).text_content()) == pytest.approx(weight, abs=1e-6)


def test_of_what_is_chosen_the_rollout_is_drawn(run, open_figure):
    page = open_figure(FieldFlow(run))
    assert page.locator("[data-role=path]").count() == 0
    page.locator("[data-role=node][data-field=tags][data-layer='2']").click()
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-field", "tags")
    still(page)
    first, second = ((mean + np.eye(5)) / 2 for mean in means(run, None))
    names = run.features.schema.names
    tags = names.index("tags")
    arrived = page.locator("[data-role=input]").evaluate_all(
        "all => all.map(c => [c.dataset.field, Number(c.dataset.value)])"
    )
    rolled = (second @ first)[tags]
    assert dict(arrived) == pytest.approx(dict(zip(names, rolled, strict=True)), abs=1e-6)
    runs = ribbons(page, "path")
    for (layer, looks, at), value in runs.items():
        one, other = names.index(looks), names.index(at)
        expected = second[tags, one] * first[one, other] if layer == 1 else second[one, other]
        assert value == pytest.approx(expected, abs=1e-6)
    assert {looks for layer, looks, _ in runs if layer == 2} == {"tags"}
    told = page.locator("[data-role=figure-told]")
    expect(told).to_contain_text("what of each input is in tags after layer 2, by rollout")
    page.locator("[data-role=node][data-field=tags][data-layer='1']").click()
    expect(told).to_contain_text("in tags after layer 1")
    still(page)
    assert {layer for layer, _, _ in ribbons(page, "path")} == {1}


def test_keys_and_mouse_reach_fields_and_ribbons(run, open_figure):
    page = open_figure(FieldFlow(run))
    tip, root = page.locator("[data-role=figure-tip]"), page.locator("[data-role=figure]")
    weights, names = means(run, None), run.features.schema.names
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowDown")
    expect(tip).to_contain_text(f"{names[0]} after layer 2: ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    first = (weights[0] + np.eye(5)) / 2
    most = int(first[1].argmax())
    expect(tip).to_contain_text(
        f"{names[1]} after layer 1: {first[1, most]:.0%} of it is of the input {names[most]}"
    )
    expect(tip).to_contain_text(
        f"gets {weights[1][:, 1].sum() / 5:.0%} of the attention in layer 2"
    )
    page.keyboard.press("Home")
    expect(tip).to_contain_text(f"{names[0]}, an input")
    drawn = ribbons(page)
    layer, looks, at = max((key for key in drawn if key[0] == 2), key=drawn.get)
    page.keyboard.press("End")
    for _ in range(len(names) - 1 - names.index(looks)):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("PageDown")
    share = drawn[layer, looks, at]
    expect(tip).to_have_text(f"{looks} looks at {at} in layer 2: {share:.0%}, mean of 30 cases")
    page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-field", looks)
    expect(root).to_have_attribute("data-layer", "2")
    page.keyboard.press("PageUp")
    expect(tip).to_contain_text(f"{looks} after layer 2")
    page.keyboard.press("Escape")
    assert root.get_attribute("data-field") is None
    still(page)
    path = page.locator(f"[data-role=flow][data-layer='2'][data-looks={looks}][data-at={at}]")
    box = path.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(tip).to_contain_text("looks at")
    assert page.locator("[data-role=flow].dim").count() == len(drawn) - 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(run, open_figure, scheme):
    page = open_figure(FieldFlow(run, field="tags"), color_scheme=scheme)
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
    page = open_figure(FieldFlow(run, field=HOSTILE))
    assert page.locator("img").count() == 0
    assert ribbons(page) == {(1, HOSTILE, HOSTILE): pytest.approx(1)}
    expect(page.locator("[data-role=figure-told]")).to_contain_text(HOSTILE)
