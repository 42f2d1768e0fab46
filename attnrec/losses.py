r"""Losses over a catalogue: what the score of the true next item is held against.

All share one signature, `loss(hidden, table, labels, key) -> (total, count)`:
a sum over the real labels and their number, for the caller to divide. With
$s_i = h \cdot e_i$ the score of item $i$, $p$ the true next item and $N_k$ a
set of $k$ items drawn uniformly with replacement:

============== =============================================================
loss           for one label
============== =============================================================
FullSoftmax    $-s_p + \log \sum_i e^{s_i}$
SampledSoftmax $-s_p + \log (e^{s_p} + \frac{n-1}{k} \sum_{i \in N_k} e^{s_i})$
SCE            $-s_p + \log (e^{s_p} + \sum_{i \in B} e^{s_i})$
BCE            $-\log \sigma(s_p) - \sum_{i \in N_k} \log (1 - \sigma(s_i))$
GBCE           $-\beta \log \sigma(s_p) - \sum_{i \in N_k} \log (1 - \sigma(s_i))$
============== =============================================================

SCE's $B$ are the items that share a bucket with the label; see there.
BCE is SASRec's own (Kang & McAuley 2018, eq. 7, which sums over one negative),
but that a negative may be an item of the history, or the true next item itself.
GBCE is gSASRec's (Petrov & Macdonald 2023, eq. 9 and 14).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec as P
from jaxtyping import Array, Bool, Float, Int

from attnrec import sharding
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.sharding import CATALOGUE, DATA

CHUNK = 512  # labels, at most, handled at once
IN_CACHE = 1 << 21  # scores of a chunk: 8 MB, about a core's cache; fewer labels fit there,
FEWEST = 128  # but with fewer than these reading the table takes longer than it saves,
SCORES = 1 << 25  # unless their scores would take more than 134 MB
DRAWN = 1 << 17  # negatives whose embeddings are at hand at once: 33 MB of 64 numbers each


@runtime_checkable
class Loss(Protocol):
    """A loss over a catalogue."""

    def __call__(
        self,
        hidden: Float[Array, "*label embedding"],
        table: Float[Array, "item embedding"],
        labels: Int[Array, "*label"],
        key: Array,
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """The summed loss and the number of real labels (labels of 0 are padding)."""
        ...


@dataclass(frozen=True)
class FullSoftmax:
    """Cross-entropy over the whole catalogue.

    Scores are made, used and forgotten `CHUNK` labels at a time, or fewer of a
    large catalogue, gradients included, and only for real labels: memory grows
    with the table, not with batch x catalogue.
    """

    def __call__(self, hidden, table, labels, key=None):
        del key
        hidden, labels, count = _flat(hidden, labels)
        return _softmax_total(hidden, table, labels), count.astype(hidden.dtype)


@dataclass(frozen=True)
class SampledSoftmax:
    """Cross-entropy against negatives drawn uniformly, shared by the batch.

    Args:
        num_negatives: items drawn for each batch. A negative that is a label's
            own item is left out of its sum; the rest are weighted so that the
            sum estimates the whole catalogue's.
    """

    num_negatives: int = 256

    def __post_init__(self) -> None:
        _whole_negatives(self)

    def __call__(self, hidden, table, labels, key):
        num_items = table.shape[0] - 1
        hidden, labels, _ = _flat(hidden, labels)
        real = labels > 0
        negatives = jax.random.randint(key, (self.num_negatives,), 1, num_items + 1)
        true = jnp.sum(hidden * table[labels], axis=-1)
        scores = hidden @ table[negatives].T + jnp.log((num_items - 1) / self.num_negatives)
        scores = jnp.where(labels[:, None] == negatives[None, :], -jnp.inf, scores)
        total = jax.nn.logsumexp(jnp.concatenate([true[:, None], scores], 1), axis=1) - true
        return jnp.sum(jnp.where(real, total, 0)), jnp.sum(real).astype(hidden.dtype)


@dataclass(frozen=True)
class BCE:
    """Binary cross-entropy with `num_negatives` items drawn uniformly for each label.

    Args:
        num_negatives: items drawn for each label; 1 is SASRec's published form.
    """

    num_negatives: int = 1

    def __post_init__(self) -> None:
        _whole_negatives(self)

    def __call__(self, hidden, table, labels, key):
        return _binary(hidden, table, labels, key, self.num_negatives, beta=1.0)


@dataclass(frozen=True)
class GBCE:
    r"""BCE whose positive term is tempered, against overconfidence from sampling.

    $\beta = \alpha\,(t (1 - 1/\alpha) + 1/\alpha)$ with the sampling rate
    $\alpha = k / (n - 1)$.

    Args:
        num_negatives: $k$, items drawn for each label.
        t: calibration, 0 (plain BCE) to 1 (scores become log odds again).
    """

    num_negatives: int = 256
    t: float = 0.75

    def __post_init__(self) -> None:
        _whole_negatives(self)
        if not isinstance(self.t, Real) or not 0 <= self.t <= 1:
            raise AttnrecError(f"t: expected 0 to 1, got {self.t!r}")

    def beta(self, num_items: int) -> float:
        """The power of the positive's probability (gSASRec, eq. 14)."""
        alpha = self.num_negatives / max(num_items - 1, 1)
        return alpha * (self.t * (1 - 1 / alpha) + 1 / alpha)

    def __call__(self, hidden, table, labels, key):
        beta = self.beta(table.shape[0] - 1)
        return _binary(hidden, table, labels, key, self.num_negatives, beta=beta)


