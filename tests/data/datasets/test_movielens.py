import io
import zipfile

import pandas as pd
import pytest

from attnrec.data import FILMS, datasets
from attnrec.data.datasets.movielens import read_ratings_dat, read_users_dat, readable_titles
from attnrec.data.datasets.registry import DATASETS
from attnrec.errors import DataError

RATINGS_1M = """1::1193::5::978300760
1::661::3::978302109
2::1193::4::978298413
2::9::4::978298413
"""
MOVIES_1M = """9::Sudden Death (1995)::Action
661::James and the Giant Peach (1996)::Animation|Children's|Musical
1193::Misérables, Les (1995)::Drama|Musical
9999::Nobody Saw This, A (1999)::Drama
"""
USERS_1M = """1::F::1::10::00067
2::M::56::16::70072-1
3::M::25::0::55117
"""


@pytest.mark.parametrize(
    ("source", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Usual Suspects, The (1995)", "The Usual Suspects", 1995),
        ("Postino, Il (The Postman) (1994)", "Il Postino (The Postman)", 1994),
        ("Besieged (L' Assedio) (1998)", "Besieged (L'Assedio)", 1998),
        ("Crow, The: Wicked Prayer (2005)", "The Crow: Wicked Prayer", 2005),
        ("Macbeth (a.k.a. Tragedy of Macbeth, The) (1971)",
         "Macbeth (a.k.a. The Tragedy of Macbeth)", 1971),
        ("Godzilla (Gojira) (Return of Godzilla, The) (1984)",
         "Godzilla (Gojira) (The Return of Godzilla)", 1984),
        ("Little Indian, Big City (Un indien dans la ville) (1994)",
         "Little Indian, Big City (Un indien dans la ville)", 1994),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Cosmos (2019-)", "Cosmos", 2019),
        ("Death Note (2006\u20132007)", "Death Note", 2006),
        ("1900 (Novecento)", "1900 (Novecento)", None),
        ("unknown", "unknown", None),
    ],
)  # fmt: skip
def test_titles_are_read_as_people_say_them(source, title, year):
    row = readable_titles(pd.Series([source])).iloc[0]
    assert row["title"] == title
    assert row["year"] is pd.NA if year is None else row["year"] == year


@pytest.fixture
def archived(tmp_path, monkeypatch):
    """Put a small ml-1m.zip where the loader looks for one got by hand."""

    def put(content):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as made:
            for name, text in content.items():
                made.writestr(f"ml-1m/{name}", text.encode("latin-1"))
        (tmp_path / "ml-1m.zip").write_bytes(buffer.getvalue())

    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    monkeypatch.setenv("ATTNREC_CACHE", str(tmp_path / "cache"))
    return put


@pytest.fixture
def any_checksum(monkeypatch):
    """The small archives of these tests are not GroupLens's."""
    monkeypatch.setattr(
        "attnrec.data.datasets.download._check", lambda path, remote: ("", path / "none")
    )


def test_ml_1m_is_read_from_its_archive(archived, any_checksum):
    archived({"ratings.dat": RATINGS_1M, "movies.dat": MOVIES_1M, "users.dat": USERS_1M})
    data = datasets.load("ml-1m")
    assert data.history(1) == [1193, 661]
    assert data.history(2) == [1193, 9]  # one second: as in the source
    assert data.catalogue.title(1193) == "Les Misérables"
    assert data.catalogue.frame.loc[661, "genres"] == "Animation|Children's|Musical"
    assert data.catalogue.details == ["1995", "1996", "1995"]
    assert data.catalogue.words == FILMS
    assert data.protocol.filter_seen
    assert data.frame["timestamp"][0] == pd.Timestamp("2000-12-31 22:12:40")
    assert data.people.to_dict("index") == {
        1: {"age": "Under 18", "gender": "F", "occupation": "K-12 student", "zip": "00067"},
        2: {"age": "56+", "gender": "M", "occupation": "self-employed", "zip": "70072-1"},
    }
    assert data.report.rows == (
        ("catalogue items that nobody chose", 1, "left out"),
        ("timestamp collisions within a user", 2, "kept in the source's order"),
        ("people without interactions", 1, "left out"),
    )


def test_ml_1m_without_its_users(archived, any_checksum):
    archived({"ratings.dat": RATINGS_1M, "movies.dat": MOVIES_1M})
    assert datasets.load("ml-1m").people is None


def test_an_empty_users_file_is_told(archived, any_checksum):
    archived({"ratings.dat": RATINGS_1M, "movies.dat": MOVIES_1M, "users.dat": ""})
    with pytest.raises(DataError, match=r"people: none of its ids occur .* it has \[\]"):
        datasets.load("ml-1m")


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ("1::F::1::10\nnonsense\n", "users.dat: not a MovieLens file as expected"),
        ("1::F::2::10::48067\n", r"users.dat: expected age to be one of \[1, 18, .*, got 2"),
        ("1::F::1::21::48067\n", "users.dat: expected occupation to be one of .*, got 21"),
        ("1::F::1::poet::48067\n", "users.dat: expected occupation to be one of .*, got poet"),
    ],
)
def test_a_damaged_users_file_is_told(tmp_path, users, message):
    (tmp_path / "users.dat").write_text(users)
    with pytest.raises(DataError, match=message):
        read_users_dat(tmp_path)


