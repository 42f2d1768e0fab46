"""A case explored in a saved page: the model inside answers every change as Python does."""

from __future__ import annotations

import re

import numpy as np
import pytest
from attnrec_widgets import FeatureExplorer
from attnrec_widgets.case_frame import ranking_told
from playwright.sync_api import Page, expect

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random
from attnrec.models.features import AFM, FM, AutoInt, FeatureAttention
from tests.browser.screen import IN_LAB, wait_until_equal
from tests.browser.test_accessibility import violations
from tests.explanations.feature_shop import choices, clicks, run_of, visits

pytestmark = pytest.mark.browser

RECIPE = AutoInt(embedding_size=4, attention_size=8, num_layers=2)
HOSTILE = "<img src=x onerror=alert(1)>"
FIELDS = """all => Object.fromEntries(all.map(one => [one.dataset.field, {
    attention: one.dataset.attention === undefined ? null : Number(one.dataset.attention),
    shapley: Number(one.dataset.shapley), off: one.dataset.off === 'true',
    dropped: one.dataset.dropped === 'true', changed: one.dataset.changed === 'true',
}]))"""


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=0.7)


@pytest.fixture
def explorer(run) -> FeatureExplorer:
    return FeatureExplorer(run, user=3, item=4, context={"hour": "day"}, rows=40)


@pytest.fixture
def open_case(open_figure):
    def opened(explorer, **media) -> Page:
        page = open_figure(explorer, **media)
        expect(root(page)).to_have_attribute("data-engine", "page", timeout=30_000)
        return page

    return opened


def root(page: Page):
    return page.locator("[data-role=figure]")


def choose(page: Page, field: str, label: str) -> None:
    page.locator(f"[data-role=case-value][data-field='{field}']").select_option(label=label)


def drawn(page: Page) -> dict:
    return page.locator("[data-role=case-field]").evaluate_all(FIELDS)


def ranking(page: Page) -> list:
    rows = page.locator("[data-role=case-ranked]").evaluate_all(
        "all => all.map(one => [Number(one.dataset.rank), one.dataset.item])"
    )
    return [item for _, item in sorted(rows)]


def agrees(page: Page, explorer: FeatureExplorer) -> None:
    """All that is on the screen, when it rests, is Python's answer to the same case."""
    here = explorer.case
    expected = {
        name: {
            "attention": None if np.isnan(gets) else pytest.approx(gets, abs=1e-4),
            "shapley": pytest.approx(adds, abs=1e-3),
            "off": off,
            "dropped": dropped,
            "changed": changed,
        }
        for name, gets, adds, off, dropped, changed in zip(
            here.names,
            here.attention.tolist(),
            here.shapley.tolist(),
            here.off.tolist(),
            here.dropped.tolist(),
            here.changed.tolist(),
            strict=True,
        )
    }
    wait_until_equal(lambda: drawn(page), expected)
    number = page.locator("[data-role=case-prediction]")
    shown = float(number.get_attribute("data-value"))
    main = here.score if here.prediction is None else here.prediction
    assert shown == pytest.approx(main, abs=1e-3)
    # By score: of items that are described alike, which comes first is rounding.
    index = {str(id): i for i, id in enumerate(explorer.run.items, 1)}
    found = [float(here.scores[index[item]]) for item in ranking(page)]
    best = [one["score"] for one in ranking_told(explorer.run, here, explorer.topn)]
    assert found == pytest.approx(best, abs=1e-3)
    place = page.locator("[data-role=case-place]").text_content()
    rank = int(re.match(r"It ranks (\d+) of ", place)[1])
    better = (here.scores > here.score + 1e-3).sum()
    alike = (abs(here.scores - here.score) <= 1e-3).sum()
    assert better < rank <= better + alike