@dataclass(frozen=True)
class SCE:
    """Scalable cross-entropy: over the items that are likely to score high.

    Buckets are random directions, each a random mixture of what the model
    gives for the batch. Into a bucket come the labels whose outputs, and the
    items whose embeddings, point furthest along its direction: the label's own
    item and those are what its cross-entropy is over. Of a label in several
    buckets the largest loss counts, and of one in none nothing; what counts
    stands for all (Mezentsev et al. 2024 [mezentsev2024sce]_, algorithm 1).

    Time grows with buckets x catalogue, memory with buckets x labels x items
    in each.

    Args:
        bucket_items: items in a bucket.
        num_buckets, bucket_labels: the root of twice the labels of a batch
            unless given, so that a label comes into two buckets on average.
    """

    bucket_items: int = 256
    num_buckets: int | None = None
    bucket_labels: int | None = None

    def __post_init__(self) -> None:
        for name in ("bucket_items", "num_buckets", "bucket_labels"):
            value = getattr(self, name)
            if value is not None or name == "bucket_items":
                object.__setattr__(self, name, whole_number(name, value))

    def __call__(self, hidden, table, labels, key):
        hidden, labels, count = _flat(hidden, labels)
        real, items, wanted = labels > 0, table[1:], jnp.maximum(labels - 1, 0)
        usual = math.isqrt(2 * len(labels) - 1) + 1
        num_buckets = self.num_buckets or usual
        fixed = jax.lax.stop_gradient(jnp.where(real[:, None], hidden, 0))
        directions = jax.random.normal(key, (num_buckets, len(labels))) @ fixed
        chosen = _furthest(directions, fixed, real, self.bucket_labels or usual)
        rivals = _furthest(directions, jax.lax.stop_gradient(items), None, self.bucket_items)

        true = jnp.sum(hidden * items[wanted], axis=-1)[chosen][..., None]
        scores = jnp.einsum("bld,bid->bli", hidden[chosen], items[rivals])
        scores = jnp.where(wanted[chosen][..., None] == rivals[:, None], -jnp.inf, scores)
        each = jax.nn.logsumexp(jnp.concatenate([true, scores], -1), axis=-1) - true[..., 0]
        each = jnp.where(real[chosen], each, 0)

        # A maximum over buckets, as a choice: the largest, shared where several are.
        known = jax.lax.stop_gradient(each)
        largest = jnp.full(len(labels), -jnp.inf).at[chosen].max(known)
        counts = ~(known < largest[chosen]) & real[chosen]  # NaN too: it must not go unseen
        sharing = jnp.zeros(len(labels)).at[chosen].add(counts)
        total = jnp.sum(jnp.where(counts, each / jnp.maximum(sharing[chosen], 1), 0))
        reached = jnp.sum(sharing > 0)
        return total * count / jnp.maximum(reached, 1), count.astype(hidden.dtype)


LOSSES = {
    "softmax": FullSoftmax,
    "sampled_softmax": SampledSoftmax,
    "sce": SCE,
    "bce": BCE,
    "gbce": GBCE,
}


