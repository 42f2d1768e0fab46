"""From a key press to the answer on the screen, in a real JupyterLab: page, kernel, mere echo.

A SASRec of ML-1M's size (3,416 items, 64 wide, 2 blocks, histories up to 200;
random weights, whose values cost what trained ones cost) explored in Chromium.
By keyboard, in turn: to the next item, a moment's rest there, taking it out,
and taking that back; each time from the key event's own time stamp

- to `committed`: the answer is written into the drawing (the document), and
- to `shown`: the frame after that has been drawn. Motion is reduced, so that
  this frame shows the whole answer; in `page, moving` it is the tween's first.

While the hand rests on an item, the answer without it is worked out, and the
latest answers are kept: such edits are answered from what is at hand.
`unforeseen` are those that cannot be: every item for the first time in a dozen
edits, taken out in the very moment in which the hand comes to it. Taking that
back is not counted there.

`echo` is a widget that sends an edit of the same size and gets an answer of the
same size back, without model or drawing: the floor of the kernel's path. All in
one run, on one server, a page each, engines in turn, round after round; the
quietest round is the one with the fastest echo.

    python -m benchmarks.edit_latency [--edits 100] [--rounds 2] [--lengths 20 50 200]
        [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from attnrec import provenance
from tests.browser.jupyter import CHROMIUM_ARGUMENTS, Server, chromium_path, open_notebook, serving

ENGINES = ("echo", "kernel", "page", "page, moving", "kernel, unforeseen", "page, unforeseen")
WARM_UP = 10  # edits that are not counted
REST = 300  # ms on an item, before it is taken out
PAUSE = 600  # ms between edits; tweens end and previews are computed meanwhile, as in use
FRAME = 1000 / 60

MODEL = """
import numpy as np, pandas as pd, attnrec as ar
from flax import nnx
from attnrec.data import FILMS, Catalogue
from attnrec.models.recorder import ModelInspector
from attnrec.models.schema import Schema
from attnrec_widgets import HistoryExplorer
ITEMS = 3416
titles = [f"Film {n} (1999)" for n in range(1, ITEMS + 1)]
catalogue = Catalogue(pd.DataFrame({"title": titles}, index=range(1, ITEMS + 1)), FILMS)
recipe = ar.SASRec(embedding_size=64, num_layers=2, num_heads=1, max_length=200)
inspector = ModelInspector(recipe.build(Schema(ITEMS), nnx.Rngs(0)), catalogue, "SASRec")
history = (np.random.default_rng(0).permutation(ITEMS)[:LENGTH] + 1).tolist()
explorer = HistoryExplorer(inspector, history=history, filter_seen=True, engine=ENGINE)
"""
EXPLORER = "explorer"
ECHO = """
import anywidget, traitlets

