"""The lens that a TrustPanel gives the explorer: what is drawn is what it was told."""

from __future__ import annotations

import re
from typing import Any, Protocol

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer
from playwright.sync_api import Locator, Page, expect

import attnrec as ar
from tests.browser.screen import IN_LAB, at_rest, by_position, history, remove_by_mouse, root
from tests.browser.screen import wait_until_equal as until
from tests.browser.test_history_explorer import CELL, SAMPLE
from tests.browser.test_page_engine import in_the_page

pytestmark = pytest.mark.browser

FILMS = [*range(18)]  # of the development page
NEGLIGIBLE = 0.05
CELL_18 = CELL.replace("range(1, 40)", "range(1, 100)").replace(
    "range(101, 111)", "range(101, 119)"
)
REAL = """
import attnrec as ar
from attnrec.explanations import METHODS
from attnrec_widgets import HistoryExplorer
run = ar.load_run("bazaar-sasrec")
explorer = HistoryExplorer(run, history=run.past("u1")[-12:])
methods = ["rollout", "gradient x input", "leave-one-out"]
explanation = ar.explain(run, history=explorer.history, methods=methods)
def show(method):
    values = explanation.values.get(method)
    explorer._lens = {
        "history": explorer.history, "name": method, "removal": "drop", "negligible": 0.01,
        "target": {"id": explanation.target, "title": explanation.table().attrs["title"]},
        "values": None if values is None else values.tolist(),
        "signed": values is not None and METHODS[method].signed,
        "effects": explanation.values["leave-one-out"].tolist(),
    }
explorer
"""
# Pixels of a canvas that are clearly orange, which nothing but an item that lowers is.
ORANGE = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 100 && data[i] > data[i + 2] + 40) count++;
    return count;
}"""


class Explored(Protocol):
    page: Page


class Toy:
    """The development page, which takes a lens as a kernel's explorer would."""

    def __init__(self, page: Page):
        self.page = page

    def put(self, told: dict) -> None:
        self.page.evaluate("told => window.model.set('_lens', told)", told)


def sizes(n: int) -> list[float]:
    """Values of a method, all above zero, in no order."""
    return [1 + 7 * i % 11 for i in range(n)]


def leaving_out(n: int) -> list[float]:
    """Effects from -0.4 to 0.4, some of them none."""
    return [(5 * i % 9 - 4) / 10 for i in range(n)]


def shares(values: list[float]) -> np.ndarray:
    return np.abs(values) / np.abs(values).sum()


def lens(ids: list, **more: Any) -> dict:
    told = {"values": sizes(len(ids)), "effects": leaving_out(len(ids)), "signed": False}
    target = {"id": 130, "title": "Film 30"}
    kept = {"target": target, "removal": "drop", "negligible": NEGLIGIBLE}
    return {"history": ids, "name": "rollout", **told, **kept, **more}


def shows(explored: Explored, name: str | None) -> None:
    """A lens of this name is drawn to the end; None: no lens is."""
    if name is None:
        expect(root(explored)).not_to_have_attribute("data-lens", re.compile(".*"))
    else:
        expect(root(explored)).to_have_attribute("data-lens", name)
    expect(root(explored)).to_have_attribute("data-moving", "false")


def part(explored: Explored, selector: str) -> Locator:
    name, bracket, further = selector.partition("[")
    return root(explored).locator(f"[data-role={name}]{bracket}{further}")


def numbers(explored: Explored, attribute: str) -> list[float]:
    return [float(value) for value in by_position(explored, attribute)]


def hatched(explored: Explored) -> list[int]:
    ribbons = part(explored, "ribbon[data-hatched=true]")
    return sorted(ribbons.evaluate_all("all => all.map(one => Number(one.dataset.position))"))


def disagree(weights: Any, effects: list[float], negligible: float = NEGLIGIBLE) -> list[int]:
    """Positions that weigh above the average and lower the score."""
    average = 1 / len(effects)
    both = zip(weights, effects, strict=True)
    return [i for i, (w, e) in enumerate(both, start=1) if w > average and e < -negligible]


