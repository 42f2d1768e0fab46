r"""The search for adversarial attention: Adam on logits, in one compiled call.

The bound of `attnrec.explanations.adversarial` becomes a penalty
:math:`\lambda \max(0, \mathrm{TVD} - \epsilon)`, and Adam moves logits over
the keys that the query may see. Departures from Jain and Wallace
[jain2019attention]:

- The search starts near the model's own attention, not at random, so that its
  course leads from one to the other without leaving the bound.
- Unless `AS_PUBLISHED` is asked for, :math:`\lambda` follows whether the bound
  is kept, in steps of `adaptation`, and Adam forgets sooner and moves faster.
  With the published settings one step over the edge holds Adam up for long.
  From the same start they find, on the run that ships with attnrec, a third of
  the divergence in the last map and a tenth in all maps; and a weak liar makes
  attention look more trustworthy than it is.
- One adversary, so that none has to differ from others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError, whole_number
from attnrec.models.views import GIVEN, Tape, recorded
from attnrec.typing import Array


@dataclass(frozen=True)
class Attack:
    r"""How an adversary searches.

    Args:
        steps: of Adam; a multiple of `frames`.
        learning_rate: of Adam.
        decay: of Adam's second moment.
        penalty: :math:`\lambda`, to begin with.
        adaptation: by which share it grows in a step that breaks the bound,
            and shrinks in one that keeps it; 0: not at all.
        noise: deviation of what is added to the logits first; there the
            divergence has no slope.
        frames: how many stages of the search are kept.
    """

    steps: int = 500
    learning_rate: float = 0.05
    decay: float = 0.9
    penalty: float = 500.0
    adaptation: float = 0.05
    noise: float = 0.3
    frames: int = 20

    def __post_init__(self) -> None:
        steps, frames = whole_number("steps", self.steps), whole_number("frames", self.frames)
        if steps % frames:
            raise AttnrecError(f"frames: expected a divisor of {steps} steps, got {frames}")


STRONG = Attack()
AS_PUBLISHED = Attack(learning_rate=0.01, decay=0.999, adaptation=0.0)


@partial(jax.jit, static_argnums=0, static_argnames=("topn", "strict", "attack"))
def search(
    graphdef: nnx.GraphDef,
    state: nnx.State,
    items: Int[Array, "batch key"],
    candidates: Bool[Array, "batch item"],
    noise: dict[str, Float[Array, "#batch head key"]],
    epsilon: float | Float[Array, ""],
    *,
    topn: int,
    strict: bool,
    attack: Attack,
) -> dict[str, Float[Array, "frame batch head key"]]:
    """The last query's rows of each map: the best that keep the bound, frame by frame.

    Args:
        graphdef, state: the model.
        items: histories, right-aligned.
        candidates: what is ranked after each.
        noise: added to the logits of each map that moves; a batch of 1 is shared.
        epsilon: the bound on the total variation.
        topn: the length of the list that a strict search keeps.
        strict: whether it has to.
        attack: how to search.
    """
    mask = items > 0

    def forward(tape):
        scores, _ = recorded(nnx.merge(graphdef, state), items, mask, tape)
        return jnp.where(candidates, scores, -jnp.inf)

    tape = Tape()
    own_scores = forward(tape)
    own_output = jax.nn.softmax(own_scores)
    own_top = jax.lax.top_k(own_scores, topn)[1]
    maps = {name: jnp.asarray(tape.layers[name].weights) for name in noise}
    own = {name: map_[:, :, -1] for name, map_ in maps.items()}
    visible = {name: (row > 0) & mask[:, None] for name, row in own.items()}
    replace = {name: jnp.full(len(items), GIVEN) for name in noise}

    def objective(logits, penalty):
        rows = {
            name: jax.nn.softmax(jnp.where(seen, logits[name], -jnp.inf))
            for name, seen in visible.items()
        }
        given = {name: map_.at[:, :, -1].set(rows[name]) for name, map_ in maps.items()}
        scores = forward(Tape(replace, given))
        moved = 0.5 * jnp.abs(jax.nn.softmax(scores) - own_output).sum(-1)
        broken = jax.nn.relu(moved - epsilon)
        kept = moved <= epsilon
        if strict:  # what stood lower must not pass, neither within the list nor from below
            listed = jnp.take_along_axis(scores, own_top, 1)
            below = jnp.put_along_axis(scores, own_top, -jnp.inf, 1, inplace=False).max(1)
            gaps = jnp.append(listed, below[:, None], 1)
            broken += jax.nn.relu(gaps[:, 1:] - gaps[:, :-1]).sum(1)
            kept &= (jax.lax.top_k(scores, topn)[1] == own_top).all(1)
        apart = sum(divergence(rows[name], own[name]).sum(-1) for name in rows)
        return (penalty * broken - apart).sum(), (rows, apart, kept)

    adam = optax.adam(attack.learning_rate, b2=attack.decay)

    def step(_, carry):
        logits, moments, penalty, best, most = carry
        gradients, (rows, apart, kept) = jax.grad(objective, has_aux=True)(logits, penalty)
        better = kept & (apart > most)
        best = {
            name: jnp.where(better[:, None, None], row, best[name]) for name, row in rows.items()
        }
        most = jnp.where(better, apart, most)
        growth = 1 + attack.adaptation
        penalty = penalty * jnp.where(kept, 1 / growth, growth)
        updates, moments = adam.update(gradients, moments)
        return optax.apply_updates(logits, updates), moments, penalty, best, most

    def frame(carry, _):
        carry = jax.lax.fori_loop(0, attack.steps // attack.frames, step, carry)
        return carry, carry[3]

    tiny = jnp.finfo(jnp.float32).tiny
    start = {name: jnp.log(jnp.maximum(row, tiny)) + noise[name] for name, row in own.items()}
    penalty = jnp.full(len(items), attack.penalty)
    carry = start, adam.init(start), penalty, own, jnp.zeros(len(items))
    return jax.lax.scan(frame, carry, length=attack.frames)[1]


def divergence(p: Array, q: Array) -> Array:
    """Jensen-Shannon divergence in nats, over the last axis; of numpy's arrays in numpy."""
    xp = jnp if isinstance(p, jax.Array) else np
    middle = (p + q) / 2

    def relative(a):
        ratio = xp.where(a > 0, a, 1) / xp.where(a > 0, middle, 1)
        return xp.where(a > 0, a * xp.log(ratio), 0).sum(-1)

    return (relative(p) + relative(q)) / 2
