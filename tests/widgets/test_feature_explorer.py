"""The explorer of a case: its traits are the case, and the page is told the run's own answer."""

from __future__ import annotations

import numpy as np
import pytest
from attnrec_widgets import FeatureExplorer, FieldHeatmap, link

from attnrec.errors import AttnrecError, UnknownIdError
from attnrec.models.features import FM, AutoInt
from tests.explanations.feature_shop import choices, clicks, run_of
from tests.widgets.test_field_heatmap import numbers, told


@pytest.fixture(scope="module")
def run():
    return run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=2), clicks(300), spread=1)


@pytest.fixture
def explorer(run):
    return FeatureExplorer(run, user=3, item=4, context={"hour": "day"}, rows=40)


def frame(explorer) -> dict:
    return explorer._picture["frames"][0]


def agrees(explorer, run) -> None:
    here = run.case(
        user=explorer.user, item=explorer.item, changes=explorer.changes,
        threshold=explorer.threshold, layer=explorer.layer, head=explorer.head,
    )  # fmt: skip
    shown = frame(explorer)
    np.testing.assert_array_equal(numbers(shown["attention"]), here.attention.astype("f4"))
    np.testing.assert_array_equal(numbers(shown["shapley"]), here.shapley.astype("f4"))
    assert shown["words"] == list(here.words)
    assert shown["prediction"] == here.prediction
    assert shown["rank"] == here.rank
    assert shown["dropped"] == here.dropped.tolist()
    assert shown["off"] == here.off.tolist()


def test_every_change_is_answered(explorer, run):
    agrees(explorer, run)
    explorer.changes = {"hour": "night", "noise": 0.25}
    agrees(explorer, run)
    explorer.user, explorer.item = 2, 9
    agrees(explorer, run)
    explorer.layer, explorer.head = 1, 2
    agrees(explorer, run)
    explorer.threshold = 0.2
    agrees(explorer, run)
    assert explorer.to_frame().equals(explorer.case.to_frame())


def test_the_ranking_is_recommend(run):
    explorer = FeatureExplorer(run, user=3, item=4, context={"hour": "day"}, topn=5, rows=40)
    best = run.recommend(user=3, context={"hour": "day"}, topn=5)
    shown = frame(explorer)["ranking"]
    assert [one["id"] for one in shown] == best["item"].tolist()
    assert [one["rank"] for one in shown] == best["rank"].tolist()
    np.testing.assert_allclose([one["score"] for one in shown], best["score"], atol=1e-5)


def test_what_is_seen_is_not_ranked():
    run = run_of(AutoInt(embedding_size=4, attention_size=8, num_layers=1), choices(ids=True))
    explorer = FeatureExplorer(run, user=3, rows=20, topn=30)
    shown = {one["id"] for one in frame(explorer)["ranking"]}
    best = run.recommend(user=3, topn=30)
    assert shown == set(best["item"])


def test_a_pinned_case_stays_beside(explorer, run):
    explorer.pin()
    assert explorer.pinned == {"user": 3, "item": 4, "changes": {"hour": "day"}}
    explorer.changes = {"hour": "night"}
    then = run.case(user=3, item=4, changes={"hour": "day"})
    pinned = frame(explorer)["pinned"]
    np.testing.assert_array_equal(numbers(pinned["attention"]), then.attention.astype("f4"))
    assert pinned["prediction"] == then.prediction
    assert frame(explorer)["prediction"] != then.prediction
    explorer.pinned = None
    assert "pinned" not in frame(explorer)


def test_importance_and_the_cost_of_a_threshold_are_the_runs_own(explorer, run):
    expected = run.importance(rows=40, repeats=2).loc[list(explorer.fields), "importance"]
    assert explorer._setup["importance"] == pytest.approx(expected.tolist())
    most, steps = explorer._setup["threshold"]
    explorer.threshold = most / 2
    cost = frame(explorer)["cost"]
    table = run.drop_low_attention(threshold=most / 2, rows=40, samples=None, repeats=1)
    after = table.loc[(most / 2, "lowest attention")]
    assert cost["after"] == pytest.approx(after["AUC"])
    assert cost["change"] == pytest.approx(after["change"])
    assert cost["before"] == pytest.approx(table.loc[(0.0, "nothing"), "AUC"])
    assert (cost["figure"], cost["rows"], steps) == ("AUC", 30, 16)
    explorer.threshold = 0.0
    assert frame(explorer)["cost"] is None


