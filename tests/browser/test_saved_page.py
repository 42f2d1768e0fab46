"""A saved explorer, opened from disk by a browser that is offline: its answers are Python's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from attnrec_widgets import HistoryExplorer
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.data import Catalogue
from attnrec.models.recorder import ModelInspector
from tests.browser import interactions
from tests.browser.screen import at_rest, history, remove_by_mouse, root, wait_until_equal

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>document.title = 'taken'</script><!--\u2028<img src=x onerror=alert(1)>"


@dataclass
class Saved:
    """A saved page, and the explorer that it was saved from, as the screen's readers want them."""

    page: Page
    explorer: HistoryExplorer

    def python(self, expression: str) -> Any:
        return eval(expression, {"explorer": self.explorer})

    def python_stands_at(self, **traits: Any) -> None:
        for name, value in traits.items():
            setattr(self.explorer, name, value)


@pytest.fixture(scope="module")
def run():
    return ar.load_run("bazaar-sasrec")


@pytest.fixture
def explorer(run) -> HistoryExplorer:
    return HistoryExplorer(run, user="u2881", topn=8)


@pytest.fixture
def open_saved(open_file: Callable[[Path], Page], tmp_path: Path) -> Callable[..., Saved]:
    """Saves an explorer and opens the file."""

    def opened(explorer: HistoryExplorer, name: str = "saved.html") -> Saved:
        saved = Saved(open_file(explorer.save_html(tmp_path / name)), explorer)
        expect(root(saved)).to_have_attribute("data-state", "ready", timeout=30_000)
        expect(root(saved)).to_have_attribute("data-moving", "false")
        return saved

    return opened


def agrees(saved: Saved) -> None:
    """History, ranking and scores on the screen are those of the explorer in Python."""
    interactions.check_answer(saved, saved.explorer.history, saved.explorer.now)


def positions(saved: Saved, count: int) -> None:
    expect(root(saved).locator("[data-role=history-row][data-position]")).to_have_count(count)


def test_it_begins_where_the_explorer_was(explorer, open_saved):
    explorer.remove(4)
    explorer.remove(1)
    explorer.undo()
    explorer.layer, explorer.head, explorer.query, explorer.view = 1, 2, 5, "matrix"
    saved = open_saved(explorer)
    expect(root(saved)).to_have_attribute("data-view", "matrix")
    expect(root(saved)).to_have_attribute("data-engine", "page")
    assert history(saved) == explorer.history
    chosen = saved.page.locator("[data-role=map][aria-checked=true]")
    assert [chosen.get_attribute(f"data-{name}") for name in ("layer", "head")] == ["1", "2"]
    saved.page.locator("[data-role=tool-undo]").click()
    positions(saved, 11)
    saved.page.locator("[data-role=tool-redo]").click()
    saved.page.locator("[data-role=tool-redo]").click()
    positions(saved, 9)
    expect(saved.page.locator("#still")).to_have_count(0)


def test_edits_are_answered_as_python_answers_them(explorer, open_saved):
    saved = open_saved(explorer)
    agrees(saved)
    remove_by_mouse(saved, 3)
    explorer.remove(3)
    positions(saved, 10)
    agrees(saved)
    added = explorer.sources[0].catalogue.search("Watering can")[0]
    title = explorer.sources[0].catalogue.title(added)
    saved.page.locator("[data-role=add]").click()
    saved.page.locator("[data-role=search]").fill("Watering can")
    match = saved.page.locator("[data-role=match]").first
    expect(match).to_have_attribute("data-item", str(added))
    expect(match).to_contain_text(title)
    match.click()
    explorer.add(added)
    positions(saved, 11)
    agrees(saved)
    saved.page.keyboard.press("Escape")
    root(saved).locator("[data-role=history-row][data-position='2']").click()  # reads from it
    saved.page.keyboard.press("Alt+ArrowDown")
    explorer.move(2, 3)
    explorer.query = 3
    agrees(saved)
    saved.page.keyboard.press("Control+z")
    saved.page.keyboard.press("Control+z")
    explorer.undo()
    explorer.undo()
    explorer.query = None
    positions(saved, 10)
    agrees(saved)
    saved.page.locator("[data-role=tool-reset]").click()
    explorer.reset()
    positions(saved, 11)
    agrees(saved)


