"""The histograms tell the page what the record tells Python, on the same bins in every frame."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FeatureDistribution

from attnrec.errors import AttnrecError
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import clicks, run_of
from tests.widgets.test_field_heatmap import numbers, told

RECIPE = AutoInt(embedding_size=4, attention_size=8, num_layers=2)


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def test_what_is_drawn_are_counts_of_the_record(run):
    (frame,) = FeatureDistribution(run, bins=12)._picture["frames"]
    counts, beyond = numbers(frame["counts"]), numbers(frame["beyond"])
    assert counts.shape == (3, 2, 5, 12)  # the mean and two heads, two layers, five fields
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    order = [run.features.schema.index(name) for name in frame["fields"]]
    edges = numbers(frame["edges"])
    for layer in (1, 2):
        for variant, head in enumerate((None, 1, 2)):
            weights = record.weights(layer, head).astype(float)
            gets = (weights.sum(1) / record.real.sum(1)[:, None])[:, order]
            for field, mine in enumerate(gets.T):
                drawn = counts[variant, layer - 1, field]
                assert np.abs(np.histogram(mine, edges)[0] - drawn).sum() <= 2  # at an edge
            np.testing.assert_allclose(numbers(frame["means"])[variant, layer - 1], gets.mean(0))
    assert (counts.sum(-1) + beyond == 30).all()
    assert frame["tolds"][1].startswith("30 cases, head 1 · 12 bins from 0 to ")


def test_several_have_the_same_bins_and_heights(run):
    other = run_of(RECIPE, clicks(300), seed=1, spread=1)
    first, last = FeatureDistribution({"one": run, "two": other})._picture["frames"]
    np.testing.assert_array_equal(numbers(first["edges"]), numbers(last["edges"]))
    assert first["top"] == last["top"]
    assert first["fields"] == last["fields"]
    alone = FeatureDistribution(run)._picture["frames"][0]
    assert numbers(first["edges"])[-1] != numbers(alone["edges"])[-1]


def test_its_twin_and_table_follow_the_head(run):
    shown = FeatureDistribution(run, head=2, field="tags", layer=1)
    found = run.attention_spread().bins().of(head=2)
    assert shown.to_frame().equals(found.to_frame())
    assert "head 2" in shown.figure().texts[1].get_text()
    assert repr(shown) == "FeatureDistribution(AutoInt, field='tags', layer=1, head=2)"


def test_it_says_what_it_takes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features.*got int"):
        FeatureDistribution(3)
    with pytest.raises(AttnrecError, match="cases: expected two or more"):
        FeatureDistribution(run.inspect(user=0, item=0))
    with pytest.raises(AttnrecError, match="this model attends to nothing"):
        FeatureDistribution(run_of(FM(embedding_size=3), clicks(60)))
    with pytest.raises(AttnrecError, match="bins: expected a whole number from 1"):
        FeatureDistribution(run, bins=0)
    with pytest.raises(AttnrecError, match="head: expected None or one of"):
        FeatureDistribution(run, head=3)


def test_the_page_holds_the_same(run, tmp_path):
    shown = FeatureDistribution(run)
    page = told(shown.save_html(tmp_path / "bins.html"))
    frame, saved = shown._picture["frames"][0], page["_picture"]["frames"][0]
    np.testing.assert_array_equal(numbers(saved["counts"]), numbers(frame["counts"]))
