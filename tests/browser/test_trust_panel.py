"""The TrustPanel in a notebook: what is drawn is what Python measured, and the explorer follows.

The deletion race and the lying slider are tested in test_trust_views.py.
"""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screen import IN_LAB, history, ranking, wait_until_equal
from tests.browser.test_history_explorer import CELL, HOSTILE

pytestmark = pytest.mark.browser

WIDE = re.compile(r"^(?!.*narrow)")
BAZAAR = """
import attnrec as ar
from attnrec_widgets import TrustPanel
run = ar.load_run("bazaar-sasrec")
panel = TrustPanel(run, history=run.past("u1")[-9:])
panel
"""
# No gradients, and nothing to mask; the last item of the history has HOSTILE as its title.
TOY = (
    CELL.replace(
        "explorer = HistoryExplorer(toy, history=[*range(101, 111)]",
        "explorer = HistoryExplorer(toy, history=[*range(101, 108), 140]",
    )
    + """
from attnrec_widgets import TrustPanel
panel = TrustPanel(explorer, lens="leave-one-out")
from ipywidgets import VBox
VBox([explorer, panel])
"""
)


@pytest.fixture
def bazaar(run_notebook):
    """A recommender's explorer and its panel beneath, measured."""
    notebook = run_notebook([BAZAAR])
    measured(notebook)
    return notebook


@pytest.fixture
def toy_panel(run_notebook):
    """The same of a model that gives scores and attention only."""
    notebook = run_notebook([TOY])
    measured(notebook)
    return notebook


def test_what_is_drawn_is_what_python_measured(bazaar):
    check_table(bazaar)
    check_bars(bazaar)
    check_lenses(bazaar)
    dropped = cells(bazaar)
    part(bazaar, "removal-mask").click()
    wait_until_equal(lambda: bazaar.python("panel._report['removal']"), "mask", 60)
    measured(bazaar)
    expect(part(bazaar, "removal-mask")).to_have_attribute("aria-pressed", "true")
    assert cells(bazaar) != dropped
    check_table(bazaar)
    part(bazaar, "flip").click()
    expect(part(bazaar, "flip-play")).to_be_visible(timeout=60_000)
    expect(part(bazaar, "flip-play")).to_be_disabled()
    expect(part(bazaar, "flip-reason")).to_contain_text("keeps its place")
    part(bazaar, "flip-play").click(force=True)
    assert bazaar.python("len(panel.explorer.history)") == 9


def check_table(notebook) -> None:
    """Every number drawn is Python's, on one scale a column, which holds the random band."""
    told = notebook.python(
        "(lambda f, r: dict(rows=list(f.names), names=[m['name'] for m in r['metrics']],"
        " values=[[v if v == v else None for v in row] for row in f.values.tolist()],"
        " metrics=list(f.metrics), band=f.band.tolist()))(panel.faithfulness, panel._report)"
    )
    columns = [told["metrics"].index(name) for name in told["names"]]
    values = {
        (row, name): found[column]
        for row, found in zip(told["rows"], told["values"], strict=True)
        for name, column in zip(told["names"], columns, strict=True)
    }
    values["leave-one-out", "Kendall"] = None  # with itself
    drawn = cells(notebook)
    assert {at: cell["value"] for at, cell in drawn.items()} == values
    for name, column in zip(told["names"], columns, strict=True):
        low, high = (ends[column] for ends in told["band"])
        band = part(notebook, f"band[data-metric='{name}']")
        assert float(band.get_attribute("data-low")) == low
        assert float(band.get_attribute("data-high")) == high
        known = [
            cell for (_, metric), cell in drawn.items() if metric == name and cell["x"] is not None
        ]
        check_scale(notebook, known, name)
        for cell in known:
            digits = len(cell["text"].partition(".")[2])
            assert cell["text"] == f"{cell['value']:.{digits}f}".replace("-", "−")
    assert drawn["leave-one-out", "Kendall"]["text"] == "itself"
    assert drawn["uniform", "Kendall"]["text"] == "none"


def check_scale(notebook, known: list[dict[str, Any]], metric: str) -> None:
    """From 0 to 1 stand the values of a column, its band and zero, and each where it says."""
    band = part(notebook, f"band[data-metric='{metric}']")
    low, high = (float(band.get_attribute(f"data-{end}")) for end in ("low", "high"))
    values = [0, low, high, *(cell["value"] for cell in known)]
    start, extent = min(values), max(values) - min(values)
    for cell in known:
        assert cell["x"] == pytest.approx((cell["value"] - start) / extent, abs=1e-6)
    plot, field = band.locator("..").bounding_box(), band.bounding_box()
    assert field["x"] == pytest.approx(plot["x"] + (low - start) / extent * plot["width"], abs=0.6)
    assert field["width"] == pytest.approx((high - low) / extent * plot["width"], abs=0.6)
    dots = part(notebook, f"measure[data-metric='{metric}'] circle.dot:visible")
    for dot in dots.all():
        x = float(dot.locator("xpath=ancestor::td").get_attribute("data-x"))
        box = dot.bounding_box()
        middle = box["x"] + box["width"] / 2
        assert middle == pytest.approx(plot["x"] + x * plot["width"], abs=0.6)


