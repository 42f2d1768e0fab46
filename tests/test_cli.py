"""Each verb through `main`, one through a process, and every kind of mistake."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from attnrec import load_run, reproductions
from attnrec.cli import main, verbs
from attnrec.results import Result

SMALL = ["--option", "num_users=60", "--option", "num_items=20", "--option", "min_events=20"]
QUICK = ["--epochs", "1", "--embedding-size", "8", "--num-layers", "1", "--max-length", "16"]
VERBS = ["data", "train", "evaluate", "recommend", "reproduce", "lab"]


def fails(capsys, *words) -> str:
    """The one line that a mistake is told in."""
    assert main(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert err.startswith("attnrec")
    return err


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[str, str]:
    """A run trained by the command line, and what was printed."""
    folder = str(tmp_path_factory.mktemp("runs") / "bazaar")
    words = ["train", "bazaar", *SMALL, *QUICK, "--seed", "5", "--loss", "bce", "--json"]
    with redirect_stdout(StringIO()) as out:
        assert main([*words, "--out", folder]) == 0
    return folder, out.getvalue()


@pytest.fixture
def run(trained) -> str:
    """The folder of the run."""
    return trained[0]


@pytest.fixture
def numbered(tmp_path) -> Path:
    """A file whose users and items are numbers."""
    path = tmp_path / "visits.csv"
    rows = [f"{user},{10 * (1 + (user + step) % 5)}" for user in range(1, 9) for step in range(6)]
    path.write_text("\n".join(["customer,product", *rows]))
    return path


def test_no_verb_and_unknown_verb(capsys):
    assert "VERB" in fails(capsys)
    assert "invalid choice: 'trian'" in fails(capsys, "trian")


@pytest.mark.parametrize("words", [[], *[[verb] for verb in VERBS]])
def test_help(capsys, words):
    assert main([*words, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: attnrec")
    assert err == ""


def test_data_lists_what_is_known(capsys):
    assert main(["data"]) == 0
    assert "bazaar" in capsys.readouterr().out
    assert main(["data", "--json"]) == 0
    known = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert known["bazaar"]["at hand"] is True


def test_data_prints_counts_and_report(capsys, numbered):
    table = numbered.read_text().splitlines()
    numbered.write_text("\n".join([*table, ",10"]))  # nobody bought item 10
    options = ["--option", "user=customer", "--option", "item=product"]
    assert main(["data", str(numbered), *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["users"], told["items"], told["interactions"]) == (8, 5, 8 * 6)
    assert sum(finding["count"] for finding in told["report"]) >= 1
    assert main(["data", str(numbered), *options]) == 0
    text = capsys.readouterr().out
    assert "users: 8" in text
    assert "dropped" in text


def test_data_filters(capsys):
    assert main(["data", "bazaar", *SMALL, "--max-history", "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["longest history"] == 7


def test_train_prints_a_result(trained):
    folder, text = trained
    result = Result.from_json(text)
    assert (result.kind, result.seed, len(result.history)) == ("training", 5, 1)
    assert result.config["model"]["embedding_size"] == 8
    assert list(result.metrics) == ["validation"]
    assert (Path(folder) / "run.json").is_file()


def test_evaluate(capsys, run):
    assert main(["evaluate", run]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [
        "SASRec",
        "Popularity",
        "RecentPopularity",
        "ItemKNN",
    ]
    assert main(["evaluate", run, "--part", "validation", "--no-baselines", "--json"]) == 0
    result = Result.from_json(capsys.readouterr().out)
    assert result.kind == "evaluation"
    assert result.baselines == {}
    assert result.metrics["validation"]["cases"] == 60


def test_recommend_to_a_user_and_after_a_history(capsys, run):
    assert main(["recommend", run, "--user", "u17", "--topn", "3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert set(rows[0]) == {"rank", "item", "title", "score"}
    assert main(["recommend", run, "--history", "p1, p3", "--topn", "100"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 20  # the whole catalogue


def test_ids_that_are_numbers(capsys, numbered, tmp_path):
    out = str(tmp_path / "run")
    options = ["--option", "user=customer", "--option", "item=product"]
    assert main(["train", str(numbered), *options, *QUICK, "--out", out]) == 0
    capsys.readouterr()
    assert main(["recommend", out, "--user", "3", "--json"]) == 0
    by_user = json.loads(capsys.readouterr().out)
    assert main(["recommend", out, "--history", "10,20", "--topn", "2", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert {row["item"] for row in [*by_user, *after]} <= {10, 20, 30, 40, 50}
    assert "unknown user" in fails(capsys, "recommend", out, "--user", "33")


def test_reproduce_lists_names(capsys):
    assert main(["reproduce"]) == 0
    assert "sasrec-ml1m-bce" in capsys.readouterr().out


def test_reproduce_writes_a_result(capsys, tmp_path, monkeypatch):
    from attnrec.data import datasets
    from attnrec.data.bazaar import simulate
    from attnrec.models import SASRec

    tiny = reproductions.Reproduction(
        what="tiny",
        data="bazaar",
        recipe=SASRec(embedding_size=8, num_layers=1, max_length=16),
        fit={"loss": "softmax", "epochs": 5},
        published={"HR@10": 0.5, "NDCG@10": 0.25},
        source="nobody",
    )
    monkeypatch.setitem(reproductions.REPRODUCTIONS, "tiny", tiny)
    monkeypatch.setattr(datasets, "load", lambda name: simulate(60, 20, min_events=20))
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "tiny", "--epochs", "1", "--seed", "2", "--save", "run"]) == 0
    text = capsys.readouterr().out
    assert "tiny, seed 2, 1 epochs" in text
    assert "published 0.5000" in text
    assert "ItemKNN" in text
    result = Result.read("tiny-seed2.json")
    assert result.command == "attnrec reproduce tiny --seed 2 --epochs 1"
    assert main(["evaluate", "run", "--json"]) == 0
    again = Result.from_json(capsys.readouterr().out)
    assert again.metrics["test"] == pytest.approx(result.metrics["test"], abs=1e-9)


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("screen", [True, False])
def test_lab_opens_the_notebooks(monkeypatch, tmp_path, screen, root):
    started = []
    (tmp_path / "notebooks").mkdir()
    first = tmp_path / "notebooks" / "01_quickstart.ipynb"
    first.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "_has_screen", lambda: screen)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000, raising=False)
    monkeypatch.setattr(subprocess, "call", lambda command: started.append(command) or 0)
    assert main(["lab", "--port", "9999"]) == 0
    assert started == [
        [sys.executable, "-m", "jupyterlab", str(first), "--port=9999"]
        + ([] if screen else ["--no-browser"])
        + (["--allow-root"] if root else [])
    ]


def test_lab_without_jupyterlab_or_folder(capsys, monkeypatch, tmp_path):
    assert "no such folder" in fails(capsys, "lab", str(tmp_path / "none"))
    monkeypatch.setattr(verbs, "find_spec", lambda name: None)
    assert 'pip install "attnrec[lab]"' in fails(capsys, "lab")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data", "bazar"], "did you mean 'bazaar'?"),
        (["data", "nowhere.csv"], "no file 'nowhere.csv'"),
        (["data", "bazaar", "--option", "num_user=3"], "did you mean 'num_users'?"),
        (["data", "bazaar", "--option", "num_users"], "--option: expected NAME=VALUE"),
        (["data", "bazaar", "--option", "num_users=many"], "num_users: expected a whole number"),
        (["train", "bazaar"], "--out"),
        (["train", "bazaar", "--out", "x", "--model", "sasrek"], "invalid choice: 'sasrek'"),
        (["train", "bazaar", "--out", "x", "--epochs", "few"], "--epochs: invalid int value"),
        (["train", "bazaar", "--out", "x", "--seed", "-1"], "--seed: expected a whole number"),
        (["train", "bazaar", "--out", "x", "--num-heads", "5"], "num_heads"),
        (["evaluate", "nowhere"], "no run at 'nowhere'"),
        (["evaluate", "nowhere", "--part", "train"], "invalid choice: 'train'"),
        (["recommend", "bazaar-sasrec"], "--user, --history: expected one of them"),
        (
            ["recommend", "bazaar-sasrec", "--user", "u1", "--history", "p1"],
            "--user, --history: expected one of them",
        ),
        (["reproduce", "sasrec-ml1n"], "did you mean 'sasrec-ml1m'?"),
        (["reproduce", "sasrec-ml1m", "--out", "."], "--out: expected a file"),
    ],
)
def test_mistakes(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "0"], "epochs: expected a whole number from 1, got 0"),
        (["--learning-rate", "-1"], "learning_rate: expected a positive number"),
        (["--metric", "NDGC@10"], "did you mean 'NDCG@10'?"),
    ],
)
def test_arguments_of_training_out_of_range(capsys, tmp_path, words, message):
    out = tmp_path / "run"
    assert message in fails(capsys, "train", "bazaar", *SMALL, *words, "--out", str(out))
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--user", "u1x"], "unknown user 'u1x'; did you mean 'u1'?"),
        (["--history", "p1,p99"], "unknown item 'p99'; did you mean 'p9'?"),
        (["--history", ","], "history: empty"),
        (["--user", "u1", "--topn", "0"], "topn: expected a whole number from 1, got 0"),
        (["--user", "u1", "--context", "hour=9"], "--context: SASRec looks at histories"),
    ],
)
def test_nothing_to_recommend(capsys, run, words, message):
    assert message in fails(capsys, "recommend", run, *words)


def test_a_missing_column_names_those_there_are(capsys, numbered):
    line = fails(
        capsys, "data", str(numbered), "--option", "user=client", "--option", "item=product"
    )
    assert "client" in line
    assert "customer" in line


def test_train_leaves_other_folders_alone(capsys, tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    assert "is not a run" in fails(capsys, "train", "bazaar", *SMALL, "--out", str(tmp_path))
    assert (tmp_path / "thesis.tex").read_text() == "dear"


def test_debug_shows_the_traceback():
    with pytest.raises(ValueError, match="no data set or file named 'bazar'"):
        main(["data", "bazar", "--debug"])


def test_interrupt(capsys, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs, "_load", interrupted)
    assert main(["data", "bazaar"]) == 130
    assert capsys.readouterr().err == "attnrec: interrupted\n"


def test_as_a_process():
    def attnrec(*words):
        root = str(Path(verbs.__file__).parents[2])
        return subprocess.run(
            [sys.executable, "-m", "attnrec", *words],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": root},
            check=False,
        )

    good = attnrec("data", "bazaar", *SMALL, "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["users"] == 60
    bad = attnrec("evaluate", "nowhere")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def of_features(tmp_path_factory) -> tuple[str, Result]:
    """A run of features of choices trained by the command line, and its result."""
    folder = str(tmp_path_factory.mktemp("runs") / "features")
    words = ["train", "bazaar", *SMALL, "--epochs", "1", "--model", "featureattention"]
    words += ["--item", "price, category", "--context", "season,hour", "--set", "attention_size=4"]
    with redirect_stdout(StringIO()) as out:
        words += ["--embedding-size", "4", "--metric", "NDCG@10 of 5"]
        assert main([*words, "--json", "--out", folder]) == 0
    return folder, Result.from_json(out.getvalue())


def test_train_on_features(of_features):
    folder, result = of_features
    assert result.name == "FeatureAttention on bazaar"
    assert result.split["kind"] == "leave_one_out"
    assert result.config["model"]["embedding_size"] == 4
    assert result.config["model"]["attention_size"] == 4
    fields = load_run(folder).features.schema
    assert fields.names == ("user", "item", "price", "category", "season", "hour")
    assert result.metrics["validation"]["cases"] == 60
    assert result.metrics["validation"]["HR@5 of 5"] == 1


def test_evaluate_a_model_of_features(capsys, of_features):
    folder, _ = of_features
    assert main(["evaluate", folder, "--num-negatives", "4", "--json"]) == 0
    told = Result.from_json(capsys.readouterr().out)
    assert told.metrics["test"]["HR@10 of 5"] == 1
    assert set(told.baselines) == {"Popularity", "RecentPopularity", "ItemKNN"}
    assert main(["evaluate", folder, "--num-negatives", "4", "--no-baselines"]) == 0
    assert capsys.readouterr().out.split()[0] == "HR@10"


def test_recommend_in_circumstances(capsys, of_features):
    folder, _ = of_features
    winter = ["--context", "season=winter", "--context", "hour=9"]
    assert main(["recommend", folder, "--user", "u17", "--topn", "3", *winter, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    run = load_run(folder)
    expected = run.recommend(user="u17", topn=3, context={"season": "winter", "hour": 9})
    assert [row["item"] for row in told] == expected["item"].tolist()
    summer = run.recommend(user="u17", topn=3, context={"season": "summer", "hour": 9})
    assert [row["score"] for row in told] != summer["score"].tolist()
    assert "--user: Feat" in fails(capsys, "recommend", folder, "--history", "p1")
    told = fails(capsys, "recommend", folder, "--user", "u17", "--history", "p1")
    assert "history: these features have none" in told
    assert "no 'sason'" in fails(
        capsys, "recommend", folder, "--user", "u17", "--context", "sason=winter"
    )


def test_train_on_a_label(capsys, tmp_path):
    table = tmp_path / "visits.csv"
    rows = [f"{user},{item},{1 + (user * item) % 5}" for user in range(1, 30) for item in range(9)]
    table.write_text("\n".join(["user,item,rating", *rows]))
    out = str(tmp_path / "run")
    words = ["train", str(table), "--model", "fm", "--label", "rating", "--epochs", "1"]
    assert main([*words, "--out", out, "--json"]) == 0
    result = Result.from_json(capsys.readouterr().out)
    assert (result.split["kind"], list(result.metrics["validation"])[:1]) == ("at_random", ["RMSE"])
    assert main([*words, "--threshold", "0", "--out", str(tmp_path / "one")]) == 2  # all above
    assert "every row of the train part is 1" in capsys.readouterr().err
    assert main([*words, "--threshold", "3", "--out", out]) == 0
    assert "LogLoss" in capsys.readouterr().out
    assert main(["evaluate", out]) == 0
    assert "mean of train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--context", "hour"], "--context: for a model of features, such as --model autoint"),
        (["--model", "fm", "--num-layers", "2"], "num_layers: FM has no such hyperparameter"),
        (["--model", "fm", "--set", "embeding_size=2"], "did you mean 'embedding_size'?"),
        (["--model", "fm", "--item", "prise"], "did you mean 'price'?"),
        (["--model", "din"], "history: DIN looks at what came before"),
        (["--model", "fm", "--set", "embedding_size"], "--set: expected NAME=VALUE"),
        (["--model", "fm", "--split", "at-random"], "choices are ranked"),
        (["--model", "fm", "--threshold", "0"], "threshold"),
    ],
)
def test_mistakes_about_features(capsys, tmp_path, words, message):
    out = tmp_path / "run"
    assert message in fails(capsys, "train", "bazaar", *SMALL, *words, "--out", str(out))
    assert not out.exists()
