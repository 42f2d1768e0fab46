"""DIN learns what in a history bears on a candidate, and keeps what its activation has seen."""

from __future__ import annotations

import numpy as np
import optax
import pandas as pd
import pytest
from flax import nnx

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import temporal
from attnrec.training.features import Prediction

SETTINGS = {"learning_rate": 0.01, "batch_size": 128, "progress": False}
RECIPE = ar.DIN(embedding_size=4, attention_sizes=(8,), hidden_sizes=(8,))


@pytest.fixture(scope="module")
def features():
    """A candidate is liked where the user liked its colour before, and in no other way."""
    rng = np.random.default_rng(0)
    items = pd.DataFrame({"colour": rng.choice(list("rgbw"), 60)})
    rows = []
    for user in range(150):
        liked = set(rng.choice(list("rgbw"), 2, replace=False))
        for time, item in enumerate(rng.permutation(60)[:24]):
            rows.append((user, item, time, int(items["colour"][item] in liked)))
    frame = pd.DataFrame(rows, columns=["user", "item", "timestamp", "rating"])
    data = validate(frame, catalogue=items)
    split = temporal(data, targets="all")
    return ar.features.build(
        split, item=["colour"], label="rating", threshold=0.5, ids=False, history=8
    )


@pytest.fixture(scope="module")
def run(features):
    return ar.fit(RECIPE, features, epochs=12, seed=1, **SETTINGS)


def test_only_a_history_tells(run, features):
    colour_alone = ar.fit(ar.FM(embedding_size=4), features, epochs=3, **SETTINGS)
    assert colour_alone.evaluate().loc["FM", "AUC"] < 0.6
    assert run.evaluate().loc["DIN", "AUC"] > 0.9


def test_what_shares_the_candidates_colour_counts_most(run, features):
    """Taken out of the history, an item of the candidate's colour matters more than another."""
    data, titles = features.data, features.data.catalogue.frame["colour"]
    rows = features.examples("test").rows[:200]
    changes = {True: [], False: []}
    for row in rows:
        inputs = features.of_rows(np.array([row]))
        items = inputs.history.items
        before = run.scorer.scores(inputs)[0]
        for place in np.flatnonzero(items[0]):
            fewer = items.copy()
            fewer[0, place] = 0
            without = inputs._replace(history=inputs.history._replace(items=fewer))
            same = titles.iloc[items[0, place] - 1] == titles.iloc[data.item_indices[row] - 1]
            changes[bool(same)].append(before - run.scorer.scores(without)[0])
        if min(map(len, changes.values())) > 20:
            break
    assert np.mean(changes[True]) > 0.2
    assert np.mean(changes[True]) > 3 * abs(np.mean(changes[False]))


def test_saved_and_loaded_it_says_the_same(run, features, tmp_path):
    again = ar.load_run(run.save(tmp_path / "run"))
    inputs = features.of_rows(features.examples("test").rows)
    np.testing.assert_array_equal(again.scorer.scores(inputs), run.scorer.scores(inputs))
    assert again.features.schema == features.schema
    seen = [leaf[...] for _, leaf in nnx.iter_graph(run.model) if isinstance(leaf, nnx.BatchStat)]
    assert all((np.asarray(leaf) != 0).all() for leaf in seen)  # means moved from zero


def test_gone_on_it_is_as_if_never_stopped(features, tmp_path):
    whole = ar.fit(RECIPE, features, epochs=3, seed=4, **SETTINGS)
    ar.fit(RECIPE, features, epochs=1, seed=4, checkpoint_dir=tmp_path, **SETTINGS)
    resumed = ar.fit(RECIPE, features, epochs=3, seed=4, checkpoint_dir=tmp_path, **SETTINGS)
    inputs = features.of_rows(features.examples("test").rows)
    np.testing.assert_array_equal(resumed.scorer.scores(inputs), whole.scorer.scores(inputs))


def test_the_last_batch_is_filled_with_other_rows(features):
    """One row more than whole batches: Dice must not take that row's copies for a batch."""
    count = len(features.examples("train"))
    size = (count - 1) // 2
    task = Prediction(
        RECIPE,
        features,
        seed=0,
        loss=None,
        num_negatives=4,
        batch_size=size,
        optimizer=optax.adam(0.01),
        metric=None,
        patience=None,
    )
    batches = list(task.epoch(seed=0, epoch=1, first=0))
    assert [len(batch) for batch in batches] == [size] * 3
    places = np.concatenate(batches)
    assert sorted(places[places < count]) == list(range(count))  # each row is learned from once
    last = batches[-1] % count
    assert len(set(last.tolist())) == size
