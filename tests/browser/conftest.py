"""A real JupyterLab, a real Notebook and a real Chromium that cannot leave the machine.

A browser test asks for `run_notebook`, gives it the sources of cells, and gets
a `Notebook`: the Playwright page with every cell run, and `python(...)`, which
asks the kernel behind it. Each such test runs twice, in both applications.
A console error, an exception in the page, or a request to anywhere but the
server fails the test that caused it.
"""

from __future__ import annotations

import functools
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.jupyter import (
    CHROMIUM_ARGUMENTS,
    Notebook,
    Server,
    chromium_path,
    open_notebook,
    serving,
)

WIDGETS = Path(__file__).resolve().parents[2] / "widgets"

# Errors in the page that are not ours: a pattern, and the reason.
ERRORS_ALLOWED = {
    r"reading 'schema'.*notebook_core": "Notebook 7.6 loads its own shortcuts in a race",
}


def _left_out(reason: str) -> None:
    """Skip; or fail where a browser is required, as in CI."""
    if os.environ.get("ATTNREC_REQUIRE_BROWSER"):
        pytest.fail(f"{reason}, and ATTNREC_REQUIRE_BROWSER is set", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    path = chromium_path()
    if path is None:
        _left_out("no Chromium: install Debian's chromium or set ATTNREC_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Starts an application with a home of its own when it is first asked for, and keeps it."""
    servers: dict[str, Server] = {}
    with ExitStack() as running:

        def server(application: str) -> Server:
            if application not in servers:
                home = tmp_path_factory.mktemp(application)
                servers[application] = running.enter_context(serving(application, home))
            return servers[application]

        yield server


@pytest.fixture(params=["lab", "notebook"])
def jupyter(
    request: pytest.FixtureRequest, chromium: Browser, served: Callable[[str], Server]
) -> Server:
    """JupyterLab 4, then Notebook 7."""
    return served(request.param)


@pytest.fixture
def problems() -> list[str]:
    """What went wrong in the page so far; a test fails where any is left at its end."""
    return []


@pytest.fixture
def page(chromium: Browser, jupyter: Server, problems: list[str]) -> Iterator[Page]:
    """A new page of 1280 by 800; its errors and its attempts to leave are `problems`."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()

    def erred(text: str) -> None:
        if not any(re.search(pattern, text, re.DOTALL) for pattern in ERRORS_ALLOWED):
            problems.append(text)

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            erred(f"console: {message.text} ({message.location.get('url')})")

    def reached(url: str) -> None:
        there = urlsplit(url)
        if there.scheme not in ("blob", "data") and there.netloc != urlsplit(jupyter.url).netloc:
            problems.append(f"left the machine: {url}")

    page.on("console", console)
    page.on("pageerror", lambda error: erred(f"exception: {error.stack}"))
    page.on("websocket", lambda websocket: reached(websocket.url))
    context.on("request", lambda request: reached(request.url))
    yield page
    context.close()
    for session in jupyter.api("sessions"):
        jupyter.api(f"sessions/{session['id']}", "DELETE")
    assert not problems, "\n".join(problems)


@pytest.fixture
def run_notebook(page: Page, jupyter: Server) -> Callable[[Sequence[str]], Notebook]:
    """Opens a notebook made of the given cell sources and runs them all."""
    return lambda cells: open_notebook(page, jupyter, cells)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *unused) -> None: ...


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The folder of the front end's development pages, on a free loopback port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(WIDGETS)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/dev"
    server.shutdown()
    server.server_close()


@pytest.fixture
def offline(chromium: Browser) -> Iterator[BrowserContext]:
    """Pages without a network."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_offline(True)
    yield context
    context.close()


@pytest.fixture
def open_file(offline: BrowserContext, tmp_path: Path) -> Iterator[Callable[[Path], Page]]:
    """Opens a page saved in `tmp_path`; no error and no request is forgiven."""
    problems: list[str] = []

    def opened(path: Path) -> Page:
        page = offline.new_page()
        page.on("console", lambda message: problems.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"exception: {error.stack}"))
        page.goto(path.as_uri())
        return page

    def asked(url: str) -> None:
        if not url.startswith(("blob:", "data:", tmp_path.as_uri())):
            problems.append(f"request: {url}")

    offline.on("request", lambda request: asked(request.url))
    yield opened
    assert not problems, "\n".join(problems)


@pytest.fixture
def open_figure(open_file: Callable[[Path], Page], tmp_path: Path) -> Callable[..., Page]:
    """Saves a feature picture, and opens the page when nothing moves."""

    def opened(figure, **media) -> Page:
        page = open_file(figure.save_html(tmp_path / "figure.html"))
        page.emulate_media(**media)
        expect(page.locator("[data-role=figure]")).to_have_attribute("data-moving", "false")
        return page

    return opened


@pytest.fixture
def blank(chromium: Browser) -> Iterator[Page]:
    """A page of its own, wide enough for any development page."""
    context = chromium.new_context(viewport={"width": 1240, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.fixture
def toy(blank: Page, address: str) -> Callable[..., Page]:
    """Opens the explorer's development page in a state; a toy model answers."""

    def open_in(state="rest", theme="light", width=1080, **options) -> Page:
        query = {"state": state, "theme": theme, "width": width, "options": json.dumps(options)}
        blank.goto(f"{address}/harness.html?{urlencode(query)}")
        blank.wait_for_selector("[data-role=explorer][data-state]")
        blank.wait_for_timeout(700)  # past the first tween
        return blank

    return open_in
