"""What stands on the screen, read from the explorer's hooks (listed in widgets/src/index.ts)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

# Of tests of what does not depend on the application: one is enough.
IN_LAB = pytest.mark.parametrize("jupyter", ["lab"], indirect=True)


def root(notebook) -> Locator:
    return notebook.page.locator("[data-role=explorer]")


def at_rest(notebook) -> None:
    expect(root(notebook)).to_have_attribute("data-moving", "false", timeout=30_000)
    expect(root(notebook).locator("[data-role=ribbon]").first).to_be_visible()


def by_position(notebook, attribute: str) -> list[str]:
    """An attribute of the rows of the history, oldest first; those on their way out left out."""
    rows = root(notebook).locator("[data-role=history-row][data-position]")
    found = rows.evaluate_all(
        "(rows, name) => rows.map(r => [Number(r.dataset.position), r.getAttribute(name)])",
        attribute,
    )
    return [value for _, value in sorted(found)]


def history(notebook) -> list[int | str]:
    return [int(id) if id.isdigit() else id for id in by_position(notebook, "data-item")]


def ranking(notebook) -> list[list[Any]]:
    rows = root(notebook).locator("[data-role=ranking-row][data-rank]")
    return rows.evaluate_all(
        "rows => rows.map(r => [Number(r.dataset.rank),"
        " isNaN(r.dataset.item) ? r.dataset.item : Number(r.dataset.item),"
        " r.querySelector('.t').textContent, r.querySelector('[data-role=score]').textContent])"
        ".sort((a, b) => a[0] - b[0])"
    )


def says_python(notebook) -> list[list[Any]]:
    return notebook.python("explorer.recommendations.values.tolist()")


def wait_until_equal(get, expected, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while get() != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert get() == expected


def remove_by_mouse(notebook, position: int) -> None:
    root(notebook).locator(f"[data-role=history-row][data-position='{position}']").hover()
    notebook.page.locator("[data-role=remove]").first.click()


def check_ranking(notebook) -> None:
    """The ranking on the screen, to the last figure shown, is Python's."""
    shown, told = ranking(notebook), says_python(notebook)
    assert [row[:3] for row in shown] == [row[:3] for row in told]
    for (*_, text), (*_, score) in zip(shown, told, strict=True):
        digits = len(text.partition(".")[2])
        assert float(text.replace("−", "-")) == pytest.approx(score, abs=0.51 * 10**-digits)
