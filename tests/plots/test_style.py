"""Text is cut to its room, whatever it is made of."""

from __future__ import annotations

import io

import pytest
from matplotlib.image import imread

from attnrec.plots import style


def test_short_text_stays():
    assert style.shorten("Alien", 100, 8) == "Alien"
    assert style.shorten("two\nlines\tand a tab", 1000, 8) == "two lines and a tab"


@pytest.mark.parametrize(
    "told", ["D" * 500, "word " * 100, "漢字" * 250, "שלום" * 100, "\u202e" * 500]
)
def test_long_text_ends_in_an_ellipsis_within_its_room(told):
    short = style.shorten(told, 100, 8)
    assert short.endswith("…")
    assert 0 < style.width(short, 8) <= 100


@pytest.mark.parametrize(
    ("share", "told"),
    [(0, "0.0%"), (0.0699, "7.0%"), (0.0994, "9.9%"), (0.0995, "10%"), (1, "100%")],
)
def test_percentages(share, told):
    assert style.percent(share) == told


def test_tone_darkens_with_weight():
    tones = [sum(style.SEQUENTIAL(u)[:3]) for u in (0, 0.25, 0.5, 0.75, 1.0)]
    assert tones == sorted(tones, reverse=True)


def test_a_notebook_shows_a_figure_without_pyplot():
    """As IPython shows it before anything has registered matplotlib's own pictures."""
    from IPython.core.formatters import DisplayFormatter

    figure = style.new_figure(2, 1)
    style.foot(figure, "seed 7")
    bundle, told = DisplayFormatter().format(figure)
    picture = imread(io.BytesIO(bundle["image/png"]))
    assert picture.shape[1] > 50
    shown = told["image/png"]["width"], told["image/png"]["height"]
    assert shown == (picture.shape[1] // 2, picture.shape[0] // 2)  # twice as sharp
