import time

import numpy as np
import pandas as pd
import pytest

from attnrec.data import datasets, split
from attnrec.data.datasets.movielens import read_ratings_dat
from attnrec.data.datasets.sequence_text import read_lines
from attnrec.errors import DataError


def test_a_line_a_user(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("1 10 20 10\n\n2 5\n7\n")
    frame = read_lines(path)
    assert frame.to_numpy().tolist() == [[1, 10], [1, 20], [1, 10], [2, 5]]
    path.write_text("1 10\n2 ten\n")
    with pytest.raises(DataError, match=r"lines\.txt: expected whole numbers only .*'ten'"):
        read_lines(path)


@pytest.fixture
def tiny_ml_1m(tmp_path, monkeypatch):
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    (folder / "ml-1m.txt").write_text("1 1\n1 2\n2 2\n")
    (folder / "sas_to_original_users.txt").write_text("2 50\n1 70\n")
    (folder / "sas_to_original_items.txt").write_text("1 1198\n2 3\n")
    (folder / "movies.dat").write_text("3::Heat (1995)::Action\n1198::Lost Ark, The (1981)::War\n")
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    return folder


def test_sasrec_s_numbers_become_movielens_s_ids(tiny_ml_1m):
    data = datasets.load("ml-1m-sasrec")
    assert data.users.tolist() == [70, 50]
    assert data.items.tolist() == [1198, 3]
    assert data.history(70) == [1198, 3]
    assert data.catalogue.titles == ["The Lost Ark", "Heat"]
    assert data.people is None


def test_movielens_s_users_come_with_sasrec_s_numbers(tiny_ml_1m):
    (tiny_ml_1m / "users.dat").write_text("1::M::1::0::1\n50::F::25::2::2\n70::M::56::20::3\n")
    people = datasets.load("ml-1m-sasrec").people
    assert people["occupation"].to_dict() == {70: "writer", 50: "artist"}
    assert people.index.tolist() == [70, 50]  # numbers 1 and 2


def test_an_incomplete_id_map_is_refused(tiny_ml_1m):
    (tiny_ml_1m / "sas_to_original_items.txt").write_text("1 1198\n")
    with pytest.raises(DataError, match="expected one original id for each number from 1 to 2"):
        datasets.load("ml-1m-sasrec")


def test_words_in_the_text_form_are_refused(tiny_ml_1m):
    (tiny_ml_1m / "ml-1m.txt").write_text("1 one\n")
    with pytest.raises(DataError, match=r"ml-1m\.txt: expected lines of two whole numbers"):
        datasets.load("ml-1m-sasrec")


@pytest.mark.needs_data
@pytest.mark.parametrize(
    ("name", "users", "items", "interactions"),
    [
        ("ml-1m-sasrec", 6040, 3416, 999_611),
        ("beauty", 22_363, 12_101, 198_502),
        ("sports", 35_598, 18_357, 296_337),
        ("toys", 19_412, 11_924, 167_597),
        ("lastfm", 1090, 3646, 52_551),
    ],
)
def test_counts_are_the_published_ones(name, users, items, interactions):
    data = datasets.load(name)
    assert (len(data.users), len(data.items), len(data)) == (users, items, interactions)
    np.testing.assert_array_equal(np.unique(data.item_indices), np.arange(1, items + 1))
    assert str(data.report) == "nothing to report"


@pytest.mark.needs_data
def test_ml_1m_sasrec_leaves_out_the_items_that_a_plain_reading_leaves_out(data_folder):
    histories: dict[int, list[int]] = {}
    for line in (data_folder / "ml-1m" / "ml-1m.txt").read_text().splitlines():
        user, item = map(int, line.split())
        histories.setdefault(user, []).append(item)
    data = datasets.load("ml-1m-sasrec")
    test = split.leave_one_out(data).cases("test")
    # An index is SASRec's own number, so that published predictions can be compared.
    np.testing.assert_array_equal(test.users, list(histories))
    np.testing.assert_array_equal(test.targets.items, [one[-1] for one in histories.values()])
    np.testing.assert_array_equal(test.histories[0], histories[1][:-1])


@pytest.mark.needs_data
def test_ml_1m_sasrec_has_movielens_s_ids_and_order(data_folder):
    # An independent source: ten per cent of the original ratings, with times.
    data = datasets.load("ml-1m-sasrec")
    order = data.frame.assign(position=np.arange(len(data)))
    sample = read_ratings_dat(data_folder / "ml-1m" / "ratings_sample_100k.dat")
    sample = sample[sample["item"].isin(data.items)]
    both = sample.merge(order, on=["user", "item"], how="left", validate="one_to_one")
    assert both["position"].notna().all()
    both = both.sort_values("position", kind="stable")
    backwards = both.groupby("user")["timestamp"].diff() < 0
    assert not backwards.any()
    assert data.catalogue.title(1198) == "Raiders of the Lost Ark"
    assert data.catalogue.frame.loc[1198, "year"] == 1981


@pytest.mark.needs_data
def test_the_users_of_ml_1m_sasrec_are_movielens_s(data_folder):
    data = datasets.load("ml-1m-sasrec")
    assert data.people.index.equals(data.users)
    assert data.people["gender"].value_counts().to_dict() == {"M": 4331, "F": 1709}
    assert data.people.notna().all(axis=None)
    lines = (data_folder / "ml-1m" / "users.dat").read_text("latin-1").splitlines()
    zips = {int(line.split("::")[0]): line.split("::")[-1] for line in lines}
    assert data.people["zip"].to_dict() == zips
    # 5988::M::25::15::94022, whom SASRec calls 1
    assert data.people.iloc[0].tolist() == ["25-34", "M", "scientist", "94022"]


@pytest.mark.needs_data
def test_ml_1m_sasrec_opens_in_under_two_seconds():
    start = time.process_time()  # of this process: the machine may be busy
    datasets.load("ml-1m-sasrec")
    assert time.process_time() - start < 2  # measured 0.3 s


@pytest.mark.needs_data
def test_titles_where_they_are_at_hand():
    beauty, toys, lastfm = (datasets.load(name).catalogue for name in ("beauty", "toys", "lastfm"))
    assert beauty.titles[1] == "Red shatter crackle nail polish e55"
    assert beauty.details[1] == "B004ZT0SSG"
    assert beauty.frame.loc[4, "attributes"] == (1, 2, 3)
    assert toys.titles[0] == "Product 1"
    assert lastfm.titles[0] == "Artist 1"
    assert isinstance(beauty.frame["title"].dtype, pd.StringDtype)
