"""The mean counts real weights only, from the recent end."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError


def test_the_denominator_counts_only_real_weights(inspect):
    mean = plots.mean_weights(inspect([1, 2, 3], [4]), layer=1, head=1, last=4)
    assert np.isnan(mean[0]).all()  # no history is four long
    # The last position sees itself with 5/12 in one history, and with 1 in the other.
    assert mean[3, 3] == pytest.approx((5 / 12 + 1) / 2, rel=1e-6)
    np.testing.assert_allclose(mean[3, 1:3], [3 / 12, 4 / 12], rtol=1e-6)
    np.testing.assert_allclose(mean[2, 1:3], [3 / 7, 4 / 7], rtol=1e-6)
    assert np.isnan(mean[2, 3])  # a causal model does not look ahead


def test_batches_one_after_the_other_give_the_mean_of_all(inspect):
    histories = [[1, 2, 3], [4], [5, 6], [1, 2, 3, 4, 5, 6]]
    together = plots.mean_weights(inspect(*histories), last=5)
    apart = plots.mean_weights((inspect(one) for one in histories), last=5)
    np.testing.assert_allclose(together, apart, rtol=1e-6)


def test_masked_items_do_not_count(inspect):
    inspection = inspect([1, 2, 3])
    inspection.record.real[0, -1] = False
    mean = plots.mean_weights(inspection, last=3)
    assert np.isnan(mean[2]).all()
    assert not np.isnan(mean[1, :2]).any()


def test_what_is_drawn_is_the_mean(inspect):
    inspection = inspect([1, 2, 3], [4])
    ax = plots.mean_attention(inspection, layer=1, last=3, provenance="seed 7", title="Beauty $")
    weights = plots.mean_weights(inspection, layer=1, last=3)
    np.testing.assert_array_equal(ax.images[0].get_array().filled(np.nan), weights)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["−2", "−1", "0"]
    told = ax.figure.texts[0].get_text()
    assert told == "seed 7 · layer 1, mean of heads, mean over histories, last 3 positions"
    again = plots.mean_attention(weights, ax=ax.figure.add_subplot(), vmax=1)
    assert again.images[0].get_clim() == (0, 1)
    assert len(ax.figure.texts) == 1


def test_last_counts_from_one(inspect):
    with pytest.raises(AttnrecError, match="last: expected a whole number from 1, got 0"):
        plots.mean_weights(inspect([1]), last=0)