def check_bars(notebook) -> None:
    """Each bar is an item's value; those below the zero line are the negative ones."""
    told = notebook.python(
        "dict((m['name'], panel._present().values(m['name']).tolist())"
        " for m in panel._report['methods'])"
    )
    found = part(notebook, "value-bar").evaluate_all(
        "bars => bars.map(b => ({method: b.dataset.method, position: Number(b.dataset.position),"
        " value: Number(b.dataset.value), top: b.getBoundingClientRect().top,"
        " height: b.getBoundingClientRect().height}))"
    )
    assert {bar["method"] for bar in found} == set(told)
    for method, values in told.items():
        bars = [bar for bar in found if bar["method"] == method]
        assert [bar["position"] for bar in bars] == [*range(1, 10)]
        assert [bar["value"] for bar in bars] == values
        largest = max(bars, key=lambda bar: abs(bar["value"]))
        for bar in bars:
            share = abs(bar["value"] / largest["value"])
            assert bar["height"] == pytest.approx(max(0.6, share * largest["height"]), abs=0.1)
        above = [bar["top"] + bar["height"] for bar in bars if bar["value"] >= 0]
        below = [bar["top"] for bar in bars if bar["value"] < 0]
        assert max(above, default=-math.inf) <= min(below, default=math.inf) + 0.1
    part(notebook, "value-bar[data-method='leave-one-out'][data-position='9']").hover(force=True)
    item = notebook.python("panel._report['items'][8]['title']")
    expect(part(notebook, "value-tip").locator("visible=true")).to_contain_text(f"9 {item} ")
    notebook.page.mouse.move(5, 5)
    expect(part(notebook, "value-tip").locator("visible=true")).to_have_count(0)


def check_lenses(notebook) -> None:
    """A lens is chosen by mouse, by keyboard and in Python; the explorer follows."""
    explorer = notebook.page.locator("[data-role=explorer]")
    expect(explorer.locator("[data-role=sentence]")).to_contain_text("weighed above average ")
    check_sentence(notebook)
    lens(notebook, "rollout").click()
    expect(panel(notebook)).to_have_attribute("data-lens", "rollout")
    expect(explorer).to_have_attribute("data-lens", "rollout", timeout=15_000)
    expect(part(notebook, "trust-sentence")).to_contain_text("by rollout")
    check_sentence(notebook)
    assert notebook.python("panel.lens") == "rollout"
    names = [method["name"] for method in notebook.python("panel._report['methods']")]
    below = names[names.index("rollout") + 1]
    notebook.page.keyboard.press("ArrowDown")
    expect(lens(notebook, below)).to_be_focused()
    expect(lens(notebook, below)).to_be_checked()
    expect(explorer).to_have_attribute("data-lens", below, timeout=15_000)
    assert notebook.python("panel.lens") == below
    notebook.python("setattr(panel, 'lens', 'leave-one-out')")
    expect(lens(notebook, "leave-one-out")).to_be_checked()
    expect(explorer).to_have_attribute("data-lens", "leave-one-out", timeout=15_000)
    expect(part(notebook, "trust-sentence")).to_contain_text("by leave-one-out")
    check_sentence(notebook)


def check_sentence(notebook) -> None:
    said = notebook.page.locator("[data-role=explorer] [data-role=sentence]")
    wait_until_equal(said.text_content, part(notebook, "trust-sentence").text_content())


@IN_LAB
def test_the_smallest_flip_is_found_played_and_undone(toy_panel):
    past = toy_panel.python("explorer.history")
    part(toy_panel, "flip").press("Enter")
    expect(part(toy_panel, "flip-play")).to_be_focused(timeout=60_000)
    flip = toy_panel.python(
        "dict(removed=list(panel.flip.removed), before=panel.flip.before.title,"
        " after=panel.flip.after.title, titles=panel.flip.table()['title'].tolist())"
    )
    for title in [flip["before"], flip["after"], *flip["titles"]]:
        expect(part(toy_panel, "flip-sentence")).to_contain_text(title)
    part(toy_panel, "flip-play").click()
    left = [id for at, id in enumerate(past, start=1) if at not in flip["removed"]]
    wait_until_equal(lambda: history(toy_panel), left)
    measured(toy_panel)
    assert toy_panel.python("explorer.history") == left
    assert ranking(toy_panel)[0][2] == flip["after"]
    expect(part(toy_panel, "flip-sentence")).to_contain_text(f"of {len(past)} films")
    part(toy_panel, "flip-undo").click()
    wait_until_equal(lambda: history(toy_panel), past)
    assert toy_panel.python("explorer.history") == past


