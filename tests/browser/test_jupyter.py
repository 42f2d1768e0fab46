"""The ground the browser tests stand on: a widget of ipywidgets in both applications."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TOY = """
import anywidget, traitlets

class Toy(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        const button = document.createElement("button");
        const show = () => { button.textContent = `pressed ${model.get("count")}`; };
        button.className = "toy";
        button.onclick = () => {
            model.set("count", model.get("count") + 1);
            model.save_changes();
        };
        model.on("change:count", show);
        show();
        el.append(button);
    } };'''
    count = traitlets.Int(0).tag(sync=True)

toy = Toy()
toy
"""


def test_a_widget_and_the_kernel_see_each_other(run_notebook):
    notebook = run_notebook(["start = 40 + 1", TOY])
    button = notebook.page.locator("button.toy")
    expect(button).to_have_text("pressed 0")
    button.click()
    expect(button).to_have_text("pressed 1")
    assert notebook.python("{'count': toy.count, 'start': start}") == {"count": 1, "start": 41}
    notebook.run("toy.count = 7")
    expect(button).to_have_text("pressed 7")


def test_an_error_in_a_cell_is_told(run_notebook):
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run_notebook(["1 / 0"])


def test_an_error_in_the_kernel_is_told(run_notebook):
    notebook = run_notebook(["x = 1"])
    with pytest.raises(AssertionError, match="NameError"):
        notebook.python("y")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.run("1 / 0")


def test_errors_in_the_page_are_noticed(page, problems):
    page.evaluate("console.error('oh no'); setTimeout(() => { throw new Error('dear'); })")
    page.wait_for_timeout(100)
    assert [problem for problem in problems if "oh no" in problem]
    assert [problem for problem in problems if "dear" in problem]
    problems.clear()


@pytest.mark.parametrize("address", ["https://example.org/x.js", "http://192.0.2.1/x.js"])
def test_no_request_leaves_the_machine(page, problems, address):
    failed = page.evaluate("url => fetch(url).then(() => false, error => String(error))", address)
    assert failed == "TypeError: Failed to fetch"
    assert f"left the machine: {address}" in problems
    problems.clear()
