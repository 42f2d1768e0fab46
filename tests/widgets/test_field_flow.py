"""The ribbons tell the page what the record tells Python, with their rollout."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FieldFlow

from attnrec.errors import AttnrecError
from attnrec.models.features import AFM, AutoInt, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of
from tests.widgets.test_field_heatmap import numbers, told

RECIPE = AutoInt(embedding_size=4, attention_size=8, num_layers=2)


@pytest.fixture(scope="module")
def run():
    return run_of(RECIPE, clicks(300), spread=1)


def test_what_is_drawn_is_the_mean_of_the_record_and_its_rollout(run):
    (frame,) = FieldFlow(run)._picture["frames"]
    _, record = run.recorder.inspect(run.features.of_rows(run.features.examples("test").rows))
    weights, rollout = numbers(frame["weights"]), numbers(frame["rollout"])
    assert weights.shape == (3, 2, 5, 5)
    for variant, head in enumerate((None, 1, 2)):
        means = [record.weights(layer, head).astype(float).mean(0) for layer in (1, 2)]
        np.testing.assert_allclose(weights[variant], means, atol=1e-6)
        first, second = ((mean + np.eye(5)) / 2 for mean in means)
        np.testing.assert_allclose(rollout[variant], [first, second @ first], atol=1e-6)
    most = weights.sum(2).max((0, 1))
    np.testing.assert_allclose(numbers(frame["tall"]), np.maximum(most, 1), rtol=1e-5)
    assert frame["fields"] == list(run.features.schema.names)


def test_rows_are_as_tall_in_all_frames(run):
    other = run_of(RECIPE, clicks(300), seed=1, spread=1)
    first, last = FieldFlow({"one": run, "two": other})._picture["frames"]
    alone = [FieldFlow(one)._picture["frames"][0]["tall"] for one in (run, other)]
    expected = np.max([numbers(tall) for tall in alone], axis=0)
    np.testing.assert_array_equal(numbers(first["tall"]), expected)
    np.testing.assert_array_equal(numbers(last["tall"]), expected)


def test_its_twin_follows_what_is_chosen(run, tmp_path):
    shown = FieldFlow(run, head=2, field="tags", layer=1, share=0.7)
    line = " ".join(shown.figure().texts[1].get_text().split())
    assert "head 2" in line
    assert "with 70% of each layer's attention" in line
    assert "in tags after layer 1, by rollout" in line
    page = told(shown.save_html(tmp_path / "flow.html"))
    assert (page["share"], page["field"], page["layer"], page["head"]) == (0.7, "tags", 1, 2)
    assert len(shown.to_frame()) == 2 * 5 * 5
    assert repr(shown) == "FieldFlow(AutoInt, field='tags', layer=1, head=2)"


def test_a_share_from_the_page_is_checked(run):
    shown = FieldFlow(run)
    shown.set_state({"share": 0.55})
    assert shown.share == 0.55
    shown.set_state({"share": 0})
    assert shown.share == 0.55
    for share in (0, 1.5, "all", True):
        with pytest.raises(AttnrecError, match="share: expected above 0 to 1"):
            shown.share = share


def test_it_says_what_it_takes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features.*got int"):
        FieldFlow(3)
    with pytest.raises(AttnrecError, match="weighs pairs of fields"):
        FieldFlow(run_of(AFM(embedding_size=3), clicks(60)))
    with pytest.raises(AttnrecError, match="no field looks at another"):
        FieldFlow(run_of(FeatureAttention(embedding_size=3), clicks(60)))
    with pytest.raises(AttnrecError, match="rows: already decided"):
        FieldFlow(run.field_map(), rows=3)
    with pytest.raises(AttnrecError, match="rows: of a run"):
        FieldFlow(run.inspect(user=0, item=0), rows=3)
    with pytest.raises(AttnrecError, match="field: .*did you mean 'colour'"):
        FieldFlow(run, field="colr")
    with pytest.raises(AttnrecError, match="share: expected above 0 to 1, got 3"):
        FieldFlow(run, share=3)
