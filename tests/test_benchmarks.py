"""What benchmarks tell of their results."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import ratios

README = Path(ratios.__file__).with_name("README.md")


def test_the_table_is_that_of_the_committed_results():
    text = README.read_text(encoding="utf-8")
    assert ratios.table(ratios.RESULTS, "results/") in text


def test_the_rows_a_second_are_what_was_measured():
    result = json.loads((ratios.RESULTS / "feature_training.json").read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    assert len(result["one_epoch"]) == 8
    for model, found in result["one_epoch"].items():
        each = [found["rows_per_second"][name] for name in found["rows"]]
        assert f"| {model} | {' | '.join(f'{round(one, -3):,}' for one in each)} |" in text


def test_ratios_are_found_wherever_they_stand(tmp_path):
    result = {
        "benchmark": "speed",
        "date": "2026-01-02T03:04:05+00:00",
        "load_at_start": 0.5,
        "one_epoch": {"A": {"b": {"times_faster": {"Slow": {"median": 2, "rounds": [1, 3]}}}}},
        "times_faster": {"Slower": {"median": 0.5}},
    }
    (tmp_path / "b.json").write_text(json.dumps(result))
    (tmp_path / "a.json").write_text(json.dumps({"name": "no benchmark"}))
    assert ratios.table(tmp_path).splitlines()[2:] == [
        "| [speed](b.json) | A, b | Slow | 2.00 | 1.00, 3.00 | 0.5 | 2026-01-02 |",
        "| [speed](b.json) |  | Slower | 0.50 |  | 0.5 | 2026-01-02 |",
    ]
