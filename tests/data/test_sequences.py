import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec.data import Sequences

LISTS = st.lists(st.lists(st.integers(1, 9), max_size=12), max_size=8)


@given(LISTS, st.integers(1, 10))
def test_padding_is_on_the_left_and_the_most_recent_stay(lists, max_length):
    padded = Sequences.of(lists).padded(max_length)
    expected = [[0] * (max_length - len(one)) + one[-max_length:] for one in lists]
    assert padded.dtype == np.int32
    assert padded.shape == (len(lists), max_length)
    assert padded.tolist() == expected


@given(LISTS)
def test_sequences_come_back_as_they_were(lists):
    sequences = Sequences.of(lists)
    assert [one.tolist() for one in sequences] == lists
    assert sequences.lengths.tolist() == [len(one) for one in lists]
    assert sequences.users.tolist() == list(range(1, len(lists) + 1))


@given(LISTS, st.integers(1, 5))
def test_latest_keeps_the_end(lists, max_length):
    latest = Sequences.of(lists).latest(max_length)
    assert [one.tolist() for one in latest] == [one[-max_length:] for one in lists]


def test_take_keeps_users_and_order():
    sequences = Sequences.of([[1], [2, 3], [], [4]], users=[7, 8, 9, 10])
    taken = sequences.take(np.array([3, 1]))
    assert [one.tolist() for one in taken] == [[4], [2, 3]]
    assert taken.users.tolist() == [10, 8]


def test_rows_grouped_by_user_become_sequences():
    users, items = np.array([2, 2, 5], np.int32), np.array([1, 3, 1], np.int32)
    sequences = Sequences.from_sorted_rows(users, items)
    assert [one.tolist() for one in sequences] == [[1, 3], [1]]
    assert sequences.users.tolist() == [2, 5]
    empty = Sequences.from_sorted_rows(users[:0], items[:0])
    assert (len(empty), empty.padded(3).shape) == (0, (0, 3))


def test_negative_places_count_from_the_end_and_others_end_the_loop():
    sequences = Sequences.of([[1], [2]])
    assert sequences[-1].tolist() == [2]
    with pytest.raises(IndexError, match="sequence 2 of 2"):
        sequences[2]