def test_what_is_read_is_answered_as_python_answers_it(explorer, open_saved):
    saved = open_saved(explorer)
    saved.page.locator("[data-role=now]").focus()
    saved.page.keyboard.press("Shift+ArrowLeft")
    expect(saved.page.locator("[data-role=now]")).to_have_attribute("aria-valuenow", "10")
    explorer.now = 10
    agrees(saved)
    saved.page.locator("[data-role=map][data-layer='1'][data-head='1']").click()
    explorer.layer, explorer.head = 1, 1
    at_rest(saved)
    ribbons = root(saved).locator("[data-role=ribbon][data-position]")
    drawn = ribbons.evaluate_all("all => all.map(r => [+r.dataset.position, r.dataset.weight])")
    weights = [float(weight) for _, weight in sorted(drawn) if weight]
    assert weights == pytest.approx(explorer.attention.to_frame()["attention"].tolist(), abs=1e-4)
    saved.page.locator("[data-role=tool-matrix]").click()
    expect(saved.page.locator("[data-role=matrix] canvas").first).to_be_visible()
    saved.page.locator("[data-role=tool-table]").click()
    table = saved.page.locator("[data-role=table-ranking]")
    expect(table).to_contain_text(explorer.recommendations["title"][0])


@pytest.fixture(scope="module")
def past(run):
    return run.past("u1")[-12:]


@pytest.fixture
def opened(run, past, open_saved) -> Saved:
    """A saved page as the live widget of test_page_engine.py is, for the same checks."""
    return open_saved(HistoryExplorer(run, history=past))


def test_dragging_ranks_anew_under_the_hand(opened, past):
    interactions.check_dragging(opened, past)


def test_scrubbing_shows_what_was_known_then(opened, past):
    interactions.check_scrubbing(opened, past)


def test_resting_on_an_item_shows_the_ranking_without_it(opened, run, past):
    interactions.check_resting(opened, run, past)


def test_how_a_weight_arose(opened, run, past):
    interactions.check_weighing(opened, run, past)


def test_the_picture_is_saved_as_it_stands(explorer, open_saved, tmp_path):
    saved = open_saved(explorer)
    saved.page.locator("[data-role=tool-save]").click()
    with saved.page.expect_download() as waiting:
        saved.page.locator("[data-role=tool-save-svg]").click()
    assert waiting.value.suggested_filename == "SASRec-history.svg"
    picture = ElementTree.parse(waiting.value.path()).getroot()
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    told = " ".join(picture.itertext())
    for title in explorer.recommendations["title"]:
        assert title in told
    assert explorer.provenance()[1] in told
    assert "Matrix" not in told  # a tool, not a part of the picture
    paths = picture.iter("{http://www.w3.org/2000/svg}path")
    assert sum(path.get("fill", "").startswith("url(") for path in paths) == len(explorer.history)


