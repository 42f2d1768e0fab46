"""The heat-map tells the page what the record tells Python, and refuses what is not there."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
from attnrec_widgets import FieldHeatmap, link

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.models.features import AFM, AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


def numbers(packed: dict) -> np.ndarray:
    data = packed["data"]
    data = base64.b64decode(data) if isinstance(data, str) else data
    return np.frombuffer(data, "<f4").reshape(packed["shape"])


def told(path) -> dict:
    """What a saved page holds."""
    block = re.search(r'id="attnrec-state">(.*?)</script>', path.read_text(encoding="utf-8"))
    return json.loads(block.group(1))


def test_what_is_drawn_is_the_mean_of_the_record(run):
    shown = FieldHeatmap(run)
    (frame,) = shown._picture["frames"]
    inputs = run.features.examples("test")
    _, record = run.recorder.inspect(run.features.of_rows(inputs.rows))
    drawn, counts = numbers(frame["weights"]), numbers(frame["counts"])
    assert drawn.shape == (3, 2, 5, 5)  # the mean and two heads, two layers, five fields
    looks = record.real.astype(float)
    for layer in (1, 2):
        for variant, head in enumerate((None, 1, 2)):
            weights = record.weights(layer, head).astype(float)
            expected = weights.sum(0) / looks.sum(0)[:, None]
            np.testing.assert_allclose(drawn[variant, layer - 1], expected, rtol=1e-5)
        np.testing.assert_array_equal(counts[layer - 1], np.tile(looks.sum(0)[:, None], 5))
    assert frame["looks"] == frame["at"] == list(run.features.schema.names)
    cases = len(record.real)
    assert frame["tolds"][2].startswith(f"mean of {cases} cases, head 2 ·")


def test_its_twin_and_table_follow_the_head(run):
    shown = FieldHeatmap(run, head=2)
    twin = shown.figure().axes[0].images[0].get_array().filled(np.nan)
    np.testing.assert_allclose(twin, run.field_map(head=2).weights[0])
    assert shown.to_frame().equals(run.field_map(head=2).to_frame())


def test_one_case_leaves_out_what_says_nothing(run):
    shown = FieldHeatmap(run.inspect(user=0, item=0, context={"hour": "day"}))
    (frame,) = shown._picture["frames"]
    assert frame["looks"] == ["taste", "colour", "tags", "hour"]
    assert frame["told"].startswith("one case")


def test_several_are_played(run):
    other = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), seed=1)
    shown = FieldHeatmap({"epoch 1": run, "epoch 2": other})
    assert shown._picture["labels"] == ["epoch 1", "epoch 2"]
    for frame, one in zip(shown._picture["frames"], (run, other), strict=True):
        np.testing.assert_allclose(numbers(frame["weights"])[0], one.field_map().weights, rtol=1e-6)


def test_pairs(run):
    pairs = FieldHeatmap(run_of(AFM(embedding_size=4, attention_size=4), clicks(300)))
    assert pairs._picture["frames"][0]["ofPairs"]
    assert pairs.num_heads == 0


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"field": "colr"}, "field: .*did you mean 'colour'"),
        ({"field": 3}, "field: expected None or one of"),
        ({"layer": 3}, r"layer: expected None or one of \[1, 2\], got 3"),
        ({"head": 0}, "head: expected None or one of"),
        ({"head": True}, "head: expected None or one of"),
        ({"item": 1}, "item: this picture shows no items"),
        ({"context": {"hour": "day"}}, "context: no 'hour' among"),
        ({"context": "day"}, "context: expected names and levels"),
    ],
)
def test_a_choice_that_is_not_there_is_refused(run, choice, error):
    shown = FieldHeatmap(run, field="taste", layer=1)
    ((name, value),) = choice.items()
    with pytest.raises(AttnrecError, match=error):
        setattr(shown, name, value)
    shown.set_state({name: value})  # from a page: nothing happens
    assert (shown.field, shown.layer, shown.head) == ("taste", 1, None)


def test_it_says_what_it_takes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features.*got int"):
        FieldHeatmap(3)
    with pytest.raises(AttnrecError, match="source: .* empty mapping"):
        FieldHeatmap({})
    with pytest.raises(AttnrecError, match="no field looks at another"):
        FieldHeatmap(run_of(FeatureAttention(embedding_size=4), clicks(300)))
    with pytest.raises(AttnrecError, match="rows: already decided"):
        FieldHeatmap(run.field_map(), rows=3)
    assert repr(FieldHeatmap(run, field="tags")) == "FieldHeatmap(AutoInt, field='tags')"


def test_what_is_chosen_in_one_is_chosen_in_the_others(run):
    one, other, third = (FieldHeatmap(run) for _ in range(3))
    small = FieldHeatmap(run.inspect(user=0, item=0))  # hour and noise say nothing
    joined = link(one, other, small)
    one.field, other.layer = "tags", 2
    assert (other.field, small.field, one.layer, third.field) == ("tags", "tags", 2, None)
    joined.unlink()
    one.field = "hour"
    assert other.field == "tags"
    with pytest.raises(AttnrecError, match="expected two or more, got 1"):
        link(one)
    with pytest.raises(AttnrecError, match="nothing can be chosen in int"):
        link(one, 3)


def test_where_a_choice_is_not_shown_nothing_is_chosen(run):
    whole, mean = FieldHeatmap(run), FieldHeatmap(run.field_map(layer=2))
    link(whole, mean)
    whole.layer = 2
    assert mean.layer == 2
    whole.layer = 1
    assert (whole.layer, mean.layer) == (1, None)


def test_files_say_where_they_come_from(run, tmp_path):
    shown = FieldHeatmap(run, head=1)
    page = told(shown.save_html(tmp_path / "where.html"))
    np.testing.assert_array_equal(
        numbers(page["_picture"]["frames"][0]["weights"]),
        numbers(shown._picture["frames"][0]["weights"]),
    )
    assert page["head"] == 1
    assert page["_picture"]["foot"].startswith("AutoInt · ")
    svg = shown.save_figure(tmp_path / "where.svg").read_text(encoding="utf-8")
    assert "Where each field looks</text>" in svg
    assert plots.files.provenance_of(shown.figure()) == page["_picture"]["foot"]
    with pytest.raises(AttnrecError, match="ends in .html"):
        shown.save_html(tmp_path / "where.htmx")


def test_nothing_in_the_data_ends_the_script(tmp_path):
    features = clicks(60)
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=1), features)
    page = FieldHeatmap({HOSTILE: run}).save_html(tmp_path / "x.html")
    assert "<img src=x" not in page.read_text(encoding="utf-8")
    assert told(page)["_picture"]["labels"] == [HOSTILE]
