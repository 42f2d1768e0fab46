"""A log on disk is what the same rows are in memory, and is used in the same way."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from itertools import pairwise

import jax
import numpy as np
import pandas as pd
import pytest
from flax import nnx

import attnrec as ar
from attnrec.data import validate
from attnrec.data.datasets import load, prepare
from attnrec.data.log import Log
from attnrec.errors import DataError

ROWS = 4000


def events(seed: int = 0) -> pd.DataFrame:
    """A messy log: gaps, repetitions, ties, and ids of every shape."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "who": pd.array(rng.integers(0, 300, ROWS) * 7, dtype="Int64"),
            "what": pd.array([f"p{n:03}" for n in rng.zipf(1.4, ROWS) % 150], dtype="str"),
            "when": pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 5000, ROWS), "h"),
        }
    )
    table.loc[rng.choice(ROWS, 40, replace=False), "who"] = pd.NA
    table.loc[rng.choice(ROWS, 40, replace=False), "what"] = rng.choice(["", " \t", None], 40)
    table.loc[rng.choice(ROWS, 40, replace=False), "when"] = pd.NaT
    again = table.sample(300, random_state=seed)
    return pd.concat([table, again], ignore_index=True)


def written(table: pd.DataFrame, folder, files: int = 3) -> str:
    """The table in so many files, of unequal size."""
    edges = np.linspace(0, 1, files + 1) ** 1.5 * len(table)
    for number, (begin, end) in enumerate(pairwise(edges)):
        table.iloc[int(begin) : int(end)].to_parquet(folder / f"part-{number}.parquet")
    return str(folder / "part-*.parquet")


