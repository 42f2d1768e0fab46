"""What axe-core finds in the explorer on a toy model, and what the keyboard alone can do."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDGETS

pytestmark = pytest.mark.browser

AXE = WIDGETS / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page, role: str = "explorer") -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"() => axe.run('[data-role={role}]')")["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1080, 640])
@pytest.mark.parametrize(
    ("state", "options"),
    [
        ("rest", {}),
        ("empty", {}),
        ("loading", {}),
        ("rest", {"view": "matrix"}),
        ("rest", {"panels": 2}),
        ("rest", {"length": 200}),
        ("rest", {"attention": False}),
        ("rest", {"lens": "attention"}),
        ("rest", {"lens": "leave-one-out", "length": 10}),
    ],
    ids=[
        *("rest", "empty", "loading", "matrix", "two models", "200 films", "no attention"),
        *("a lens on attention", "a lens of its own"),
    ],
)
def test_axe_finds_no_serious_violation(toy, state, theme, width, options):
    assert violations(toy(state, theme, width, **options)) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nor_in_a_preview(toy, theme):
    page = toy(theme=theme)
    page.locator("[data-role=history]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-role=explorer]")).to_have_attribute("data-preview", "18")
    page.wait_for_timeout(300)
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nor_where_a_weight_is_explained(toy, theme):
    page = toy(theme=theme)
    page.locator("[data-role=history]").focus()
    page.keyboard.press("w")
    expect(page.locator("[data-role=weighing]")).to_be_visible()
    page.wait_for_timeout(300)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("[data-role=weighing]")).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.role") == "history"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1080, 640])
@pytest.mark.parametrize(
    ("options", "there"),
    [
        ({}, "flip"),
        ({"tab": "race"}, "race-step"),
        ({"tab": "slider"}, "lie-scrub"),
        ({"state": "measuring"}, "flip"),
        ({"state": "error"}, "flip"),
    ],
    ids=["measures", "race", "slider", "measuring", "error"],
)
def test_axe_finds_nothing_in_a_trust_panel(blank, address, options, there, theme, width):
    blank.goto(f"{address}/trust.html?{urlencode({'theme': theme, 'width': width, **options})}")
    expect(blank.locator(f"[data-role={there}]").first).to_be_visible()
    blank.wait_for_timeout(500)  # past the first tween
    assert violations(blank, "trust") == []


def test_a_quick_hand_gets_its_preview(toy):
    """Three keys before the model has answered the first: the edit's answer takes nothing away."""
    page = toy()
    page.locator("[data-role=history]").focus()
    page.evaluate("""() => {
        const press = (key, shiftKey = false) => document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', { key, shiftKey, bubbles: true }));
        press('ArrowLeft', true);
        press('Home');
        press(' ');
    }""")
    root = page.locator("[data-role=explorer]")
    expect(root).to_have_attribute("data-preview", "1")
    page.wait_for_timeout(600)
    expect(root).to_have_attribute("data-preview", "1")


def test_everything_is_done_by_keyboard_alone(toy):
    page = toy()
    press, state = page.keyboard.press, lambda name: page.evaluate(f"window.model.state.{name}")
    start = state("history")
    focus = "document.activeElement.closest('[data-role]')?.dataset.role"

    def tab_to(role: str) -> None:
        for _ in range(12):
            press("Tab")
            if page.evaluate(focus) == role:
                return
        raise AssertionError(f"no tab stop is {role}")

    def tool(role: str) -> None:
        """Along the toolbar by arrows, and pressed."""
        page.locator("body").click(position={"x": 2, "y": 2})
        for _ in range(4):
            press("Tab")
            if page.evaluate("document.activeElement.tagName") == "BUTTON":
                break
        for _ in range(20):
            if page.evaluate("document.activeElement.dataset.role") == role:
                press("Enter")
                return
            press("ArrowRight")
        raise AssertionError(f"no arrow leads to {role}")

    tab_to("history")
    drawn = """row => [row, ...row.children].map(node => getComputedStyle(node))
        .map(style => style.outline + style.boxShadow).join()"""
    focused = page.locator("[data-role=history-row].focus")
    expect(focused).to_have_count(1)
    other = page.locator("[data-role=history-row]:not(.focus)").first
    assert focused.evaluate(drawn) != other.evaluate(drawn), "the focus cannot be seen"

    press("Home")
    press("ArrowDown")
    press("Alt+ArrowDown")  # reorder
    assert state("history") == [start[0], start[2], start[1], *start[3:]]
    press("Control+z")
    assert state("history") == start
    press("Control+Shift+z")
    assert state("history")[1] == start[2]
    press("Control+z")
    press("End")
    press("Delete")
    assert state("history") == start[:-1]
    press("Control+z")

    press("/")  # add by title
    page.keyboard.type("Fight Club")
    expect(page.locator("[data-role=match]")).to_have_count(1)
    press("Enter")
    assert len(state("history")) == len(start) + 1
    press("Control+z")

    press("Shift+ArrowLeft")  # scrub
    assert state("now") == len(start) - 1
    press("Shift+ArrowRight")
    assert state("now") is None

    press("l")
    assert state("layer") == 1
    press("h")
    assert state("head") == 1
    press("Home")
    press("ArrowDown")
    press("Enter")  # read from here
    assert state("query") == 2

    press("Space")  # preview without it
    root = page.locator("[data-role=explorer]")
    expect(root).to_have_attribute("data-preview", "2")
    press("Escape")
    expect(root).not_to_have_attribute("data-preview", "2")

    press("m")
    assert state("view") == "matrix"
    press("m")
    press("t")
    expect(page.locator("[data-role=table-history]")).to_be_visible()
    press("t")
    press("p")
    assert state("now") == 1
    press("p")

    tab_to("ranking")
    press("ArrowDown")
    taken = page.locator("[data-role=ranking-row].hot, [data-role=ranking-row].focus").first
    taken = taken.get_attribute("data-item")
    press("Enter")
    assert str(state("history")[state("now") - 1 if state("now") else -1]) == taken

    tool("tool-reset")
    assert state("history") == start
    assert [state("now"), state("query")] == [None, None]
    tool("tool-matrix")
    assert state("view") == "matrix"
    tool("tool-ribbons")
    assert state("view") == "ribbons"
    allowed = state("allow_removed")
    tool("tool-allow-removed")
    assert state("allow_removed") != allowed
