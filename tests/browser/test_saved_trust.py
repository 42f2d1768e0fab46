"""A saved panel, opened from disk by a browser that is offline: its numbers are Python's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attnrec_widgets import TrustPanel
from playwright.sync_api import Locator, Page, expect

import attnrec as ar
from attnrec.explanations.deletion_race import deletion_race
from tests.browser.screen import at_rest, by_position, history, remove_by_mouse, root
from tests.browser.test_trust_panel import cells, check_bars, check_table, lens, measured, part

pytestmark = pytest.mark.browser

FORWARD = ["attention", "rollout", "leave-one-out", "recency"]
BACKWARD = ["gradient x attention", "integrated gradients"]


@dataclass
class Saved:
    """A saved page, and the panel that it was saved from, as the screen's readers want them."""

    page: Page
    panel: TrustPanel

    def python(self, expression: str) -> Any:
        return eval(expression, {"panel": self.panel, "explorer": self.panel.explorer})


@pytest.fixture(scope="module")
def run():
    return ar.load_run("bazaar-sasrec")


@pytest.fixture
def saved(run, open_file: Callable[[Path], Page], tmp_path: Path) -> Saved:
    """A panel's file, opened."""
    methods = [*FORWARD, *BACKWARD]
    panel = TrustPanel(run, history=run.past("u2881")[-9:], topn=8, methods=methods)
    saved = Saved(open_file(panel.save_html(tmp_path / "saved.html")), panel)
    saved.page.set_viewport_size({"width": 1280, "height": 1200})
    expect(root(saved)).to_have_attribute("data-state", "ready", timeout=30_000)
    measured(saved)
    return saved


def edit(saved: Saved, position: int) -> None:
    """Takes an item out, in the page and in Python."""
    before = len(saved.panel.explorer.history)
    remove_by_mouse(saved, position)
    saved.page.mouse.move(5, 5)
    saved.panel.explorer.remove(position)
    expect(root(saved).locator("[data-role=history-row][data-position]")).to_have_count(before - 1)
    measured(saved)
    expect(part(saved, "trust-foot")).to_contain_text("20 random orders in this page")


def agrees(saved: Saved, methods: list[str] = FORWARD) -> None:
    """What the page has measured is what Python measures of the same history."""
    table, drawn = saved.panel.faithfulness.table(), cells(saved)
    names = {metric for _, metric in drawn}
    assert len(names) == 5
    for method in [*methods, "uniform"]:
        for name in names:
            if (method, name) != ("leave-one-out", "Kendall"):
                value, expected = drawn[method, name]["value"], table.loc[method, name]
                value = np.nan if value is None else value
                assert value == pytest.approx(expected, abs=1e-4, nan_ok=True), (method, name)
    for method in methods:
        bars = part(saved, f"value-bar[data-method='{method}']")
        found = bars.evaluate_all("bars => bars.map(bar => Number(bar.dataset.value))")
        assert found == pytest.approx(saved.panel._present().values(method).tolist(), abs=1e-4)


def test_it_shows_what_python_measured(saved):
    check_table(saved)
    check_bars(saved)
    explorer = root(saved)
    for method in [*FORWARD[1:], *BACKWARD]:
        lens(saved, method).click()
        expect(explorer).to_have_attribute("data-lens", method)
        expect(explorer).to_have_attribute("data-moving", "false")
        values = np.abs(saved.panel._present().values(method))
        drawn = [float(weight) for weight in by_position(saved, "data-weight")]
        assert drawn == pytest.approx((values / values.sum()).tolist(), abs=1e-6)
        part(saved, "tab-race").click()
        saved.panel.lens = method
        check_race(saved, saved.panel.race)
        part(saved, "tab-measures").click()
    part(saved, "tab-slider").click()
    expect(part(saved, "lie")).to_have_attribute("data-state", "ready")
    divergence = saved.panel.adversarial.divergence
    part(saved, "lie-scrub").press("End")
    expect(part(saved, "lie-scrub")).to_have_attribute("data-frame", str(len(divergence) - 1))
    told = part(saved, "lie-divergence").get_attribute("data-value")
    assert float(told) == pytest.approx(float(divergence[-1]), abs=1e-6)


def check_race(saved: Saved, race: Any, racers: list[str] | None = None, band: bool = True) -> None:
    """Every racer's score at every step, in the order of their columns."""
    expect(part(saved, "race")).to_have_attribute("data-state", "ready")
    expect(part(saved, "racer").first).to_have_attribute("data-name", race.names[0])
    names = part(saved, "racer").evaluate_all("all => all.map(one => one.dataset.name)")
    assert names == (racers or [*race.names])
    part(saved, "race-scrub").press("End")
    expect(part(saved, "race-step")).to_have_attribute("data-count", str(race.counts[-1]))
    expect(part(saved, "race")).to_have_attribute("data-moving", "false")
    points = part(saved, "race-point").evaluate_all(
        "all => all.map(p => [p.dataset.name, Number(p.dataset.count), Number(p.dataset.score)])"
    )
    for name in names:
        if name in race.names and (band or name != "random"):
            found = {count: score for racer, count, score in points if racer == name}
            scores = race.scores[race.names.index(name)].tolist()
            expected = dict(zip(race.counts.tolist(), scores, strict=True))
            assert found == pytest.approx(expected, abs=1e-4)


