"""Each loss and its gradients against torch's, on the same scores and the same negatives."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from attnrec import losses

ITEMS, SIZE, NEGATIVES = 40, 16, 5
KEY = jax.random.key(7)


def cross_entropy(hidden: Tensor, table: Tensor, labels: Tensor) -> Tensor:
    scores = hidden @ table[1:].T
    return F.cross_entropy(scores, labels - 1, ignore_index=-1, reduction="sum")


def sampled(hidden: Tensor, table: Tensor, labels: Tensor) -> Tensor:
    drawn = torch.tensor(np.array(jax.random.randint(KEY, (NEGATIVES,), 1, ITEMS + 1)))
    real = labels > 0
    hidden, labels = hidden[real], labels[real]
    true = (hidden * table[labels]).sum(-1, keepdim=True)
    false = hidden @ table[drawn].T + math.log((ITEMS - 1) / NEGATIVES)
    false = false.masked_fill(labels[:, None] == drawn, -math.inf)
    first = torch.zeros(len(labels), dtype=torch.long)
    return F.cross_entropy(torch.cat([true, false], 1), first, reduction="sum")


def binary(hidden: Tensor, table: Tensor, labels: Tensor, beta: float = 1.0) -> Tensor:
    shape = (len(labels), NEGATIVES)
    drawn = torch.tensor(np.array(jax.random.randint(KEY, shape, 1, ITEMS + 1)))
    real = labels > 0
    hidden, labels, drawn = hidden[real], labels[real], drawn[real]
    true = (hidden * table[labels]).sum(-1)
    false = torch.einsum("ld,lkd->lk", hidden, table[drawn])
    loss = lambda scores, target: F.binary_cross_entropy_with_logits(  # noqa: E731
        scores, torch.full_like(scores, target), reduction="sum"
    )
    return beta * loss(true, 1.0) + loss(false, 0.0)


def tempered(hidden: Tensor, table: Tensor, labels: Tensor) -> Tensor:
    alpha = NEGATIVES / (ITEMS - 1)  # gSASRec, eq. 14, at t = 0.75
    return binary(hidden, table, labels, alpha * (0.75 * (1 - 1 / alpha) + 1 / alpha))


@pytest.mark.parametrize("num_labels", [1, 60, 700])  # 700: more than one chunk
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (losses.FullSoftmax(), cross_entropy),
        (losses.SampledSoftmax(NEGATIVES), sampled),
        (losses.BCE(NEGATIVES), binary),
        (losses.GBCE(NEGATIVES, t=0.75), tempered),
    ],
    ids=["softmax", "sampled_softmax", "bce", "gbce"],
)
def test_value_and_gradients(ours, theirs, num_labels):
    rng = np.random.default_rng(num_labels)
    hidden = rng.normal(size=(num_labels, SIZE)).astype(np.float32)
    table = rng.normal(size=(ITEMS + 1, SIZE)).astype(np.float32)
    labels = rng.integers(0, ITEMS + 1, num_labels).astype(np.int32)
    labels[0] = 3  # this one is real; about one in forty is padding

    value = lambda hidden, table: ours(hidden, table, jnp.asarray(labels), KEY)[0]  # noqa: E731
    found, gradients = jax.jit(jax.value_and_grad(value, argnums=(0, 1)))(hidden, table)

    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (hidden, table)]
    expected = theirs(*inputs, torch.tensor(labels, dtype=torch.long))
    expected.backward()
    np.testing.assert_allclose(found, expected.item(), rtol=1e-6)
    for one, other in zip(gradients, inputs, strict=True):
        # The table's gradient sums over all labels: float32 of a few hundred terms.
        np.testing.assert_allclose(one, other.grad.numpy(), rtol=1e-5, atol=1e-5)
