"""The stream in a saved page: its numbers are the life's, and hand and keys reach every event."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import AttentionStream
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.explanations.features import AttentionLife
from attnrec.models.features import AutoInt
from tests.browser.test_accessibility import violations
from tests.explanations.feature_shop import run_of

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
FIELDS = ("user", "price", "hour")
BEYOND = """() => {  // names and marks that are not within the stage
    const stage = document.querySelector('[data-role=figure-stage]').getBoundingClientRect();
    return [...document.querySelectorAll('.stream text, .stream [data-role=band], .stream rect')]
        .map(c => [c.textContent || c.dataset.role, c.getBoundingClientRect()])
        .filter(([_, c]) => c.left < stage.left - 1 || c.right > stage.right + 2
            || c.bottom > stage.bottom + 1 || c.top < stage.top - 1).map(([name]) => name);
}"""
TOUCHING = """() => {  // texts that overlap
    const found = [], boxes = [...document.querySelectorAll('.stream text')]
        .map(t => [t.textContent, t.getBoundingClientRect()]);
    boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
        if (p.left < q.right && q.left < p.right && p.top + 2 < q.bottom && q.top + 2 < p.bottom)
            found.push([a, b]);
    }));
    return found;
}"""


def life(events: int = 12, fields=FIELDS, **options) -> AttentionLife:
    values = np.random.default_rng(0).dirichlet(np.ones(len(fields)), events)
    when = pd.date_range("2024-01-30 09:30", periods=events, freq="36h")
    titles, items = zip(*[(f"Item {i % 5}", f"p{i % 5}") for i in range(events)], strict=True)
    parts = ("train",) * (events - 2) + ("validation", "test")[-events:]
    given = {"times": when, "parts": parts, "items": items} | options
    return AttentionLife("u17", tuple(fields), values, titles, **given)


def at_rest(page: Page) -> None:
    expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")


def drawn(page: Page) -> tuple[np.ndarray, list[int], list[str]]:
    """[step, field], the steps' edges, and the fields in the order of the drawing."""
    found = page.locator("[data-role=band]").evaluate_all(
        "all => all.map(b => [b.dataset.field, JSON.parse(b.dataset.values)])"
    )
    found = dict(found)
    edges = json.loads(page.locator("[data-role=stream]").get_attribute("data-edges"))
    return np.stack(list(found.values()), axis=1), edges, list(found)


def points(page: Page, field: str) -> np.ndarray:
    """Where a line passes, [step, x and y]."""
    path = page.locator(f"[data-role=band][data-field={field}]").get_attribute("d")
    return np.array([one.split(",") for one in re.findall(r"[\d.]+,[\d.]+", path)], float)


def test_what_is_drawn_is_what_python_has(open_figure):
    told = life()
    page = open_figure(AttentionStream(told))
    values, edges, fields = drawn(page)
    assert (edges, fields) == (list(range(13)), list(FIELDS))
    np.testing.assert_allclose(values, told.weights, atol=1e-7)
    assert page.locator("[data-role=figure-title]").text_content() == told.title
    assert page.locator("[data-role=figure-told]").text_content() == told.told()
    page.locator("[data-role=figure-table]").click()
    rows = page.locator("[data-role=figure-numbers] tbody tr")
    assert rows.count() == 12
    assert rows.nth(11).locator("td").all_text_contents() == [
        "12", "2024-02-15 21:30", "Item 1", "test", *(f"{w:.6f}" for w in told.weights[11])
    ]  # fmt: skip


def test_bands_pass_through_the_values_and_keep_their_order(open_figure):
    """At every event a band is as high as the weight, and between two it is between the two."""
    told = life(6)
    page = open_figure(AttentionStream(told))
    at = page.evaluate(
        """() => [...document.querySelectorAll('[data-role=band]')].map(band => {
            const svg = band.ownerSVGElement, p = svg.createSVGPoint(), box = band.getBBox();
            const strip = document.querySelector('[data-role=part]').getBBox();
            const [left, wide] = [strip.x, strip.width / 4 * 6];  // four of six are of train
            const column = x => { const inside = [];
                for (let y = 0; y < 420; y += .25) { p.x = x; p.y = y;
                    if (band.isPointInFill(p)) inside.push(y); }
                return [inside[0], inside.at(-1)]; };
            return [0, 1, 2, 3, 4, 5].map(e => column(left + wide * (e + .5) / 6))
                .concat([0, 1, 2, 3, 4].map(e => column(left + wide * (e + 1) / 6)));
        })"""
    )
    edges = np.array(at)  # [field, place, top and bottom]
    tall = edges[:, 0].max() - edges[:, 0].min()
    heights = (edges[..., 1] - edges[..., 0]).T / tall
    np.testing.assert_allclose(heights[:6], told.weights, atol=0.003)
    middles = (told.weights[:-1] + told.weights[1:]) / 2  # the curve is even about its middle
    np.testing.assert_allclose(heights[6:], middles, atol=0.003)