def test_an_edit_is_measured_as_python_measures_it_and_undone(saved):
    before = cells(saved)
    edit(saved, 3)
    agrees(saved)
    effects = [float(effect) for effect in by_position(saved, "data-effect")]
    assert effects == pytest.approx(saved.panel.faithfulness.effects.tolist(), abs=1e-4)
    expect(root(saved)).to_have_attribute("data-lens", "attention")
    for method in BACKWARD:
        expect(lens(saved, method)).to_be_disabled()
        row = part(saved, f"measure-row[data-method='{method}']")
        expect(row).to_contain_text("needs the kernel")
        assert row.locator("[data-role=measure]").count() == 0
    lens(saved, "rollout").click()
    expect(root(saved)).to_have_attribute("data-lens", "rollout")

    part(saved, "tab-race").click()
    explained = saved.panel._present()
    values = {name: explained.values(name) for name in ("rollout", "leave-one-out")}
    race = deletion_race(explained.case, values, orders=1)
    check_race(saved, race, racers=["rollout", "leave-one-out", "random"], band=False)
    part(saved, "tab-slider").click()
    expect(part(saved, "lie-sentence")).to_contain_text("needs the kernel")
    part(saved, "tab-measures").click()

    saved.page.locator("[data-role=tool-undo]").click()
    saved.panel.explorer.undo()
    orders = saved.panel._report["orders"]
    expect(part(saved, "trust-foot")).to_contain_text(f"{orders} random orders")
    measured(saved)
    assert cells(saved) == before
    for method in BACKWARD:
        expect(lens(saved, method)).to_be_enabled()


def test_what_is_read_masked_and_explained(saved):
    """Another head of the saved state leaves Python's numbers; all else is measured anew."""
    before = cells(saved)
    saved.page.locator("[data-role=map][data-layer='1'][data-head='2']").click()
    saved.panel.explorer.layer, saved.panel.explorer.head = 1, 2
    measured(saved)
    agrees(saved)
    kept = {at: cell["value"] for at, cell in cells(saved).items() if at[0] != "attention"}
    assert kept == {at: cell["value"] for at, cell in before.items() if at[0] != "attention"}

    saved.page.locator("[data-role=now]").focus()
    saved.page.keyboard.press("Shift+ArrowLeft")
    expect(saved.page.locator("[data-role=now]")).to_have_attribute("aria-valuenow", "8")
    saved.panel.explorer.now = 8
    measured(saved)
    agrees(saved)
    part(saved, "removal-mask").click()
    expect(part(saved, "trust-foot")).to_contain_text("by masking")
    measured(saved)
    saved.panel.removal = "mask"
    agrees(saved)
    part(saved, "target").select_option(index=3)
    saved.panel.target = saved.panel._report["choices"][2]["id"]
    title = saved.panel._report["target"]["title"]
    expect(part(saved, "trust-sentence")).to_contain_text(title)
    measured(saved)
    agrees(saved)


def test_the_flip_is_played_and_undone_before_and_after_an_edit(saved):
    past = saved.panel.explorer.history
    check_flip(saved, past)
    edit(saved, 2)
    part(saved, "flip").click()
    check_flip(saved, saved.panel.explorer.history)


def check_flip(saved: Saved, past: list) -> None:
    flip, first = saved.panel.flip, root(saved).locator("[data-role=ranking-row][data-rank='1']")
    expect(part(saved, "flip-play")).to_be_visible()
    for title in [flip.before.title, flip.after.title, *flip.table()["title"]]:
        expect(part(saved, "flip-sentence")).to_contain_text(title)
    part(saved, "flip-play").click()
    expect(part(saved, "flip-undo")).to_be_visible()
    expect(first).to_have_attribute("data-item", str(flip.after.item))
    at_rest(saved)
    assert history(saved) == [id for at, id in enumerate(past, 1) if at not in flip.removed]
    measured(saved)
    part(saved, "flip-undo").click()
    expect(first).to_have_attribute("data-item", str(flip.before.item))
    at_rest(saved)
    assert history(saved) == past
    expect(part(saved, "flip-sentence")).to_contain_text("would come first")


def test_one_item_and_none(saved):
    for left in range(8, 0, -1):
        remove_by_mouse(saved, 1)
        rows = root(saved).locator("[data-role=history-row][data-position]")
        expect(rows).to_have_count(left)
    expect(part(saved, "trust-sentence")).to_contain_text("nothing to weigh")
    remove_by_mouse(saved, 1)
    expect(part(saved, "trust-sentence")).to_contain_text("nothing to explain")
    expect(part(saved, "measures")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_system_and_fits_it(saved, scheme):
    saved.page.emulate_media(color_scheme=scheme)
    panel: Locator = saved.page.locator("[data-role=trust]")
    expect(panel).to_have_attribute("data-theme", scheme)
    edit(saved, 1)
    for width, narrow in ((1280, False), (700, True)):
        saved.page.set_viewport_size({"width": width, "height": 900})
        found = re.compile("narrow") if narrow else re.compile(r"^(?!.*narrow)")
        expect(panel).to_have_class(found)
        page = saved.page
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
