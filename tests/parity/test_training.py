"""Five steps of training against torch's autograd and torch's Adam: losses and every weight."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
import torch.nn.functional as F
from flax import nnx

from attnrec import losses
from attnrec.data import Sequences
from attnrec.models import SASRec
from attnrec.training.batches import Batches
from attnrec.training.step import TrainState, make_step

ITEMS, STEPS, RATE, SEED = 30, 5, 1e-2, 3
CONFIG = SASRec(16, num_layers=2, num_heads=2, max_length=20, dropout_rate=0.0)


def histories() -> list[np.ndarray]:
    """Of 2 to 30 items: shorter than the narrowest width, and longer than the model reads."""
    rng = np.random.default_rng(0)
    return [rng.integers(1, ITEMS + 1, n) for n in (2, 3, 9, 17, 18, 21, 30, 5, 12, 4)]


def softmax(hidden, table, labels, negatives):
    del negatives
    return F.cross_entropy(hidden @ table[1:].T, labels - 1, reduction="sum")


def bce(hidden, table, labels, negatives):
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")
    true, false = ((hidden * table[items]).sum(-1) for items in (labels, negatives))
    return loss(true, torch.ones_like(true)) + loss(false, torch.zeros_like(false))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(losses.FullSoftmax(), softmax), (losses.BCE(), bce)],
    ids=["softmax", "bce"],
)
def test_five_steps(ours, theirs, scrambled, to_torch):
    model = scrambled(CONFIG, ITEMS)
    reference = to_torch(model)
    adam = torch.optim.Adam(reference.parameters(), lr=RATE, betas=(0.9, 0.98))
    batches = Batches(Sequences.of(histories()), CONFIG.max_length, batch_size=4)
    targets_per_batch = batches.num_targets / len(batches)

    graphdef, params, rest = nnx.split(model, nnx.Param, ...)
    optimizer = optax.adam(RATE, b2=0.98)
    step = make_step(graphdef, rest, ours, optimizer, targets_per_batch, ITEMS)
    state = TrainState(params, optimizer.init(params))

    plan = [batch for epoch in (1, 2) for batch in batches.epoch(SEED, epoch)][:STEPS]
    for number, batch in enumerate(plan):
        key = jax.random.key(number)
        state, total = step(state, batch.items, jnp.asarray(batch.rows), key, batch.length)

        shape = (len(batch.rows), batch.length)
        loss_key = jax.random.split(key)[1]
        negatives = np.array(jax.random.randint(loss_key, (np.prod(shape), 1), 1, ITEMS + 1))
        adam.zero_grad()
        expected = torch.zeros((), dtype=torch.float64)
        for row, drawn in zip(batch.rows, negatives.reshape(shape), strict=True):
            if row == len(histories()):  # fills the batch up
                continue
            items = torch.from_numpy(histories()[row][-(CONFIG.max_length + 1) :])
            hidden, _ = reference(items[:-1])
            drawn = torch.from_numpy(drawn[-len(hidden) :])
            expected = expected + theirs(hidden, reference.items.weight, items[1:], drawn)
        (expected / targets_per_batch).backward()
        adam.step()
        np.testing.assert_allclose(float(total), expected.item(), rtol=1e-5)

    trained = dict(to_torch(nnx.merge(graphdef, state.params, rest)).named_parameters())
    before = dict(to_torch(scrambled(CONFIG, ITEMS)).named_parameters())
    size = CONFIG.embedding_size
    for name, weight in reference.named_parameters():
        # The softmax is blind to what the key's bias adds to a whole row: its
        # gradient is zero but for rounding, which Adam makes steps of.
        seen = torch.ones(weight.shape[0], dtype=bool)
        if name.endswith("in_proj_bias"):
            seen[size : 2 * size] = False
        moved = (weight - before[name])[seen].abs().max().item()
        apart = (weight - trained[name])[seen].abs().max().item()
        assert moved > RATE, name  # more than one step's length
        assert apart < 1e-5, (name, apart)  # float32; 1e-6 measured, 5e-2 moved
