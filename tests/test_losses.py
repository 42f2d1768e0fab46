"""Losses against arithmetic, and the chunked gradient against JAX's own.

Those over many labels are compiled as a whole, as in training: operation by
operation each shape of each would be compiled by itself, which takes longer.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from attnrec import losses
from attnrec.errors import AttnrecError

KEY = jax.random.key(0)


def example(labels: int = 700, items: int = 50, size: int = 8):
    rng = np.random.default_rng(0)
    hidden = jnp.asarray(rng.normal(size=(labels // 7, 7, size)), jnp.float32)
    table = jnp.asarray(rng.normal(size=(items + 1, size)), jnp.float32)
    wanted = rng.integers(0, items + 1, (labels // 7, 7))
    wanted[:, 0] = 0  # padding
    return hidden, table, jnp.asarray(wanted, jnp.int32)


def plain_softmax(hidden, table, labels):
    """optax's cross-entropy over items 1..n, summed over real labels."""
    logits = hidden.reshape(-1, hidden.shape[-1]) @ table[1:].T
    each = optax.softmax_cross_entropy_with_integer_labels(
        logits, jnp.maximum(labels.reshape(-1) - 1, 0)
    )
    return jnp.sum(jnp.where(labels.reshape(-1) > 0, each, 0))


@pytest.mark.parametrize(
    "labels", [7, 511 * 7, 3584]
)  # less than, not a multiple of, exactly 7 chunks
def test_full_softmax_and_its_gradients(labels):
    hidden, table, wanted = example(labels)
    ours = lambda h, t: losses.FullSoftmax()(h, t, wanted, KEY)[0]  # noqa: E731
    expected = lambda h, t: plain_softmax(h, t, wanted)  # noqa: E731
    np.testing.assert_allclose(
        jax.jit(ours)(hidden, table), jax.jit(expected)(hidden, table), rtol=1e-5
    )
    found = jax.jit(jax.grad(ours, argnums=(0, 1)))(hidden, table)
    theirs = jax.jit(jax.grad(expected, argnums=(0, 1)))(hidden, table)
    for one, other in zip(found, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)  # sums of thousands of float32
    # A label's loss is scaled with it.
    np.testing.assert_allclose(
        jax.jit(jax.grad(lambda h: 3 * ours(h, table)))(hidden), 3 * found[0], rtol=1e-6, atol=1e-6
    )


def test_full_softmax_over_a_hundred_thousand_items():
    hidden, table, wanted = example(420, 100_000)
    assert losses._chunk_size(420, 100_000) == 105  # chunks fewer labels than of a small catalogue
    ours = lambda h, t: losses.FullSoftmax()(h, t, wanted, KEY)[0]  # noqa: E731
    found, slopes = jax.jit(jax.value_and_grad(ours, argnums=(0, 1)))(hidden, table)

    rows, items, label = (np.asarray(x, np.float64) for x in (hidden, table[1:], wanted))
    rows, label = rows.reshape(-1, 8), label.astype(int).ravel() - 1
    rows, label = rows[label >= 0], label[label >= 0]
    scores = rows @ items.T
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    share = powers / powers.sum(axis=1, keepdims=True)
    each = np.arange(len(label))
    assert float(found) == pytest.approx(-np.log(share[each, label]).sum(), rel=1e-5)
    share[each, label] -= 1
    flat = np.asarray(slopes[0]).reshape(-1, 8)
    np.testing.assert_allclose(flat[np.asarray(wanted).ravel() > 0], share @ items, atol=1e-5)
    np.testing.assert_allclose(slopes[1][1:], share.T @ rows, atol=1e-4)


@pytest.mark.parametrize("num_items", [10, 3416, 100_000, 1_000_000, 1 << 26])
def test_scores_at_hand_do_not_grow_with_the_catalogue(num_items):
    size = losses._chunk_size(128 * 200, num_items)
    assert 1 <= size <= losses.CHUNK
    assert size * num_items <= max(losses.SCORES, num_items)


def test_full_softmax_of_scores_beyond_exp():
    hidden = jnp.asarray([[1000.0]])
    table = jnp.asarray([[0.0], [1.0], [-1.0]])
    total, count = losses.FullSoftmax()(hidden, table, jnp.asarray([2]), KEY)
    assert (float(total), float(count)) == (2000.0, 1.0)  # log(e^1000 + e^-1000) - (-1000)
    slope = jax.grad(lambda t: losses.FullSoftmax()(hidden, t, jnp.asarray([2]), KEY)[0])(table)
    np.testing.assert_allclose(slope[:, 0], [0, 1000, -1000])  # padding's embedding is not taught


