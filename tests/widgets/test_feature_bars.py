"""The bars tell the page what the record tells Python, on one scale for all frames."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FeatureBars

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import clicks, run_of
from tests.widgets.test_field_heatmap import numbers, told

RECIPE = AutoInt(embedding_size=4, attention_size=8, num_layers=2)


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def test_what_is_drawn_is_the_mean_and_the_spread_of_the_record(run):
    (frame,) = FeatureBars(run)._picture["frames"]
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    drawn = {part: numbers(frame[part]) for part in ("means", "lows", "medians", "highs", "even")}
    order = [run.features.schema.index(name) for name in frame["fields"]]
    each = {}
    for layer in (1, 2):
        for variant, head in enumerate((None, 1, 2)):
            weights = record.weights(layer, head).astype(float)
            gets = each[variant, layer] = (weights.sum(1) / record.real.sum(1)[:, None])[:, order]
            np.testing.assert_allclose(drawn["means"][variant, layer], gets.mean(0), rtol=1e-5)
            for part, share in (("lows", 0.1), ("medians", 0.5), ("highs", 0.9)):
                expected = np.quantile(gets, share, axis=0)
                np.testing.assert_allclose(drawn[part][variant, layer], expected, rtol=1e-5)
    both = (each[0, 1] + each[0, 2]) / 2
    np.testing.assert_allclose(drawn["means"][0, 0], both.mean(0), rtol=1e-5)
    assert (np.diff(drawn["means"][0, 0]) <= 0).all()
    np.testing.assert_allclose(drawn["even"], 0.2, rtol=1e-6)
    assert (numbers(frame["counts"]) == len(both)).all()
    assert frame["tolds"][2][1].startswith(f"mean of {len(both)} cases, layer 1, head 2 ·")
    assert frame["most"] == pytest.approx(drawn["highs"].max())


def test_one_case_leaves_out_what_says_nothing_and_has_no_spread(run):
    (frame,) = FeatureBars(run.inspect(user=0, item=0, context={"hour": "day"}))._picture["frames"]
    assert sorted(frame["fields"]) == ["colour", "hour", "tags", "taste"]
    assert np.isnan(numbers(frame["lows"])).all()
    assert frame["told"].startswith("one case")


def test_several_are_played_on_one_scale_in_one_order(run):
    case = run.inspect(user=0, item=0)  # hour and noise say nothing
    shown = FeatureBars({"all": run, "one case": case})
    first, last = shown._picture["frames"]
    assert first["fields"] == last["fields"] == list(shown.fields)
    assert set(last["fields"][3:]) == {"hour", "noise"}
    assert np.isnan(numbers(last["means"])[..., 3:]).all()
    alone = [FeatureBars(one)._picture["frames"][0]["most"] for one in (run, case)]
    assert first["most"] == last["most"] == max(alone)


def test_its_twin_and_table_follow_layer_and_head(run):
    shown = FeatureBars(run, layer=2, head=1)
    found = run.attention_spread(layer=2, head=1)
    assert shown.to_frame().equals(found.to_frame())
    widths = [patch.get_width() for patch in shown.figure().axes[0].patches]
    np.testing.assert_allclose(widths, found.mean)


def test_it_says_what_it_takes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features.*got int"):
        FeatureBars(3)
    with pytest.raises(AttnrecError, match="this model attends to nothing"):
        FeatureBars(run_of(FM(embedding_size=3), clicks(60)))
    with pytest.raises(AttnrecError, match="rows: of a run"):
        FeatureBars(run.inspect(user=0, item=0), rows=3)
    with pytest.raises(AttnrecError, match="field: .*did you mean 'colour'"):
        FeatureBars(run, field="colr")
    with pytest.raises(AttnrecError, match=r"layer: expected None or one of \[1, 2\], got 3"):
        FeatureBars(run, layer=3)
    assert repr(FeatureBars(run, field="tags", rows=9)) == "FeatureBars(AutoInt, field='tags')"


def test_files_say_where_they_come_from(run, tmp_path):
    shown = FeatureBars(run, head=1)
    page = told(shown.save_html(tmp_path / "bars.html"))
    frame = shown._picture["frames"][0]
    saved = page["_picture"]["frames"][0]
    np.testing.assert_array_equal(numbers(saved["means"]), numbers(frame["means"]))
    assert page["_picture"]["foot"].startswith("AutoInt · ")
    svg = shown.save_figure(tmp_path / "bars.svg").read_text(encoding="utf-8")
    assert "What each field gets</text>" in svg
    assert plots.files.provenance_of(shown.figure()) == page["_picture"]["foot"]
