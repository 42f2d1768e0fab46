"""Terms of texts, against scikit-learn asked directly and against counting."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

from attnrec.errors import AttnrecError, DataError
from attnrec.features.text import Text, strongest

module = importlib.import_module("attnrec.features.text")
TITLES = pd.Series(
    [
        "White hanging heart T-light holder",
        "White metal lantern",
        "Cream cupid hearts coat hanger",
        "Red woolly hottie white heart",
        "Set of the red retrospot mugs, set of 6",
        "White metal lantern",
    ]
)


def dense(encoder, values):
    """[row, level]: the weight of each level."""
    levels, weights = encoder.encode(values)
    table = np.zeros((len(values), len(encoder.labels) + 1))
    np.add.at(table, (np.arange(len(values))[:, None], levels), weights)
    return table[:, 1:]


def test_weights_are_those_of_scikit_learn():
    encoder = Text("title").fit(TITLES)
    assert (encoder.name, encoder.kind) == ("title", "text")
    peer = TfidfVectorizer().fit(TITLES)
    assert encoder.labels == tuple(peer.get_feature_names_out())
    assert encoder.num_columns == 6  # set, of, the, red, retrospot, mugs
    later = pd.Series(["the white white lantern", "RED lantern unheard"])
    for values in (TITLES, later):
        expected = peer.transform(values).toarray()
        np.testing.assert_allclose(dense(encoder, values), expected, rtol=1e-6)  # float32


def test_weights_by_hand():
    encoder = Text("title").fit(pd.Series(["red lamp", "red", "red"]))
    # idf: log((1 + texts) / (1 + texts with the term)) + 1
    lamp, red = np.log(4 / 2) + 1, np.log(4 / 4) + 1
    encoded = encoder.encode(pd.Series(["lamp red red"]))
    assert [encoder.labels[level - 1] for level in encoded.levels[0]] == ["red", "lamp"]
    length = np.sqrt(lamp**2 + (2 * red) ** 2)
    assert encoded.weights[0] == pytest.approx([2 * red / length, lamp / length])


def test_the_strongest_are_kept_as_they_are():
    whole, some = Text("title").fit(TITLES), Text("title", keep=2).fit(TITLES)
    assert some.num_columns == 2
    weights = dense(whole, TITLES)
    assert some.labels == tuple(
        label
        for place, label in enumerate(whole.labels)
        if any(place in np.argsort(-row, kind="stable")[:2] for row in weights)
    )
    for row, (levels, kept) in enumerate(zip(*some.encode(TITLES), strict=True)):
        order = np.argsort(-weights[row], kind="stable")[:2]
        assert [some.labels[level - 1] for level in levels] == [whole.labels[i] for i in order]
        np.testing.assert_allclose(kept, weights[row][order], rtol=1e-6)
    left = len(whole.labels) - len(some.labels)
    assert some.report.count("title: terms never among the 2 strongest") == left > 0


def test_a_text_longer_than_those_of_train_keeps_its_strongest():
    encoder = Text("title").fit(pd.Series(["aa bb", "bb cc", "cc"]))
    assert encoder.num_columns == 2
    levels, weights = encoder.encode(pd.Series(["aa bb cc"]))  # aa is rarer, bb and cc tie
    assert [encoder.labels[level - 1] for level in levels[0]] == ["aa", "bb"]
    assert (weights[0] ** 2).sum() < 1


def test_fewer_terms_and_no_stop_words():
    assert Text("title", max_terms=1).fit(TITLES).labels == ("white",)
    labels = Text("title", stop_words="english").fit(TITLES).labels
    assert {"set", "red"} < set(labels)
    assert not {"of", "the"} & set(labels)


def test_hashed():
    encoder = Text("title", hashed=True, max_terms=64).fit(TITLES)
    peer = HashingVectorizer(n_features=64, alternate_sign=False).transform(TITLES).toarray()
    used = np.flatnonzero(peer.any(axis=0))
    assert encoder.labels == tuple(f"bucket {number}" for number in used)
    np.testing.assert_allclose(dense(encoder, TITLES), peer[:, used], rtol=1e-6)
    # a bucket that train never fills tells nothing
    other = next(
        word
        for word in map(str, range(100, 200))
        if not peer[:, HashingVectorizer(n_features=64).transform([word]).indices].any()
    )
    assert not encoder.encode(pd.Series([other])).levels.any()


@pytest.mark.parametrize("hashed", [False, True])
def test_nothing_missing_and_unknown(hashed):
    encoder = Text("title", hashed=hashed).fit(pd.Series(["red lamp", None, " ", "!", "lamp"]))
    assert encoder.encode(pd.Series([], dtype="str")).levels.shape == (0, 2)
    for silent in ([None, "", "teapots", "? a"], [None] * 4):
        encoded = encoder.encode(pd.Series(silent, dtype=object))
        assert not encoded.levels.any()
        assert not encoded.weights.any()
        assert encoded.levels.shape == (4, 2)
    assert encoder.report.count("title: missing values") == 2
    assert encoder.report.count("title: texts without a known term") == 1
    assert encoder.encode(pd.Series(["Lamp"], index=[9])).weights.tolist() == [[1, 0]]


@pytest.mark.parametrize("hashed", [False, True])
def test_texts_without_a_word_are_refused(hashed):
    with pytest.raises(DataError, match="title: expected words of two .*, got none in 3 texts"):
        Text("title", hashed=hashed).fit(pd.Series(["a", "?", "b c"]))
    with pytest.raises(DataError, match="that are no stop words, got none in 1 texts"):
        Text("title", hashed=hashed, stop_words="english").fit(pd.Series(["the of"]))


def test_one_term_is_reported_and_markup_is_but_words():
    encoder = Text("title").fit(pd.Series(["<script>", "script"]))
    assert encoder.labels == ("script",)
    assert encoder.report.count("title: one level, which tells nothing") == 1
    assert Text("title").fit(pd.Series(["Łódź 北京"])).labels == ("łódź", "北京")
    assert Text("code").fit(pd.Series([10, 200])).labels == ("10", "200")


def test_entries_of_a_matrix():
    from scipy import sparse

    matrix = sparse.csr_array(np.array([[0, 3, 1, 3.0], [0, 0, 0, 0], [2, 0, 0, 5]]))
    rows, columns, weights, places = strongest(matrix, 2)
    assert rows.tolist() == [0, 0, 2, 2]
    assert columns.tolist() == [1, 3, 3, 0]
    assert weights.tolist() == [3, 3, 5, 2]
    assert places.tolist() == [0, 1, 0, 1]


def test_scikit_learn_is_not_imported_with_the_module():
    program = (
        "import sys, attnrec.features.text, attnrec.features.infer; print('sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False", done.stderr


def test_arguments_are_checked():
    for name in ("max_terms", "keep"):
        with pytest.raises(AttnrecError, match=f"{name}: expected a whole number from 1, got 0"):
            Text("title", **{name: 0})
    with pytest.raises(
        DataError, match="stop_words: expected 'english' or None, got 'englisch'; d"
    ):
        Text("title", stop_words="englisch")
    with pytest.raises(DataError, match="hashed: expected True or False, got 'yes'"):
        Text("title", hashed="yes")
    with pytest.raises(DataError, match="title: expected one value a row, got .*MultiValued"):
        Text("title").fit(pd.Series([["red"]]))


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0
