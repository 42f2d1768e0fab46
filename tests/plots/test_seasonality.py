"""Squares hold the means of their cells, and their areas the cases."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.explanations.features import ContextGrid
from attnrec.models.features import AutoInt
from tests.explanations.feature_shop import clicks, run_of

COUNTS = np.array([[100, 25, 0], [1, 0, 4]])


def grid(counts=COUNTS, left_out=0) -> ContextGrid:
    rng = np.random.default_rng(0)
    values = np.stack(
        [
            np.full(counts.shape, 0.2),
            rng.uniform(0.1, 0.4, counts.shape),
            0.1 * np.ones_like(counts),
        ]
        + [rng.uniform(0.2, 0.3, counts.shape)] * 3,
        axis=-1,
    )
    values[counts == 0] = np.nan
    return ContextGrid(
        by=("month", "hour"),
        levels=(("January", "February"), ("9", "10", "11")),
        fields=("even", "much", "$flat$", "a", "b", "c"),
        weights=values,
        counts=counts,
        num_cases=int(counts.sum()),
        left_out=left_out,
    )


def squares(ax):
    boxes = [path.get_extents() for path in ax.collections[0].get_paths()]
    return [(box.x0 + box.width / 2, box.y0 + box.height / 2, box.width) for box in boxes]


def test_tone_is_the_mean_and_area_the_cases():
    found = grid()
    figure = plots.seasonality(found, ["much", "$flat$"], provenance="seed 7")
    for ax, field in zip(figure.axes, ("much", "$flat$"), strict=False):
        drawn, cells = ax.collections[0], found.of(field)[COUNTS > 0]
        mean = np.average(cells, weights=COUNTS[COUNTS > 0])
        np.testing.assert_allclose(drawn.get_array(), cells - mean)
        assert ax.get_title(loc="left") == f"{field} · {100 * mean:.0f}%"
        np.testing.assert_allclose(
            squares(ax), [(0, 0, 0.94), (1, 0, 0.47), (0, 1, 0.094), (2, 1, 0.188)], atol=1e-6
        )
    low, high = figure.axes[0].collections[0].get_clim()
    # All but the cell of one case, which is less than a fiftieth, lie within.
    differences = abs(figure.axes[0].collections[0].get_array())
    assert -low == high == max(differences[[0, 1, 3]].max(), np.sort(differences)[-2])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "January",
        "February",
    ]
    title, told = (" ".join(text.get_text().split()) for text in figure.texts[:2])
    assert title == "Attention by month and hour"
    assert told == (
        "mean of layers and heads · difference from the mean of 130 cases, which stands beside the "
        "field, in points of a percent (2% of the cases may lie beyond the key); a square's area "
        "is the cases behind it, 100 at most"
    )
    assert plots.files.provenance_of(figure) == "seed 7"


def test_the_fields_that_differ_most_are_shown(tmp_path):
    figure = plots.seasonality(grid(left_out=1200))
    shown = [ax.get_title(loc="left") for ax in figure.axes[:-1]]
    assert [one.split(" · ")[0] for one in shown] == ["much", "a", "b", "c"]
    told = " ".join(figure.texts[1].get_text().split())
    assert "1,200 of unknown month or hour left out" in told
    assert "January" in plots.save(figure, tmp_path / "s.svg").read_text()


def test_a_run_is_asked():
    run = run_of(AutoInt(embedding_size=4, attention_size=8), clicks(300), spread=1)
    figure = plots.seasonality(run, "tags", by=("hour", "rating"), part="train", head=1)
    found = run.attention_by_context(("hour", "rating"), "train", head=1)
    np.testing.assert_allclose(
        figure.axes[0].collections[0].get_array(), found.difference("tags").ravel()
    )
    assert figure.texts[0].get_text() == found.title == "Attention by hour and rating"
    assert " ".join(figure.texts[1].get_text().split()) == found.told
    with pytest.raises(AttnrecError, match="by, head: already decided by what was given"):
        plots.seasonality(found, by=("hour", "rating"), head=1)


def test_one_cell_and_none():
    one = np.array([[0, 0, 3], [0, 0, 0]])
    ax = plots.seasonality(grid(one), "even").axes[0]
    assert squares(ax) == [pytest.approx((0, 0, 0.94))]  # the only one
    assert [label.get_text() for label in ax.get_xticklabels()] == ["11"]
    with pytest.raises(AttnrecError, match="grid: no case is known of both circumstances"):
        plots.seasonality(grid(one * 0))
    with pytest.raises(AttnrecError, match="fields: expected one or more, got none"):
        plots.seasonality(grid(), [])
    with pytest.raises(
        AttnrecError, match="source: expected a run of features, or what its at.* got str"
    ):
        plots.seasonality("run")
    with pytest.raises(AttnrecError, match="did you mean 'even'"):
        plots.seasonality(grid(), ["evn"])
    with pytest.raises(AttnrecError, match="width: 3 columns need more than 0.5 inches"):
        plots.seasonality(grid(), width=0.5)
