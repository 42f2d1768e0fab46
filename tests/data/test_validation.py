import numpy as np
import pandas as pd
import pytest

from attnrec.data import SHOP, Protocol, Report, validate
from attnrec.errors import DataError


def table(**columns):
    return pd.DataFrame(columns)


def visits(**changes):
    columns = {
        "user": ["ann", "bo", "ann", "bo"],
        "item": ["tea", "tea", "jam", "oil"],
        "timestamp": [40, 10, 30, 20],
    }
    return table(**(columns | changes))


def test_a_clean_table_is_sorted_and_has_nothing_to_report():
    data = validate(visits())
    assert data.frame.to_dict("list") == {
        "user": ["ann", "ann", "bo", "bo"],
        "item": ["jam", "tea", "tea", "oil"],
        "timestamp": [30, 40, 10, 20],
    }
    assert data.users.tolist() == ["ann", "bo"]
    assert data.items.tolist() == ["tea", "jam", "oil"]
    assert str(data.report) == "nothing to report"


def test_one_row_is_enough():
    data = validate(table(user=[1], item=[2]))
    assert data.history(1) == [2]


def test_the_table_given_is_left_alone():
    given = visits(user=[1.0, 2.0, 1.0, 2.0])
    before = given.copy()
    validate(given)
    pd.testing.assert_frame_equal(given, before)


