"""Means of attention over many histories, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec.data import Catalogue, Sequences
from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.explanations import attention_between, mean_attention
from attnrec.inspection import (
    AttentionMap,
    AttentionRecord,
    Capabilities,
    Inspection,
    Interventions,
)

NAN = np.nan
IDS = ["a", "b", "c", "d"]


class Weigher:
    """Two layers of one head. A key weighs as its item's index, in the second layer ten times that.

    No softmax, so that a weight tells which item it belongs to.
    """

    name = "Weigher"
    catalogue = Catalogue(pd.DataFrame(index=IDS))
    capabilities = Capabilities(attention=True)

    def __init__(self, lengths: tuple[int, ...] = (), causal: bool = True):
        self.lengths, self.causal, self.widths = lengths, causal, []

    def inspect(self, request):
        items = request.items
        self.widths.append(items.shape[1])
        real = items > 0
        pairs = real[:, :, None] & real[:, None, :]
        if self.causal:
            pairs &= np.tri(items.shape[1], dtype=bool)
        weights = np.where(pairs, items[:, None, :], 0)[:, None].astype(np.float32)
        maps = tuple(
            AttentionMap(f"layer{i}", factor * weights, "none", causal=self.causal)
            for i, factor in ((1, 1), (2, 10))
        )
        scores = np.zeros((len(items), len(IDS) + 1))
        return Inspection(request, scores, AttentionRecord(maps, real), self.catalogue)


def test_mean_attention_counts_only_real_weights():
    # From the recent end: the histories are (1, 2, 4) and (3), of which the second has no past.
    found = mean_attention(Weigher(), Sequences.of([[1, 2, 4], [3]]), last=2)
    expected = [[2 / 1, NAN], [2 / 1, (4 + 3) / 2]]
    assert found.shape == (2, 1, 2, 2)
    np.testing.assert_array_equal(found[0, 0], expected)
    np.testing.assert_array_equal(found[1, 0], 10 * np.array(expected))


def test_positions_that_no_history_reaches_are_nan():
    found = mean_attention(Weigher(), Sequences.of([[1, 2]]), last=3)[0, 0]
    np.testing.assert_array_equal(found, [[NAN, NAN, NAN], [NAN, 1, NAN], [NAN, 1, 2]])


def test_without_causality_a_query_sees_what_comes_after():
    found = mean_attention(Weigher(causal=False), Sequences.of([[1, 2]]), last=2)[0, 0]
    np.testing.assert_array_equal(found, [[1, 2], [1, 2]])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 64])
def test_batches_change_nothing(batch_size):
    rng = np.random.default_rng(0)
    sequences = Sequences.of([rng.integers(1, 5, n) for n in (1, 7, 3, 4, 2, 7)])
    whole = mean_attention(Weigher(), sequences, last=5)
    np.testing.assert_allclose(
        mean_attention(Weigher((4, 8)), sequences, last=5, batch_size=batch_size), whole
    )
    items = (sequences, IDS[:2], IDS)
    means, count = attention_between(Weigher(), *items)
    parts, part_count = attention_between(Weigher((4, 8)), *items, batch_size=batch_size)
    np.testing.assert_allclose(parts, means)
    np.testing.assert_array_equal(part_count, count)


def test_the_model_reads_the_most_recent_items_and_meets_few_widths():
    inspector = Weigher(lengths=(2, 4))
    sequences = Sequences.of([[4, 4, 4, 1, 2, 3, 4], [1], [2, 1]])
    found = mean_attention(inspector, sequences, last=4, batch_size=2)[0, 0]
    assert inspector.widths == [2, 4]  # the two short histories first
    np.testing.assert_allclose(found[-1], [1, 2, (3 + 2) / 2, (4 + 1 + 1) / 3])


def test_attention_between_items():
    # Of (a, b, a): b looks at a once; the later a looks at b once, and at both a's.
    sequences = Sequences.of([[1, 2, 1], [4], []])
    means, count = attention_between(Weigher(), sequences, ["b", "a"], ["a", "b", "c"])
    np.testing.assert_array_equal(count, [[1, 1, 0], [3, 1, 0]])
    expected = [[1, 2, NAN], [(1 + 1 + 1) / 3, 2, NAN]]
    np.testing.assert_array_equal(means[:, 0], [expected, 10 * np.array(expected)])


def test_attention_between_averages_over_histories(chain_run):
    """The same numbers, collected one history at a time from the tables of `run.inspect`."""
    users = chain_run.users[:7].tolist()
    place = chain_run.data.user_vocabulary.indices(users) - 1
    sequences = chain_run.data.sequences.take(place)
    means, count = attention_between(
        chain_run.inspector, sequences, ["i03"], ["i01", "i02"], batch_size=3
    )
    expected: dict = {"i01": [], "i02": []}
    for user in users:
        history = chain_run.data.history(user)
        inspection = chain_run.inspect(history=history)
        for row in inspection.to_frame(layer=2, head=1, rows="all").itertuples():
            seen = row.item in expected and row.position <= row.query
            if history[row.query - 1] == "i03" and seen:
                expected[row.item].append(row.attention)
    assert count.tolist() == [[len(expected["i01"]), len(expected["i02"])]]
    assert count.min() > 3
    np.testing.assert_allclose(
        means[1, 0], [[np.mean(expected["i01"]), np.mean(expected["i02"])]], atol=1e-6
    )


def test_rows_of_equally_long_histories_sum_to_one(chain_run):
    long = chain_run.data.sequences.lengths >= 8
    eight = chain_run.data.sequences.take(np.flatnonzero(long)).latest(8)
    found = mean_attention(chain_run.inspector, eight, last=8)
    np.testing.assert_allclose(np.nansum(found, -1), 1, atol=1e-5)
    assert found.shape == (2, 2, 8, 8)


def test_uniform_attention_shows_what_lengths_alone_would(chain_run):
    """Of histories of 2 and 4, the last position sees 2 and 4 keys, the one before 1 and 3."""
    rng = np.random.default_rng(0)
    sequences = Sequences.of([rng.integers(1, 13, n) for n in (2, 4)])
    names = chain_run.inspector.names
    uniform = Interventions(dict.fromkeys(names, "uniform"))
    found = mean_attention(chain_run.inspector, sequences, last=3, interventions=uniform)
    row_before, last_row = (
        [1 / 3, (1 + 1 / 3) / 2, NAN],
        [1 / 4, (1 / 2 + 1 / 4) / 2, (1 / 2 + 1 / 4) / 2],
    )
    for layer, head in np.ndindex(2, 2):
        np.testing.assert_allclose(found[layer, head, 1:], [row_before, last_row], atol=1e-6)
    ids = chain_run.data.catalogue.vocabulary.to_ids([int(sequences[0][0])])
    means, _ = attention_between(
        chain_run.inspector, sequences.take([0]), ids, ids, interventions=uniform
    )
    assert means[0, 0, 0, 0] == pytest.approx(1)  # the first item sees itself alone


def test_bad_input():
    one = Sequences.of([[1, 2]])
    with pytest.raises(AttnrecError, match="last: expected a whole number from 1, got 0"):
        mean_attention(Weigher(), one, last=0)
    for none in (Sequences.of([]), Sequences.of([[]])):
        with pytest.raises(AttnrecError, match="sequences: expected at least one history"):
            mean_attention(Weigher(), none)
    with pytest.raises(AttnrecError, match="queries: expected each id once"):
        attention_between(Weigher(), one, ["a", "a"], ["b"])
    with pytest.raises(UnknownIdError, match="unknown item 'z'"):
        attention_between(Weigher(), one, ["a"], ["z"])
    blind = Weigher()
    blind.capabilities = Capabilities()
    with pytest.raises(AttnrecError, match="Weigher records no attention"):
        mean_attention(blind, one)
