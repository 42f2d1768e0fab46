"""A real JupyterLab, a real Notebook and a real Chromium that cannot leave the machine.

A browser test asks for `run_notebook`, gives it the sources of cells, and gets
a `Notebook`: the Playwright page with every cell run, and `python(...)`, which
asks the kernel behind it. Each such test runs twice, in both applications.
A console error, an exception in the page, or a request to anywhere but the
server fails the test that caused it.
"""

from __future__ import annotations

import ast
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

# Errors in the page that are not ours: a pattern, and the reason.
ERRORS_ALLOWED = {
    r"reading 'schema'.*notebook_core": "Notebook 7.6 loads its own shortcuts in a race",
}

CHROMIUM_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
]

SETTINGS = {  # of JupyterLab and Notebook: nothing that asks, fetches or opens by itself
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

OPENED = """name => {
    const app = window.jupyterapp;
    const panel = app?.shell?.currentWidget;
    return panel?.context?.path === name
        && panel.sessionContext?.session?.kernel?.status === "idle"
        && app.commands.hasCommand("notebook:run-all-cells");
}"""
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel
    .cells.map(cell => cell.outputs ?? [])"""
EXECUTE = """async ([code, expression]) => {
    const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
    const content = {code, store_history: false, user_expressions: {value: expression}};
    return (await kernel.requestExecute(content).done).content;
}"""


@dataclass(frozen=True)
class Server:
    """A running Jupyter application.

    Args:
        application: `lab` or `notebook`.
        url: its address, without the token.
        token: what lets a client in.
        folder: where its notebooks lie.
    """

    application: str
    url: str
    token: str
    folder: Path

    def address(self, notebook: str) -> str:
        # A JupyterLab workspace of its own: the default one restores earlier notebooks.
        workspace = f"lab/workspaces/{Path(notebook).stem}/tree"
        page = {"lab": workspace, "notebook": "notebooks"}[self.application]
        return f"{self.url}/{page}/{notebook}?token={self.token}"

    def api(self, path: str, method: str = "GET") -> Any:
        """The parsed answer of the server's REST interface."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open in the browser, every cell run.

    Args:
        page: the Playwright page.
        server: the application that serves it.
    """

    page: Page
    server: Server

    def python(self, expression: str) -> Any:
        """The value of a Python expression in the notebook's kernel, by way of JSON."""
        return self._execute("", f"__import__('json').dumps({expression})")

    def run(self, code: str) -> None:
        """Run Python statements in the notebook's kernel, outside any cell."""
        self._execute(code, "'null'")

    def _execute(self, code: str, expression: str) -> Any:
        reply = self.page.evaluate(EXECUTE, [code, expression])
        value = reply.get("user_expressions", {}).get("value", reply)
        if value["status"] != "ok":
            raise AssertionError("\n".join(value["traceback"]))
        return json.loads(ast.literal_eval(value["data"]["text/plain"]))


def _left_out(reason: str) -> None:
    """Skip; or fail where a browser is required, as in CI."""
    if os.environ.get("ATTNREC_REQUIRE_BROWSER"):
        pytest.fail(f"{reason}, and ATTNREC_REQUIRE_BROWSER is set", pytrace=False)
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that $ATTNREC_CHROMIUM names."""
    path = os.environ.get("ATTNREC_CHROMIUM") or shutil.which("chromium")
    if path is None or not Path(path).is_file():
        _left_out("no Chromium: install Debian's chromium or set ATTNREC_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session", params=["lab", "notebook"])
def jupyter(
    request: pytest.FixtureRequest, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """JupyterLab 4, then Notebook 7, on a free loopback port and with a home of its own."""
    home = tmp_path_factory.mktemp(request.param)
    for name, setting in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    folder = home / "notebooks"
    folder.mkdir()
    own = ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME", "JUPYTERLAB_WORKSPACES", "IPYTHON")
    environment = os.environ | {
        name + ("DIR" if name == "IPYTHON" else "_DIR"): str(home / name.lower()) for name in own
    }
    environment["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    port, token = _free_port(), secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", {"lab": "jupyterlab", "notebook": "notebook"}[request.param]),
        *("--no-browser", "--expose-app-in-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    server = Server(request.param, f"http://127.0.0.1:{port}", token, folder)
    log = home / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            _wait_until_up(server, process, log)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_up(server: Server, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            server.api("status")
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"{server.application} did not start:\n{log.read_text()[-4000:]}")


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

    def run(cells: Sequence[str]) -> Notebook:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        name = f"{secrets.token_hex(4)}.ipynb"
        nbformat.write(notebook, jupyter.folder / name)
        page.goto(jupyter.address(name))
        page.wait_for_function(OPENED, arg=name, timeout=60_000)
        finished = page.evaluate(RUN_ALL)
        for outputs in page.evaluate(OUTPUTS):
            for output in outputs:
                if output["output_type"] == "error":
                    raise AssertionError("\n".join(output["traceback"]))
        assert finished, "a cell did not finish"
        return Notebook(page, jupyter)

    return run
