"""The matrix holds the weights, and nothing where a causal model cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError


def test_the_image_holds_the_weights(inspect):
    figure = plots.attention_matrix(inspect([1, 2, 3], [4]), layer=1, head=1, provenance="seed 7")
    shown = figure.axes[0].images[0].get_array()
    expected = [[1, 0, 0], [3 / 7, 4 / 7, 0], [3 / 12, 4 / 12, 5 / 12]]
    np.testing.assert_allclose(shown.filled(0), expected, rtol=1e-6)
    assert shown.mask.tolist() == [[False, True, True], [False, False, True], [False, False, False]]
    assert figure.texts[-1].get_text() == (
        "seed 7 · layer 1, head 1, a row is the item that looks, a row sums to 100%"
    )
    told = [text.get_text() for text in figure.axes[0].texts]
    assert told == ["Alien  1", "Brazil $x^2$  2", "<b>Casablanca</b>  3"]


def test_a_model_that_looks_both_ways_fills_the_square(inspect):
    shown = plots.attention_matrix(inspect([1, 2], causal=False)).axes[0].images[0].get_array()
    assert not np.ma.getmaskarray(shown).any()
    np.testing.assert_allclose(shown.sum(1), 1, rtol=1e-6)


@pytest.mark.parametrize("length", [1, 61, 200])
def test_any_length_is_drawn(inspect, length, tmp_path):
    figure = plots.attention_matrix(inspect([1] * length))
    plots.save(figure, tmp_path / "m.png")
    assert figure.axes[0].images[0].get_array().shape == (length, length)


def test_a_model_without_attention_has_no_matrix(inspect):
    with pytest.raises(AttnrecError, match="records no attention"):
        plots.attention_matrix(inspect([1], layers=0))
