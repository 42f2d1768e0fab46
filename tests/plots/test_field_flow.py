"""Ribbons are as wide as the weights, and what is chosen is reached by its rollout."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.models.features import AFM, AutoInt, ContextAttention
from attnrec.plots.field_flow import UNIT
from tests.explanations.feature_shop import clicks, run_of


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


def widths(figure, kind: str) -> dict[tuple[int, int, int], tuple[float, float]]:
    """At what is looked at and at who looks, in units, by layer, looks and at, from 1."""
    found = {}
    for patch in figure.axes[0].patches:
        name, _, place = (patch.get_gid() or "").partition("-")
        if name == kind:
            y = patch.get_path().vertices[:, 1]
            place = tuple(int(part) for part in place.split("-"))
            found[place] = ((y[7] - y[0]) / UNIT, (y[4] - y[3]) / UNIT)
    return found


def test_ribbons_are_the_strongest_weights(run, tmp_path):
    figure = plots.field_flow(run, head=1, share=1, provenance="seed 7")
    drawn = widths(figure, "flow")
    weights = run.field_map(head=1).weights
    assert len(drawn) == (weights > 0).sum()
    for (layer, one, other), ends in drawn.items():
        assert ends == pytest.approx([weights[layer - 1, one - 1, other - 1]] * 2)
    few = widths(plots.field_flow(run, head=1, share=0.3), "flow")
    for layer in (1, 2):
        mine = [ends[0] for place, ends in few.items() if place[0] == layer]
        rest = [ends[0] for place, ends in drawn.items() if place[0] == layer and place not in few]
        assert min(mine) >= max(rest)
        assert sum(mine) >= 0.3 * 5 > sum(mine) - min(mine)
    told = " ".join(figure.texts[1].get_text().split())
    assert told.startswith("mean of 30 cases, head 1 · from what is looked at, left, to who looks")
    assert told.endswith("the strongest ribbons, with 100% of each layer's attention")
    assert plots.files.provenance_of(figure) == "seed 7"
    svg = plots.save(figure, tmp_path / "flow.svg").read_text()
    assert ">layer 2</text>" in svg
    assert 'id="flow-1-1-1"' in svg


def test_what_meets_at_a_field_does_not_overlap(run):
    figure = plots.field_flow(run, share=1)
    spans: dict[tuple, list[tuple[float, float]]] = {}
    for patch in figure.axes[0].patches:
        if (patch.get_gid() or "").startswith("flow-"):
            _, layer, one, other = patch.get_gid().split("-")
            y = patch.get_path().vertices[:, 1]
            spans.setdefault(("left", layer, other), []).append((y[0], y[7]))
            spans.setdefault(("right", layer, one), []).append((y[3], y[4]))
    assert len(spans) == 20
    for ends in spans.values():
        ends.sort()
        assert all(b[0] >= a[1] - 1e-6 for a, b in pairwise(ends))


def test_of_what_is_chosen_the_rollout_is_drawn(run):
    figure = plots.field_flow(run, field="colour", title="$1")
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    first, second = (record.weights(layer).astype(float).mean(0) for layer in (1, 2))
    half = np.eye(5) / 2
    rolled = (second / 2 + half) @ (first / 2 + half)
    colour = run.features.schema.index("colour")
    labels = {t.get_gid(): t.get_text() for t in figure.axes[0].texts if t.get_gid()}
    shown = [float(labels[f"input-{i + 1}"].rstrip("%")) / 100 for i in range(5)]
    assert shown == pytest.approx(rolled[colour], abs=0.006)
    paths = widths(figure, "path")
    arriving = {place: ends[0] for place, ends in paths.items() if place[0] == 2}
    assert {place[1] for place in arriving} == {colour + 1}
    assert sum(arriving.values()) == pytest.approx(1, abs=0.01)
    assert "in colour after layer 2, by rollout" in " ".join(figure.texts[1].get_text().split())
    lower = widths(plots.field_flow(run, field="colour", layer=1), "path")
    assert {place[0] for place in lower} == {1}


def test_one_case_and_one_layer(run):
    figure = plots.field_flow(run.inspect(user=0, item=0, context={"hour": "day"}))
    assert figure.texts[1].get_text().startswith("one case")
    names = [text.get_text() for text in figure.axes[0].texts]
    assert names.count("taste") == 2
    assert "noise" not in names
    flat = run_of(ContextAttention(embedding_size=4), clicks(300), spread=1)
    assert {place[0] for place in widths(plots.field_flow(flat, rows=9), "flow")} == {1}


def test_mistakes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features, .* got str"):
        plots.field_flow("run")
    with pytest.raises(AttnrecError, match="weighs pairs of fields"):
        plots.field_flow(run_of(AFM(embedding_size=3), clicks(60)))
    with pytest.raises(AttnrecError, match="head, rows: already decided"):
        plots.field_flow(run.field_map(), head=1)
    with pytest.raises(AttnrecError, match="rows: of a run"):
        plots.field_flow(run.inspect(user=0, item=0), rows=3)
    with pytest.raises(AttnrecError, match="field: .*did you mean 'colour'"):
        plots.field_flow(run, field="colr")
    with pytest.raises(AttnrecError, match="layer: expected one of"):
        plots.field_flow(run, layer=5)
    with pytest.raises(AttnrecError, match="share: expected above 0 to 1, got 2"):
        plots.field_flow(run, share=2)
    with pytest.raises(AttnrecError, match=r"width: expected \d\.\d inches or more"):
        plots.field_flow(run, width=1.5)