def test_ties_in_time_keep_the_order_of_the_source():
    items = np.random.default_rng(0).permutation(5000)
    data = validate(table(user=np.zeros(5000, int), item=items, timestamp=items // 1000))
    for second in range(5):
        expected = items[items // 1000 == second]
        rows = data.frame["timestamp"] == second
        np.testing.assert_array_equal(data.frame.loc[rows, "item"], expected)
    assert data.report.count("timestamp collisions within a user") == 5000


def test_collisions_are_counted_within_users_only():
    data = validate(visits(timestamp=[10, 10, 10, 20]))
    assert data.report.rows == (
        ("timestamp collisions within a user", 2, "kept in the source's order"),
    )


def test_missing_values_are_dropped_and_reported():
    rows = visits(user=["ann", None, "ann", " "], item=["tea", "tea", np.nan, "oil"])
    data = validate(pd.concat([rows, visits(timestamp=[None, 1, 2, 3])]))
    assert len(data) == 4
    assert data.report.count("missing user") == 2
    assert data.report.count("missing item") == 1
    assert data.report.count("missing timestamp") == 1


def test_nan_ids_leave_whole_numbers_behind():
    data = validate(table(user=[17850.0, np.nan, 17851.0], item=[1, 2, 3]))
    assert data.users.tolist() == [17850, 17851]
    assert data.report.rows == (("missing user", 1, "rows dropped"),)


@pytest.mark.parametrize("rows", [visits()[:0], visits(user=[None] * 4)])
def test_nothing_left_is_an_error(rows):
    with pytest.raises(DataError, match="no interactions remain"):
        validate(rows)


def test_duplicates_are_dropped_and_repeats_kept():
    rows = table(user=[1, 1, 1], item=[5, 5, 5], timestamp=[10, 10, 11], rating=[3, 4, 5])
    data = validate(rows)
    assert data.frame["rating"].tolist() == [3, 5]
    assert data.report.rows == (
        ("duplicates of user, item and timestamp", 1, "rows dropped, the first of each kept"),
        ("repeated choices of an item by the same user", 1, "kept"),
    )


def test_without_times_every_row_counts():
    data = validate(table(user=[1, 1], item=[5, 5]))
    assert data.history(1) == [5, 5]


def test_an_item_counts_once_in_a_basket():
    data = validate(table(user=[1, 1, 1], item=[5, 5, 5], basket=["a", "a", "b"]))
    assert data.frame["basket"].tolist() == ["a", "b"]
    assert data.report.count("duplicates of user, item and basket") == 1


def test_a_basket_is_one_moment_and_stays_together():
    rows = table(
        user=[1] * 4, item=[1, 2, 3, 4], basket=["b", "a", "b", "a"], timestamp=[12, 10, 11, 11]
    )
    data = validate(rows)
    assert data.frame["basket"].tolist() == ["a", "a", "b", "b"]
    assert data.frame["timestamp"].tolist() == [10, 10, 11, 11]
    assert data.frame["item"].tolist() == [2, 4, 1, 3]
    assert data.report.count("baskets of several times") == 2


def test_columns_may_have_any_names():
    rows = pd.DataFrame({"CustomerID": [7], "StockCode": ["85123A"], "InvoiceDate": ["2010-12-01"]})
    data = validate(rows, user="CustomerID", item="StockCode", timestamp="InvoiceDate")
    assert list(data.frame.columns) == ["user", "item", "timestamp"]
    assert data.frame["timestamp"].tolist() == [pd.Timestamp("2010-12-01")]


def test_a_named_column_goes_before_one_of_the_role_s_own_name():
    data = validate(visits(customer=["x", "y", "x", "y"]), user="customer")
    assert data.users.tolist() == ["x", "y"]
    assert data.report.rows == (
        ("another column 'user'", 1, "left out, since 'customer' was named for it"),
    )


def test_other_columns_stay():
    data = validate(visits(country=["GB", "FR", "GB", "FR"]))
    assert data.frame["country"].tolist() == ["GB", "GB", "FR", "FR"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user": "usr"}, r"user: no column 'usr'; did you mean 'user'\? \(the table's columns"),
        ({"timestamp": "when"}, "timestamp: no column 'when'"),
        ({"features": ["brand"]}, "features: no column 'brand'"),
        ({"item": "user"}, "item: column 'user' is already the user|user: column 'user' is"),
        ({"invalid": "ignore"}, "invalid: expected 'error' or 'drop', got 'ignore'"),
        ({"detail": "year"}, "detail: the catalogue has no column 'year'"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(DataError, match=message):
        validate(visits(), **options)


def test_a_table_without_columns_and_one_with_two_of_a_name_are_refused():
    with pytest.raises(DataError, match=r"no column 'user' \(the table's columns: none\)"):
        validate(pd.DataFrame())
    with pytest.raises(DataError, match="more than one column is called 'user'"):
        validate(pd.concat([visits(), visits()[["user"]]], axis=1))
    with pytest.raises(TypeError, match="expected a pandas DataFrame, got list"):
        validate([1, 2])


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [("timestamp", "soon", "a date or a number"), ("rating", "five stars", "a number")],
)
def test_values_that_cannot_be_read_are_shown_with_their_row(column, value, expected):
    rows = visits(rating=[1, 2, 3, 4]).astype({column: object})
    rows.loc[2, column] = value
    rows.loc[0, "user"] = None  # dropped first, yet rows count as in the source
    message = f"{column}: 1 of 3 values cannot be read, the first in row 3: got '{value}', "
    with pytest.raises(DataError, match=f"{message}expected {expected}"):
        validate(rows)
    data = validate(rows, invalid="drop")
    assert len(data) == 2
    assert data.report.count(f"unreadable {column}") == 1


def test_negative_ratings_are_kept_and_reported():
    data = validate(visits(rating=[-1, 2, 3, 4]))
    assert data.frame["rating"].min() == -1
    assert data.report.count("negative ratings") == 1


def test_mixed_ids_are_read_as_text():
    data = validate(table(user=["a", "a"], item=[7, "7b"]))
    assert data.items.tolist() == ["7", "7b"]
    assert data.report.rows[0].action == "all read as text"


def test_titles_and_features_move_to_the_catalogue():
    rows = visits(title=[None, "Tea", "Jam", "<b>"], brand=["x", "x", "y", "z"])
    data = validate(rows, features=["brand"], detail="brand", words=SHOP)
    assert data.catalogue.titles == ["Tea", "Jam", "<b>"]
    assert data.catalogue.details == ["x", "y", "z"]
    assert "brand" not in data.frame
    assert "title" not in data.frame


def test_a_feature_of_lists_is_refused():
    with pytest.raises(
        DataError, match=r"features: 'tags' holds .*list.*; expected text or numbers"
    ):
        validate(visits(tags=[["hot"], ["hot"], [], []]), features="tags")


def test_an_item_of_several_titles_has_the_first():
    data = validate(table(user=[1, 2], item=[5, 5], title=["Tea", "Green tea"]))
    assert data.catalogue.titles == ["Tea"]
    assert data.report.rows == (("items with several titles", 1, "the first used"),)


def test_a_catalogue_gives_the_order_and_is_cut_to_what_occurs():
    known = pd.DataFrame({"title": ["Oil", "Salt", "Jam"]}, index=["oil", "salt", "jam"])
    data = validate(visits(), catalogue=known, protocol=Protocol(filter_seen=False))
    assert data.items.tolist() == ["oil", "jam", "tea"]
    assert data.catalogue.titles == ["Oil", "Jam", "tea"]
    assert data.report.rows == (
        ("catalogue items that nobody chose", 1, "left out"),
        ("items that the catalogue lacks", 1, "added, without its labels"),
    )
    assert not data.protocol.filter_seen


def test_a_catalogue_of_other_ids_is_refused():
    with pytest.raises(DataError, match=r"none of its ids occur.* has \['1'\].* have \[1\]"):
        validate(table(user=[1], item=[1]), catalogue=pd.DataFrame(index=["1"]))
    with pytest.raises(DataError, match="'tea' occurs more than once"):
        validate(visits(), catalogue=pd.DataFrame(index=["tea", "tea"]))


def test_people_are_put_in_the_order_of_the_users():
    known = pd.DataFrame({"age": [30, 40, 50]}, index=["zoe", "bo", "ann"])
    data = validate(visits(), people=known)
    pd.testing.assert_frame_equal(
        data.people, pd.DataFrame({"age": [50, 40]}, index=pd.Index(["ann", "bo"], name="user"))
    )
    assert data.report.rows == (("people without interactions", 1, "left out"),)
    assert known.index.tolist() == ["zoe", "bo", "ann"]  # the table given is left alone
    assert known.index.name is None
    assert validate(visits()).people is None


def test_users_that_people_lacks_get_missing_values():
    known = pd.DataFrame({"age": [40], "city": ["Leeds"]}, index=["bo"])
    data = validate(visits(), people=known)
    assert data.people.index.equals(data.users)
    assert data.people.loc["ann"].isna().all()
    assert data.people.loc["bo"].tolist() == [40, "Leeds"]
    assert data.report.rows == (("users that people lacks", 1, "added, without attributes"),)


@pytest.mark.parametrize(
    ("users", "ids"),
    [
        ([2, 1], [1, 2]),
        ([2.0, 1.0], [1, 2]),
        ([2, 1], [1.0, 2.0]),
        ([2, 1], pd.CategoricalIndex([1, 2])),
        (["2", "1"], [1, 2]),
        ([2, "1b"], ["1b", 2]),
        ([2, "1b", 1], [1, 2]),  # a mixture is read as text, and so are these
    ],
)
def test_ids_of_people_are_read_like_those_of_the_table(users, ids):
    known = pd.DataFrame({"name": ["one", "two"]}, index=ids)
    data = validate(table(user=users, item=[5] * len(users)), people=known)
    assert data.people.index.equals(data.users)
    assert data.people["name"].dropna().tolist() == ["two", "one"]


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ({"ann": 30}, "people: expected a pandas DataFrame indexed by user id, got dict"),
        (pd.Series([1], ["ann"]), "people: expected a pandas DataFrame .*, got Series"),
        (pd.DataFrame(index=["ann", "ann"]), "people ids: 'ann' occurs more than once"),
        (pd.DataFrame(index=["ann", None]), "people ids: 1 are missing; expected none"),
        (pd.DataFrame(index=[7, "7"]), "people ids: '7' occurs more than once"),
        (pd.DataFrame(index=[0.5]), "people: expected whole numbers or text as ids, got 0.5"),
        (
            pd.DataFrame(index=[1]),
            r"none of its ids occur among the users; it has \['1'\], .* have \['ann'\]",
        ),
        (pd.DataFrame(index=[]), r"none of its ids occur .* it has \[\]"),
        (
            pd.DataFrame([[1, 2]], ["ann"], ["age", "age"]),
            "people: more than one column is called 'age'",
        ),
    ],
)
def test_people_of_another_form_are_refused(people, message):
    with pytest.raises(DataError, match=message):
        validate(visits(), people=people)


def test_people_whose_ids_are_text_are_refused_where_users_are_numbers():
    with pytest.raises(DataError, match=r"it has \['1'\], and the interactions have \[1\]"):
        validate(table(user=[1], item=[1]), people=pd.DataFrame(index=["1"]))


def test_earlier_findings_are_kept():
    report = Report().with_rows(("returns", 3, "rows dropped"))
    assert validate(visits(), report=report).report.count("returns") == 3
