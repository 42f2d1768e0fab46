"""The README's Python runs exactly as printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"


def blocks(text: str) -> list[str]:
    """The bodies of a Markdown text's Python blocks."""
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_blocks_are_found():
    text = "a\n```python\nx = 1\n\ny = 2\n```\nb\n```\nno\n```\n```python\nz\n```\n"
    assert blocks(text) == ["x = 1\n\ny = 2\n", "z\n"]


@pytest.mark.slow
def test_the_readme_runs_as_printed(tmp_path):
    """All blocks in one program, as a reader would paste them, in an empty folder."""
    program = "\n".join(blocks(README.read_text(encoding="utf-8")))
    assert "HistoryExplorer(run" in program
    (tmp_path / "readme.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "readme.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_the_table_of_results_is_what_was_measured():
    """Every row against its committed result, rounded to three places."""
    text = README.read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([a-z0-9-]+)`: .*? \| .*? \| (\.\d{3}) \| (\.\d{3}) \|", text, re.MULTILINE
    )
    assert len(rows) >= 3
    for name, *shown in rows:
        path = README.parent / "benchmarks" / "results" / f"{name}-seed0.json"
        measured = json.loads(path.read_text(encoding="utf-8"))["metrics"]["test"]
        told = [f"{measured[metric]:.3f}".removeprefix("0") for metric in ("HR@10", "NDCG@10")]
        assert shown == told, name


def test_the_table_of_explanations_is_what_was_measured():
    """Every row against the committed result, rounded to two places."""
    text = README.read_text(encoding="utf-8")
    folder = README.parent / "benchmarks" / "results"
    measured = json.loads((folder / "faithfulness-ml1m.json").read_text(encoding="utf-8"))
    assert measured["num_users"] == 1000
    section = text[text.index("## Should I believe it?") : text.index("## From the command line")]
    rows = re.findall(
        r"^\| ([a-z -]+?) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.M
    )
    metrics = ("comprehensiveness@5", "sufficiency@5", "Kendall", "polarity violations@5")
    assert len(rows) >= 6
    for name, *shown in rows:
        means = [measured["table"][name][metric]["mean"] for metric in metrics]
        assert shown == [f"{mean:.2f}".replace("-", "\u2212") for mean in means], name


def test_the_causes_named_by_features_are_what_was_measured():
    text = README.read_text(encoding="utf-8")
    results = README.parent / "benchmarks" / "results" / "feature_importance.json"
    measured = json.loads(results.read_text(encoding="utf-8"))
    told = re.search(
        r"\[(\d+) simulated purchases\].*? in (\d+)%; those of five learned models in (\d+)% to "
        r"(\d+)%, and the attention of three of them in (\d+)% to (\d+)%, where drawing would "
        r"reach (\d+)%",
        text,
    )
    assert told is not None
    seeds = len({one["trained"]["seed"] for one in measured["models"]})

    def mean(method, runs):
        shares = [one["named"][method]["all"]["share"] for one in runs if method in one["named"]]
        return sum(shares) / len(shares) if shares else None

    recipes = {one["model"]["recipe"] for one in measured["models"]}
    by_recipe = [
        [one for one in measured["models"] if one["model"]["recipe"] == name] for name in recipes
    ]
    assert all(len(runs) == seeds for runs in by_recipe)
    assert len(by_recipe) == 5
    shapley = [mean("Shapley", runs) for runs in by_recipe]
    attention = [share for runs in by_recipe if (share := mean("attention", runs)) is not None]
    assert len(attention) == 3
    shares = [
        mean("Shapley", measured["simulator"]),
        *(f(of) for of in (shapley, attention) for f in (min, max)),
    ]
    expected = [
        measured["num_cases"],
        *(round(100 * share) for share in (*shares, measured["chance"])),
    ]
    assert [int(figure) for figure in told.groups()] == expected


def test_the_causes_told_are_what_was_measured():
    text = README.read_text(encoding="utf-8")
    results = README.parent / "benchmarks" / "results" / "causes-bazaar.json"
    measured = json.loads(results.read_text(encoding="utf-8"))
    told = re.search(
        r"raw attention in (\d+)% of ([\d,]+) purchases, leave-one-out in (\d+)%, "
        r"gradient x attention in (\d+)%, random in (\d+)%; three seeds differ by a point",
        text,
    )
    assert told is not None
    raw, cases, *others = told.groups()
    names = ("raw attention", "leave-one-out", "gradient x attention", "random")
    rates = [measured["table"][name]["hit rate"] for name in names]
    assert [raw, *others] == [f"{100 * rate['mean']:.0f}" for rate in rates]
    assert all(max(rate["seeds"]) - min(rate["seeds"]) < 0.015 for rate in rates)
    assert {f"{count:,}" for count in measured["num_cases"]} == {cases}
    assert len({run["trained"]["seed"] for run in measured["runs"]}) == 3


def test_the_speeds_told_are_what_was_measured():
    text = README.read_text(encoding="utf-8")
    results = README.parent / "benchmarks" / "results" / "training_speed.json"
    measured = json.loads(results.read_text(encoding="utf-8"))["one_epoch"]["ml-1m-sasrec"]
    told = re.search(
        r"an epoch on ML-1M takes (\d+) seconds with the full softmax, ([\d.]+) times less than "
        r"RecTools' with an allocator as well set, ([\d.]+) times less than as it comes; "
        r"with BCE (\d+) seconds, \[([\d.]+) and ([\d.]+) times less\]",
        text,
    )
    assert told is not None
    shown = []
    for loss in ("softmax", "bce"):
        seconds, faster = measured[loss]["seconds"]["attnrec"], measured[loss]["times_faster"]
        ratios = [faster[f"RecTools, {way}"]["median"] for way in ("tuned", "as shipped")]
        shown += [f"{sum(seconds) / len(seconds):.0f}", *(f"{ratio:.1f}" for ratio in ratios)]
        targets = measured[loss]["targets"]
        ours = targets.pop("attnrec")
        for name, theirs in targets.items():
            drawn = name.startswith("SASRec.pytorch")  # with replacement, user by user
            assert theirs == pytest.approx(ours, rel=0.03 if drawn else 0), name
    assert list(told.groups()) == shown


def test_the_time_to_quality_is_what_was_measured():
    text = README.read_text(encoding="utf-8")
    results = README.parent / "benchmarks" / "results" / "time_to_quality.json"
    measured = json.loads(results.read_text(encoding="utf-8"))
    told = re.search(
        r"A test NDCG@10 of (\.\d+) it reaches after (\d+) seconds of training, "
        r"\[([\d.]+) times less than RecTools'\]",
        text,
    )
    assert told is not None
    goal, seconds, ratio = told.groups()
    took = measured["seconds_until"][f"0{goal}"]
    assert seconds == f"{took['attnrec']:.0f}"
    assert ratio == f"{took['RecTools, tuned'] / took['attnrec']:.1f}"
    for name, epochs in measured["epochs"].items():  # the seconds are those of the epochs
        best = max(epochs, key=lambda epoch: epoch["validation"])
        assert best["test"] >= float(goal), name
        total = sum(epoch["seconds"] for epoch in epochs)
        assert total == pytest.approx(took[name], abs=0.1)


def test_the_table_of_catalogues_is_what_was_measured():
    text = README.read_text(encoding="utf-8")
    results = README.parent / "benchmarks" / "results" / "large_catalogue.json"
    rows = json.loads(results.read_text(encoding="utf-8"))["rows"]
    assert [row["items"] for row in rows] == [10_000, 100_000, 1_000_000]
    for row in rows:
        assert row["events"] == 10_000_000
        assert row["evaluated_users"] == 1000
        shown = f"| {row['items']:,} | {row['epoch_seconds']:.0f} s "
        shown += f"| {row['evaluate_seconds']:.1f} s | {row['peak_gb']['evaluation']:.1f} GB |"
        assert shown in text


def test_the_large_log_is_what_was_measured():
    text = README.read_text(encoding="utf-8")
    results = README.parent / "benchmarks" / "results" / "large_log.json"
    measured = json.loads(results.read_text(encoding="utf-8"))
    told = re.search(
        r"(\d+) million events of ([\d,]+) users become a log in (\d+) seconds and ([\d.]+) GB of "
        r"memory, with a limit of (\d) GB for DuckDB; (\d+) million take (\d+) seconds there, and "
        r"(\d+) where they are held in memory; an epoch takes \[as long from disk\]",
        text,
    )
    assert told is not None
    large, small = measured["prepared"]
    [held] = measured["loaded"]
    assert small["fingerprint"] == held["fingerprint"]
    shown = [
        f"{large['events'] / 1e6:.0f}",
        f"{large['users']:,}",
        f"{large['seconds']:.0f}",
        f"{large['anonymous_gb']:.1f}",
        measured["memory_limit"].removesuffix("GB"),
        f"{small['events'] / 1e6:.0f}",
        f"{small['seconds']:.0f}",
        f"{held['seconds']:.0f}",
    ]
    assert list(told.groups()) == shown
    seconds = {way: [one["seconds"] for one in found] for way, found in measured["epochs"].items()}
    assert max(seconds["streamed"]) < 1.05 * min(seconds["resident"])
    assert len({one["loss"] for found in measured["epochs"].values() for one in found}) == 1