def test_the_ribbons_of_a_long_history_are_read_and_clicked(run, open_saved, tmp_path):
    """On one canvas: what stands at a point is worked out, and the saved figure has shapes."""
    items = [item for user in run.users[:9] for item in run.past(user)]
    history = list(dict.fromkeys(items))[:48]
    saved = open_saved(HistoryExplorer(run, history=history, topn=10))
    canvas = root(saved).locator("[data-role=ribbons-canvas]")
    expect(canvas).to_have_attribute("data-ribbons", "48")
    attention = saved.explorer.attention.to_frame()["attention"].to_numpy()
    heaviest = int(attention.argmax()) + 1
    assert heaviest > 48 - 18  # its row is in sight
    # The spine is partitioned by weight, top to bottom; 20 px lie around the drawing.
    middle = attention[: heaviest - 1].sum() + attention[heaviest - 1] / 2
    box = canvas.bounding_box()
    at = box["x"] + box["width"] - 17, box["y"] + 20 + 340 * float(middle)
    saved.page.mouse.move(*at)
    row = root(saved).locator(f"[data-role=history-row][data-position='{heaviest}']")
    expect(row).to_have_class(re.compile(r"\bhot\b"))
    saved.page.mouse.click(*at)
    weighing = root(saved).locator("[data-role=weighing]")
    expect(weighing).to_have_attribute("data-weight", re.compile(r"0\.\d+"))
    saved.page.mouse.move(5, 5)
    expect(row).not_to_have_class(re.compile(r"\bhot\b"))

    saved.page.locator("[data-role=tool-save]").click()
    with saved.page.expect_download() as waiting:
        saved.page.locator("[data-role=tool-save-svg]").click()
    picture = ElementTree.parse(waiting.value.path()).getroot()
    paths = picture.iter("{http://www.w3.org/2000/svg}path")
    assert sum(path.get("fill", "").startswith("url(#rail-ribbon") for path in paths) == 48


def test_the_picture_can_be_printed(explorer, open_saved):
    saved = open_saved(explorer)
    saved.page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    saved.page.locator("[data-role=tool-save]").click()
    saved.page.locator("[data-role=tool-save-pdf]").click()
    wait_until_equal(lambda: saved.page.evaluate("() => window.printed === true"), True)
    saved.page.emulate_media(media="print")
    expect(saved.page.locator("[data-role=tool-save]")).to_be_hidden()
    expect(root(saved)).to_be_visible()


def test_titles_are_text(run, open_saved):
    frame = run.data.catalogue.frame.copy()
    frame.iloc[0, frame.columns.get_loc("title")] = HOSTILE
    catalogue = Catalogue(frame, run.data.catalogue.words)
    inspector = ModelInspector(run.model, catalogue, HOSTILE, graphs=run.graphs)
    saved = open_saved(HistoryExplorer(inspector, history=[frame.index[0], frame.index[1]]))
    expect(root(saved)).to_contain_text("document.title = 'taken'")
    assert saved.page.title() != "taken"
    assert saved.page.locator("img, body > script + script:not([id])").count() <= 1


def test_two_files_do_not_know_each_other(run, explorer, open_saved):
    other = HistoryExplorer(run, explorer.sources[0].inspector, history=explorer.history[:4])
    first, second = open_saved(explorer), open_saved(other, "other.html")
    remove_by_mouse(first, 1)
    positions(first, 10)
    positions(second, 4)
    expect(root(second).locator("[data-role=ranking-row][data-panel='2']")).to_have_count(10)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_system(explorer, open_saved, scheme):
    saved = open_saved(explorer)
    saved.page.emulate_media(color_scheme=scheme)
    expect(root(saved)).to_have_attribute("data-theme", scheme)
    # Playwright's own waiting evaluates in the page, which its policy forbids.
    fits = "() => document.documentElement.scrollWidth <= innerWidth"
    for width in (600, 1800):
        saved.page.set_viewport_size({"width": width, "height": 800})
        wait_until_equal(lambda: saved.page.evaluate(fits), True)


def test_without_scripts_there_is_the_picture(explorer, chromium, tmp_path):
    path = explorer.save_html(tmp_path / "saved.html")
    context = chromium.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.locator("#still img")).to_be_visible()
    expect(page.locator("noscript p")).to_contain_text("allow scripts")
    context.close()


def test_where_webassembly_is_forbidden_there_is_the_picture(explorer, offline, tmp_path):
    path = explorer.save_html(tmp_path / "saved.html")
    page = offline.new_page()
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(path.as_uri())
    expect(page.locator("#notice")).to_contain_text("WebAssembly")
    expect(page.locator("#still img")).to_be_visible()
    expect(root(Saved(page, explorer))).to_have_count(0)
