"""The figure of a case holds the case's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import clicks, run_of


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


def bars(ax) -> list[float]:
    return [bar.get_width() for bar in ax.patches]


def test_bars_are_the_numbers(run):
    case = run.case(user=3, item=4, changes={"hour": "day"})
    figure = plots.feature_case(case, title="$1 & more", provenance="seed 7")
    attention, shapley = figure.axes
    np.testing.assert_allclose(bars(attention), case.attention)
    np.testing.assert_allclose(bars(shapley), case.shapley)
    hatched = [bar.get_hatch() is not None for bar in attention.patches]
    assert hatched == case.off.tolist()
    told = [text.get_text() for text in figure.texts]
    assert {"$1 & more", "taste", "red", "nothing", "seed 7"} <= set(told)
    assert plots.files.provenance_of(figure) == "seed 7"


def test_without_attention_there_is_one_panel():
    case = run_of(FM(embedding_size=4), clicks(300)).case(user=3, item=4)
    figure = plots.feature_case(case)
    assert len(figure.axes) == 1
    np.testing.assert_allclose(bars(figure.axes[0]), case.shapley)


def test_it_says_what_it_takes(run):
    with pytest.raises(AttnrecError, match="case: expected what run.case"):
        plots.feature_case(3)
    with pytest.raises(AttnrecError, match="width: expected"):
        plots.feature_case(run.case(user=3, item=4), width=2)
