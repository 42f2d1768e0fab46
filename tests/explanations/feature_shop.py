"""A shop whose answer is known, and models whose weights are."""

from __future__ import annotations

from functools import cache

import jax
import numpy as np
import pandas as pd
from flax import nnx

import attnrec as ar
from attnrec.data import validate
from attnrec.data.split import at_random, leave_one_out
from attnrec.feature_run import FeatureRun
from attnrec.features import Features
from attnrec.features.fields import FeatureSchema
from attnrec.models.features import AFM, LogisticRegression


def visits(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Who likes what is told by taste and colour together; tags, hour and noise tell nothing."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "user": rng.integers(0, 40, rows),
            "item": rng.integers(0, 30, rows),
            "hour": rng.choice(["day", "night"], rows),
            "noise": rng.normal(size=rows),
        }
    )
    likes = (table["user"] % 2 == table["item"] % 2) ^ (rng.random(rows) < 0.05)
    return table.assign(rating=np.where(likes, 5, 1))


def clicks(rows: int = 1500, **options) -> Features:
    users, items = np.arange(40), np.arange(30)
    data = validate(
        visits(rows),
        people=pd.DataFrame({"taste": np.where(users % 2, "red", "blue")}, index=users),
        catalogue=pd.DataFrame(
            {"colour": np.where(items % 2, "red", "blue"), "tags": ["a|b", "b", "a|c|b"] * 10},
            index=items,
        ),
    )
    given = {"label": "rating", "threshold": 3, "ids": False} | options
    return ar.features.build(
        at_random(data), user=["taste"], item=["colour", "tags"], context=["hour", "noise"], **given
    )


def choices(history: int = 0, ids: bool = False) -> Features:
    """Everybody takes items of their own colour."""
    rng = np.random.default_rng(1)
    rows = [
        (user, item, step)
        for user in range(30)
        for step, item in enumerate(rng.permutation(np.arange(user % 2, 24, 2))[:8])
    ]
    items = np.arange(24)
    data = validate(
        pd.DataFrame(rows, columns=["user", "item", "timestamp"]),
        people=pd.DataFrame({"taste": np.where(np.arange(30) % 2, "red", "blue")}),
        catalogue=pd.DataFrame({"colour": np.where(items % 2, "red", "blue"), "size": items % 3}),
    )
    return ar.features.build(
        leave_one_out(data), user=["taste"], item=["colour", "size"], ids=ids, history=history
    )


def run_of(recipe, features: Features, seed: int = 0, spread: float = 0.5) -> FeatureRun:
    """A run that was never trained: every weight is drawn."""
    model = recipe.build(features.schema, nnx.Rngs(seed))
    rng = np.random.default_rng(seed)
    drawn = lambda x: rng.normal(0, spread, x.shape).astype(np.float32)  # noqa: E731
    nnx.update(model, jax.tree.map(drawn, nnx.state(model, nnx.Param)))
    return FeatureRun(model, recipe, features, pd.DataFrame())


@cache
def trained_afm() -> FeatureRun:
    """It has learned that taste and colour go together."""
    options = {"epochs": 6, "learning_rate": 0.02, "batch_size": 128, "progress": False}
    return ar.fit(AFM(embedding_size=4), clicks(), **options)


def linear(features: Features, weights: dict[str, list[float]]) -> FeatureRun:
    """Logistic regression with these weights of levels; 0 for fields that are not named."""
    recipe = LogisticRegression()
    model = recipe.build(features.schema, nnx.Rngs(0))
    model.linear.weight.table.embedding[...] = table_of(features.schema, weights)[:, None]
    return FeatureRun(model, recipe, features, pd.DataFrame())


def table_of(schema: FeatureSchema, weights: dict[str, list[float]]) -> np.ndarray:
    """float32[level] of the one table."""
    table = np.zeros(schema.num_levels, np.float32)
    for name, of in weights.items():
        start = schema.offsets[schema.index(name)] + 1
        table[start : start + len(of)] = of
    return table