@IN_LAB
def test_another_recommendation_is_explained(toy_panel):
    choices = toy_panel.python("panel._report['choices']")
    before, target = cells(toy_panel), part(toy_panel, "target")
    target.select_option(index=3)
    wait_until_equal(lambda: toy_panel.python("panel._report['target']['id']"), choices[2]["id"])
    measured(toy_panel)
    assert toy_panel.python("panel.target") == choices[2]["id"]
    expect(part(toy_panel, "trust-sentence")).to_contain_text(choices[2]["title"])
    assert cells(toy_panel) != before
    target.select_option(index=0)
    wait_until_equal(lambda: toy_panel.python("panel.target"), None)
    measured(toy_panel)
    wait_until_equal(lambda: cells(toy_panel), before)


@IN_LAB
def test_a_method_that_the_model_lacks_says_why(toy_panel):
    lacking = [m for m in toy_panel.python("panel._report['methods']") if m["reason"]]
    assert "gradient x input" in [method["name"] for method in lacking]
    for method in lacking:
        expect(lens(toy_panel, method["name"])).to_be_disabled()
        row = part(toy_panel, f"measure-row[data-method='{method['name']}']")
        expect(row).to_contain_text("gradients")
        assert row.locator("[data-role=measure]").count() == 0


@IN_LAB
def test_titles_are_text_and_no_history_is_a_sentence(toy_panel):
    part(toy_panel, "value-bar[data-method='leave-one-out'][data-position='8']").hover(force=True)
    expect(part(toy_panel, "value-tip").locator("visible=true")).to_contain_text(HOSTILE)
    part(toy_panel, "measures-table").click()
    expect(part(toy_panel, "measures-numbers")).to_contain_text(HOSTILE)
    assert panel(toy_panel).locator("img").count() == 0
    toy_panel.python("setattr(explorer, 'history', [140])")
    expect(part(toy_panel, "trust-sentence")).to_contain_text("nothing to weigh", timeout=30_000)
    expect(part(toy_panel, "measures")).to_be_hidden()
    toy_panel.python("setattr(explorer, 'history', [])")
    expect(panel(toy_panel)).to_have_attribute("data-state", "empty")
    expect(part(toy_panel, "trust-sentence")).to_contain_text("nothing to explain")


@IN_LAB
def test_nothing_is_wider_than_its_cell(toy_panel):
    """Where there is no room the table scrolls, and nothing else."""
    for width, narrow in ((1280, False), (800, True)):
        toy_panel.page.set_viewport_size({"width": width, "height": 900})
        expect(panel(toy_panel)).to_have_class(re.compile("narrow") if narrow else WIDE)
        too_wide = panel(toy_panel).evaluate(
            """root => {
                const right = root.parentElement.getBoundingClientRect().right;
                return [root, ...root.querySelectorAll("*")].filter(node => node.checkVisibility()
                    && !node.closest(".unseen, .tip, svg, .wide-table > table")
                    && node.getBoundingClientRect().right > right + 1).map(node => node.outerHTML);
            }"""
        )
        assert too_wide == []


def panel(notebook) -> Locator:
    return notebook.page.locator("[data-role=trust]")


def part(notebook, role: str) -> Locator:
    """What has a data-role, and further attributes where they follow it in brackets."""
    name, bracket, further = role.partition("[")
    return panel(notebook).locator(f"[data-role={name}]{bracket}{further}")


def measured(notebook) -> None:
    """What the explorer shows is measured, and drawn to the end."""
    expect(panel(notebook)).to_have_attribute("data-state", "ready", timeout=90_000)
    expect(part(notebook, "measures")).to_have_attribute("data-moving", "false")


def lens(notebook, method: str) -> Locator:
    row = part(notebook, f"measure-row[data-method='{method}']")
    return row.locator("[data-role=lens]")


def cells(notebook) -> dict[tuple[str, str], dict[str, Any]]:
    """What is drawn and printed, by method and metric; value and x are None where undefined."""
    found = part(notebook, "measure").evaluate_all(
        "cells => cells.map(c => [c.dataset.method, c.dataset.metric, {"
        " value: c.dataset.value === undefined ? null : Number(c.dataset.value),"
        " x: c.dataset.x === undefined ? null : Number(c.dataset.x), text: c.textContent.trim()}])"
    )
    return {(method, metric): cell for method, metric, cell in found}
