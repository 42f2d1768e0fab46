"""After every epoch a run is handed over, with the weights of that time."""

from __future__ import annotations

import numpy as np

import attnrec as ar
from attnrec.models.features import AutoInt
from tests.explanations.feature_shop import clicks


def test_each_epoch_is_a_run_and_training_is_the_same_as_without():
    features = clicks(300)
    recipe = AutoInt(embedding_size=4, attention_size=8, num_layers=1)
    kept = {}
    settings = {"seed": 3, "batch_size": 64, "progress": False}
    run = ar.fit(recipe, features, epochs=3, on_epoch=kept.__setitem__, **settings)
    assert list(kept) == [1, 2, 3]
    rows = np.arange(20)
    inputs = features.of_rows(rows)
    for epoch, one in kept.items():
        assert len(one.history) == epoch
        alone = ar.fit(recipe, features, epochs=epoch, **settings)
        if alone.provenance["best_epoch"] == epoch:  # it keeps the best, which is this one
            np.testing.assert_array_equal(one.scorer.scores(inputs), alone.scorer.scores(inputs))
    best = kept[run.provenance["best_epoch"]]
    np.testing.assert_array_equal(best.scorer.scores(inputs), run.scorer.scores(inputs))
    assert (kept[1].scorer.scores(inputs) != kept[3].scorer.scores(inputs)).any()


def test_of_histories_too():
    split = ar.split.leave_one_out(ar.datasets.load("bazaar", num_users=40))
    seen = []
    recipe = ar.SASRec(embedding_size=8, num_layers=1, num_heads=1, max_length=16)
    run = ar.fit(
        recipe, split, epochs=2, progress=False, on_epoch=lambda n, one: seen.append((n, one))
    )
    assert [n for n, _ in seen] == [1, 2]
    user = run.users[0]
    same = seen[run.provenance["best_epoch"] - 1][1]
    assert same.recommend(user=user).equals(run.recommend(user=user))