def test_no_real_labels():
    hidden, table, wanted = example()
    some = (losses.SampledSoftmax(4), losses.SCE(4), losses.BCE(), losses.GBCE(4))
    for loss in (losses.FullSoftmax(), *some):
        total, count = jax.jit(loss)(hidden, table, wanted * 0, KEY)
        assert (float(total), float(count)) == (0.0, 0.0)


def test_bce_by_hand():
    # Two items: the one negative is item 1 or 2, each of which scores ln 3.
    hidden, table = jnp.asarray([[1.0]]), jnp.full((3, 1), math.log(3))
    total, count = losses.BCE()(hidden, table, jnp.asarray([1]), KEY)
    # sigma(ln 3) = 3/4, so the loss is -ln(3/4) - ln(1/4)
    np.testing.assert_allclose(total, -math.log(3 / 4) - math.log(1 / 4), rtol=1e-6)
    assert float(count) == 1


def test_gbce_by_hand():
    loss = losses.GBCE(num_negatives=4, t=0.75)
    # alpha = 4/16 for 17 items; beta = 1/4 (3/4 (1 - 4) + 4) = 1/4 * 7/4
    assert loss.beta(17) == pytest.approx(7 / 16)
    assert losses.GBCE(4, t=0.0).beta(17) == pytest.approx(1)
    assert losses.GBCE(4, t=1.0).beta(17) == pytest.approx(4 / 16)  # alpha itself
    hidden, table = jnp.asarray([[1.0]]), jnp.full((18, 1), math.log(3))
    total, _ = loss(hidden, table, jnp.asarray([1]), KEY)
    np.testing.assert_allclose(total, -7 / 16 * math.log(3 / 4) - 4 * math.log(1 / 4), rtol=1e-6)


@pytest.mark.parametrize("drawn", [1, 40, 4096])  # a label, 10 labels, more labels than there are
def test_negatives_in_pieces_are_the_same_negatives(monkeypatch, drawn):
    hidden, table, wanted = example(70)
    value = lambda h, t: losses.GBCE(4)(h, t, wanted, KEY)[0]  # noqa: E731
    both = jax.value_and_grad(value, argnums=(0, 1))
    whole, gradients = jax.jit(both)(hidden, table)
    monkeypatch.setattr(losses, "DRAWN", drawn)
    pieces, others = jax.jit(lambda h, t: both(h, t))(hidden, table)  # traced anew
    np.testing.assert_allclose(pieces, whole, rtol=1e-6)
    for one, other in zip(gradients, others, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)  # sums in another order


def test_a_catalogue_of_one_item():
    hidden, table = jnp.asarray([[1.0]]), jnp.asarray([[0.0], [0.0]])
    for loss, expected in (
        (losses.FullSoftmax(), 0),  # there is nothing else
        (losses.SampledSoftmax(4), 0),
        (losses.SCE(4), 0),
        (losses.BCE(4), 5 * math.log(2)),  # sigma(0) = 1/2, for the true item and 4 negatives
        (losses.GBCE(4, t=1.0), 8 * math.log(2)),  # beta = alpha = 4
    ):
        total, _ = loss(hidden, table, jnp.asarray([1]), KEY)
        assert float(total) == pytest.approx(expected)


@pytest.mark.usefixtures("unchecked")
def test_numpys_numbers_are_plain_in_a_loss():
    assert repr(losses.BCE(np.int64(3))) == "BCE(num_negatives=3)"


def test_sampled_softmax_estimates_the_full():
    hidden, table, wanted = example(70, 400)
    hidden = hidden * 0.3  # scores of deviation 0.85, so that a few draws do not decide the sum
    full = float(jax.jit(losses.FullSoftmax())(hidden, table, wanted, KEY)[0])
    keys = jax.random.split(KEY, 300)
    of_draws = lambda k: losses.SampledSoftmax(200)(hidden, table, wanted, k)[0]  # noqa: E731
    sampled = jax.jit(jax.vmap(of_draws))(keys)
    # log of an unbiased sum is biased down by about var / 2; far inside 1 % here
    assert float(sampled.mean()) == pytest.approx(full, rel=0.01)


