import pandas as pd
import pytest

from attnrec.data import datasets
from attnrec.data.datasets.registry import DATASETS
from attnrec.errors import DataError

NAMES = ["ml-100k", "ml-1m", "ml-20m", "ml-32m", "ml-latest-small", "ml-1m-sasrec",
         "beauty", "sports", "toys", "lastfm", "online-retail",
         "frappe", "depaulmovie", "tripadvisor"]  # fmt: skip


def test_what_is_available_is_told_with_its_licence(monkeypatch, tmp_path):
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    monkeypatch.setenv("ATTNREC_CACHE", str(tmp_path))
    table = datasets.available()
    assert table.index.tolist() == ["bazaar", *NAMES]
    assert table["at hand"].tolist() == [True] + [False] * len(NAMES)
    assert table["licence"].str.len().gt(0).all()


def test_grouplens_s_archives_are_pinned_to_the_checksums_it_states():
    stated = {name: one.remotes[-1] for name, one in DATASETS.items() if name.startswith("ml-")}
    for remote in stated.values():
        assert remote.url.startswith("https://files.grouplens.org/datasets/movielens/ml-")
        assert remote.stated_by == f"at {remote.url}.md5"
    unpinned = [name for name, remote in stated.items() if remote.md5 is None]
    assert unpinned == ["ml-latest-small"]  # replaced from time to time


@pytest.mark.needs_data
def test_the_copies_at_hand_are_those_that_are_pinned(data_folder):
    import hashlib

    checked = 0
    for dataset in DATASETS.values():
        for remote in dataset.remotes:
            if remote.path and remote.md5:
                content = (data_folder / dataset.folder / remote.path).read_bytes()
                assert hashlib.md5(content).hexdigest() == remote.md5
                checked += 1
    assert checked == 7


def test_a_dataframe_needs_no_file():
    data = datasets.load(pd.DataFrame({"a": [1], "b": [2]}), user="a", item="b")
    assert (data.name, data.history(1)) == ("data", [2])


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("ml-10k", {}, r"no data set or file named 'ml-10k'; did you mean 'ml-100k'\?"),
        ("", {}, "no data set or file named ''|no file"),
        ("ml-100k", {"seed": 1}, "ml-100k: takes no options, got seed"),
        (pd.DataFrame(), {"usr": "a"}, r"no option 'usr'; did you mean 'user'\?"),
    ],
)
def test_names_and_options_that_are_not_known(source, options, message):
    with pytest.raises(DataError, match=message):
        datasets.load(source, **options)


@pytest.mark.parametrize("source", [None, 7, ["ml-100k"]])
def test_only_names_paths_and_tables_are_sources(source):
    with pytest.raises(TypeError, match="source: expected a name, a path or a DataFrame"):
        datasets.load(source)
