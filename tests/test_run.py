"""Runs: recommending, inspecting, and coming back from disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import attnrec as ar
from attnrec.errors import AttnrecError, UnknownIdError


def test_recommend_continues_the_chain(chain_run):
    found = chain_run.recommend(history=["i03", "i04", "i05"], topn=3)
    assert list(found.columns) == ["rank", "item", "title", "score"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["item"][0] == "i06"
    assert found["score"].is_monotonic_decreasing


def test_a_user_is_asked_for_with_what_precedes_the_test(chain_run, chain):
    whole = chain.history("u3")
    assert chain_run.past("u3") == whole[:-1]
    assert chain_run.held_out("u3") == whole[-1:]
    pd.testing.assert_frame_equal(
        chain_run.recommend(user="u3"), chain_run.recommend(history=whole[:-1])
    )


def test_seen_items_as_the_protocol_says(chain_run):
    seen = ["i03", "i04", "i05"]
    assert set(seen) <= set(chain_run.recommend(history=seen, topn=12)["item"])
    unseen = chain_run.recommend(history=seen, topn=12, filter_seen=True)
    assert len(unseen) == 9
    assert not set(seen) & set(unseen["item"])


def test_more_than_the_catalogue_is_the_catalogue(chain_run):
    assert len(chain_run.recommend(history=["i00"], topn=10_000)) == 12


def test_a_history_longer_than_the_model_reads(chain_run):
    long = [f"i{i % 12:02}" for i in range(100)]
    pd.testing.assert_frame_equal(
        chain_run.recommend(history=long), chain_run.recommend(history=long[-32:])
    )


def test_inspect_as_a_table(chain_run):
    found = chain_run.inspect(history=["i03", "i04", "i05"])
    last = found.to_frame()
    assert last["item"].tolist() == ["i03", "i04", "i05"]
    assert last["position"].tolist() == [1, 2, 3]
    assert set(last["query"]) == {3}
    assert last.attrs == {"layer": "blocks.1.attention", "head": "mean", "rows": "last"}
    weights = found.record.layer(2).weights[0, :, -3:, -3:]  # [head, query, key]
    np.testing.assert_allclose(last["attention"], weights.mean(0)[2])
    one = found.to_frame(layer=1, head=2, rows="all")
    first = found.record.layer(1).weights[0, 1, -3:, -3:]
    assert len(one) == 9
    np.testing.assert_allclose(one["attention"], first.ravel())
    # Key j is seen by the queries from j on: 3, 2 and 1 of them.
    mean = found.to_frame(layer=1, head=2, rows="mean")
    np.testing.assert_allclose(mean["attention"], first.sum(0) / [3, 2, 1])


def test_attention_goes_back_in_as_it_came_out(chain_run):
    history = ["i03", "i04", "i05"]
    found = chain_run.inspect(history=history)
    name, own = found.record.names[0], found.record.maps[0].weights
    for weights in (own, own[..., -3:, -3:], "uniform"):  # as wide as the record, as the history
        given = ar.Interventions({name: weights})
        answer = chain_run.inspect(history=history, interventions=given)
        same = np.allclose(answer.scores[:, 1:], found.scores[:, 1:], atol=1e-5)
        assert same == (not isinstance(weights, str))
    wrong = ar.Interventions({name: np.broadcast_to(np.eye(5), (1, 2, 5, 5))})
    with pytest.raises(AttnrecError, match=r"expected shape \(1, 2, 3, 3\)"):
        chain_run.inspect(history=history, interventions=wrong)


def test_inspect_many(chain_run):
    found = chain_run.inspect(users=["u1", "u2"])
    table = found.to_frame()
    assert table["user"].unique().tolist() == ["u1", "u2"]
    np.testing.assert_allclose(table.groupby("user")["attention"].sum(), 1, atol=1e-5)
    alone = chain_run.inspect(user="u2").to_frame()
    np.testing.assert_allclose(
        table[table["user"] == "u2"]["attention"], alone["attention"], atol=1e-6
    )


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda run: run.recommend(user="u99"), "unknown user 'u99'.*did you mean 'u9'"),
        (lambda run: run.recommend(history=["i3"]), "unknown item 'i3'.*did you mean 'i[01]3'"),
        (lambda run: run.inspect(history=["i03", None]), "unknown item"),
        (lambda run: run.inspect(history=[float("nan")]), "unknown item nan"),
    ],
)
def test_unknown_ids_name_the_nearest(chain_run, call, told):
    with pytest.raises(UnknownIdError, match=told):
        call(chain_run)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda run: run.recommend(history=[]), "history: empty"),
        (lambda run: run.recommend(history="i03"), "expected a sequence of item ids, got 'i03'"),
        (lambda run: run.recommend(), "expected one of user and history"),
        (lambda run: run.recommend(user="u1", history=["i03"]), "expected one of user and history"),
        (
            lambda run: run.recommend(user="u1", topn=0),
            "topn: expected a whole number from 1, got 0",
        ),
        (lambda run: run.recommend(user="u1", topn=2.5), "topn: .* got 2.5"),
        (lambda run: run.inspect(), "expected one of user, users and history"),
        (lambda run: run.inspect(users=[]), "users: expected a sequence of one user or more"),
        (lambda run: run.inspect(user="u1").to_frame(layer=3), "layer: expected 1 to 2, got 3"),
        (lambda run: run.inspect(user="u1").to_frame(layer=1.5), "layer: expected 1 to 2, got 1.5"),
        (lambda run: run.inspect(user="u1").to_frame(head=0), "head: expected 1 to 2, got 0"),
        (lambda run: run.inspect(user="u1").to_frame(head="1"), "head: expected 1 to 2, got '1'"),
        (lambda run: run.inspect(user="u1").to_frame(rows="first"), "rows: expected 'last'"),
        (lambda run: run.inspect(user="u1").to_frame(layer="blocks.9"), "layer: no map 'blocks.9'"),
    ],
)
def test_wrong_questions_get_a_sentence(chain_run, call, told):
    with pytest.raises(AttnrecError, match=told):
        call(chain_run)


def test_there_and_back(chain_run, tmp_path):
    chain_run.save(tmp_path / "run")
    back = ar.load_run(tmp_path / "run")
    assert back.config == chain_run.config
    assert back.provenance == chain_run.provenance
    assert back.data.fingerprint == chain_run.data.fingerprint
    pd.testing.assert_frame_equal(back.history, chain_run.history)
    pd.testing.assert_frame_equal(back.evaluate(), chain_run.evaluate())
    pd.testing.assert_frame_equal(back.recommend(user="u1"), chain_run.recommend(user="u1"))
    assert repr(back) == "Run(SASRec on 'data', 30 epochs)"


def test_every_column_and_the_report_come_back(chain, tmp_path):
    rows = pd.concat([chain.frame, chain.frame.tail(1)]).assign(part="bass", _part="tenor")
    data = ar.datasets.load(rows)
    assert data.report.rows  # of the repeated row
    recipe = ar.SASRec(8, 1, max_length=4)
    run = ar.fit(recipe, ar.split.temporal(data), epochs=1, progress=False)
    back = ar.load_run(run.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(back.data.frame, run.data.frame)
    assert back.data.report == run.data.report
    np.testing.assert_array_equal(back.split.part, run.split.part)
    assert back.split.parameters == run.split.parameters
    pd.testing.assert_frame_equal(back.evaluate("validation"), run.evaluate("validation"))


def test_people_come_back(chain, tmp_path):
    people = pd.DataFrame({"age": range(59), "city": "Leeds"}, index=chain.users[:0:-1])
    data = ar.datasets.load(chain.frame, people=people)
    assert data.people["age"].isna().sum() == 1
    recipe = ar.SASRec(8, 1, max_length=4)
    run = ar.fit(recipe, ar.split.leave_one_out(data), epochs=1, progress=False)
    folder = run.save(tmp_path / "run")
    pd.testing.assert_frame_equal(ar.load_run(folder).data.people, data.people)
    whole = (folder / "people.parquet").read_bytes()
    (folder / "people.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AttnrecError, match="cannot be read"):
        ar.load_run(folder)
    (folder / "people.parquet").unlink()  # as a run saved before there were any
    assert ar.load_run(folder).data.people is None


def test_a_run_without_people_has_no_file_of_them(chain_run, tmp_path):
    folder = chain_run.save(tmp_path / "run")
    assert not (folder / "people.parquet").exists()
    assert ar.load_run(folder).data.people is None


@pytest.mark.parametrize("targets", ["first", "all"])
def test_past_and_held_out_of_a_temporal_split(chain, targets):
    split = ar.split.temporal(chain, targets=targets)
    run = ar.fit(ar.SASRec(8, 1, max_length=4), split, epochs=1, progress=False)
    test = split.test
    for user in chain.users[:20]:
        mine = test[test["user"] == user]["item"].tolist()
        whole = chain.history(user)
        if not mine or len(mine) == len(whole):  # nothing to test, or nothing before it
            assert (run.past(user), run.held_out(user)) == (whole, [])
            continue
        start = len(run.past(user))
        assert run.held_out(user) == whole[start : start + len(mine)] == mine
        assert run.past(user) == whole[:start]


def test_a_save_that_fails_leaves_the_older_run(chain_run, tmp_path, monkeypatch):
    chain_run.save(tmp_path / "run")
    before = (tmp_path / "run" / "run.json").read_bytes()
    real = Path.rename

    def fails_the_second_time(self, target):
        if Path(target) == tmp_path / "run" and not self.name.endswith(".older"):
            raise OSError("disk full")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails_the_second_time)
    with pytest.raises(OSError, match="disk full"):
        chain_run.save(tmp_path / "run")
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_of_another_version_says_so(chain_run, tmp_path):
    chain_run.save(tmp_path / "run")
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    card["model"]["num_experts"] = 8
    (tmp_path / "run" / "run.json").write_text(json.dumps(card))
    with pytest.raises(AttnrecError, match="cannot be built .*num_experts"):
        ar.load_run(tmp_path / "run")
    del card["split"]["kind"]
    (tmp_path / "run" / "run.json").write_text(json.dumps(card))
    with pytest.raises(AttnrecError, match="cannot be read .*kind"):
        ar.load_run(tmp_path / "run")


def test_what_is_not_a_run_is_left_alone(chain_run, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(AttnrecError, match="is not a run; it is left as it is"):
        chain_run.save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years"
    chain_run.save(tmp_path / "run")
    chain_run.save(tmp_path / "run")  # an older run is replaced
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("file", ["weights.safetensors", "interactions.parquet", "run.json"])
def test_a_damaged_run_says_so(chain_run, tmp_path, file):
    chain_run.save(tmp_path / "run")
    whole = (tmp_path / "run" / file).read_bytes()
    (tmp_path / "run" / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AttnrecError, match="cannot be read"):
        ar.load_run(tmp_path / "run")


def test_weights_of_another_model_are_refused(chain_run, tmp_path):
    chain_run.save(tmp_path / "run")
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    card["model"]["num_layers"] = 3
    (tmp_path / "run" / "run.json").write_text(json.dumps(card))
    with pytest.raises(AttnrecError, match=r"the saved weights do not fit \('blocks.2"):
        ar.load_run(tmp_path / "run")


def test_no_such_run_names_what_there_is():
    with pytest.raises(AttnrecError, match="no run at 'nowhere'; expected a folder"):
        ar.load_run("nowhere")