def test_every_change_is_answered_as_python_answers_it(explorer, open_case):
    page = open_case(explorer)
    agrees(page, explorer)
    choose(page, "hour", "night")
    explorer.changes = {"hour": "night"}
    agrees(page, explorer)
    choose(page, "taste", "blue")
    explorer.changes = {"hour": "night", "taste": "blue"}
    agrees(page, explorer)
    choose(page, "tags", "nothing")
    explorer.changes = {**explorer.changes, "tags": None}
    agrees(page, explorer)
    choose(page, "taste", "as it is")
    choose(page, "hour", "nothing")
    explorer.changes = {"tags": None, "hour": None}
    agrees(page, explorer)
    page.locator("[data-role=case-item]").fill("7")
    page.keyboard.press("Tab")
    explorer.item = 7
    agrees(page, explorer)
    page.locator("[data-role=head-2]").click()
    explorer.head = 2
    agrees(page, explorer)
    told = page.locator("[data-role=figure-told]").text_content()
    assert told == explorer._picture["frames"][0]["told"]
    page.locator("[data-role=case-reset]").click()
    explorer.changes = {}
    agrees(page, explorer)


def test_a_pinned_case_stands_beside_the_next(explorer, open_case):
    page = open_case(explorer)
    page.locator("[data-role=case-pin]").click()
    choose(page, "hour", "night")
    before = explorer.case.prediction
    explorer.pin()
    explorer.changes = {"hour": "night"}
    agrees(page, explorer)
    number = page.locator("[data-role=case-prediction]")
    assert float(number.get_attribute("data-was")) == pytest.approx(before, abs=1e-4)
    was = page.locator("[data-role=case-ranked]").evaluate_all(
        "all => all.map(one => [one.dataset.item, one.dataset.was ?? null])"
    )
    ranks = {str(id): str(rank) for id, rank in explorer._picture["frames"][0]["pinned"]["ranks"]}
    assert {item: rank for item, rank in was if rank} == {
        item: ranks[item] for item, _ in was if item in ranks
    }
    page.locator("[data-role=case-pin]").click()
    expect(number).not_to_have_attribute("data-was", re.compile("."))


def test_the_threshold_leaves_fields_out_and_tells_the_cost(explorer, open_case):
    page = open_case(explorer)
    most, steps = explorer._setup["threshold"]
    level = 9 / steps * most
    page.locator("[data-role=case-threshold]").evaluate(
        "(range) => { range.value = '9'; range.dispatchEvent(new Event('input')); }"
    )
    explorer.threshold = level
    agrees(page, explorer)
    assert explorer.case.dropped.any()
    cost = explorer._picture["frames"][0]["cost"]
    told = page.locator("[data-role=case-cost]")
    expect(told).to_contain_text(f"AUC goes from {cost['before']:.3f} to {cost['after']:.3f}")
    without = explorer.case.prediction_without
    percent = f"{without:.0%}" if without >= 0.0995 else f"{without:.1%}"
    expect(told).to_contain_text(f"becomes {percent}.")


@pytest.mark.parametrize(
    ("recipe", "features"),
    [
        (AFM(embedding_size=4, attention_size=4), clicks),
        (FeatureAttention(embedding_size=4), clicks),
        (FM(embedding_size=4), clicks),
        (RECIPE, choices),
    ],
    ids=["pairs", "two sides", "no attention", "choices"],
)
def test_of_every_kind_of_model(recipe, features, open_case):
    explorer = FeatureExplorer(run_of(recipe, features()), rows=20)
    page = open_case(explorer)
    agrees(page, explorer)
    field = explorer._setup["fields"][1]
    value = field["values"][0]
    choose(page, field["name"], str(value))
    explorer.changes = {**explorer.changes, field["name"]: value}
    agrees(page, explorer)


def test_numbers_to_scale_are_values_to_choose(open_case):
    features = ar.features.build(
        at_random(validate(visits(300))),
        context=["hour", ar.features.Number("noise", scale="standard")],
        label="rating",
        ids=False,
    )
    explorer = FeatureExplorer(run_of(RECIPE, features), user=1, item=2, rows=20)
    values = explorer._setup["fields"][1]["values"]
    assert values == sorted(values)
    explorer.changes = {"noise": 0.123}  # from Python: not among those offered
    page = open_case(explorer)
    agrees(page, explorer)
    explorer.changes = {"noise": values[3]}
    text = str(values[3])
    choose(page, "noise", text)
    agrees(page, explorer)
    assert explorer.case.words[1] == f"{values[3]:g}"