def sentence(explored: Explored) -> str:
    return part(explored, "sentence").inner_text()


@pytest.fixture
def films(toy) -> Toy:
    return Toy(toy())


def test_widths_hues_signs_and_hatching_are_the_lens(films):
    told = lens(FILMS)
    films.put(told)
    shows(films, "rollout")
    widths, effects = shares(told["values"]), told["effects"]
    assert numbers(films, "data-weight") == pytest.approx(widths, abs=1e-6)
    heights = part(films, "ribbon").evaluate_all(
        "all => all.map(one => Number(one.querySelector('rect').getAttribute('height')))"
    )
    assert [h / sum(heights) for h in heights] == pytest.approx(widths, abs=1e-3)
    assert numbers(films, "data-effect") == pytest.approx(effects, abs=1e-6)
    against = disagree(widths, effects)
    assert hatched(films) == against
    above, worst = sum(widths > 1 / 18), min(against, key=lambda position: effects[position - 1])
    assert 1 < len(against) < above
    title = films.page.evaluate("n => window.model.catalogue[n].title", worst - 1)
    assert sentence(films) == (
        f"{len(against)} of the {above} films weighed above average by rollout in fact lower "
        f"Film 30; {title} lowers it most."
    )
    printed = root(films).locator(".effect").all_inner_texts()
    assert printed == [f"{'+' if e > 0 else '−' if e < 0 else ''}{abs(e):.2f}" for e in effects]
    hues = part(films, "ribbon").evaluate_all(
        "all => all.map(one => one.querySelector('stop').getAttribute('stop-color'))"
    )
    for hue, effect in zip(hues, effects, strict=True):
        if abs(effect) > NEGLIGIBLE:
            assert hue.endswith(" 263)" if effect > 0 else " 56)")  # blue raises, orange lowers
    for text in ("raises it", "lowers it", "lowers it, though weighed above average"):
        expect(part(films, "legend")).to_contain_text(text)
    expect(part(films, "scale-key")).to_have_count(0)
    heads = root(films).locator(".history > .small").all_inner_texts()
    assert heads == ["rollout", "effect"]
    expect(part(films, "picker")).to_have_class(re.compile("dim"))


def test_attention_is_as_the_picker_has_it_and_off_is_as_before(films):
    left = "row => row.querySelector('.share').getBoundingClientRect().left"
    before, at = numbers(films, "data-weight"), part(films, "history-row").first.evaluate(left)
    films.put(lens(FILMS, name="attention", values=None))
    shows(films, "attention")
    assert numbers(films, "data-weight") == before
    assert hatched(films) == disagree(before, leaving_out(18))
    expect(part(films, "picker")).not_to_have_class(re.compile("dim"))
    assert part(films, "history-row").first.evaluate(left) < at
    part(films, "map[data-layer='1'][data-head='2']").click()
    until(lambda: numbers(films, "data-weight") != before, True)
    shows(films, "attention")
    other = numbers(films, "data-weight")
    assert hatched(films) == disagree(other, leaving_out(18))
    films.put({})
    shows(films, None)
    expect(part(films, "legend")).to_have_count(0)
    expect(part(films, "scale-key")).to_have_count(1)
    assert set(by_position(films, "data-effect")) == {None}
    assert hatched(films) == []
    assert part(films, "history-row").first.evaluate(left) == at


def test_a_signed_value_below_zero_is_no_disagreement(films):
    effects = leaving_out(18)
    films.put(lens(FILMS, name="leave-one-out", values=effects, signed=True))
    shows(films, "leave-one-out")
    assert numbers(films, "data-weight") == pytest.approx(shares(effects), abs=1e-6)
    assert hatched(films) == []
    assert sentence(films).startswith("None of the ")
    films.put(lens(FILMS, name="LIME", values=sizes(18), signed=True))
    shows(films, "LIME")
    assert hatched(films) == disagree(shares(sizes(18)), effects)


