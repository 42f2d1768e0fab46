"""Leaving out what attention passes over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec.errors import AttnrecError
from attnrec.explanations.features import field_attention
from attnrec.explanations.features.players import silent
from attnrec.explanations.features.threshold import lowest
from attnrec.models.features import FM, FeatureAttention
from tests.explanations.feature_shop import choices, clicks, run_of, trained_afm

WAYS = ["lowest attention", "at random", "lowest Shapley"]


@pytest.fixture(scope="module")
def trained():
    return trained_afm()


def test_the_lowest_of_those_able():
    values = np.array([[3.0, 1.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    able = np.array([[True, True, True, False], [True, True, True, True]])
    found = lowest(values, able, np.array([2, 3]))
    assert found.tolist() == [[False, True, True, False], [True, True, True, False]]
    assert not lowest(values, able, np.zeros(2, int)).any()
    np.testing.assert_array_equal(lowest(values, able, np.array([9, 9])), able)


def test_fields_that_tell_nothing_can_be_left_out(trained):
    table = trained.drop_low_attention(share=0.6)
    assert table.index.names == ["share", "dropped"]
    assert table.index.tolist() == [(0.0, "nothing"), *((0.6, way) for way in WAYS)]
    whole, rest = table.loc[(0.0, "nothing")], table.loc[0.6]
    assert whole["AUC"] == pytest.approx(trained.evaluate().loc["AFM", "AUC"], abs=1e-6)
    assert (rest["fields"] == 3).all()
    assert (rest["change"] > 0).all()
    for way in ("lowest attention", "lowest Shapley"):
        assert rest.loc[way, "AUC"] > rest.loc["at random", "AUC"] + 0.2
        assert rest.loc[way, "AUC"] > whole["AUC"] - 0.03


def test_below_a_threshold_and_as_many_otherwise(trained):
    table = trained.drop_low_attention(threshold=[0.0, 0.15, 1.0], rows=40, repeats=3)
    assert (table.loc[0.0].loc[WAYS, ["fields", "change"]] == 0).all(axis=None)
    for level in (0.15, 1.0):
        assert np.ptp(table.loc[level, "fields"]) == 0
    features = trained.features
    gets = field_attention(
        trained.recorder, features.schema, features.of_rows(features.examples("test").rows)
    )
    every = trained.drop_low_attention(threshold=0.15, rows=10**6)
    assert every.loc[0.15].loc["at random", "fields"] == pytest.approx((gets < 0.15).sum(1).mean())
    # Below one is all, whatever the order: then nothing is told, and nothing told apart.
    assert (table.loc[1.0, "fields"] == 5).all()
    np.testing.assert_allclose(table.loc[1.0, "AUC"], 0.5)
    assert np.ptp(table.loc[1.0, "change"]) < 1e-9


def test_a_change_by_hand(trained):
    """All fields dropped: the prediction of an example that says nothing."""
    features = trained.features
    inputs = features.of_rows(features.examples("test").rows)
    nothing = trained.scorer.predict(silent(inputs))
    expected = np.abs(nothing - trained.scorer.predict(inputs)).mean()
    table = trained.drop_low_attention(share=1.0)
    np.testing.assert_allclose(table.loc[1.0, "change"], expected, atol=1e-6)


def test_only_what_is_attended_to_is_dropped():
    run = run_of(FeatureAttention(embedding_size=3, sides="item"), clicks(400))
    table = run.drop_low_attention(share=1.0, rows=20)
    assert (table.loc[1.0, "fields"] == 2).all()


def test_of_choices_scores_change():
    run = run_of(FeatureAttention(embedding_size=3), choices(history=4))
    table = run.drop_low_attention(rows=6, repeats=2)
    assert list(table.columns) == ["fields", "change", "LogLoss"]
    assert table.index.get_level_values("share").unique().tolist() == [0, 0.25, 0.5, 0.75]
    assert (table.loc[0.25, "fields"] == 0).all()  # of three fields less than one
    assert (table.loc[0.75, "fields"] == 2).all()
    assert (table.loc[0.75, "change"] > 0).all()


def test_equal_seeds_give_equal_tables(trained):
    one, again = (trained.drop_low_attention(share=0.4, rows=30, seed=2) for _ in range(2))
    pd.testing.assert_frame_equal(one, again)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"share": 0.5, "threshold": 0.1}, "threshold, share: expected one of them, got both"),
        ({"share": 1.5}, "share: expected numbers from 0 to 1, got 1.5"),
        ({"threshold": [0.1, float("nan")]}, "threshold: expected numbers from 0 to 1"),
        ({"threshold": "low"}, "threshold: expected numbers from 0 to 1, got 'low'"),
        ({"threshold": True}, "threshold: expected numbers from 0 to 1, got True"),
        ({"share": []}, r"share: expected a number from 0 to 1, or several, got \[\]"),
        ({"rows": 0}, "rows: expected a whole number"),
        ({"repeats": 0}, "repeats: expected a whole number"),
    ],
)
def test_what_cannot_be_asked_is_refused(trained, options, told):
    with pytest.raises(AttnrecError, match=told):
        trained.drop_low_attention(**options)


def test_a_model_without_attention_has_none_to_drop_by():
    with pytest.raises(AttnrecError, match="attends to nothing"):
        run_of(FM(embedding_size=2), clicks(400)).drop_low_attention()
