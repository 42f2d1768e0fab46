"""What is chosen in one picture is marked in the others, and Python sees it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.screen import IN_LAB, at_rest, wait_until_equal

pytestmark = pytest.mark.browser


@IN_LAB
def test_an_item_chosen_in_the_history_is_chosen_on_the_map(run_notebook):
    notebook = run_notebook(
        [
            "import attnrec as ar\n"
            "from attnrec_widgets import EmbeddingMap, HistoryExplorer, link\n"
            "run = ar.load_run('bazaar-sasrec')\n"
            "explorer = HistoryExplorer(run, user='u2881')\n"
            "items = EmbeddingMap(run, user='u2881'); joined = link(explorer, items)\n"
            "explorer",
            "items",
        ]
    )
    page = notebook.page
    at_rest(notebook)
    figure = page.locator("[data-role=figure]")
    expect(figure).to_have_attribute("data-moving", "false", timeout=30_000)
    row = page.locator("[data-role=history-row][data-position='2']")
    row.click()
    item = row.get_attribute("data-item")
    expect(figure).to_have_attribute("data-item", item)
    expect(row).to_contain_class("chosen")
    wait_until_equal(lambda: notebook.python("items.item"), item)
    other = notebook.python("explorer.history[4]")
    notebook.python(f"setattr(items, 'item', {other!r})")
    marked = page.locator(f"[data-role=history-row][data-item='{other}']").first
    expect(marked).to_contain_class("chosen")
    expect(row).not_to_contain_class("chosen")
    assert notebook.python("explorer.item") == other
