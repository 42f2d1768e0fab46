"""SASRec against plain numpy from the paper's equations, and its promises about length."""

from __future__ import annotations

import jax
import numpy as np
import pandas as pd
import pytest
from flax import nnx

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.inspection import Request
from attnrec.models import SASRec, Schema
from attnrec.models.recorder import ModelInspector
from attnrec.models.scorer import ModelScorer
from attnrec.models.weights import named_leaves


def reference(config: SASRec, weights: dict[str, np.ndarray], history: list[int]):
    """Hidden states and attention of one unpadded history, one position at a time.

    Kang & McAuley (2018): eq. 1 (input), 2-3 (attention), 4 (feed-forward),
    5 (residual and normalisation), written as loops over positions and heads.
    """
    size, heads = config.embedding_size, config.num_heads
    width = size // heads

    def normalise(x, name):
        centred = x - x.mean()
        scale = weights[f"{name}.scale"] / np.sqrt((centred**2).mean() + 1e-8)
        return centred * scale + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.kernel"] + weights[f"{name}.bias"]

    n = len(history)
    x = [weights["item_embedding.embedding"][item] * np.sqrt(size) for item in history]
    if config.positions:
        x = [x[t] + weights["position_embedding.embedding"][n - 1 - t] for t in range(n)]
    attention = []
    for layer in range(config.num_layers):
        block = f"blocks.{layer}"
        normed = [normalise(row, f"{block}.attention_norm") for row in x]
        query, key, value = (
            [linear(row, f"{block}.attention.{part}") for row in normed]
            for part in ("query", "key", "value")
        )
        maps = np.zeros((heads, n, n))
        gathered = [np.zeros(size) for _ in range(n)]
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            for t in range(n):
                logits = [query[t][part] @ key[s][part] / np.sqrt(width) for s in range(t + 1)]
                powers = np.exp(np.array(logits) - max(logits))
                maps[head, t, : t + 1] = powers / powers.sum()
                for s in range(t + 1):
                    gathered[t][part] += maps[head, t, s] * value[s][part]
        attention.append(maps)
        x = [x[t] + linear(gathered[t], f"{block}.attention.out") for t in range(n)]
        for t in range(n):
            inner = linear(
                normalise(x[t], f"{block}.feed_forward_norm"), f"{block}.feed_forward.inner"
            )
            x[t] = x[t] + linear(np.maximum(inner, 0), f"{block}.feed_forward.outer")
    return np.stack([normalise(row, "norm") for row in x]), attention


@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("num_heads", [1, 4])
def test_equals_the_papers_equations(num_heads, positions):
    config = SASRec(16, num_layers=2, num_heads=num_heads, max_length=40, positions=positions)
    model = scrambled(config, num_items=30)
    weights = {
        name: np.asarray(leaf, np.float64) for name, leaf in named_leaves(nnx.state(model)).items()
    }
    inspector = ModelInspector(model, Catalogue(frame_of(30)), "SASRec")
    for n in (1, 2, 7, 20, 40):
        history = list(np.random.default_rng(n).integers(1, 31, n))
        found = inspector.inspect(Request.of([history], length=40))
        hidden, attention = reference(config, weights, history)
        scores = hidden[-1] @ weights["item_embedding.embedding"][1:].T
        # float32 against float64, some 100 operations deep
        np.testing.assert_allclose(found.scores[0, 1:], scores, atol=1e-5, rtol=1e-5)
        assert found.scores[0, 0] == -np.inf
        for map_, expected in zip(found.record.maps, attention, strict=True):
            np.testing.assert_allclose(map_.weights[0, :, 40 - n :, 40 - n :], expected, atol=1e-5)
            assert not map_.weights[0, :, : 40 - n].any()  # padding looks at nothing, not uniformly
            assert map_.causal


def test_same_answer_in_every_padded_length():
    model = scrambled(SASRec(16, num_heads=2, max_length=64), num_items=30)
    history = np.random.default_rng(1).integers(1, 31, 9)
    answers, encode = [], nnx.jit(type(model).encode)
    for length in (9, 16, 33, 64):
        items = np.zeros((1, length), np.int32)
        items[0, -9:] = history
        answers.append(np.asarray(encode(model, items, items > 0))[0, -9:])
    for answer in answers[1:]:
        np.testing.assert_allclose(answer, answers[0], atol=2e-6)


def test_the_future_is_not_seen():
    model = scrambled(SASRec(16, max_length=16), num_items=30)
    items = np.random.default_rng(2).integers(1, 31, (1, 16)).astype(np.int32)
    changed = items.copy()
    changed[0, 10] = changed[0, 10] % 30 + 1
    one, other = (np.asarray(model.encode(x, x > 0))[0] for x in (items, changed))
    np.testing.assert_array_equal(one[:10], other[:10])
    assert (np.abs(one[10:] - other[10:]).max(-1) > 1e-4).all()


def test_no_rngs_no_dropout():
    model = scrambled(SASRec(16, max_length=16, dropout_rate=0.5), num_items=30)
    items = np.arange(1, 17, dtype=np.int32)[None]
    still = [np.asarray(model.encode(items, items > 0)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    dropped = model.encode(items, items > 0, rngs=nnx.Rngs(0))
    assert not np.allclose(dropped, still[0])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"embedding_size": 0}, "embedding_size: expected a whole number from 1, got 0"),
        ({"num_layers": 0}, "num_layers: expected a whole number from 1, got 0"),
        ({"num_heads": 3}, "num_heads: 3 does not divide embedding_size 64"),
        ({"num_layers": True}, "num_layers: expected a whole number from 1, got True"),
        ({"num_layers": 2.0}, "num_layers: expected a whole number from 1, got 2.0"),
        ({"dropout_rate": 1.0}, "dropout_rate: expected 0 to below 1, got 1.0"),
        ({"dropout_rate": "0.1"}, "dropout_rate: expected 0 to below 1, got '0.1'"),
        ({"max_length": -1}, "max_length: expected a whole number from 1, got -1"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_hyperparameters_are_named(wrong, told):
    with pytest.raises(AttnrecError, match=told):
        SASRec(**wrong)


@pytest.mark.usefixtures("unchecked")
def test_numpys_numbers_are_plain_in_a_recipe():
    config = SASRec(np.int64(8), dropout_rate=np.float32(0.5), positions=np.bool_(False))
    assert config == SASRec(8, dropout_rate=0.5, positions=False)
    assert [type(value) for value in vars(config).values()] == [int, int, int, int, float, bool]


def test_more_columns_than_the_model_reads():
    model = scrambled(SASRec(16, max_length=8), num_items=30)
    items = np.random.default_rng(3).integers(1, 31, (2, 9)).astype(np.int32)
    with pytest.raises(AttnrecError, match="items: the model reads at most 8 items, got 9 columns"):
        model.encode(items, items > 0)
    scorer = ModelScorer(model, "SASRec")
    np.testing.assert_array_equal(scorer(items), scorer(items[:, -8:]))


def scrambled(config: SASRec, num_items: int):
    """A model whose every weight, biases and scales too, is random: none hides behind a zero."""
    model = config.build(Schema(num_items), nnx.Rngs(0))
    rng = np.random.default_rng(0)
    state = nnx.state(model)
    noise = jax.tree.map(lambda x: x + rng.normal(0, 0.3, x.shape).astype(np.float32), state)
    nnx.update(model, noise)
    return model


def frame_of(num_items: int):
    return pd.DataFrame(
        {"title": [f"item {i}" for i in range(1, num_items + 1)]}, index=range(1, num_items + 1)
    )
