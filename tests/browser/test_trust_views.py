"""The deletion race and the lying slider in a notebook: what is drawn is what Python measured."""

from __future__ import annotations

import math
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screen import IN_LAB

pytestmark = pytest.mark.browser

CELL = """
import attnrec as ar
from attnrec_widgets import TrustPanel
run = ar.load_run("bazaar-sasrec")
panel = TrustPanel(run, history=run.past("u1")[-7:])
panel
"""


@IN_LAB
def test_the_race_is_what_python_measured(run_notebook):
    notebook = run_notebook([CELL])
    race = opened(notebook, "race", "race")
    counts, racers = race["counts"], race["racers"]
    assert counts == list(range(7))
    assert racers[-1]["name"] == "random"
    check_every_racer_lists_the_same_history(notebook, race)

    stand = places(notebook, "race-item")
    for step in (0, 1, 3, 6):
        scrub(notebook, "race", step)
        expect(part(notebook, "race-step")).to_have_attribute("data-count", str(step))
        at_rest(notebook, "race")
        for racer in racers:
            gone = [at for at, state in items(notebook, racer).items() if state == "true"]
            assert sorted(gone) == sorted(racer["order"][:step])
            assert points(notebook, racer) == list(enumerate(racer["scores"][: step + 1]))
        assert places(notebook, "race-item") == stand
    check_narrow(notebook, "race")

    scrub(notebook, "race", 0)
    part(notebook, "race-scrub").focus()
    notebook.page.keyboard.press("Space")
    expect(part(notebook, "race-play")).to_have_attribute("aria-label", "Pause the race")
    expect(part(notebook, "race-step")).to_have_attribute("data-count", "6", timeout=30_000)
    at_rest(notebook, "race")
    for racer in racers:
        assert points(notebook, racer) == list(enumerate(racer["scores"]))
        lost = [count for count, rank in zip(counts, racer["ranks"], strict=True) if rank > 1]
        standing = f"dethroned after {lost[0]}" if lost else "still first"
        expect(column(notebook, racer).locator(".standing")).to_contain_text(standing)
        first = column(notebook, racer).locator(".first-now")
        expect(first).to_have_attribute("data-item", str(racer["firsts"][-1]["id"]))


@IN_LAB
def test_the_slider_is_what_python_found(run_notebook):
    notebook = run_notebook([CELL])
    lie = opened(notebook, "slider", "lie")
    last = lie["frames"] - 1
    rows, ranks = places(notebook, "lie-bar", down=True), places(notebook, "lie-row")
    for frame in (0, last // 2, last):
        scrub(notebook, "lie", frame)
        expect(part(notebook, "lie-scrub")).to_have_attribute("data-frame", str(frame))
        check_bars(notebook, lie, frame)
        ranked = read(part(notebook, "lie-row"), "item", "score")
        assert [item for item, _ in ranked] == [one["id"] for one in lie["ranking"][0]]
        scores = [one["score"] for one in lie["ranking"][frame]]
        assert [float(score) for _, score in ranked] == pytest.approx(scores, abs=1e-12)
        assert float(told(notebook, "lie-divergence")) == lie["divergence"][frame]
        assert float(told(notebook, "lie-change")) == lie["score_change"][frame]
        assert told(notebook, "lie-same") == "true"
        assert places(notebook, "lie-bar", down=True) == rows
        assert places(notebook, "lie-row") == ranks
    sentence = f"{lie['divergence'][-1]:.2f} of at most {math.log(2):.2f} nats"
    expect(part(notebook, "lie-sentence")).to_contain_text(sentence)
    check_narrow(notebook, "lie")


def check_every_racer_lists_the_same_history(notebook, race: dict[str, Any]) -> None:
    positions = [item["position"] for item in race["items"]]
    for racer in race["racers"]:
        assert list(items(notebook, racer)) == positions
        assert sorted(racer["order"]) == positions
        titles = column(notebook, racer).locator(".strike").all_text_contents()
        assert titles == [item["title"] for item in race["items"]]


def check_bars(notebook, lie: dict[str, Any], frame: int) -> None:
    """Weights as Python has them, and bars as long as they say."""
    bars, weights = part(notebook, "lie-bar"), lie["weights"][frame]
    drawn = read(bars, "position", "weight", "own")
    assert [int(at) for at, *_ in drawn] == [item["position"] for item in lie["items"]]
    assert [float(weight) for _, weight, _ in drawn] == pytest.approx(weights, abs=1e-12)
    assert [float(own) for *_, own in drawn] == pytest.approx(lie["own"], abs=1e-12)
    lengths = bars.evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    shares = [weight / max(weights) for weight in weights]
    assert [length / max(lengths) for length in lengths] == pytest.approx(shares, abs=0.01)


def check_narrow(notebook, view: str) -> None:
    """A narrow cell shows everything without scrolling sideways."""
    notebook.page.set_viewport_size({"width": 800, "height": 800})
    node = part(notebook, view).element_handle()
    for step in (1, 2):
        scrub(notebook, view, step)
        notebook.page.wait_for_function("node => node.scrollWidth <= node.clientWidth", arg=node)


def opened(notebook, tab: str, view: str) -> dict[str, Any]:
    """What Python has of a view, once the page shows it."""
    part(notebook, f"tab-{tab}").click()
    ready = trust(notebook).locator(f"[data-role={view}][data-state=ready]")
    expect(ready).to_be_visible(timeout=240_000)
    return notebook.python(f"dict(panel._{view})")


def trust(notebook) -> Locator:
    return notebook.page.locator("[data-role=trust]")


def part(notebook, role: str) -> Locator:
    return trust(notebook).locator(f"[data-role={role}]")


def column(notebook, racer: dict[str, Any]) -> Locator:
    return trust(notebook).locator(f"[data-role=racer][data-name='{racer['name']}']")


def told(notebook, role: str) -> str:
    return part(notebook, role).get_attribute("data-value") or ""


def read(nodes: Locator, *names: str) -> list[list[str]]:
    """These data attributes of all of them, in the order of the document."""
    return nodes.evaluate_all(
        "(nodes, names) => nodes.map(node => names.map(name => node.dataset[name]))", list(names)
    )


def at_rest(notebook, view: str) -> None:
    expect(part(notebook, view)).to_have_attribute("data-moving", "false")


def scrub(notebook, view: str, step: int) -> None:
    part(notebook, f"{view}-scrub").fill(str(step))
    at_rest(notebook, view)


def points(notebook, racer: dict[str, Any]) -> list[tuple[int, float]]:
    """What is drawn of a racer's line: how many items are gone, and the target's score."""
    drawn = trust(notebook).locator(f"[data-role=race-point][data-name='{racer['name']}']")
    return [(int(count), float(score)) for count, score in read(drawn, "count", "score")]


def items(notebook, racer: dict[str, Any]) -> dict[int, str]:
    """By position, whether an item is gone in a racer's column."""
    nodes = column(notebook, racer).locator("[data-role=race-item]")
    return {int(at): gone for at, gone in read(nodes, "position", "gone")}


def places(notebook, role: str, *, down: bool = False) -> list:
    """Where things stand on the page; of bars that grow, only how far down."""
    boxes = part(notebook, role).evaluate_all(
        """nodes => nodes.map(node => {
            const {x, y} = node.getBoundingClientRect();
            const root = node.closest('[data-role=trust]').getBoundingClientRect();
            return [x - root.x, y - root.y];
        })"""
    )
    return [box[1] if down else box for box in boxes]