def test_lines_pass_through_the_values(open_figure):
    told = life(9)
    page = open_figure(AttentionStream(told))
    page.locator("[data-role=view-lines]").click()
    at_rest(page)
    expect(page.locator("[data-role=stream]")).to_have_attribute("data-view", "lines")
    np.testing.assert_allclose(drawn(page)[0], told.weights, atol=1e-7)
    ys = np.stack([points(page, field)[:, 1] for field in FIELDS], axis=1)
    slope, start = np.polyfit(told.weights.ravel(), ys.ravel(), 1)
    assert slope < 0
    np.testing.assert_allclose(ys, start + slope * told.weights, atol=0.02)
    assert np.diff(points(page, "hour")[:, 0]) == pytest.approx(
        np.diff(points(page, "hour")[:, 0])[0], abs=0.02
    )
    page.locator("[data-role=view-stream]").click()
    expect(page.locator("[data-role=view-stream]")).to_have_attribute("aria-pressed", "true")


def test_many_events_are_means_of_several(open_figure):
    told = life(1500)
    page = open_figure(AttentionStream(told))
    values, edges, _ = drawn(page)
    size = edges[1]
    assert size > 1
    means, expected = told.in_steps(len(values))
    assert edges == expected.tolist()
    np.testing.assert_allclose(values, means, atol=1e-6)
    expect(page.locator("[data-role=figure-told]")).to_have_text(told.told(size))
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(
        f"mean of events 1 to {size} of 1,500, 2024-01-30 to "
    )
    page.keyboard.press("Enter")
    assert page.locator("[data-role=figure]").get_attribute("data-item") is None


def test_in_time_events_stand_at_their_dates(open_figure):
    days = [0, 1, 2, 40, 40, 100]
    when = pd.Timestamp("2024-01-30 09:30") + pd.to_timedelta(days, unit="D")
    told = life(6, times=pd.DatetimeIndex(when))
    page = open_figure(AttentionStream(told, view="lines"))
    page.locator("[data-role=axis-time]").click()
    at_rest(page)
    values, edges, _ = drawn(page)
    assert edges == [0, 1, 2, 3, 5, 6]  # two at one time
    means = np.stack([told.weights[a:b].mean(0) for a, b in pairwise(edges)])
    np.testing.assert_allclose(values, means, atol=1e-6)
    xs = points(page, "user")[:, 0]
    expected = xs[0] + (xs[-1] - xs[0]) * np.array([0, 1, 2, 40, 100]) / 100
    np.testing.assert_allclose(xs, expected, atol=0.02)
    expect(page.locator("[data-role=figure-told]")).to_have_text(told.told_in_time)
    dates = page.locator(".stream text.tick").all_text_contents()
    assert {"2024-01-30", "2024-05-09"} <= {*dates}


def test_without_dates_there_is_no_such_choice(open_figure):
    page = open_figure(AttentionStream(life(times=None)))
    expect(page.locator("[data-role=axis-time]")).to_be_hidden()
    ticks = page.locator(".stream text.tick").all_text_contents()
    assert "event 1" in ticks
    assert "event 12" in ticks


def test_parts_are_named_and_where_they_are(open_figure):
    page = open_figure(AttentionStream(life()))
    parts = page.locator("[data-role=part]").evaluate_all(
        "all => all.map(p => [p.dataset.part, Number(p.dataset.from), Number(p.dataset.to)])"
    )
    assert parts == [["train", 1, 10], ["validation", 11, 11], ["test", 12, 12]]
    wide = page.locator("[data-role=part]").evaluate_all("all => all.map(p => p.getBBox().width)")
    assert wide[0] == pytest.approx(10 * wide[1], rel=1e-3)
    told = page.locator(".stream text.tick").all_text_contents()
    assert told[-3:] == ["train (10)", "validation (1)", "test (1)"]


def test_the_keyboard_reaches_every_event_and_chooses(open_figure):
    told = life()
    page = open_figure(AttentionStream(told))
    root, tip = page.locator("[data-role=figure]"), page.locator("[data-role=figure-tip]")
    pointed = page.locator("[data-role=pointed]")
    page.locator("[data-role=figure-stage]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    expect(tip).to_have_text(
        f"price: {told.weights[1, 1]:.1%}, event 2 of 12, 2024-01-31 21:30, Item 1, train"
    )
    expect(pointed).to_have_attribute("data-event", "2")
    expect(pointed).to_have_attribute("data-field", "price")
    page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-field", "price")
    expect(root).to_have_attribute("data-item", "p1")
    ticks = page.locator("[data-role=tick]")
    assert ticks.evaluate_all("all => all.map(t => Number(t.dataset.event))") == [2, 7, 12]
    assert page.locator("[data-role=band][data-field=price]").get_attribute("fill") == (
        "var(--accent)"
    )
    page.keyboard.press("End")
    expect(pointed).to_have_attribute("data-event", "12")
    page.keyboard.press("ArrowRight")
    expect(pointed).to_have_attribute("data-event", "12")
    page.keyboard.press("PageUp")
    expect(pointed).to_have_attribute("data-event", "2")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(pointed).to_be_hidden()
    assert root.get_attribute("data-item") is None