def test_lenses_morph_on_one_layout(films):
    films.put(lens(FILMS))
    shows(films, "rollout")
    films.page.evaluate(SAMPLE)
    films.page.wait_for_timeout(100)
    films.put(lens(FILMS, values=sizes(18)[::-1]))
    frames = films.page.evaluate("window.sampled")
    first, last = frames[0]["heights"], frames[-1]["heights"]
    moved = [item for item in first if abs(first[item] - last[item]) > 3]
    assert len(moved) > 5
    for item in moved:
        low, high = sorted((first[item], last[item]))
        seen = [frame["heights"][item] for frame in frames]
        assert all(low - 0.02 <= height <= high + 0.02 for height in seen)
        assert any(low < height < high for height in seen)
    for place in ("rows", "ranks"):
        assert all(frame[place] == frames[0][place] for frame in frames)


def test_after_an_edit_hues_stay_with_their_items_for_two_seconds(films):
    told = lens(FILMS)
    films.put(told)
    shows(films, "rollout")
    remove_by_mouse(films, 3)
    without = [*FILMS[:2], *FILMS[3:]]
    until(lambda: history(films), without)
    shows(films, "rollout")
    kept = [told["effects"][film] for film in without]
    assert numbers(films, "data-effect") == pytest.approx(kept, abs=1e-6)
    widths = shares([told["values"][film] for film in without])
    assert numbers(films, "data-weight") == pytest.approx(widths, abs=1e-6)
    assert sentence(films).startswith("Without Toy Story, ")
    shows(films, None)  # within the five seconds that are waited for
    assert set(by_position(films, "data-effect")) == {None}

    films.put(lens(without))  # late, and drawn all the same
    shows(films, "rollout")
    assert numbers(films, "data-effect") == pytest.approx(leaving_out(17), abs=1e-6)
    assert " weighed above average by rollout in fact lower " in sentence(films)
    films.page.keyboard.press("Control+z")
    until(lambda: history(films), FILMS)
    assert by_position(films, "data-effect")[2] is None  # of what comes back nothing is known
    films.put(told)  # in time
    until(lambda: numbers(films, "data-effect"), pytest.approx(told["effects"], abs=1e-6))
    films.page.wait_for_timeout(2_500)
    shows(films, "rollout")


def test_a_lens_of_another_history_is_not_drawn(films):
    for ids in (FILMS[:-1], FILMS[::-1], [*FILMS, 30]):
        films.put(lens(ids))
        films.page.wait_for_timeout(100)
        shows(films, None)
    part(films, "history").focus()
    films.page.keyboard.press("Shift+ArrowLeft")
    films.put(lens(FILMS[:17]))
    shows(films, "rollout")
    drawn = [float(weight or 0) for weight in by_position(films, "data-weight")]
    assert drawn == pytest.approx([*shares(sizes(17)), 0], abs=1e-6)
    assert by_position(films, "data-effect")[17] is None


def test_a_model_without_attention_has_the_ribbons_of_the_lens(toy):
    films = Toy(toy(attention=False))
    expect(part(films, "ribbon")).to_have_count(0)
    films.put(lens(FILMS))
    shows(films, "rollout")
    assert numbers(films, "data-weight") == pytest.approx(shares(sizes(18)), abs=1e-6)
    assert hatched(films) == disagree(shares(sizes(18)), leaving_out(18))


@IN_LAB
def test_the_kernel_sets_it_for_short_and_for_long_histories(run_notebook):
    notebook = run_notebook([CELL_18])
    at_rest(notebook)
    ids = [*range(101, 119)]
    notebook.run(f"explorer._lens = {lens(ids)!r}")
    shows(notebook, "rollout")
    assert numbers(notebook, "data-weight") == pytest.approx(shares(sizes(18)), abs=1e-6)
    assert hatched(notebook) == disagree(shares(sizes(18)), leaving_out(18))

    ids = [*range(101, 165)]  # ribbons on a canvas, and rows in a window
    notebook.run(f"explorer.history = {ids}")
    canvas = part(notebook, "ribbons-canvas")
    expect(canvas).to_have_attribute("data-ribbons", "64")
    shows(notebook, None)
    assert canvas.evaluate(ORANGE) == 0
    notebook.run(f"explorer._lens = {lens(ids)!r}")
    shows(notebook, "rollout")
    assert numbers(notebook, "data-weight") == pytest.approx(shares(sizes(64))[-18:], abs=1e-6)
    assert numbers(notebook, "data-effect") == pytest.approx(leaving_out(64)[-18:], abs=1e-6)
    against = disagree(shares(sizes(64)), leaving_out(64))
    expect(canvas).to_have_attribute("data-hatched", str(len(against)))
    assert canvas.evaluate(ORANGE) > 1000
    notebook.run(f"explorer._lens = {lens(ids, effects=[0.2] * 64)!r}")
    expect(canvas).to_have_attribute("data-hatched", "0")
    shows(notebook, "rollout")
    assert canvas.evaluate(ORANGE) == 0


