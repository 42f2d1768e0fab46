"""The model in the page, in a real JupyterLab and Notebook: its answers are Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import attnrec as ar
from tests.browser import interactions
from tests.browser.jupyter import Notebook
from tests.browser.screen import (
    IN_LAB,
    at_rest,
    check_ranking,
    history,
    ranking,
    remove_by_mouse,
    root,
    wait_until_equal,
)

pytestmark = pytest.mark.browser

# Workers in which WebAssembly is not allowed, as some pages have it.
FORBID = """
const Allowed = globalThis.Worker;
globalThis.Worker = class extends Allowed {
    constructor(url, options) {
        const script = JSON.stringify(String(url));
        const source = `delete globalThis.WebAssembly; importScripts(${script})`;
        const own = String(url).startsWith("blob:");
        super(own ? URL.createObjectURL(new Blob([source])) : url, options);
    }
};
"""

CELL = """
import attnrec as ar
from attnrec_widgets import HistoryExplorer
run = ar.load_run("bazaar-sasrec")
explorer = HistoryExplorer(run, history=run.past("u1")[-12:])
explorer
"""
SECOND = """
second = HistoryExplorer(run, history=run.past("u2")[-12:])
second
"""


def in_the_page(notebook, engine: str = "page") -> None:
    expect(root(notebook).first).to_have_attribute("data-engine", engine, timeout=60_000)
    at_rest(notebook)


class Live(Notebook):
    """A notebook whose kernel follows what is done in the page."""

    def python_stands_at(self, **traits: Any) -> None:
        there = ", ".join(f"explorer.{name}" for name in traits)
        wait_until_equal(lambda: self.python(f"[{there}]"), list(traits.values()))


@pytest.fixture
def notebook(run_notebook):
    opened = run_notebook([CELL])
    in_the_page(opened)
    return Live(opened.page, opened.server)


@pytest.fixture(scope="module")
def run():
    return ar.load_run("bazaar-sasrec")


@pytest.fixture(scope="module")
def past(run):
    return run.past("u1")[-12:]


def test_the_page_answers_and_the_kernel_is_not_asked(notebook, past):
    answered = notebook.python("explorer._answer['seq']")
    check_ranking(notebook)
    remove_by_mouse(notebook, 3)
    without = [*past[:2], *past[3:]]
    wait_until_equal(lambda: notebook.python("explorer.history"), without)
    at_rest(notebook)
    check_ranking(notebook)
    notebook.page.keyboard.press("Control+z")
    wait_until_equal(lambda: notebook.python("explorer.history"), past)
    at_rest(notebook)
    check_ranking(notebook)
    notebook.run("explorer.remove(1)")  # a script's edit is answered in the page, too
    wait_until_equal(lambda: len(notebook.python("explorer.history")), len(past) - 1)
    expect(root(notebook).locator("[data-role=history-row][data-position]")).to_have_count(
        len(past) - 1
    )
    at_rest(notebook)
    check_ranking(notebook)
    assert notebook.python("explorer._answer['seq']") == answered
    weights = (
        root(notebook)
        .locator("[data-role=ribbon]")
        .evaluate_all(
            "nodes => nodes.sort((a, b) => a.dataset.position - b.dataset.position)"
            ".map(node => Number(node.dataset.weight))"
        )
    )
    told = notebook.python("explorer.attention.to_frame().attention.tolist()")
    assert weights == pytest.approx(told, abs=1e-4)


@IN_LAB
def test_dragging_ranks_anew_under_the_hand(notebook, past):
    interactions.check_dragging(notebook, past)


@IN_LAB
def test_scrubbing_shows_what_was_known_then(notebook, past):
    interactions.check_scrubbing(notebook, past)


@IN_LAB
def test_resting_on_an_item_shows_the_ranking_without_it(notebook, run, past):
    interactions.check_resting(notebook, run, past)


@IN_LAB
def test_how_a_weight_arose(notebook, run, past):
    interactions.check_weighing(notebook, run, past)  # by arrow keys, which both applications use
    notebook.page.keyboard.press("m")  # theirs makes a cell Markdown
    expect(root(notebook)).to_have_attribute("data-view", "matrix")


@IN_LAB
def test_two_explorers_share_a_worker_and_outlive_each_other(run_notebook):
    notebook = run_notebook([CELL, SECOND])
    page = notebook.page
    for n in range(2):
        expect(root(notebook).nth(n)).to_have_attribute("data-engine", "page", timeout=60_000)
    assert len(page.workers) == 1
    notebook.run("explorer.close()")
    expect(root(notebook)).to_have_count(1)
    before = notebook.python("second.history")
    root(notebook).locator("[data-role=history]").focus()
    page.keyboard.press("Delete")
    wait_until_equal(lambda: notebook.python("second.history"), before[:-1])
    wait_until_equal(lambda: history(notebook), before[:-1])
    notebook.run("second.close()")
    wait_until_the_worker_ends(page)


def wait_until_the_worker_ends(page) -> None:
    """Some seconds after its last widget: a cell that is run again finds it still there."""
    for _ in range(300):
        if not page.workers:
            return
        page.wait_for_timeout(100)
    raise AssertionError("the worker goes on")


@IN_LAB
def test_closed_in_mid_answer_nothing_is_left(notebook, problems):
    page = notebook.page
    root(notebook).locator("[data-role=history]").focus()
    for _ in range(5):
        page.keyboard.press("Delete")
    notebook.run("explorer.close()")
    wait_until_the_worker_ends(page)
    assert not problems


@IN_LAB
def test_the_page_goes_on_when_the_kernel_restarts(notebook, run, past):
    page = notebook.page
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    root(notebook).locator("[data-role=history]").focus()
    page.keyboard.press("Delete")
    wait_until_equal(lambda: history(notebook), past[:-1])
    at_rest(notebook)
    shown = [id for _, id, *_ in ranking(notebook)]
    assert shown == run.recommend(history=past[:-1])["item"].tolist()


@IN_LAB
def test_without_webassembly_the_kernel_answers_and_the_page_says_so(page, run_notebook):
    page.add_init_script(FORBID)
    notebook = run_notebook([CELL])
    at_rest(notebook)
    expect(root(notebook)).to_contain_text("WebAssembly", timeout=60_000)
    expect(root(notebook)).to_have_attribute("data-engine", "kernel")
    remove_by_mouse(notebook, 3)
    wait_until_equal(lambda: len(notebook.python("explorer.history")), 11)
    at_rest(notebook)
    check_ranking(notebook)


@IN_LAB
def test_memory_is_flat_after_five_hundred_edits(notebook, past):
    page = notebook.page
    page.emulate_media(reduced_motion="reduce")
    session = page.context.new_cdp_session(page)

    def used() -> np.ndarray:
        """Bytes of the heap, and nodes, in the document or not; of all of JupyterLab."""
        session.send("HeapProfiler.collectGarbage")
        session.send("Performance.enable")
        metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
        return np.array([metrics["JSHeapUsedSize"], metrics["Nodes"]])

    def edit(times: int) -> None:
        for _ in range(times // 2):
            page.keyboard.press("Delete")
            page.keyboard.press("Control+z")

    root(notebook).locator("[data-role=history]").focus()
    edit(100)
    measured = [used()]
    for _ in range(2):
        edit(250)
        at_rest(notebook)
        measured.append(used())
    assert history(notebook) == past == notebook.python("explorer.history")  # none was lost
    # What is lost with every edit is lost in both halves; JupyterLab draws anew now and then.
    heap, nodes = np.diff(measured, axis=0).min(0)
    assert nodes <= 25
    assert heap < 1_000_000
