"""Which engine answers, and what is said where the page cannot."""

from __future__ import annotations

import pytest
from attnrec_widgets import HistoryExplorer, bundle, choice, page_model
from attnrec_widgets.source import Source

from attnrec.errors import AttnrecError
from attnrec.inspection import Capabilities

THREE = ["m1", "m2", "m3"]


def chosen(explorer: HistoryExplorer) -> tuple:
    return explorer._setup["engine"], explorer._setup["notice"]


@pytest.mark.parametrize("engine", ["auto", "page"])
def test_a_model_that_can_goes_to_the_page(steps, portable, runtime, engine):
    explorer = HistoryExplorer(steps, history=THREE, engine=engine)
    assert chosen(explorer) == ("page", None)
    assert explorer.engine == engine
    with pytest.raises(AttributeError):
        explorer.engine = "kernel"


def test_the_kernel_answers_where_it_was_asked_to(steps, portable, runtime):
    explorer = HistoryExplorer(steps, history=THREE, engine="kernel")
    assert chosen(explorer) == ("kernel", None)
    assert explorer._setup["sources"][0]["key"] == ""


@pytest.mark.parametrize("page_export", [True, False])
def test_a_model_without_a_portable_form_stays_in_the_kernel(steps, runtime, page_export):
    steps.capabilities = Capabilities(attention=True, page_export=page_export)
    reason = "Steps has no form that runs in the page"
    notice = f"The kernel answers: {reason}." if page_export else None  # it promised as much
    assert chosen(HistoryExplorer(steps)) == ("kernel", notice)
    assert HistoryExplorer(steps, engine="kernel")._setup["notice"] is None
    with pytest.raises(AttnrecError, match=f"^engine='page': {reason}$"):
        HistoryExplorer(steps, engine="page")


def test_both_of_two_models_must_go(steps, portable, near, runtime):
    notice = "The kernel answers: Near has no form that runs in the page."
    assert chosen(HistoryExplorer(steps, near)) == ("kernel", notice)
    assert chosen(HistoryExplorer(near, steps)) == ("kernel", notice)


def test_an_export_that_is_refused_is_a_reason(steps, portable, runtime):
    class Half(type(steps)):
        capabilities = steps.capabilities

        @property
        def portable(self):
            raise AttnrecError("export: weight 'w' of Steps is float16; expected float32")

    sentence = "The kernel answers: export: weight 'w' of Steps is float16; expected float32."
    assert chosen(HistoryExplorer(Half())) == ("kernel", sentence)


def test_weights_and_catalogue_count_and_the_limit_itself_is_not_too_much(
    steps, portable, runtime, monkeypatch
):
    catalogue = len(Source(steps).catalogue_json)
    portable.size = choice.PAGE_LIMIT - catalogue
    assert chosen(HistoryExplorer(steps)) == ("page", None)
    portable.size += 1
    reason = "Steps, with 8 films, has 32.0 MB, and a page is sent at most 32 MB"
    assert chosen(HistoryExplorer(steps)) == ("kernel", f"The kernel answers: {reason}.")
    with pytest.raises(AttnrecError, match=f"engine='page': {reason}"):
        HistoryExplorer(steps, engine="page")
    portable.size = 45_120_000
    assert "has 45.1 MB" in HistoryExplorer(steps)._setup["notice"]


def test_two_models_share_the_limit_and_one_shown_twice_counts_once(steps, portable, runtime):
    portable.size = 20_000_000
    assert chosen(HistoryExplorer(steps, steps)) == ("page", None)
    other = type(steps)()
    other.capabilities, other.portable = steps.capabilities, portable
    notice = HistoryExplorer(steps, other)._setup["notice"]
    assert "Steps and Steps, with 8 films, have 40.0 MB" in notice


def test_without_its_runtime_the_page_runs_nothing(steps, portable, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    page_model.runtime.cache_clear()
    engine, notice = chosen(HistoryExplorer(steps))
    assert engine == "kernel"
    assert "the page's runtime is not built" in notice


def test_equal_models_share_a_key(steps, portable, runtime):
    def key_of(model) -> str:
        return HistoryExplorer(model)._setup["sources"][0]["key"]

    assert len(key_of(steps)) == 16
    assert key_of(steps) == key_of(steps)
    other = type(steps)()
    other.capabilities, other.portable = steps.capabilities, portable
    assert key_of(other) == key_of(steps)  # the same weights and the same titles
    other.portable = type(portable)()
    other.portable.card["digest"] = "another"
    assert key_of(other) != key_of(steps)
    frame = steps.catalogue.frame.assign(title="Renamed")
    other.catalogue, other.portable = type(steps.catalogue)(frame), portable
    assert key_of(other) != key_of(steps)