def resolve(loss: str | Loss) -> Loss:
    """A loss by name, or the loss itself.

    Raises:
        AttnrecError: no such name, or nothing that can be called as a loss.
    """
    if isinstance(loss, type) or not (isinstance(loss, str) or callable(loss)):
        hint = f"; did you mean {loss.__name__}()?" if isinstance(loss, type) else ""
        raise AttnrecError(
            f"loss: expected a name or one of attnrec.losses, such as BCE(), got {loss!r}{hint}"
        )
    if not isinstance(loss, str):
        return loss
    if loss not in LOSSES:
        raise AttnrecError(
            f"loss: expected one of {list(LOSSES)}, got {loss!r}" + did_you_mean(loss, LOSSES)
        )
    return LOSSES[loss]()


def _whole_negatives(loss: SampledSoftmax | BCE | GBCE) -> None:
    object.__setattr__(loss, "num_negatives", whole_number("num_negatives", loss.num_negatives))


def _flat(hidden: Array, labels: Array) -> tuple[Array, Array, Array]:
    return hidden.reshape(-1, hidden.shape[-1]), labels.reshape(-1), jnp.sum(labels > 0)


def _furthest(directions: Array, rows: Array, real: Array | None, most: int) -> Array:
    """int32[direction, row]: the rows that point furthest along each direction."""

    def of_one(direction: Array) -> Array:
        # Over shards of unlike size XLA's top_k has been seen to choose what is not there.
        lengths = sharding.everywhere(rows @ direction)
        if real is not None:
            lengths = jnp.where(real, lengths, -jnp.inf)
        return jax.lax.top_k(lengths, min(most, len(rows)))[1]

    return jax.lax.map(of_one, directions)  # one after another: none holds direction x row


