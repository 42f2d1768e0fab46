"""Whether methods agree: on what was planted, and by SciPy's tau."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

import attnrec as ar
from attnrec.errors import AttnrecError
from attnrec.explanations.features import FeatureAgreement
from attnrec.models.features import FM, FeatureAttention
from tests.explanations.feature_shop import choices, clicks, linear, run_of, trained_afm


@pytest.fixture(scope="module")
def trained():
    return trained_afm()


def test_all_name_what_was_planted(trained):
    found = trained.agreement(rows=60, background=20, repeats=2)
    table = found.importance
    assert list(table.columns) == ["attention", "permutation", "Shapley", "ablation"]
    for method in table:
        assert set(table[method].nlargest(2).index) == {"taste", "colour"}, method
    assert table["attention"].is_monotonic_decreasing
    assert "60 cases" in repr(found)
    pairs = found.table()
    assert len(pairs) == 6
    for (one, other), tau in pairs["overall"].items():
        expected = kendalltau(table[one], table[other]).statistic
        assert tau == pytest.approx(expected, abs=1e-12)
    known = pairs["by_case"].notna()
    assert known.index[~known].tolist() == [
        ("attention", "permutation"),
        ("permutation", "Shapley"),
        ("permutation", "ablation"),
    ]
    np.testing.assert_allclose(pairs.loc[known, "chance"], 1 / 5)
    assert (pairs.loc[known, "by_case"] > 0.1).all()  # 0 is that of orders by lot
    assert (pairs.loc[known, "same_first"] > 1.5 / 5).all()


def test_equal_seeds_give_equal_answers(trained):
    one, again = (trained.agreement(rows=60, background=20, repeats=2) for _ in range(2))
    pd.testing.assert_frame_equal(one.importance, again.importance)
    pd.testing.assert_frame_equal(one.table(), again.table())


def test_case_by_case_by_hand():
    attention = np.array([[0.5, 0.3, 0.2], [0.2, 0.0, 0.8], [1.0, 0.0, 0.0]])
    shapley = np.array([[3.0, 2.0, 1.0], [4.0, 9.0, 1.0], [5.0, 9.0, 9.0]])
    present = np.array([[True, True, True], [True, False, True], [True, False, False]])
    importance = pd.DataFrame({"attention": attention.mean(0), "Shapley": shapley.mean(0)})
    found = FeatureAgreement(
        importance, {"attention": attention, "Shapley": shapley}, present
    ).table()
    line = found.loc["attention", "Shapley"]
    assert line["by_case"] == pytest.approx((1 + -1) / 2)  # the third case has one field
    assert line["same_first"] == 1 / 2
    assert line["chance"] == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_without_attention_there_are_three():
    features = clicks(500)
    run = linear(features, {"taste": [1, -1], "colour": [2, -3]})
    found = run.agreement(rows=30, background=20, repeats=1)
    assert list(found.importance.columns) == ["permutation", "Shapley", "ablation"]
    assert found.importance.loc[["hour", "noise", "tags"], "ablation"].eq(0).all()
    # Of a sum, leaving out and Shapley differ by the background alone.
    assert found.table().loc[("Shapley", "ablation"), "same_first"] > 0.9


def test_a_history_has_a_place_beside_the_fields():
    found = linear(choices(history=4), {"size": [1, 2, 3]}).agreement(rows=8, background=5)
    assert set(found.importance.index) == {"taste", "colour", "size", "history"}
    np.testing.assert_allclose(found.importance.loc["history"], 0, atol=1e-6)
    assert list(found.by_case) == ["Shapley", "ablation"]
    for method, each in found.by_case.items():  # in the order of the table
        np.testing.assert_allclose(each.mean(0), found.importance[method], atol=1e-6)
    sided = run_of(FeatureAttention(embedding_size=3, sides="item"), choices(history=4))
    assert set(sided.agreement(rows=8, background=5).importance.index) == {"colour", "size"}


def test_one_field_cannot_be_ordered():
    features = ar.features.build(
        clicks(400).split, user=["taste"], label="rating", threshold=3, ids=False
    )
    with pytest.raises(AttnrecError, match="fields: expected two or more to put in order, got 1"):
        run_of(FM(embedding_size=2), features).agreement()