def test_ml_100k_is_read_with_its_users_or_without(tmp_path, monkeypatch):
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    (folder / "u.data").write_text("22\t1\t3\t881250949\n7\t1\t4\t881250950\n")
    (folder / "u.genre").write_text("unknown|0\nAction|1\n\n")
    (folder / "u.item").write_text("1|Heat (1995)|15-Dec-1995|||0|1\n")
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    assert datasets.load("ml-100k").people is None
    (folder / "u.user").write_text("7|57|M|none|T8H1N\n22|25|F|writer|05201\n")
    data = datasets.load("ml-100k")
    assert data.people.index.equals(data.users)
    assert data.people.to_dict("index") == {
        22: {"age": 25, "gender": "F", "occupation": "writer", "zip": "05201"},
        7: {"age": 57, "gender": "M", "occupation": "none", "zip": "T8H1N"},
    }
    assert data.catalogue.titles == ["Heat"]


def test_ml_1m_is_refused_where_grouplens_s_checksum_differs(archived):
    archived({"ratings.dat": RATINGS_1M, "movies.dat": MOVIES_1M})
    with pytest.raises(DataError, match=r"expected c4d9eecfca2ab87c1945afe126590906 as stated by"):
        datasets.load("ml-1m")


@pytest.mark.parametrize(
    "ratings", ["", "1::2::five::978300760\n", "1::2::5::978300760\nnonsense::\n1::2::3::4::5::6\n"]
)
def test_a_damaged_ratings_file_is_told(archived, any_checksum, ratings):
    archived({"ratings.dat": ratings, "movies.dat": MOVIES_1M})
    with pytest.raises(
        DataError, match=r"ratings\.dat|rating: 1 of 1 values cannot|no interactions"
    ):
        datasets.load("ml-1m")


def test_the_large_sets_are_read_like_the_small_one(tmp_path, monkeypatch):
    for name in ("ml-20m", "ml-32m"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n")
        (folder / "movies.csv").write_text(
            'movieId,title,genres\n2,"Amélie, ""La"" (2001)",(no genres listed)\n', "utf-8"
        )
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path))
    for name in ("ml-20m", "ml-32m"):
        data = datasets.load(name)
        assert data.catalogue.titles == ['Amélie, "La"']
        assert data.catalogue.frame["genres"].tolist() == [""]
        assert data.frame["rating"].tolist() == [3.5]


@pytest.mark.needs_data
@pytest.mark.parametrize(
    ("name", "users", "items", "interactions"),
    [("ml-100k", 943, 1682, 100_000), ("ml-latest-small", 610, 9724, 100_836)],
)
def test_counts_are_the_published_ones(name, users, items, interactions):
    data = datasets.load(name)
    assert (len(data.users), len(data.items), len(data)) == (users, items, interactions)
    assert DATASETS[name].at_hand


@pytest.mark.needs_data
def test_ml_100k_is_what_its_files_say(data_folder):
    data = datasets.load("ml-100k")
    lines = (data_folder / "ml-100k" / "u.data").read_text().split("\n")[:-1]
    mine = [(int(t), n, int(i)) for n, line in enumerate(lines)
            for u, i, _, t in [line.split("\t")] if u == "196"]  # fmt: skip
    assert data.users[0] == 196  # the first line's
    assert data.history(196) == [item for _, _, item in sorted(mine)]
    assert data.catalogue.title(50) == "Star Wars"
    assert data.catalogue.frame.loc[50, "genres"] == "Action|Adventure|Romance|Sci-Fi|War"
    assert data.catalogue.search("usual susp") == [12]
    assert data.catalogue.titles[266] == "unknown"
    assert data.frame["timestamp"].min() == pd.Timestamp("1997-09-20 03:05:10")


@pytest.mark.needs_data
def test_the_users_of_ml_100k_are_what_its_file_says(data_folder):
    data = datasets.load("ml-100k")
    assert data.people.index.equals(data.users)
    lines = (data_folder / "ml-100k" / "u.user").read_text("latin-1").splitlines()
    mine = data.people.reset_index().astype("str").apply("|".join, axis=1)
    assert sorted(mine) == sorted(lines)
    assert data.people["gender"].value_counts().to_dict() == {"M": 670, "F": 273}
    assert data.report.count("people without interactions") == 0


@pytest.mark.needs_data
def test_the_sample_of_ml_1m_has_real_titles_and_ratings(data_folder):
    ratings = read_ratings_dat(data_folder / "ml-1m" / "ratings_sample_100k.dat")
    assert ratings.shape[1] == 4
    assert set(ratings["rating"]) == {1, 2, 3, 4, 5}
    assert ratings["timestamp"].min() > 956_700_000  # April 2000