def since_1970(when: pd.Series, unit: str) -> pd.Series:
    return ((when - pd.Timestamp(0)) // pd.Timedelta(1, unit)).astype("Int64")


TIMES = {
    "dates": lambda when: when,
    "dates of nanoseconds": lambda when: when.astype("datetime64[ns]") + pd.Timedelta(7, "ns"),
    "days": lambda when: when.dt.date,
    "dates with a zone": lambda when: when.dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata"),
    "seconds": lambda when: since_1970(when, "s"),
    "milliseconds": lambda when: since_1970(when, "ms"),
    "parts of seconds": lambda when: since_1970(when, "ms") / 1000 + 0.25,
    "a counter": lambda when: when.dt.day_of_year,
    "a counter of whole numbers": lambda when: when.dt.day_of_year.astype("Int64"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_a_prepared_log_is_the_validated_table(tmp_path, kind):
    table = events()
    table["when"] = TIMES[kind](table["when"])
    columns = {"user": "who", "item": "what", "timestamp": "when"}
    expected = validate(table, **columns, name="shop")
    log = prepare(written(table, tmp_path), tmp_path / "log", **columns, name="shop")
    assert_equal(log, expected)


def test_without_times_the_order_of_the_files_counts_and_every_row_stays(tmp_path):
    table = events().drop(columns="when")
    expected = validate(table, user="who", item="what", name="shop")
    log = prepare(
        written(table, tmp_path, 12), tmp_path / "log", user="who", item="what", name="shop"
    )
    assert log.times is None
    # part-10 comes before part-2 by name: only a list says otherwise
    assert log.fingerprint != expected.fingerprint
    inorder = [tmp_path / f"part-{n}.parquet" for n in range(12)]
    assert_equal(prepare(inorder, tmp_path / "two", user="who", item="what", name="shop"), expected)


def assert_equal(log, expected):
    assert str(log.report) == str(expected.report)
    assert log.users.tolist() == expected.users.tolist()
    assert log.items.tolist() == expected.items.tolist()
    pd.testing.assert_frame_equal(log.catalogue.frame, expected.catalogue.frame)
    np.testing.assert_array_equal(log.sequences.starts, expected.sequences.starts)
    np.testing.assert_array_equal(log.sequences.items, expected.item_indices)
    if expected.times is not None:
        np.testing.assert_array_equal(log.times, expected.times)
    assert log.fingerprint == expected.fingerprint
    assert len(log) == len(expected)
    user = expected.users[5]
    assert log.history(user) == expected.history(user)
    assert repr(log).removeprefix("Log") == repr(expected).removeprefix("Interactions")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    columns = {"user": "who", "item": "what", "timestamp": "when"}
    titles = pd.DataFrame(
        {"title": [f"Product {n}" for n in range(150)], "price": np.arange(150.0)},
        index=[f"p{n:03}" for n in range(149, -1, -1)],
    )
    table = events(1)
    memory = load(table, **columns, name="shop", catalogue=titles, detail="price")
    prepare(
        written(table, folder), folder / "log", **columns, name="shop", catalogue=titles,
        detail="price",
    )  # fmt: skip
    return memory, load(folder / "log")


def test_labels_come_from_the_catalogue(both):
    memory, log = both
    assert_equal(log, memory)
    assert log.catalogue.titles[0].startswith("Product ")
    assert log.catalogue.details == memory.catalogue.details


SPLITS = {
    "leave_one_out": ar.split.leave_one_out,
    "by_user": lambda data: ar.split.by_user(data, 0.2, 0.3, seed=4),
    "temporal by shares": lambda data: ar.split.temporal(data, 0.2, 0.2, "all"),
    "temporal by moments": lambda data: ar.split.temporal(data, "2024-06-01", "2024-08-01"),
}


@pytest.mark.parametrize("kind", SPLITS)
def test_splits_are_the_same(both, kind):
    memory, log = (SPLITS[kind](data) for data in both)
    np.testing.assert_array_equal(log.part, memory.part)
    assert log.parameters == memory.parameters
    pd.testing.assert_frame_equal(log.describe(), memory.describe())
    for part in ("validation", "test"):
        ours, theirs = log.cases(part), memory.cases(part)
        np.testing.assert_array_equal(ours.users, theirs.users)
        np.testing.assert_array_equal(ours.histories.items, theirs.histories.items)
        np.testing.assert_array_equal(ours.targets.items, theirs.targets.items)


def test_nothing_of_the_events_is_copied_to_split_them(both):
    made = ar.split.leave_one_out(both[1])
    for sequences in (made.train_sequences, made.cases("test").histories):
        assert sequences.source is both[1].sequences.source
    assert isinstance(both[1].sequences.source, np.memmap)


def train(data, **more):
    recipe = ar.SASRec(embedding_size=8, num_layers=1, max_length=16)
    return ar.fit(
        recipe,
        ar.split.leave_one_out(data),
        epochs=2,
        seed=3,
        batch_size=32,
        progress=False,
        **more,
    )


@pytest.fixture(scope="module")
def runs(both):
    memory, log = both
    return train(memory), train(log, stream=True)


def test_streamed_from_disk_the_weights_are_those_of_memory(runs):
    memory, log = runs
    columns = ["loss", "HR@10", "NDCG@10"]
    pd.testing.assert_frame_equal(log.history[columns], memory.history[columns], check_exact=True)
    for ours, theirs in zip(*(jax.tree.leaves(nnx.state(run.model)) for run in runs), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_of_a_log_is_used_like_any_other(runs, tmp_path):
    memory, log = runs
    pd.testing.assert_frame_equal(log.evaluate(), memory.evaluate())
    user = log.users[7]
    pd.testing.assert_frame_equal(log.recommend(user=user), memory.recommend(user=user))
    with pytest.raises(DataError, match="stays on disk and has no table"):
        log.split.train  # noqa: B018


def test_a_saved_run_names_its_log_and_holds_none_of_it(runs, tmp_path):
    _, run = runs
    saved = run.save(tmp_path / "run")
    assert not list(saved.glob("*.parquet"))
    back = ar.load_run(saved)
    pd.testing.assert_frame_equal(back.evaluate(), run.evaluate())
    card = json.loads((saved / "run.json").read_text())
    elsewhere = tmp_path / "moved"
    card["data"]["log"] = str(tmp_path / "nowhere")
    (saved / "run.json").write_text(json.dumps(card))
    with pytest.raises(ar.errors.AttnrecError, match="which is not there"):
        ar.load_run(saved)
    elsewhere.symlink_to(run.data.folder)
    assert ar.load_run(saved, log=elsewhere).data.fingerprint == run.data.fingerprint
    other = prepare(
        written(events(2), tmp_path), tmp_path / "other", user="who", item="what", timestamp="when"
    )
    with pytest.raises(ar.errors.AttnrecError, match="and this run is of"):
        ar.load_run(saved, log=other.folder)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"item": "who"}, "item: column 'who' is already the user"),
        ({}, {"user": "whom"}, "user: no column 'whom'; did you mean 'who'"),
        ({"when": "noon"}, {}, "expected a column of dates or numbers, got VARCHAR"),
        ({"who": 1.5}, {}, "user: .* values cannot be read: expected whole numbers or text, got 1"),
        ({"who": True}, {}, "user: expected whole numbers or text as ids, got a column of BOOLEAN"),
        ({"when": np.inf}, {}, "timestamp: 4,300 values cannot be read"),
        ({"what": " "}, {}, "no interactions remain"),
    ],
)  # fmt: skip
def test_what_cannot_be_prepared_leaves_nothing_behind(tmp_path, change, options, message):
    table = events()
    for column, value in change.items():
        table[column] = value if column != "who" else table["who"].notna().map({True: value})
    source = written(table, tmp_path)
    before = sorted(tmp_path.iterdir())
    told = {"user": "who", "item": "what", "timestamp": "when"} | options
    with pytest.raises(DataError, match=message):
        prepare(source, tmp_path / "log", **told)
    assert sorted(tmp_path.iterdir()) == before