@IN_LAB
def test_real_explanations_and_all_else_goes_on_working(run_notebook, tmp_path):
    notebook = run_notebook([REAL])
    in_the_page(notebook)
    attention = notebook.python("explorer.attention.to_frame().attention.tolist()")
    effects = notebook.python("explanation.values['leave-one-out'].tolist()")
    for method in ("attention", "rollout", "gradient x input", "leave-one-out"):
        notebook.run(f"show({method!r})")
        shows(notebook, method)
        values, signed = attention, False
        if method != "attention":
            values = notebook.python(f"explanation.values[{method!r}].tolist()")
            signed = notebook.python(f"METHODS[{method!r}].signed")
        assert numbers(notebook, "data-weight") == pytest.approx(shares(values), abs=1e-4)
        assert numbers(notebook, "data-effect") == pytest.approx(effects, abs=1e-6)
        for_it = np.where(np.array(values) < 0, 0, shares(values)) if signed else shares(values)
        assert hatched(notebook) == disagree(for_it, effects, 0.01)
    explained = part(notebook, "ranking-row[data-explained=true]")
    assert explained.get_attribute("data-item") == str(notebook.python("explanation.target"))
    expect(explained).to_contain_text("explained")

    press = notebook.page.keyboard.press
    part(notebook, "history-row[data-position='12']").hover()  # the ranking without it
    expect(root(notebook)).to_have_attribute("data-preview", "12")
    expect(part(notebook, "ghost-ribbon")).to_have_attribute("data-position", "12")
    notebook.page.mouse.move(5, 5)
    part(notebook, "history").focus()
    press("End")
    expect(part(notebook, "sentence")).to_contain_text("by leave-one-out and ")
    press("w")  # how its attention arose
    expect(part(notebook, "weighing[data-weight]")).to_be_visible()
    press("Escape")
    press("t")
    heads = part(notebook, "table-history").locator("th").all_inner_texts()
    assert heads[-2:] == ["leave-one-out", f"effect on {explained.locator('.t').inner_text()}"]
    press("t")
    press("m")  # the matrix has no hue
    expect(root(notebook)).to_have_attribute("data-view", "matrix")
    shows(notebook, None)
    press("m")
    shows(notebook, "leave-one-out")


def test_a_saved_page_keeps_the_lens_and_its_picture_has_the_hatching(chromium, tmp_path):
    run = ar.load_run("bazaar-sasrec")
    long = run.past("u1")[-3:] * 8  # its ribbons are on a canvas
    explorer = HistoryExplorer(run, history=long)
    explorer._lens = lens(explorer.history)
    saved = Toy(chromium.new_page())
    saved.page.goto(explorer.save_html(tmp_path / "lens.html").as_uri())
    expect(root(saved)).to_have_attribute("data-lens", "rollout", timeout=30_000)
    shows(saved, "rollout")
    part(saved, "tool-save").click()
    with saved.page.expect_download() as caught:
        part(saved, "tool-save-svg").click()
    caught.value.save_as(tmp_path / "lens.svg")
    svg = (tmp_path / "lens.svg").read_text(encoding="utf-8")
    assert "lowers it, though weighed above average" in svg
    against = disagree(shares(sizes(24)), leaving_out(24))
    assert len(re.findall(r'fill="url\(#rail-hatch-0\)"', svg)) == len(against)
    assert re.search(r'<pattern [^>]*id="rail-hatch-0"', svg)
    saved.page.close()
