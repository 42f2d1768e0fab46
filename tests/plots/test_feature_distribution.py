"""Steps are the shares of cases in each bin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.explanations.features.spread import spread_of
from attnrec.models.features import AutoInt, FeatureAttention
from attnrec.plots.feature_distribution import HIGH
from tests.explanations.feature_shop import clicks, run_of


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


def heights(ax) -> dict[int, np.ndarray]:
    """By row, from 1."""
    found = {}
    for patch in ax.patches:
        tops, _, base = patch.get_data()
        found[int(patch.get_gid().removeprefix("bins-"))] = base - tops
    return found


def test_a_column_a_layer_holds_the_histograms(run, tmp_path):
    figure = plots.feature_distribution(run, head=1, bins=8, provenance="seed 7")
    found = run.attention_spread().bins(8).of(head=1)
    assert len(figure.axes) == 2
    for layer, ax in enumerate(figure.axes):
        assert ax.get_xlim() == (0, found.edges[-1])
        for place, drawn in heights(ax).items():
            shares = found.counts[1, layer, place - 1] / 30
            np.testing.assert_allclose(drawn, HIGH * np.minimum(shares / found.top, 1), atol=1e-9)
        means = [line.get_xdata()[0] for line in ax.lines if "mean" in str(line.get_gid())]
        np.testing.assert_allclose(means, found.means[1, layer])
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert tuple(names) == found.fields
    assert "30 cases, head 1 · 8 bins" in " ".join(figure.texts[1].get_text().split())
    assert plots.files.provenance_of(figure) == "seed 7"
    svg = plots.save(figure, tmp_path / "bins.svg").read_text()
    assert ">layer 2</text>" in svg
    assert ">cases</text>" not in svg  # each field has the same


def test_the_cases_of_each_field_are_told_where_they_differ(run):
    hours = pd.DataFrame({"hour": ["day", "night", None]})
    asked = run.inspect(user=[0, 1, 2], item=[0, 1, 2], context=hours)
    figure = plots.feature_distribution(spread_of(asked))
    told = [text.get_text() for text in figure.axes[-1].texts]
    assert told.count("3") == 3
    assert told.count("2") == 1
    line = " ".join(figure.texts[1].get_text().split())
    assert "without those in which a field says nothing" in line


def test_layers_that_tell_of_some_fields():
    run = run_of(FeatureAttention(embedding_size=3), clicks(300), spread=1)
    one, other = plots.feature_distribution(run).axes
    assert sorted([len(heights(one)), len(heights(other))]) == [2, 3]
    assert not set(heights(one)) & set(heights(other))


def test_mistakes(run):
    with pytest.raises(AttnrecError, match="source: expected a run of features, .* got str"):
        plots.feature_distribution("run")
    with pytest.raises(AttnrecError, match="rows: of a run"):
        plots.feature_distribution(run.attention_spread(), rows=3)
    with pytest.raises(AttnrecError, match="bins: already decided"):
        plots.feature_distribution(run.attention_spread().bins(), bins=3)
    with pytest.raises(AttnrecError, match=r"width: expected \d\.\d inches or more"):
        plots.feature_distribution(run, width=1.5)