def _chunk_size(num_labels: int, num_items: int) -> int:
    """Labels in each of equal chunks, as few as may be."""
    most = min(CHUNK, max(IN_CACHE // num_items, FEWEST), max(SCORES // num_items, 1))
    return -(-num_labels // max(1, -(-num_labels // most)))


@jax.custom_vjp
def _softmax_total(
    hidden: Float[Array, "label embedding"],
    table: Float[Array, "item embedding"],
    labels: Int[Array, " label"],
) -> Float[Array, ""]:
    """Summed cross-entropy over `table[1:]`."""
    return _softmax_total_forward(hidden, table, labels)[0]


def _softmax_total_forward(hidden: Array, table: Array, labels: Array):
    mesh = sharding.current()
    if mesh is None:
        total, hidden_grad, items_grad = _softmax(hidden, table[1:], labels - 1, labels > 0)
        return total, (hidden_grad, jnp.pad(items_grad, ((1, 0), (0, 0))))

    # Each device has some labels and some items. What they make of each other is
    # added up over the devices that have the same labels, or the same items.
    num_rows, shards = len(table), mesh.shape[CATALOGUE]
    table = jnp.pad(table, ((0, -num_rows % shards), (0, 0)))

    def local(hidden: Array, items: Array, labels: Array):
        first = jax.lax.axis_index(CATALOGUE) * len(items)
        row = first + jnp.arange(len(items))
        there = (row > 0) & (row < num_rows)
        total, hidden_grad, items_grad = _softmax(
            hidden, items, labels - first, labels > 0, there, CATALOGUE
        )
        return (
            jax.lax.psum(total, DATA),
            jax.lax.psum(hidden_grad, CATALOGUE),
            jax.lax.psum(items_grad, DATA),
        )

    spare = -len(labels) % mesh.shape[DATA]
    by_label = jnp.pad(hidden, ((0, spare), (0, 0))), jnp.pad(labels, (0, spare))
    total, hidden_grad, table_grad = jax.shard_map(
        local,
        in_specs=(P(DATA), P(CATALOGUE), P(DATA)),
        out_specs=(P(), P(DATA), P(CATALOGUE)),
        check_vma=False,  # of a loop with as many turns as there are real labels here
    )(by_label[0], table, by_label[1])
    return total, (hidden_grad[: len(labels)], table_grad[:num_rows])


def _softmax(
    hidden: Float[Array, "label embedding"],
    items: Float[Array, "item embedding"],
    labels: Int[Array, " label"],
    real: Bool[Array, " label"],
    there: Bool[Array, " item"] | None = None,
    axis: str | None = None,
) -> tuple[Float[Array, ""], Float[Array, "label embedding"], Float[Array, "item embedding"]]:
    """Summed cross-entropy of the real labels, and its gradients.

    The loss is a scalar, so its gradients are known up to a factor in the
    forward pass: one visit to each chunk of scores serves both.

    Args:
        hidden: what is held against the items.
        items: the catalogue, or a part of it.
        labels: rows of `items`; anything, where another part has it or it is not real.
        real: which labels are.
        there: which items are; all, unless given.
        axis: of the mesh, along which the other parts lie. The total is then
            the whole catalogue's, and `hidden`'s gradient this part's share.
    """
    size = _chunk_size(len(labels), len(items))
    order, count, spare = jnp.argsort(~real, stable=True), jnp.sum(real), -len(labels) % size

    def in_chunks(x: Array) -> Array:
        return jnp.pad(x[order], [(0, spare)] + [(0, 0)] * (x.ndim - 1))

    sorted_hidden, sorted_labels, sorted_real = map(in_chunks, (hidden, labels, real))

    def over_parts(reduce, x: Array) -> Array:
        return x if axis is None else reduce(x, axis)

    def body(i, carry):
        total, hidden_grad, items_grad = carry
        rows, label, real = (
            jax.lax.dynamic_slice_in_dim(x, i * size, size)
            for x in (sorted_hidden, sorted_labels, sorted_real)
        )
        here = real & (label >= 0) & (label < len(items))
        label = jnp.where(here, label, 0)
        logits = rows @ items.T  # [label, item]
        if there is not None:
            logits = jnp.where(there, logits, -jnp.inf)
        top = over_parts(jax.lax.pmax, jnp.max(logits, axis=1, keepdims=True))
        powers = jnp.exp(logits - top)
        norm = over_parts(jax.lax.psum, jnp.sum(powers, axis=1, keepdims=True))
        true = jnp.take_along_axis(logits, label[:, None], 1)
        true = over_parts(jax.lax.psum, jnp.where(here[:, None], true, 0))
        loss = jnp.log(norm) + top - true
        total = total + jnp.sum(jnp.where(real[:, None], loss, 0))
        # d loss / d logits = softmax - one-hot; the one-hot part is a gather and a scatter.
        share = powers * jnp.where(real[:, None], 1 / norm, 0)
        weight = here[:, None].astype(rows.dtype)
        rows_grad = share @ items - weight * items[label]
        items_grad = (items_grad + share.T @ rows).at[label].add(-weight * rows)
        hidden_grad = jax.lax.dynamic_update_slice_in_dim(hidden_grad, rows_grad, i * size, 0)
        return total, hidden_grad, items_grad

    start = jnp.zeros((), hidden.dtype), jnp.zeros_like(sorted_hidden), jnp.zeros_like(items)
    total, hidden_grad, items_grad = jax.lax.fori_loop(0, -(-count // size), body, start)
    return total, jnp.zeros_like(hidden).at[order].set(hidden_grad[: len(order)]), items_grad


def _softmax_total_backward(residuals, cotangent):
    hidden_grad, table_grad = residuals
    return cotangent * hidden_grad, cotangent * table_grad, None


_softmax_total.defvjp(_softmax_total_forward, _softmax_total_backward)


def _binary(hidden, table, labels, key, num_negatives: int, beta: float):
    hidden, labels, count = _flat(hidden, labels)
    negatives = jax.random.randint(key, (len(labels), num_negatives), 1, table.shape[0])

    def total(rows: tuple[Array, Array, Array]) -> Array:
        hidden, labels, negatives = rows
        true = jnp.sum(hidden * table[labels], axis=-1)
        false = jnp.einsum("ld,lkd->lk", hidden, table[negatives])
        loss = -beta * jax.nn.log_sigmoid(true) - jnp.sum(jax.nn.log_sigmoid(-false), axis=-1)
        return jnp.sum(jnp.where(labels > 0, loss, 0))

    rows = (hidden, labels, negatives)
    size = max(DRAWN // num_negatives, 1)
    if len(labels) > size:  # the negatives' embeddings would not fit into memory at once

        def in_pieces(x: Array) -> Array:
            x = jnp.pad(x, [(0, -len(x) % size)] + [(0, 0)] * (x.ndim - 1))
            return x.reshape(-1, size, *x.shape[1:])

        pieces = tuple(in_pieces(x) for x in rows)
        return jnp.sum(jax.lax.map(jax.checkpoint(total), pieces)), count.astype(hidden.dtype)
    return total(rows), count.astype(hidden.dtype)
