"""What is drawn is what was asked for, read back from the figure."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle

from attnrec import plots
from attnrec.errors import AttnrecError


def pieces(figure: Figure) -> np.ndarray:
    """Heights of the pieces of the spine, oldest first."""
    [ax] = figure.axes
    found = [
        p for p in ax.patches if isinstance(p, Rectangle) and (p.get_gid() or "").startswith("sp")
    ]
    assert [piece.get_gid() for piece in found] == [f"spine-{i + 1}" for i in range(len(found))]
    return np.array([piece.get_height() for piece in found])


def ribbons(figure: Figure) -> list[np.ndarray]:
    """Corners of each ribbon: left top, right top, right bottom, left bottom."""
    [ax] = figure.axes
    return [
        patch.get_path().vertices[[0, 3, 4, 7]]
        for patch in ax.patches
        if isinstance(patch, PathPatch)
    ]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in (*figure.axes[0].texts, *figure.texts)]


def test_the_spine_is_partitioned_by_the_shares(inspect):
    figure = plots.history_attention(inspect([1, 2, 3]), layer=1, head=1)
    heights = pieces(figure)
    np.testing.assert_allclose(heights / heights.sum(), np.array([3, 4, 5]) / 12, rtol=1e-6)
    # Ten places of the ranking, less a gap of one unit between pieces.
    np.testing.assert_allclose(heights.sum(), 340 - 2)


def test_a_ribbon_is_as_wide_as_its_share_at_both_ends(inspect):
    figure = plots.history_attention(inspect([1, 2, 3, 4]), layer=2, head=2)
    shares = np.array([5, 6, 7, 8]) / 26
    right, left = [], []
    for i, (left_top, right_top, right_bottom, left_bottom) in enumerate(ribbons(figure)):
        right.append(right_bottom[1] - right_top[1])
        left.append(left_bottom[1] - left_top[1])
        # It leaves from the middle of its line.
        assert (left_top[1] + left_bottom[1]) / 2 == pytest.approx(34 + 24 * (i + 0.5))
    np.testing.assert_allclose(right, pieces(figure))
    np.testing.assert_allclose(np.array(left) / sum(left), shares, rtol=1e-6)
    assert max(left) <= 22


def test_ribbons_meet_without_crossing(inspect):
    ends = ribbons(plots.history_attention(inspect([1, 2, 3, 4, 5])))
    for above, below in itertools.pairwise(ends):
        assert above[2][1] <= below[1][1]
        assert above[3][1] <= below[0][1]


def test_the_query_position_is_read(inspect):
    figure = plots.history_attention(inspect([1, 2, 3]), layer=1, head=1, query=2)
    heights = pieces(figure)
    np.testing.assert_allclose(heights / heights.sum(), [3 / 7, 4 / 7, 0], atol=1e-7)
    assert "read from position 2" in texts(figure)[-1]


def test_a_long_history_shares_a_line_and_still_sums_to_one(inspect):
    figure = plots.history_attention(inspect([1, 2] * 30), layer=1, head=1, max_lines=10)
    heights, weights = pieces(figure), np.arange(3, 63) / sum(range(3, 63))
    assert len(heights) == 10
    np.testing.assert_allclose(heights[0] / heights.sum(), weights[:51].sum(), rtol=1e-4)
    assert "51 earlier films" in texts(figure)


def test_percentages_titles_and_ranking_are_told(inspect):
    figure = plots.history_attention(inspect([2, 3]), layer=1, head=1, topn=3, provenance="seed 7")
    told = texts(figure)
    assert {"43%", "57%", "2 films, oldest first", "top 3 of 6", "Brazil $x^2$", "score"} <= set(
        told
    )
    assert [text for text in told if text in {"6.00", "5.00", "4.00"}] == ["6.00", "5.00", "4.00"]
    assert told[-1] == "seed 7 · layer 1, head 1, read from position 2"


def test_the_whole_of_a_long_title_is_not_drawn(inspect):
    told = texts(plots.history_attention(inspect([4])))
    assert any(text.startswith("DDD") and text.endswith("…") and len(text) < 40 for text in told)
    assert "D" * 500 not in told


def test_seen_items_leave_the_ranking_and_a_given_one_takes_its_place(inspect):
    inspection = inspect([1, 2])
    figure = plots.history_attention(inspection, exclude_seen=True)
    assert len([line for line in figure.axes[0].lines if line.get_gid()]) == 4
    frame = pd.DataFrame({"rank": [3], "item": [60], "score": [9.25]})
    figure = plots.history_attention(inspection, recommended=frame, held_out=(50, 17, 1.5))
    assert {"9.25", "3", "Fargo", "17", "1.50", "Watched next, held out"} <= set(texts(figure))


def test_without_attention_there_are_no_ribbons(inspect):
    figure = plots.history_attention(inspect([1, 2], layers=0))
    assert not ribbons(figure)
    assert texts(figure)[-1] == "no attention recorded"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer": 3}, "layer: expected 1 to 2, got 3"),
        ({"head": 3}, "head: expected 1 to 2, got 3"),
        ({"query": 3}, "query: expected 1 to 2, got 3"),
        ({"row": 1}, "row: expected 0 to 0, got 1"),
        ({"topn": 0}, "topn: expected a whole number from 1, got 0"),
    ],
)
def test_what_is_not_there_is_refused(inspect, arguments, message):
    with pytest.raises(AttnrecError, match=message):
        plots.history_attention(inspect([1, 2]), **arguments)


def test_a_row_of_a_batch_leaves_its_padding_behind(inspect):
    figure = plots.history_attention(inspect([1, 2, 3], [5, 6]), row=1, layer=1, head=1)
    assert len(pieces(figure)) == 2
    assert {"שלום", "Fargo"} <= set(texts(figure))