def test_the_first_test_case_unless_one_is_named(run):
    explorer = FeatureExplorer(run, rows=40)
    row = run.features.examples("test").rows[0]
    given = run.data.frame.iloc[row]
    assert (explorer.user, explorer.item) == (given["user"], given["item"])
    context = {"hour": given["hour"], "noise": given["noise"]}
    asked = run.inspect(user=explorer.user, item=explorer.item, context=context)
    assert explorer.case.score == pytest.approx(asked.scores[0], rel=1e-5)
    assert explorer.context == explorer.changes
    assert explorer.context["hour"] == given["hour"]


def test_circumstances_are_what_is_linked(explorer, run):
    explorer.context = {"hour": "night"}
    assert explorer.changes == {"hour": "night"}
    agrees(explorer, run)
    explorer.changes = {}
    assert explorer.context is None
    heat = FieldHeatmap(run)
    link(explorer, heat)
    heat.field = "tags"
    assert explorer.field == "tags"
    explorer.item = 7  # a heat-map shows no items, which changes nothing here
    assert explorer.item == 7


def test_a_link_that_chooses_nothing_leaves_the_case(explorer, run):
    explorer.item = None
    assert explorer.item == 4
    agrees(explorer, run)


@pytest.mark.parametrize(
    ("trait", "value", "error"),
    [
        ("changes", {"colr": "red"}, "changes: no field 'colr'.*did you mean 'colour'"),
        ("changes", {"colour": "reed"}, "changes: colour was never 'reed'"),
        ("changes", ["colour"], "changes: expected fields and values"),
        ("threshold", 2, "threshold: expected a number from 0 to 1, got 2"),
        ("threshold", True, "threshold: expected a number"),
        ("pinned", {"user": 3}, "pinned: expected None or a user"),
        ("topn", 0, "topn"),
        ("user", "nobody", "nobody"),
        ("item", "nothing", "nothing"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_lost(explorer, run, trait, value, error):
    before = getattr(explorer, trait)
    with pytest.raises(AttnrecError, match=error):
        setattr(explorer, trait, value)
    explorer.set_state({trait: value})  # from a page
    assert getattr(explorer, trait) == before
    agrees(explorer, run)


def test_a_model_without_attention_can_be_explored():
    run = run_of(FM(embedding_size=4), clicks(300))
    explorer = FeatureExplorer(run, rows=40, threshold=0.3)
    assert np.isnan(numbers(frame(explorer)["attention"])).all()
    assert frame(explorer)["cost"] is None


def test_other_things_than_runs_are_refused():
    with pytest.raises(AttnrecError, match="run: expected a run of features, got int"):
        FeatureExplorer(3)


def test_unknown_ids_are_named(run):
    with pytest.raises(UnknownIdError):
        FeatureExplorer(run, user="u")


def test_files(explorer, tmp_path):
    page = told(explorer.save_html(tmp_path / "case.html"))
    assert (page["user"], page["item"], page["changes"]) == (3, 4, {"hour": "day"})
    np.testing.assert_array_equal(
        numbers(page["_picture"]["frames"][0]["shapley"]), explorer.case.shapley.astype("f4")
    )
    svg = explorer.save_figure(tmp_path / "case.svg").read_text(encoding="utf-8")
    assert "Adds to the score (Shapley value)</text>" in svg
    figure = explorer.figure()
    widths = [bar.get_width() for bar in figure.axes[-1].patches]
    np.testing.assert_allclose(widths, explorer.case.shapley)
    assert repr(explorer) == "FeatureExplorer(AutoInt, item=4, context={'hour': 'day'})"
