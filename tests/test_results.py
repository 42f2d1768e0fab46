"""The result schema: what it refuses, and the way to JSON and back."""

import json
import math
from dataclasses import asdict, replace

import pytest

from attnrec.errors import DataError
from attnrec.results import SCHEMA, Result


def result(**changes) -> Result:
    values = {
        "name": "sasrec-ml1m",
        "kind": "reproduction",
        "command": "attnrec reproduce sasrec-ml1m --seed 0",
        "config": {"model": {"recipe": "SASRec"}, "fit": {"loss": "softmax"}},
        "seed": 0,
        "data": {
            "name": "ml-1m-sasrec",
            "fingerprint": "0123456789abcdef",
            "users": 6040,
            "items": 3416,
            "interactions": 999611,
        },
        "split": {"kind": "leave_one_out", "parameters": {}},
        "metrics": {"validation": {"NDCG@10": 0.19}, "test": {"NDCG@10": 0.18}},
        "baselines": {"Popularity": {"NDCG@10": 0.018}},
        "published": {"NDCG@10": 0.1821, "source": "Klenitskiy and Vasilev"},
        "history": [{"epoch": 1, "loss": 7.5, "NDCG@10": 0.05}],
        "wall_seconds": 12.5,
        "device": "cpu (x86_64)",
        "cores": 2,
        "versions": {"python": "3.11.2"},
        "date": "2026-11-22T10:00:00+00:00",
        "notes": "Ünïcode, <b>markup</b> and “quotes” are text",
    }
    return Result(**values | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "attnrec-result/0"}, r"schema: expected 'attnrec-result/1'"),
        ({"name": None}, "name: expected text, got None"),
        ({"seed": 1.5}, r"seed: expected a whole number, got 1\.5"),
        ({"seed": True}, "seed: expected a whole number, got True"),
        ({"wall_seconds": math.inf}, "wall_seconds: expected a finite number"),
        ({"data": {"name": "x"}}, "data: missing fingerprint, users, items, interactions"),
        ({"split": []}, "split: expected an object"),
        ({"metrics": {"test": 0.5}}, r"metrics\.test: expected an object"),
        ({"metrics": {"test": {"HR@10": math.nan}}}, r"metrics\.test\.HR@10: expected a finite"),
        ({"metrics": {"test": {"HR@10": "0.5"}}}, r"metrics\.test\.HR@10: .* got '0\.5'"),
        ({"baselines": {"Popularity": {"HR@10": None}}}, r"baselines\.Popularity\.HR@10"),
        ({"history": [3]}, "history: expected a list of objects"),
        ({"versions": {}}, "versions: missing python"),
        ({"date": "yesterday"}, "date: expected ISO 8601 with a time zone, got 'yesterday'"),
        ({"date": "2026-11-22T10:00:00"}, "date: expected ISO 8601 with a time zone"),
        ({"date": None}, "date: expected ISO 8601"),
    ],
)
def test_fields_are_checked(changes, message):
    with pytest.raises(DataError, match=message):
        result(**changes)


def test_fingerprint_is_checked():
    data = result().data | {"fingerprint": "0123"}
    with pytest.raises(DataError, match=r"data\.fingerprint: expected 16 hexadecimal digits"):
        result(data=data)


def test_to_json_and_back():
    one = result()
    assert Result.from_json(one.to_json()) == one
    assert json.loads(one.to_json()) == asdict(one)
    assert one.schema == SCHEMA


def test_json_is_the_same_each_time_and_holds_no_nan():
    assert result().to_json() == result().to_json()
    with pytest.raises(DataError, match="does not fit into JSON"):
        result(history=[{"loss": math.nan}]).to_json()
    with pytest.raises(DataError, match="does not fit into JSON"):
        replace(result(), config={"loss": object()}).to_json()


def test_write_and_read(tmp_path):
    path = result().write(tmp_path / "new" / "folder" / "result.json")
    assert Result.read(path) == result()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected JSON"),
        ('{"name": ', "expected JSON"),
        ("[]", "expected an object"),
        ("{}", "missing name, kind, command"),
        ('{"sede": 3}', "unknown field 'sede'; did you mean 'seed'"),
    ],
)
def test_text_that_is_no_result(text, message):
    with pytest.raises(DataError, match=message):
        Result.from_json(text)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*nothing\.json"):
        Result.read(tmp_path / "nothing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot read"):
        Result.read(tmp_path / "binary.json")