def test_files_that_are_not_there_or_not_parquet(tmp_path):
    for wrong in (None, 3, [1, 2], events()):
        with pytest.raises(DataError, match="source: expected a path or a list of paths"):
            prepare(wrong, tmp_path / "log")
    with pytest.raises(DataError, match=r"no file '.*part-\*\.parquet'"):
        prepare(tmp_path / "part-*.parquet", tmp_path / "log")
    (tmp_path / "one.csv").write_text("user,item\n1,2\n")
    with pytest.raises(DataError, match=r"files that end in \.parquet"):
        prepare(tmp_path / "one.csv", tmp_path / "log")
    (tmp_path / "bad.parquet").write_text("no such thing")
    with pytest.raises(DataError, match="cannot be prepared"):
        prepare(tmp_path / "bad.parquet", tmp_path / "log")
    (tmp_path / "log").mkdir()
    with pytest.raises(DataError, match="exists; name another folder"):
        prepare(tmp_path / "bad.parquet", tmp_path / "log")


def test_a_name_of_a_column_is_only_a_name(tmp_path):
    odd = 'who"; DROP TABLE raw; --'
    table = events().rename(columns={"who": odd})
    log = prepare(written(table, tmp_path), tmp_path / "log", user=odd, item="what")
    assert len(log.users) == 300


def test_a_damaged_log_is_named(both, tmp_path):
    for name, content in {"items.npy": b"short", "log.json": b"{}", "offsets.npy": None}.items():
        copy = tmp_path / name
        shutil.copytree(both[1].folder, copy)
        if content is None:
            np.save(copy / name, np.arange(5))
        else:
            (copy / name).write_bytes(content)
        with pytest.raises(DataError, match="cannot be read|do not belong together"):
            Log(copy)
    with pytest.raises(DataError, match="a prepared log takes no options, got user"):
        load(both[1].folder, user="who")


@pytest.mark.slow
def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path):
    source = written(events(), tmp_path)
    before = sorted(tmp_path.iterdir())
    script = textwrap.dedent(
        f"""
        import resource
        from attnrec.data.datasets import prepare
        from attnrec.errors import DataError
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # no file grows beyond that
        try:
            prepare({source!r}, {str(tmp_path / "log")!r}, user="who", item="what")
        except DataError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "and 2 more files cannot be prepared" in done.stdout
    assert sorted(tmp_path.iterdir()) == before


def test_memory_is_an_amount(tmp_path):
    with pytest.raises(DataError, match="memory: expected such as '4GB', got 'plenty'"):
        prepare(written(events(), tmp_path), tmp_path / "log", memory="plenty")
