"""The explorer in a real JupyterLab and a real Notebook: what is seen is what Python says."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.screen import (
    IN_LAB,
    at_rest,
    by_position,
    check_ranking,
    history,
    remove_by_mouse,
    root,
    wait_until_equal,
)

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"

# Two layers of two heads in numpy: it starts sooner than a compiled model, and is drawn the same.
CELL = f"""
import numpy as np, pandas as pd
from attnrec.data import FILMS, Catalogue
from attnrec.inspection import AttentionMap, AttentionRecord, Capabilities, Inspection
from attnrec_widgets import AttentionDistribution, HistoryExplorer, RankingBars

class Toy:
    name, lengths, capabilities = "Toy", (), Capabilities(attention=True)

    def __init__(self, titles, seed=0):
        frame = pd.DataFrame({{"title": titles}}, index=range(101, 101 + len(titles)))
        self.catalogue = Catalogue(frame, FILMS)
        rng = np.random.default_rng(seed)
        self.items = rng.normal(size=(len(titles) + 1, 8))
        self.queries = rng.normal(size=(2, 2, 8, 8)) / 10

    def inspect(self, request):
        hidden, maps = self.items[request.items], []
        width = hidden.shape[1]
        for layer, queries in enumerate(self.queries, start=1):
            logits = np.einsum("bqd,hde,bke->bhqk", hidden, queries, hidden)
            weights = np.exp(logits) * np.tri(width)
            weights /= weights.sum(-1, keepdims=True)
            maps.append(AttentionMap(f"layer {{layer}}", weights.astype(np.float32), causal=True))
            hidden = hidden + np.einsum("bhqk,bkd->bqd", weights, hidden) / 2
        scores = hidden[:, -1] @ self.items.T
        scores[:, 0] = -np.inf
        record = AttentionRecord(tuple(maps), request.mask)
        return Inspection(request, scores, record, self.catalogue)

