"""Requests: histories stand to the right, and nonsense gets a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from attnrec.errors import AttnrecError
from attnrec.inspection import Interventions, Request, check_weights, width_for


def test_histories_stand_to_the_right():
    request = Request.of([[3, 1, 2], [], [7]], length=4)
    assert request.items.tolist() == [[0, 3, 1, 2], [0, 0, 0, 0], [0, 0, 0, 7]]
    assert request.items.dtype == np.int32
    np.testing.assert_array_equal(request.mask, request.items > 0)
    assert not request.interventions


def test_no_histories_and_empty_ones_have_a_column():
    assert Request.of([]).items.shape == (0, 1)
    assert Request.of([[]]).items.shape == (1, 1)


def test_an_item_is_hidden_in_place():
    request = Request(np.array([[0, 3, 1]]), np.array([[False, False, True]]))
    assert request.mask.tolist() == [[False, False, True]]
    assert Interventions({"layer": "uniform"})


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Request([3, 1]), r"expected an integer array \[batch, key\], got int64"),
        (lambda: Request(np.array([[1.0]])), "got float64 of shape"),
        (lambda: Request(np.array([[True]])), "got bool of shape"),
        (lambda: Request(np.array([[-1]])), "items: expected indices from 0, got -1"),
        (lambda: Request(np.array([[3, 0]])), "padding .0. after an item"),
        (lambda: Request(np.array([[3, 0, 4]])), "padding .0. after an item"),
        (
            lambda: Request(np.array([[3]]), np.array([[True, True]])),
            r"mask: expected shape \(1, 1",
        ),
        (lambda: Request(np.array([[0, 3]]), np.ones((1, 2))), "mask: true at padding"),
        (lambda: Request.of([[1, 2, 3]], length=2), "2 columns cannot hold a history of 3"),
    ],
)
def test_nonsense_is_named(make, told):
    with pytest.raises(AttnrecError, match=told):
        make()


def test_the_width_is_the_narrowest_that_holds_all():
    assert [width_for((16, 32, 50), n) for n in (0, 1, 16, 17, 50)] == [16, 16, 16, 32, 50]
    assert width_for((16, 32), 99) == 32  # the model reads no more
    assert [width_for((), n) for n in (0, 7)] == [1, 7]


def test_gates_lie_between_0_and_1():
    within = np.array([[[[0.0, 1.0, 0.3]]]])
    check_weights("user_gate", within, "gate")
    for beyond, told in ((1.2, "0.0000 to 1.2000"), (-0.1, "-0.1000 to 1.0000")):
        given = np.where(within == 0.3, beyond, within)
        with pytest.raises(AttnrecError, match=f"'user_gate'.*between 0 and 1, got {told}"):
            check_weights("user_gate", given, "gate")
        check_weights("map", given, "none")
