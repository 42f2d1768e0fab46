"""The model in the page and the kernel's agree, on 200 real histories of MovieLens 1M.

In a saved page, opened from disk: the worker, runtime and graphs are those of
every page. What is compared is what the page works out of a history: all
scores, every attention map, the top 20 and the held-out film's rank.
"""

from __future__ import annotations

import base64

import numpy as np
import pytest
from attnrec_widgets import HistoryExplorer

import attnrec as ar
from attnrec.columns import Columns
from attnrec.inspection import UNIFORM, Interventions, Request, width_for

pytestmark = [pytest.mark.browser, pytest.mark.needs_data, pytest.mark.slow]

TOLERANCE = 1e-4
CHUNK = 10  # histories in a message

# Rows are {items, mask?, attention?: {map: 'uniform' or base64}, heldOut}; floats travel as base64.
ASK = """async ([key, length, rows]) => {
    const [host] = globalThis[Symbol.for('attnrec.page')].values();
    const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const floats = text => new Float32Array(bytes(text).buffer);
    const text = array => {
        const own = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
        let all = '';
        for (let i = 0; i < own.length; i += 8192)
            all += String.fromCharCode(...own.subarray(i, i + 8192));
        return btoa(all);
    };
    const one = row => new Promise((resolve, reject) => {
        const items = Int32Array.from(row.items);
        const mask = row.mask && Uint8Array.from(row.mask);
        const attention = row.attention && Object.fromEntries(Object.entries(row.attention)
            .map(([map, given]) => [map, given === 'uniform' ? given : floats(given)]));
        const ranking = { topn: 20, present: new Int32Array(), heldOut: row.heldOut };
        const wish = { ranking, scores: true, attention: true };
        const rows = [{ items, mask, attention, leftOut: items }];
        host.ask({ model: key, kind: 'inspect', length, rows, wish, priority: 0 }, {
            rows: ([answer]) => resolve(answer.error ? { error: answer.error } : {
                best: Array.from(answer.ranking.best.index),
                heldOut: answer.ranking.heldOut?.rank ?? null,
                scores: text(answer.scores),
                attention: answer.attention.map(text),
            }),
            failed: message => resolve({ error: message }),
        });
    });
    return Promise.all(rows.map(one));
}"""


@pytest.fixture(scope="module")
def run():
    """A SASRec of the benchmarks' size after one pass over a tenth of MovieLens 1M."""
    data = ar.datasets.load("ml-1m-sasrec")
    tenth = data.keep_rows(data.frame[Columns.USER].isin(data.users[::10]).to_numpy(), data.report)
    split = ar.split.leave_one_out(tenth)
    recipe = ar.SASRec(embedding_size=64, num_layers=2, num_heads=2, max_length=200)
    return ar.fit(recipe, split, epochs=1, batch_size=64, progress=False)


@pytest.fixture(scope="module")
def ask(run, chromium, tmp_path_factory):
    """Answers of the page to rows of one padded length."""
    explorer = HistoryExplorer(run, user=run.users[0])
    key = explorer._setup["sources"][0]["key"]
    path = explorer.save_html(tmp_path_factory.mktemp("saved") / "saved.html")
    context = chromium.new_context()
    context.set_offline(True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("[data-role=explorer][data-engine=page]").wait_for()

    def answers(length: int, rows: list[dict]) -> list[dict]:
        for _ in range(600):  # graphs that are not needed at once come later
            if "error" not in page.evaluate(ASK, [key, length, rows[:1]])[0]:
                break
            page.wait_for_timeout(100)
        found = []
        for start in range(0, len(rows), CHUNK):
            found += page.evaluate(ASK, [key, length, rows[start : start + CHUNK]])
        assert [answer["error"] for answer in found if "error" in answer] == []
        return found

    yield answers
    context.close()


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def agrees(answer: dict, scores: np.ndarray, maps: list[np.ndarray]) -> None:
    """An answer's scores and maps, against Python's for the same padded length."""
    np.testing.assert_allclose(
        floats(answer["scores"])[1:], scores[1:], rtol=TOLERANCE, atol=TOLERANCE
    )
    for found, expected in zip(answer["attention"], maps, strict=True):
        np.testing.assert_allclose(floats(found).reshape(expected.shape), expected, atol=TOLERANCE)


def test_two_hundred_histories(run, ask):
    users = run.users[:: len(run.users) // 200][:200].tolist()
    assert len(users) == 200
    index = run.data.catalogue.vocabulary.index
    histories = [[index(id) for id in run.past(user)][-200:] for user in users]
    targets = [index(run.held_out(user)[0]) for user in users]
    lengths = run.inspector.lengths
    widths = [width_for(lengths, len(history)) for history in histories]
    assert len(set(widths)) >= 3
    for width in sorted(set(widths)):
        chosen = [n for n in range(200) if widths[n] == width]
        rows = [{"items": histories[n], "heldOut": targets[n]} for n in chosen]
        for n, answer in zip(chosen, ask(width, rows), strict=True):
            told = run.inspector.inspect(Request.of([histories[n]], length=width))
            agrees(answer, told.scores[0], [map_.weights[0] for map_ in told.record.maps])
            scores = told.scores[0].copy()
            scores[histories[n]] = -np.inf
            expected = told.top(20, exclude_seen=True)[0]
            if answer["best"] != expected.tolist():  # then only by ties to the last digits
                np.testing.assert_allclose(scores[answer["best"]], scores[expected], atol=1e-5)
            others = np.delete(scores, targets[n])
            close = np.abs(others - scores[targets[n]]) < 1e-5
            rank = 1 + int((others >= scores[targets[n]]).sum())
            assert abs(answer["heldOut"] - rank) <= close.sum()


@pytest.mark.parametrize("what", ["uniform", "given", "mask"])
def test_interventions(run, ask, what):
    index = run.data.catalogue.vocabulary.index
    width, rng = 64, np.random.default_rng(0)
    first, second = run.inspector.names
    for user in [user for user in run.users[:60] if 33 <= len(run.past(user)) <= 64][:5]:
        history = [index(id) for id in run.past(user)]
        row: dict = {"items": history, "heldOut": 0}
        request = Request.of([history], length=width)
        if what == "uniform":
            row["attention"] = {first: UNIFORM, second: UNIFORM}
            request = Request.of(
                [history],
                length=width,
                interventions=Interventions({first: UNIFORM, second: UNIFORM}),
            )
        elif what == "given":
            weights = rng.random((1, 2, width, width), np.float32) * np.tri(width, dtype=np.float32)
            real = np.arange(width) >= width - len(history)
            weights *= real[:, None] * real[None, :]
            weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-9)
            row["attention"] = {second: base64.b64encode(weights.tobytes()).decode()}
            request = Request.of(
                [history], length=width, interventions=Interventions({second: weights})
            )
        else:
            hidden = rng.choice(len(history) - 1, 5, replace=False)
            row["mask"] = [int(n not in hidden) for n in range(len(history))]
            mask = request.mask.copy()
            mask[0, width - len(history) + hidden] = False
            request = Request(request.items, mask)
        told = run.inspector.inspect(request)
        plain = run.inspector.inspect(Request.of([history], length=width))
        assert np.abs(told.scores[0, 1:] - plain.scores[0, 1:]).max() > 10 * TOLERANCE
        agrees(ask(width, [row])[0], told.scores[0], [map_.weights[0] for map_ in told.record.maps])
