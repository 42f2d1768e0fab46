import pandas as pd
import pytest

from attnrec.data import FILMS, Catalogue
from attnrec.errors import DataError, UnknownIdError

MARKUP = "<img src=x onerror=alert(1)>"
HEBREW = "שלום עולם"


@pytest.fixture
def films():
    titles = ["Alien", "The Alienist", "Heat", "Amélie", "Inalienable", None]
    frame = pd.DataFrame(
        {"title": titles, "year": pd.array([1979, 2018, 1995, 2001, None, None], dtype="Int64")},
        index=[11, 12, 13, 14, 15, 16],
    )
    return Catalogue(frame, FILMS, detail="year")


def test_titles_and_details_stand_in_the_order_of_indices(films):
    assert films.titles == ["Alien", "The Alienist", "Heat", "Amélie", "Inalienable", "16"]
    assert films.details == ["1979", "2018", "1995", "2001", "", ""]
    assert films.title(13) == "Heat"
    assert films.vocabulary.index(13) == 3
    with pytest.raises(UnknownIdError, match="unknown item 17"):
        films.title(17)


def test_search_puts_title_starts_before_word_starts_before_the_rest(films):
    assert films.search("ALIEN") == [11, 12, 15]
    assert films.search("alien", topn=2) == [11, 12]


def test_search_ignores_accents_and_finds_ids(films):
    assert films.search("amelie") == [14]
    assert films.search("AMÉLIE") == [14]
    assert films.search("13") == [13]


@pytest.mark.parametrize(
    "text", ["", "   ", "(", "[", "\\", "*", "zzz", "\x00", MARKUP, "a" * 10_000, None, 7.5]
)
def test_search_never_fails(films, text):
    assert films.search(text) == []


@pytest.mark.parametrize("topn", [0, -1])
def test_search_for_nothing_finds_nothing(films, topn):
    assert films.search("alien", topn=topn) == []


@pytest.mark.parametrize("title", [MARKUP, "x" * 500, HEBREW, "a\tb", "100% & <b>"])
def test_any_text_is_a_title_and_stays_as_it_is(title):
    catalogue = Catalogue(pd.DataFrame({"title": [title]}, index=["p1"]))
    assert catalogue.titles == [title]
    assert catalogue.search(title[:10]) == ["p1"]


def test_without_titles_the_ids_stand_in():
    catalogue = Catalogue(pd.DataFrame(index=[5, 6]))
    assert catalogue.titles == ["5", "6"]
    assert catalogue.details == ["", ""]


def test_the_frame_given_is_left_alone():
    frame = pd.DataFrame({"title": [" Heat "]}, index=[1])
    assert Catalogue(frame).titles == ["Heat"]
    assert frame["title"].tolist() == [" Heat "]


def test_unknown_detail_and_repeated_ids_are_refused():
    with pytest.raises(DataError, match=r"no column 'yaer'; did you mean 'year'\?"):
        Catalogue(pd.DataFrame({"year": [1]}, index=[1]), detail="yaer")
    with pytest.raises(DataError, match="1 occurs more than once"):
        Catalogue(pd.DataFrame(index=[1, 1]))


def test_a_subset_keeps_the_order_and_the_words(films):
    subset = films.subset([14, 11])
    assert subset.ids.tolist() == [11, 14]
    assert subset.words == FILMS
    assert repr(subset) == "Catalogue(2 films with year)"
