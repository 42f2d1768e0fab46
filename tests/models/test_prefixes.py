"""The tree of variants against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.models.lengths import few_sizes
from attnrec.models.prefixes import distinct_prefixes, prefixes_of


def test_what_begins_alike_is_one_node():
    keep = np.array([[1, 0, 1], [1, 1, 0], [1, 1, 1]], bool)
    variant, query, node = distinct_prefixes(keep)
    # "1", "101" and, where the second is there, "11", "110" and "111".
    assert variant.tolist() == [0, 0, 1, 1, 2]
    assert query.tolist() == [0, 2, 1, 2, 2]
    assert node[0, [0, 2]].tolist() == [0, 1]
    assert node[1].tolist() == [0, 2, 3]
    assert node[2].tolist() == [0, 2, 4]


def test_every_masking_meets_nodes_of_its_own_beginning():
    rng = np.random.default_rng(0)
    keep = np.unique(rng.random((200, 9)) < 0.6, axis=0)
    for rows in (keep, rng.permutation(keep), np.repeat(keep, 2, axis=0)):
        variant, query, node = distinct_prefixes(rows)
        for row, of_row in zip(rows, node, strict=True):
            for position in {*np.flatnonzero(row), 8}:
                first = variant[of_row[position]]
                assert query[of_row[position]] == position
                np.testing.assert_array_equal(rows[first, : position + 1], row[: position + 1])
    beginnings = {(p, tuple(row[: p + 1])) for row in keep for p in {*np.flatnonzero(row), 8}}
    assert len(distinct_prefixes(keep)[1]) == len(beginnings)


def test_half_is_left_where_each_is_masked_in_turn():
    n = 20
    keep = np.vstack([np.tri(n, k=-1, dtype=bool) | np.triu(np.ones((n, n), bool), 1)])
    keep = np.vstack([np.ones(n, bool), keep[::-1]])  # the last first: alike as long as may be
    # The whole, what follows each, and a last position of its own where that is masked.
    assert len(distinct_prefixes(keep)[1]) == n + n * (n - 1) // 2 + 1


@pytest.mark.parametrize("n", [1, 16, 255, 256, 300])
def test_tokens_are_what_stands_where_it_stands(n):
    rng = np.random.default_rng(n)
    history = rng.integers(1, 9, n).astype(np.int32)  # items that come again are tokens apart
    stands = np.where(rng.random((20, n)) < 0.7, rng.integers(1, n + 1, n), 0)
    stands[0], stands[1] = 0, np.arange(1, n + 1)
    found = prefixes_of(history, stands)
    np.testing.assert_array_equal(found.items[found.token], np.append(0, history)[stands])
    where = np.broadcast_to(np.arange(n), stands.shape)
    np.testing.assert_array_equal(found.column[found.token], np.where(stands > 0, where, n - 1))
    pairs = {(column, item) for row in stands for column, item in enumerate(row) if item}
    assert len(np.unique(found.token[stands > 0])) == len(pairs)


def test_what_stands_in_another_place_is_another_token():
    history = np.array([31, 7], np.int32)
    found = prefixes_of(history, np.array([[0, 1, 2], [0, 0, 2], [0, 0, 1]]))
    # "31 7", "7" and "31" alone: two items, of which the first stands in two places; padding.
    assert found.items.tolist() == [31, 31, 7, 0]
    assert found.column.tolist() == [1, 2, 2, 2]
    assert found.token.tolist() == [[3, 0, 2], [3, 3, 2], [3, 3, 1]]
    assert found.variant.tolist() == [0, 0, 1, 2]
    assert found.query.tolist() == [1, 2, 2, 2]
    assert found.node[:, 2].tolist() == [1, 2, 3]


@pytest.mark.parametrize("keep", [np.zeros((3, 4), bool), np.ones((1, 1), bool)])
def test_nothing_at_all_and_one_item(keep):
    variant, query, node = distinct_prefixes(keep)
    assert variant.tolist() == [0]
    assert query.tolist() == [keep.shape[1] - 1]
    assert (node == 0).all()


def test_sizes_come_four_to_a_doubling():
    sizes = sorted({few_sizes(count) for count in range(1, 33)})
    assert sizes == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32]
    assert all(count <= few_sizes(count) <= count * 5 / 4 for count in range(1, 1000))