def test_keys_reach_fields_and_ranking(explorer, open_case):
    page = open_case(explorer)
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    tip = page.locator("[data-role=figure-tip]")
    expect(tip).to_contain_text("colour says blue; it gets ")
    page.keyboard.press("Enter")
    expect(root(page)).to_have_attribute("data-field", "colour")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(tip).to_contain_text("rank 1, score")
    first = ranking(page)[0]
    page.keyboard.press("Enter")
    expect(root(page)).to_have_attribute("data-item", first)
    explorer.item = int(first)
    agrees(page, explorer)


def test_there_is_always_a_case(explorer, open_case):
    """Neither Escape nor choosing the same item again leaves nothing to ask about."""
    page = open_case(explorer)
    page.locator("[data-role=figure-stage]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(root(page)).to_have_attribute("data-field", "taste")
    page.keyboard.press("Escape")
    expect(root(page)).not_to_have_attribute("data-field", "taste")
    agrees(page, explorer)
    first = page.locator("[data-role=case-ranked]").first
    item = first.get_attribute("data-item")
    row = page.locator(f"[data-role=case-ranked][data-item='{item}']")
    row.click()
    expect(root(page)).to_have_attribute("data-item", item)
    row.click()
    explorer.item = int(item)
    agrees(page, explorer)
    assert root(page).get_attribute("data-item") == item


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_width_in_both_themes(explorer, open_case, scheme):
    explorer.pin()
    explorer.changes = {"hour": "night"}
    page = open_case(explorer, color_scheme=scheme)
    for width in (600, 1000, 1800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(60)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert violations(page, "figure") == []


def test_text_of_the_data_is_text(open_case):
    table = visits(200).replace({"hour": {"day": HOSTILE}}).rename(columns={"noise": HOSTILE})
    features = ar.features.build(
        at_random(validate(table)), context=["hour", HOSTILE], label="rating", ids=False
    )
    explorer = FeatureExplorer(run_of(RECIPE, features), context={"hour": HOSTILE}, rows=20)
    page = open_case(explorer)
    assert page.locator("img").count() == 0
    agrees(page, explorer)


@IN_LAB
def test_hand_and_script_do_the_same_in_a_notebook(run_notebook):
    """In JupyterLab: the page answers, Python knows what was changed, and the other way round."""
    notebook = run_notebook(
        [
            "from attnrec_widgets import FeatureExplorer, FieldHeatmap, link\n"
            "from attnrec.models.features import AutoInt\n"
            "from tests.explanations.feature_shop import clicks, run_of\n"
            "run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300))\n"
            "explorer = FeatureExplorer(run, user=3, item=4, context={'hour': 'day'}, rows=20)\n"
            "heat = FieldHeatmap(run); joined = link(explorer, heat)\n"
            "explorer",
            "heat",
        ]
    )
    page = notebook.page
    case = page.locator("[data-role=figure][data-kind=feature-explorer]")
    heat = page.locator("[data-role=figure][data-kind=field-heatmap]")
    expect(case).to_have_attribute("data-engine", "page", timeout=60_000)
    choose(page, "hour", "night")
    wait_until_equal(lambda: notebook.python("explorer.changes"), {"hour": "night"})
    python = notebook.python("explorer.case.shapley.tolist()")
    wait_until_equal(
        lambda: [one["shapley"] for one in drawn(page).values()], pytest.approx(python, abs=1e-3)
    )
    notebook.python("setattr(explorer, 'changes', {'hour': 'day', 'taste': 'blue'})")
    python = notebook.python("explorer.case.shapley.tolist()")
    wait_until_equal(
        lambda: [one["shapley"] for one in drawn(page).values()], pytest.approx(python, abs=1e-3)
    )
    # A number of a field in bins, and a set: the page learns from Python what these say.
    notebook.python("setattr(explorer, 'changes', {'noise': 0.4, 'tags': 'a|c'})")
    python = notebook.python("explorer.case.shapley.tolist()")
    wait_until_equal(
        lambda: [one["shapley"] for one in drawn(page).values()], pytest.approx(python, abs=1e-3)
    )
    heat.locator("[data-role=cell]").first.click()
    expect(case).to_have_attribute("data-field", "taste")
    assert notebook.python("explorer.field") == "taste"