class Echo(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        const root = document.createElement('div');
        root.dataset.role = 'explorer';
        root.tabIndex = 0;
        const { history } = model.get('_answer').shown;
        let seq = 0;
        root.addEventListener('keydown', event => {
            event.stopPropagation(); // JupyterLab would go to another cell,
            event.preventDefault(); // and the browser scroll
            const shorter = event.key === 'Delete';
            if (!shorter && event.key !== 'z') return;
            model.set('history', shorter ? history.slice(1) : history);
            model.set('_past', shorter ? [history] : []);
            model.set('_future', shorter ? [] : [history.slice(1)]);
            model.set('_seq', ++seq);
            model.save_changes();
        });
        model.on('change:_answer', () => { root.dataset.seq = model.get('_answer').seq; });
        root.dataset.state = 'ready';
        el.append(root);
    } };'''
    history = traitlets.List().tag(sync=True)
    _past = traitlets.List().tag(sync=True, echo_update=False)
    _future = traitlets.List().tag(sync=True, echo_update=False)
    _seq = traitlets.Int(0).tag(sync=True)
    _answer = traitlets.Dict().tag(sync=True, echo_update=False)

    @traitlets.observe('_seq')
    def _asked(self, change):
        self._answer = {**self._answer, 'seq': change.new}

echo = Echo(_answer=explorer._answer)
echo
"""
# Times of each key press in window.edits: [committed, shown, waited for the frame], in ms.
WATCH = """() => {
    const root = document.querySelector('[data-role=explorer]');
    let pressed = null;
    window.edits = [];
    window.addEventListener('keydown', event => {
        if (event.key === 'Delete' || event.key === 'z') pressed = event.timeStamp;
    }, { capture: true });
    new MutationObserver(() => {
        if (pressed === null) return;
        const began = pressed, committed = performance.now();
        pressed = null;
        requestAnimationFrame(() => {
            const frame = performance.now(), channel = new MessageChannel();
            channel.port1.onmessage = () => window.edits.push(
                [committed - began, performance.now() - began, frame - committed]);
            channel.port2.postMessage(null);
        });
    }).observe(root, { attributes: true, attributeFilter: ['data-seq'] });
}"""
READY = """engine => {
    const root = document.querySelector('[data-role=explorer]');
    return root?.dataset.state === 'ready' && (engine === 'echo' || root.dataset.engine === engine);
}"""


@contextmanager
def lab() -> Iterator[tuple[Server, Page]]:
    """A JupyterLab, and a page of Chromium."""
    with (
        tempfile.TemporaryDirectory() as home,
        serving("lab", Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS
        )
        yield server, browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def times_of(page: Page, server: Server, what: str, length: int, edits: int) -> np.ndarray:
    """float[edit, 3]: milliseconds to committed and to shown, and from committed to its frame."""
    engine, _, how = what.partition(", ")
    page.emulate_media(reduced_motion="no-preference" if how == "moving" else "reduce")
    asked = "kernel" if engine == "echo" else engine
    cells = [
        MODEL.replace("LENGTH", str(length)).replace("ENGINE", repr(asked)),
        ECHO if engine == "echo" else EXPLORER,
    ]
    notebook = open_notebook(page, server, cells)
    page.wait_for_function(READY, arg=engine, timeout=120_000)
    page.evaluate(WATCH)
    focus = "[data-role=explorer]" if engine == "echo" else "[data-role=history]"
    page.locator(focus).first.focus()
    page.wait_for_timeout(3000)
    for edit in range(edits + WARM_UP):
        if edit % 2 == 0:
            page.keyboard.press("ArrowUp" if edit // 2 % length else "End")
            if how != "unforeseen":
                page.wait_for_timeout(REST)
            page.keyboard.press("Delete")
        else:
            page.keyboard.press("Control+z")
        page.wait_for_function("count => window.edits.length === count", arg=edit + 1, polling=50)
        page.wait_for_timeout(PAUSE)
    found = np.array(page.evaluate("window.edits"))[WARM_UP:]
    notebook.run("get_ipython().kernel.do_shutdown(False)")
    return found[::2] if how == "unforeseen" else found


def summary(values: np.ndarray) -> dict[str, float]:
    return {
        "median_ms": round(float(np.median(values)), 2),
        "p95_ms": round(float(np.percentile(values, 95)), 2),
    }


def measure(lengths: list[int], edits: int, rounds: int) -> dict[str, Any]:
    """Every length with every engine, round by round."""
    load = os.getloadavg()[0]
    figures: dict[str, list[dict]] = {str(length): [] for length in lengths}
    with lab() as (server, page):
        for length, _ in product(lengths, range(rounds)):
            figures[str(length)].append(one_round(page, server, length, edits))
    return {
        "benchmark": "edit_latency",
        "edits": edits,
        "load_at_start": round(load, 2),
        "load_at_end": round(os.getloadavg()[0], 2),
        "date": str(date.today()),
        "histories": {
            length: {"quietest": min(each, key=floor_of), "rounds": each}
            for length, each in figures.items()
        },
        **provenance.environment(),
    }


def one_round(page: Page, server: Server, length: int, edits: int) -> dict[str, Any]:
    """Every engine in turn."""
    found: dict[str, Any] = {}
    for engine in ENGINES:
        committed, shown, frame = times_of(page, server, engine, length, edits).T
        found[engine] = {
            "committed": summary(committed),
            "shown": summary(shown),
            "in_the_next_frame": round(float((frame <= FRAME).mean()), 3),
        }
        print(length, engine, found[engine], flush=True)
    for engine in ENGINES[1:]:
        own = found[engine]["committed"]["median_ms"]
        found[engine]["times_echo"] = round(own / floor_of(found), 2)
    return found


def floor_of(found: dict[str, Any]) -> float:
    """The round trip of a mere echo: what tells best how busy the machine was beside us."""
    return found["echo"]["committed"]["median_ms"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--lengths", type=int, nargs="+", default=[20, 50, 200])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    arguments = parser.parse_args()
    result = measure(arguments.lengths, arguments.edits, arguments.rounds)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    else:
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