def test_the_mouse_finds_band_line_and_name(open_figure):
    told = life()
    page = open_figure(AttentionStream(told))
    root, tip = page.locator("[data-role=figure]"), page.locator("[data-role=figure-tip]")
    name = page.locator(".stream text.name", has_text="hour")
    name.hover()
    expect(tip).to_have_text(f"hour: {told.weights[:, 2].mean():.1%}, mean of 12 events")
    name.click()
    expect(root).to_have_attribute("data-field", "hour")
    assert root.get_attribute("data-item") is None
    page.locator("[data-role=view-lines]").click()
    at_rest(page)
    x, y = points(page, "user")[4]
    stage = page.locator("[data-role=figure-stage]").bounding_box()
    page.mouse.move(stage["x"] + x + 2, stage["y"] + y - 1)
    expect(tip).to_contain_text("event 5 of 12, 2024-02-05 09:30, Item 4, train")
    expect(page.locator("[data-role=pointed]")).to_have_attribute("data-event", "5")
    page.mouse.click(stage["x"] + x, stage["y"] + y)
    expect(root).to_have_attribute("data-item", "p4")


def test_several_are_played(open_figure):
    one, two = life(), life()
    two = replace(two, weights=two.weights[::-1].copy())
    page = open_figure(AttentionStream({"epoch 1": one, "epoch 2": two}))
    np.testing.assert_allclose(drawn(page)[0], two.weights, atol=1e-7)
    page.locator("[data-role=figure-scrub]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-role=figure-frame]")).to_have_text("epoch 1")
    at_rest(page)
    np.testing.assert_allclose(drawn(page)[0], one.weights, atol=1e-7)


@pytest.mark.parametrize("view", ["stream", "lines"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(open_figure, scheme, view):
    fields = [f"field number {i}" for i in range(11)]
    shown = AttentionStream(life(fields=fields), view=view, field=fields[3], item="p1")
    page = open_figure(shown, color_scheme=scheme)
    for width in (600, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert page.evaluate(BEYOND) == [], width
        assert page.evaluate(TOUCHING) == [], width
    assert page.locator("[data-role=figure]").get_attribute("data-theme") == scheme
    assert violations(page, "figure") == []


@pytest.mark.parametrize("axis", ["events", "time"])
def test_one_event_of_one_field(open_figure, axis):
    page = open_figure(AttentionStream(life(1, fields=["price"]), axis=axis))
    assert drawn(page)[0].tolist() == [[1]]
    page.locator("[data-role=view-lines]").click()
    at_rest(page)
    assert len(points(page, "price")) == 1
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-role=figure-tip]")).to_have_text(
        "price: 100.0%, event 1 of 1, 2024-01-30 09:30, Item 0, test"
    )
    assert page.evaluate(BEYOND) == []


def test_text_of_the_data_is_text(open_figure):
    told = replace(life(fields=[HOSTILE, "b"]), titles=(HOSTILE,) * 12, user=HOSTILE)
    page = open_figure(AttentionStream(told))
    assert page.locator("img").count() == 0
    assert drawn(page)[2] == [HOSTILE, "b"]
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-role=figure-tip]")).to_contain_text(f"{HOSTILE}, train")
    expect(page.locator("[data-role=figure-title]")).to_have_text(told.title)


@pytest.mark.needs_data
def test_of_real_ratings(open_figure):
    split = ar.split.leave_one_out(ar.datasets.load("ml-100k"))
    features = ar.features.build(split, user=["gender"], context=["hour"])
    run = run_of(AutoInt(embedding_size=4, attention_size=8), features, spread=1)
    shown = AttentionStream(run, 405, item=302)
    page = open_figure(shown)
    values, edges, fields = drawn(page)
    assert len(shown.found) == 737
    assert tuple(fields) == shown.fields
    means, expected = shown.found.in_steps(len(values))
    assert edges == expected.tolist()
    np.testing.assert_allclose(values, means, atol=1e-6)
    ticks = page.locator("[data-role=tick]").evaluate_all("all => all.map(t => t.dataset.event)")
    assert [int(event) for event in ticks] == [shown.found.items.index(302) + 1]
