r"""DIN: deep interest network (Zhou et al., KDD 2018).

What of a user's past bears on *this* candidate? An attention unit looks at the
candidate $v$ and each item $e_j$ of the history,

$$a_j = \frac{1}{\sqrt d}\,\mathrm{unit}\big([v;\, e_j;\, v - e_j;\, v \circ e_j]\big),\qquad
  u(v) = \sum_j a_j\, e_j,$$

(eq. 3), where the weights are not normalised: their sum says how strong the
interest is (section 4.3). A network of all fields, of $u$ and of $u \circ v$ gives
the score. Its activation is Dice (eq. 4),

$$f(s) = \big(p(s) + \alpha\, (1 - p(s))\big)\, s,\qquad
  p(s) = \sigma\Big(\frac{s - \mathrm{E}[s]}{\sqrt{\mathrm{Var}[s] + \epsilon}}\Big),$$

with mean and variance of the batch in training, and of what training has seen
in use. The difference, the product and the root are not in the paper but in its
authors' code, as is the unit's sigmoid. [zhou2018din]_

The map recorded is $a$: one row over the positions of the history, for the candidate that is
asked about. With `normalisation="softmax"` it sums to one.

Without an attention unit every $a_j$ is one, as in the paper's base model (section 4.2), which
looks at the same history and nowhere in particular; all else is DIN's, where the paper's
has neither Dice nor $u \circ v$.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, did_you_mean, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import masked_softmax, weighted_values
from attnrec.models.dropout import Dropout
from attnrec.models.features.embedding import FeatureEmbedding, sizes
from attnrec.typing import Array

Normalisation = Literal["none", "softmax"]


@dataclass(frozen=True)
class DIN:
    """Hyperparameters of DIN.

    Args:
        embedding_size: width of the fields' vectors.
        attention_sizes: widths of the attention unit's layers; none, no attention: the
            history is added up.
        hidden_sizes: widths of the network's layers.
        normalisation: of the weights: `"none"`, the paper's, or `"softmax"`.
        dropout_rate: share of activations dropped in training before each of the network's layers.
    """

    embedding_size: int = 16
    attention_sizes: Sequence[int] = (80, 40)
    hidden_sizes: Sequence[int] = (80, 40)
    normalisation: Normalisation = "none"
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "embedding_size", whole_number("embedding_size", self.embedding_size)
        )
        for name, least in (("attention_sizes", 0), ("hidden_sizes", 1)):
            object.__setattr__(self, name, sizes(name, getattr(self, name), least))
        if self.normalisation not in get_args(Normalisation):
            raise AttnrecError(
                f"normalisation: expected one of {get_args(Normalisation)}, "
                f"got {self.normalisation!r}"
                + did_you_mean(self.normalisation, get_args(Normalisation))
            )
        if self.normalisation == "softmax" and not self.attention_sizes:
            raise AttnrecError(
                "normalisation: 'softmax' is of the attention unit's weights, and without "
                "attention_sizes there is no unit"
            )
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> DINModule:
        """The model for some fields, with fresh weights."""
        return DINModule(self, schema, rngs=rngs)


class AttentionUnit(nnx.Module):
    """One weight for each item of the history, by the candidate; and their sum by it (eq. 3)."""

    axes = ("candidate", "position")

    def __init__(self, config: DIN, size: int, *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_normal()
        widths = (4 * size, *config.attention_sizes)
        self.layers = nnx.List(
            nnx.Linear(*pair, kernel_init=init, rngs=rngs) for pair in pairwise(widths)
        )
        self.out = nnx.Linear(widths[-1], 1, kernel_init=init, rngs=rngs)
        self.normalisation = config.normalisation
        self.weigh_fn = weighted_values

    def __call__(
        self,
        candidates: Float[Array, "#case candidate size"],
        history: Float[Array, "case position size"],
        mask: Bool[Array, "case position"],
    ) -> Float[Array, "case candidate size"]:
        first, *others = self.layers
        hidden = nnx.sigmoid(self._together(first, candidates, history))
        for layer in others:
            hidden = nnx.sigmoid(layer(hidden))
        logits = self.out(hidden)[..., 0] / math.sqrt(history.shape[-1])
        there = jnp.broadcast_to(mask[:, None], logits.shape)
        softmax = self.normalisation == "softmax"
        weights = masked_softmax(logits, there) if softmax else jnp.where(there, logits, 0)
        return self.weigh_fn(weights[:, None], history[:, :, None], mask=there[:, None])[:, :, 0]

    @staticmethod
    def _together(layer: nnx.Linear, candidates: Array, history: Array) -> Array:
        """The layer of $[v; e; v - e; v e]$, of which only the product is of each pair."""
        v, e, difference, product = jnp.split(layer.kernel[...], 4)
        of_candidates = candidates @ (v + difference) + layer.bias[...][None, None]
        of_history = history @ (e - difference)
        pairs = (candidates[:, :, None] * history[:, None]) @ product
        return of_candidates[:, :, None] + of_history[:, None] + pairs


class Dice(nnx.Module):
    """The activation that moves with what it is given (eq. 4), its slope learned."""

    def __init__(self, size: int, *, rngs: nnx.Rngs):
        self.norm = nnx.BatchNorm(size, use_bias=False, use_scale=False, rngs=rngs)
        self.alpha = nnx.Param(jnp.zeros(size))

    def __call__(
        self, x: Float[Array, "batch size"], *, deterministic: bool
    ) -> Float[Array, "batch size"]:
        p = nnx.sigmoid(self.norm(x, use_running_average=deterministic))
        return x * (p + self.alpha[...][None] * (1 - p))


class DINModule(nnx.Module):
    """DIN with its weights.

    Raises:
        AttnrecError: features without a history, or without a field of the item.
    """

    def __init__(self, config: DIN, schema: FeatureSchema, *, rngs: nnx.Rngs):
        if not schema.history:
            raise AttnrecError(
                "history: DIN looks at what came before; build the features with history=50 "
                "or another length"
            )
        item_fields = schema.of("item")
        if not item_fields:
            raise AttnrecError(f"fields: DIN needs some of the item, got {list(schema.names)}")
        size = len(item_fields) * config.embedding_size
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        attends = bool(config.attention_sizes)
        self.attention = AttentionUnit(config, size, rngs=rngs) if attends else None
        init = nnx.initializers.xavier_normal()
        widths = (len(schema) * config.embedding_size + 2 * size, *config.hidden_sizes)
        self.layers = nnx.List(
            nnx.Linear(*pair, kernel_init=init, rngs=rngs) for pair in pairwise(widths)
        )
        self.activations = nnx.List(Dice(width, rngs=rngs) for width in widths[1:])
        self.out = nnx.Linear(widths[-1], 1, kernel_init=init, rngs=rngs)
        self.dropout = Dropout(config.dropout_rate)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """A network of all fields and of what the candidate finds in the history."""
        history, mask = self.embedding.history(inputs)
        candidates = self.embedding.candidates(inputs)
        candidates = candidates.reshape(*candidates.shape[:2], -1)
        history = history.reshape(*history.shape[:2], -1)
        if self.attention is None:
            interest = history.sum(1, keepdims=True)  # padding is zero
        else:
            interest = self.attention(candidates, history, mask)
        fields = self.embedding(inputs)
        batch, both = fields.shape[0], interest * candidates
        interest = jnp.broadcast_to(interest, both.shape)
        x = jnp.concatenate([interest, both], axis=-1).reshape(batch, -1)
        x = jnp.concatenate([fields.reshape(batch, -1), x], axis=1)
        for layer, activation in zip(self.layers, self.activations, strict=True):
            x = layer(self.dropout(x, deterministic=rngs is None, rngs=rngs))
            x = activation(x, deterministic=rngs is None)
        return self.out(x)[:, 0]