toy = Toy([f"Film {{n}}" for n in range(1, 40)] + [{HOSTILE!r}])
explorer = HistoryExplorer(toy, history=[*range(101, 111)], filter_seen=True)
explorer
"""

# Looks at every frame for two and a half seconds, from now on; await window.sampled for them.
SAMPLE = """() => { window.sampled = new Promise(resolve => {
    const root = document.querySelector('[data-role=explorer]');
    const began = performance.now(), frames = [];
    const all = (role, value) => Object.fromEntries(
        [...root.querySelectorAll(`[data-role=${role}]`)].map(n => [n.dataset.item, value(n)]));
    const top = node => node.getBoundingClientRect().top - root.getBoundingClientRect().top;
    const look = () => {
        frames.push({
            heights: all('ribbon', n => Number(n.querySelector('rect').getAttribute('height'))),
            rows: all('history-row', top),
            ranks: all('ranking-row', top),
        });
        if (performance.now() - began < 2500) requestAnimationFrame(look);
        else resolve(frames);
    };
    requestAnimationFrame(look);
}); }"""


@pytest.fixture
def notebook(run_notebook):
    opened = run_notebook([CELL])
    at_rest(opened)
    return opened


def test_the_widget_renders_what_python_says(notebook):
    assert history(notebook) == [*range(101, 111)]
    check_ranking(notebook)
    weights = (
        root(notebook)
        .locator("[data-role=ribbon]")
        .evaluate_all("nodes => nodes.map(node => Number(node.dataset.weight))")
    )
    assert weights == pytest.approx(
        notebook.python("explorer.attention.to_frame().attention.tolist()"), abs=1e-6
    )
    heights = (
        root(notebook)
        .locator("[data-role=ribbon] rect")
        .evaluate_all("nodes => nodes.map(node => Number(node.getAttribute('height')))")
    )
    # Gaps of a unit stand between the pieces of the spine, whose shares the heights are.
    assert [h / sum(heights) for h in heights] == pytest.approx(weights, abs=1e-3)


def test_a_click_removes_an_item_and_keys_undo_and_redo(notebook):
    remove_by_mouse(notebook, 3)
    without = [101, 102, *range(104, 111)]
    wait_until_equal(lambda: notebook.python("explorer.history"), without)
    wait_until_equal(lambda: history(notebook), without)
    at_rest(notebook)
    check_ranking(notebook)
    assert notebook.python("explorer._past") == [[*range(101, 111)]]
    notebook.page.keyboard.press("Control+z")
    wait_until_equal(lambda: notebook.python("explorer.history"), [*range(101, 111)])
    wait_until_equal(lambda: history(notebook), [*range(101, 111)])
    notebook.page.keyboard.press("Control+Shift+z")
    wait_until_equal(lambda: notebook.python("explorer.history"), without)
    notebook.run("explorer.undo()")
    wait_until_equal(lambda: history(notebook), [*range(101, 111)])
    at_rest(notebook)
    check_ranking(notebook)


@IN_LAB
def test_a_tween_lies_strictly_between_before_and_after(notebook):
    page = notebook.page
    page.evaluate(SAMPLE)
    page.wait_for_timeout(100)
    notebook.run("explorer.remove(4)")
    frames = page.evaluate("window.sampled")
    first, last = frames[0], frames[-1]
    assert "104" in first["heights"]
    assert "104" not in last["rows"]

    def moved(kind: str, item: str, least: float) -> bool:
        return item in last[kind] and abs(first[kind][item] - last[kind][item]) > least

    def between(kind: str, item: str) -> list[float]:
        low, high = sorted((first[kind][item], last[kind][item]))
        values = [frame[kind][item] for frame in frames if item in frame[kind]]
        slack = 0.011  # attributes are written with two decimals
        assert all(low - slack <= value <= high + slack for value in values), (kind, item)
        return [value for value in values if low < value < high]

    ribbons = [item for item in first["heights"] if moved("heights", item, 1)]
    assert len(ribbons) >= 5
    for item in ribbons:
        assert len(set(between("heights", item))) >= 3, item
    later = [str(item) for item in range(105, 111)]  # these close up, by a row each
    for item in later:
        assert moved("rows", item, 10)
        assert len(set(between("rows", item))) >= 3, item
    films = [item for item in first["ranks"] if moved("ranks", item, 10)]
    assert films, "no film changed its rank"
    for item in films:
        assert len(set(between("ranks", item))) >= 3, item


@IN_LAB
def test_reduced_motion_jumps(notebook):
    notebook.page.emulate_media(reduced_motion="reduce")
    notebook.page.evaluate(SAMPLE)
    notebook.page.wait_for_timeout(100)
    notebook.run("explorer.remove(4)")
    frames = notebook.page.evaluate("window.sampled")
    tops = {round(frame["rows"]["110"], 2) for frame in frames}
    assert len(tops) == 2


def test_a_hostile_title_is_found_added_and_inert(notebook):
    page = notebook.page
    page.on("dialog", lambda dialog: pytest.fail(f"a title ran: {dialog.message}"))
    root(notebook).locator("[data-role=add]").click()
    page.keyboard.type("<img")
    match = root(notebook).locator("[data-role=match]")
    expect(match).to_have_count(1)
    expect(match).to_contain_text(HOSTILE)
    page.keyboard.press("Enter")
    wait_until_equal(lambda: notebook.python("explorer.history[-1]"), 140)
    at_rest(notebook)
    row = root(notebook).locator("[data-role=history-row][data-item='140']")
    expect(row).to_contain_text(HOSTILE)
    assert root(notebook).locator("img").count() == 0
    assert page.locator("img[src='x']").count() == 0
    check_ranking(notebook)


@IN_LAB
def test_layer_head_and_query_are_chosen_on_both_sides(notebook):
    root(notebook).locator("[data-role=map][data-layer='1'][data-head='2']").click()
    wait_until_equal(lambda: notebook.python("[explorer.layer, explorer.head]"), [1, 2])
    notebook.run("explorer.query = 5")
    expect(root(notebook).locator("[data-role=history-row][aria-selected=true]")).to_have_attribute(
        "data-position", "5"
    )
    at_rest(notebook)
    weights = notebook.python("explorer.attention.to_frame().attention.tolist()")
    shown = [float(weight or 0) for weight in by_position(notebook, "data-weight")]
    assert shown == pytest.approx(weights, abs=1e-6)


@IN_LAB
def test_an_error_in_the_model_is_a_sentence_and_goes_away(notebook):
    notebook.run("kept = toy.inspect\ndef broken(request): raise RuntimeError('boom')")
    notebook.run("toy.inspect = broken")
    remove_by_mouse(notebook, 1)
    sentence = root(notebook).locator("[data-role=sentence]")
    expect(sentence).to_contain_text("could not answer (RuntimeError: boom)")
    notebook.run("toy.inspect = kept")
    notebook.run("explorer.undo()")
    expect(sentence).not_to_contain_text("boom")
    at_rest(notebook)
    check_ranking(notebook)


def test_the_picture_is_saved_as_it_is_shown(notebook, tmp_path):
    remove_by_mouse(notebook, 1)
    wait_until_equal(lambda: len(history(notebook)), 9)
    root(notebook).locator("[data-role=tool-save]").click()
    with notebook.page.expect_download() as caught:
        root(notebook).locator("[data-role=tool-save-svg]").click()
    assert caught.value.suggested_filename == "Toy-history.svg"
    caught.value.save_as(tmp_path / "saved.svg")
    svg = (tmp_path / "saved.svg").read_text(encoding="utf-8")
    assert [title for title in ("Film 1", "Film 2") if f">{title}</text>" in svg] == ["Film 2"]
    assert "layer 2, mean of heads, read from position 9" in svg


@IN_LAB
def test_the_charts_follow(run_notebook):
    charts = "RankingBars(explorer), AttentionDistribution(explorer)"
    notebook = run_notebook([CELL, f"import ipywidgets\nipywidgets.HBox([{charts}])"])
    charts = notebook.page.locator(".bqplot")
    expect(charts).to_have_count(2, timeout=30_000)
    bars = [charts.nth(n).locator(".bargroup rect") for n in range(2)]
    wait_until_equal(lambda: [one.count() for one in bars], [10, 10])
    notebook.run("explorer.remove(1)")
    wait_until_equal(lambda: [one.count() for one in bars], [10, 9])
    weights = notebook.python("explorer.attention.to_frame().attention.tolist()")

    def shares() -> list[float]:
        heights = bars[1].evaluate_all("all => all.map(bar => Number(bar.getAttribute('height')))")
        return [round(height / sum(heights), 3) for height in heights]

    wait_until_equal(shares, [round(weight, 3) for weight in weights])
