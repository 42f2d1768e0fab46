"""What is drawn is what was given: lines as wide as weights, titles as text, shares as written."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import PathPatch

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.plots.attention_graph import WIDEST

LOWER = np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.5, 0.0, 0.5]])
UPPER = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.125, 0.0, 0.875]])


def lines(ax) -> dict[str, PathPatch]:
    return {patch.get_gid(): patch for patch in ax.patches}


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_a_line_for_each_weight_as_wide_as_it_is():
    drawn = lines(plots.attention_graph([LOWER, UPPER]))
    expected = {
        f"edge-{layer}-{q + 1}-{k + 1}": weights[q, k]
        for layer, weights in ((1, LOWER), (2, UPPER))
        for q, k in zip(*np.nonzero(weights), strict=True)
    }
    assert len(expected) == 5 + 2
    assert {name: line.get_linewidth() / WIDEST for name, line in drawn.items()} == expected


def test_a_line_leads_from_the_query_above_to_the_key_below():
    drawn = lines(plots.attention_graph([LOWER, UPPER]))
    ends = {name: line.get_path().vertices[[0, -1]].tolist() for name, line in drawn.items()}
    assert ends["edge-1-2-1"] == [[1, 1], [0, 0]]
    assert ends["edge-2-3-1"] == [[2, 2], [1, 0]]


def test_heavier_lines_lie_on_top_and_panels_share_a_scale():
    ax = plots.attention_graph([LOWER], vmax=2.0)
    widths = [patch.get_linewidth() for patch in ax.patches]
    assert widths == sorted(widths)
    assert widths[-1] == WIDEST / 2


def test_nodes_are_those_that_something_leaves_and_one_is_read():
    ax = plots.attention_graph([LOWER, UPPER])
    nodes = {
        (*line.get_xdata(), *line.get_ydata()): line.get_markerfacecolor() for line in ax.lines
    }
    assert set(nodes) == {(x, y) for x in (0, 1) for y in range(3)} | {(2, 2)}
    assert [at for at, fill in nodes.items() if fill != "white"] == [(2, 2)]


def test_titles_and_shares_are_text():
    ax = plots.attention_graph(
        [LOWER],
        labels=["$x_1$", "Tea <b>", "a" * 300],
        values=[0.25, 0.0, 0.75],
        title="Roll $out$",
        told="the product",
        items="films",
    )
    told = words(ax)
    assert told[:2] == ["films", "layer 1"]
    assert told[2:4] == ["$x_1$", "Tea <b>"]
    assert told[4].startswith("aaa")
    assert told[4].endswith("…")
    assert told[5:] == ["25%", "0.0%", "75%", "Roll $out$", "the product"]
    assert not any(text.get_parse_math() for text in ax.texts)
    assert [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"] == [
        "75%",
        "Roll $out$",
    ]
    ax.figure.canvas.draw()


def test_one_item_and_the_foot():
    ax = plots.attention_graph([np.ones((1, 1))], labels=["Tea"], provenance="seed 7")
    assert list(lines(ax)) == ["edge-1-1-1"]
    assert [text.get_text() for text in ax.figure.texts] == ["seed 7"]
    plots.attention_graph([LOWER], ax=ax.figure.add_subplot(), provenance="not here")
    assert len(ax.figure.texts) == 1
    ax.figure.canvas.draw()


@pytest.mark.parametrize(
    ("edges", "options", "told"),
    [
        ([], {}, "edges: expected the weights of at least one layer, got none"),
        ([LOWER, UPPER[:2]], {}, r"edges: layer 2: expected \(3, 3\), got \(2, 3\)"),
        ([np.ones((0, 2))], {}, r"edges: layer 1: expected \(0, 0\), got \(0, 2\)"),
        ([-LOWER], {}, "edges: layer 1: expected finite weights of at least 0"),
        ([LOWER, np.nan * UPPER], {}, "edges: layer 2: expected finite weights of at least 0"),
        ([LOWER], {"labels": ["Tea"]}, "labels: expected 3, one an item, got 1"),
        ([LOWER], {"values": [1.0]}, "values: expected 3, one an item, got 1"),
        ([LOWER], {"values": [1.0, np.nan, 0.0]}, "values: expected finite ones, got"),
        ([LOWER], {"vmax": 0}, "vmax: expected a weight above 0, got 0"),
        ([LOWER], {"vmax": np.nan}, "vmax: expected a weight above 0, got nan"),
    ],
)
def test_what_cannot_be_drawn(edges, options, told):
    with pytest.raises(AttnrecError, match=told):
        plots.attention_graph(edges, **options)
