"""What is drawn are the values of the map, with what was averaged said beside."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.models.features import AFM, AutoInt, ContextAttention, FeatureAttention
from tests.explanations.feature_shop import clicks, run_of


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


def texts(figure) -> list[str]:
    return [" ".join(text.get_text().split()) for text in figure.texts]


def shown(figure) -> list[np.ndarray]:
    return [ax.images[0].get_array().filled(np.nan) for ax in figure.axes[:-1]]


def test_a_panel_a_layer_holds_the_means(run):
    figure = plots.field_heatmap(run, provenance="seed 7")
    found = run.field_map()
    np.testing.assert_array_equal(shown(figure), found.weights)
    one, other, _ = figure.axes
    assert [label.get_text() for label in one.get_yticklabels()] == list(found.fields)
    assert [label.get_text() for label in other.get_xticklabels()] == list(found.fields)
    assert (one.get_title(loc="left"), other.get_title(loc="left")) == ("layer 1", "layer 2")
    assert one.images[0].get_clim() == other.images[0].get_clim() == (0, found.weights.max())
    told = f"mean of {found.num_cases} cases and 2 heads · a row is the field that looks, and sums"
    assert texts(figure)[1].startswith(told)
    assert plots.files.provenance_of(figure) == "seed 7"
    numbers = [int(text.get_text()) for text in one.texts]
    np.testing.assert_allclose(numbers, 100 * found.weights[0].ravel(), atol=0.5 + 1e-9)


def test_one_case_without_what_says_nothing(run):
    features = run.features
    asked = run.inspect(user=0, item=0, context={"hour": "day"})  # no noise
    (values,) = shown(plots.field_heatmap(asked, layer=2, head=1))
    there = [features.schema.index(name) for name in ("taste", "colour", "tags", "hour")]
    np.testing.assert_allclose(values, asked.record.weights(2, 1)[0][np.ix_(there, there)])
    figure = plots.field_heatmap(asked, layer=2, head=1, title="$1 & more")
    assert texts(figure)[:2] == [
        "$1 & more",
        "one case, head 1 · a row is the field that looks, and sums to 100%",
    ]


def test_the_layer_is_told(run):
    for layer in (1, 2):
        (ax, _) = plots.field_heatmap(run, layer=layer).axes
        assert ax.get_title(loc="left") == f"layer {layer}"
    assert run.field_map(layer=2).numbers == (2,)
    assert run.field_map().numbers == (1, 2)


def test_nothing_to_draw():
    run = run_of(ContextAttention(embedding_size=4), clicks(300))
    with pytest.raises(AttnrecError, match="attention: no case tells anything"):
        plots.field_heatmap(run.inspect(user=0, item=0))  # no circumstance looks


def test_pairs(tmp_path):
    run = run_of(AFM(embedding_size=3), clicks(300), spread=1)
    figure = plots.field_heatmap(run, rows=20, vmax=1, width=3.4)
    assert texts(figure)[:2] == [
        "What each pair gets",
        "mean of 20 cases · all pairs of a case sum to 100%",
    ]
    (values,) = shown(figure)
    assert np.isnan(np.diag(values)).all()
    np.testing.assert_allclose(np.nansum(values), 2, atol=1e-5)  # each stands there twice
    assert figure.axes[0].images[0].get_clim() == (0, 1)
    text = plots.save(figure, tmp_path / "pairs.svg").read_text()
    assert ">taste<" in text.replace("\n", "")


def test_panels_stand_below_each_other_where_there_is_no_room(run):
    wide, narrow = (plots.field_heatmap(run, width=width) for width in (7, 2.2))
    tops = [[ax.get_position().y1 for ax in figure.axes[:2]] for figure in (wide, narrow)]
    assert tops[0][0] == tops[0][1]
    assert tops[1][0] > tops[1][1] + 0.2
    assert narrow.get_figwidth() <= 2.2


def test_mistakes(run):
    with pytest.raises(AttnrecError, match="width: 5 columns need more than 1 inches"):
        plots.field_heatmap(run, width=1)
    with pytest.raises(AttnrecError, match="layer, head, rows: already decided"):
        plots.field_heatmap(run.field_map(), layer=1)
    with pytest.raises(AttnrecError, match="source: expected a run of features, .* got str"):
        plots.field_heatmap("run")
    with pytest.raises(AttnrecError, match="no field looks at another"):
        plots.field_heatmap(run_of(FeatureAttention(embedding_size=3), clicks(300)))