def test_one_bucket_of_everything_is_the_full_softmax():
    hidden, table, wanted = example()
    sce = losses.SCE(num_buckets=1, bucket_labels=700, bucket_items=50)
    ours = lambda h, t: sce(h, t, wanted, KEY)[0]  # noqa: E731
    expected = lambda h, t: plain_softmax(h, t, wanted)  # noqa: E731
    (total, found), (plain, theirs) = (
        jax.jit(jax.value_and_grad(one, argnums=(0, 1)))(hidden, table) for one in (ours, expected)
    )
    np.testing.assert_allclose(total, plain, rtol=1e-5)
    for one, other in zip(found, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_sce_by_hand():
    """Its algorithm, label by label, with the directions that it drew."""
    hidden, table, wanted = example(140, 30)
    sce = losses.SCE(6, num_buckets=5, bucket_labels=20)
    found, count = jax.jit(sce)(hidden, table, wanted, KEY)
    rows, labels = np.asarray(hidden, np.float64).reshape(-1, 8), np.asarray(wanted).ravel()
    real, table = labels > 0, np.asarray(table, np.float64)
    mixed = np.asarray(jax.random.normal(KEY, (5, len(rows)))) * real
    worst: dict[int, float] = {}
    for direction in mixed @ rows:
        along = np.where(real, rows @ direction, -np.inf)
        rivals = np.argsort(-(table[1:] @ direction))[:6] + 1
        for label in np.argsort(-along)[:20]:
            true = rows[label] @ table[labels[label]]
            others = [rows[label] @ table[item] for item in rivals if item != labels[label]]
            loss = math.log(sum(math.exp(score) for score in [true, *others])) - true
            worst[label] = max(loss, worst.get(label, -math.inf))
    assert 20 < len(worst) < real.sum() == count
    assert float(found) == pytest.approx(np.mean([*worst.values()]) * float(count), rel=1e-5)


@pytest.mark.parametrize("loss", [losses.FullSoftmax(), losses.SampledSoftmax(4), losses.SCE(4)])
def test_what_is_no_number_is_not_hidden(loss):
    hidden, table, wanted = example(140, 30)
    total, _ = jax.jit(loss)(hidden * jnp.nan, table, wanted, KEY)
    assert math.isnan(total)


def test_sce_moves_only_what_its_buckets_hold():
    hidden, table, wanted = example(140, 30)
    sce = losses.SCE(3, num_buckets=1, bucket_labels=4)
    slopes = jax.grad(lambda h, t: sce(h, t, wanted, KEY)[0], argnums=(0, 1))
    by_hidden, by_table = map(np.asarray, jax.jit(slopes)(hidden, table))
    assert 0 < np.any(by_hidden.reshape(-1, 8) != 0, axis=1).sum() <= 4
    assert 0 < np.any(by_table != 0, axis=1).sum() <= 4 + 3
    assert not np.any(by_table[0])


def test_sampled_softmax_leaves_the_label_out_of_its_own_negatives():
    hidden, table = jnp.asarray([[1.0]]), jnp.asarray([[0.0], [2.0], [2.0]])
    # Two items, many draws: half the draws are the label itself and are left
    # out; n - 1 = 1 item remains, weighted by its draws' share of all.
    draws = 1000
    total, _ = losses.SampledSoftmax(draws)(hidden, table, jnp.asarray([1]), KEY)
    drawn = jax.random.randint(KEY, (draws,), 1, 3)
    others = int((drawn != 1).sum())
    assert float(total) == pytest.approx(math.log(1 + others / draws), rel=1e-4)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: losses.resolve("softmx"), "did you mean 'softmax'"),
        (lambda: losses.BCE(0), "num_negatives: expected a whole number from 1, got 0"),
        (lambda: losses.BCE(True), "num_negatives: expected a whole number from 1, got True"),
        (lambda: losses.SCE(0), "bucket_items: expected a whole number from 1, got 0"),
        (lambda: losses.SCE(8, "many"), "num_buckets: expected a whole number from 1, got 'many'"),
        (lambda: losses.GBCE(4, t=1.5), "t: expected 0 to 1, got 1.5"),
        (lambda: losses.GBCE(4, t="high"), "t: expected 0 to 1, got 'high'"),
        (lambda: losses.resolve(losses.BCE), r"got <class .*; did you mean BCE\(\)\?"),
        (lambda: losses.resolve(5), "expected a name or one of attnrec.losses, such as BCE.*got 5"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_wrong_settings_are_named(make, told):
    with pytest.raises(AttnrecError, match=told):
        make()
