"""Bars hold the shares; where attention says otherwise it is marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnrec import plots
from attnrec.errors import AttnrecError
from attnrec.explanations.features import FeatureAgreement
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import clicks, run_of

FIELDS = ["a", "b", "$c$", "d"]
IMPORTANCE = pd.DataFrame(
    {
        "attention": [0.4, 0.3, 0.2, 0.1],
        "permutation": [-0.02, 0.0, 0.03, 0.09],
        "Shapley": [0.5, 1.0, 1.5, 2.0],
    },
    index=pd.Index(FIELDS, name="field"),
)
MADE_UP = FeatureAgreement(IMPORTANCE, {}, np.ones((1200, 4), bool))


def widths(ax) -> list[float]:
    return [bar.get_width() for bar in ax.patches]


def test_bars_are_shares_on_one_scale():
    figure = plots.field_importance(MADE_UP, provenance="seed 7")
    attention, permutation, shapley = figure.axes
    assert widths(attention) == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert widths(permutation) == pytest.approx([0, 0, 0.25, 0.75])  # nothing below zero
    assert widths(shapley) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    assert [text.get_text() for text in permutation.texts[:4]] == ["0", "0", "25%", "75%"]
    assert [label.get_text() for label in attention.get_yticklabels()] == FIELDS
    assert [bar.get_gid() for bar in shapley.patches] == ["bar-1", "bar-2", "bar-3", "bar-4"]
    assert "over 1,200 cases" in figure.texts[1].get_text()
    assert plots.files.provenance_of(figure) == "seed 7"


def test_where_attention_ranks_a_field_elsewhere_it_is_hatched():
    figure = plots.field_importance(MADE_UP)
    # By the others the order is the reverse: off by 3, by 1, by 1 and by 3 of 4 ranks, and by more
    # than .35 of all in share where by 3.
    hatched = [bool(bar.get_hatch()) for bar in figure.axes[0].patches]
    assert hatched == [True, False, False, True]
    assert not any(bar.get_hatch() for ax in figure.axes[1:] for bar in ax.patches)
    assert "hatched" in " ".join(figure.texts[1].get_text().split())
    near = IMPORTANCE.assign(
        attention=[0.26, 0.25, 0.25, 0.24], permutation=[0.24, 0.25, 0.25, 0.26]
    )
    close = FeatureAgreement(near[["attention", "permutation"]], {}, np.ones((5, 4), bool))
    assert not any(bar.get_hatch() for bar in plots.field_importance(close).axes[0].patches)
    same = IMPORTANCE.assign(attention=IMPORTANCE["Shapley"])
    agreed = plots.field_importance(FeatureAgreement(same, {}, np.ones((5, 4), bool)))
    assert not any(bar.get_hatch() for bar in agreed.axes[0].patches)
    assert "hatched" not in agreed.texts[1].get_text()


@pytest.mark.parametrize("recipe", [AutoInt(embedding_size=4, attention_size=8), FM()])
def test_of_models(recipe, tmp_path):
    agreement = run_of(recipe, clicks(300), spread=1).agreement(rows=20, samples=32)
    figure = plots.field_importance(agreement)
    for ax, (_, values) in zip(figure.axes, agreement.importance.items(), strict=True):
        positive = values.clip(lower=0).to_numpy()
        np.testing.assert_allclose(widths(ax), positive / positive.sum())
    assert "taste" in plots.save(figure, tmp_path / "fields.svg").read_text()


def test_names_are_text(tmp_path):
    hostile = IMPORTANCE.set_axis(["$\\frac{", "<b>x</b>", "a & b", ""])
    figure = plots.field_importance(FeatureAgreement(hostile, {}, np.ones((5, 4), bool)))
    text = plots.save(figure, tmp_path / "fields.svg").read_text()
    assert "$\\frac{" in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text


def test_nothing_to_share():
    none = FeatureAgreement(IMPORTANCE * 0, {}, np.ones((1, 4), bool))
    assert widths(plots.field_importance(none).axes[0]) == [0] * 4


def test_what_cannot_be_drawn():
    unknown = FeatureAgreement(IMPORTANCE.mask(IMPORTANCE == 0.3), {}, np.ones((1, 4), bool))
    with pytest.raises(AttnrecError, match="agreement: attention says nothing of some fields"):
        plots.field_importance(unknown)
    run = run_of(FM(), clicks(300))
    with pytest.raises(
        AttnrecError, match=r"agreement: expected what run.agreement\(\) gives, got F"
    ):
        plots.field_importance(run)
    with pytest.raises(AttnrecError, match="width: 3 methods need more than 2 inches"):
        plots.field_importance(MADE_UP, width=2)
