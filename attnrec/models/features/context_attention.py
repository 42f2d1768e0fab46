r"""Circumstances that look at the history and at the features.

What of a user's past matters on a Sunday evening, and what of the item? Each
circumstance, with vector $c_s$, looks in several heads at keys $x_k$ (Vaswani et al.,
2017, eq. 1) [vaswani2017attention]_,

$$\alpha^{(h)}_{sk} = \mathrm{softmax}_k\;
    \frac{\langle W^{(h)}_Q c_s,\, W^{(h)}_K x_k\rangle}{\sqrt{d_h}},\qquad
  A(c_s, x) = W_O\, \big\Vert_h \sum_k \alpha^{(h)}_{sk} W^{(h)}_V x_k,$$

once where the keys are the $T$ items of the history, each the sum of its fields'
vectors and of one that is learned for its place, counted from the recent end,
$x_t = \sum_f e_{tf} + p_{T-t}$; and once, with other matrices, where they are the
fields of user and item. What it finds is added to the circumstance,

$$z_s = c_s + A_{\mathrm{history}}(c_s, x) + A_{\mathrm{fields}}(c_s, e),\qquad
  s = \mathrm{MLP}\big([e_1;\, \dots;\, e_F;\, z_1;\, \dots;\, z_S]\big).$$

Who asks whom is this library's own plain form; the papers on attention over
circumstances differ.

Two maps are recorded, circumstance by position and circumstance by field; of features
without a history only the second. A circumstance that says nothing neither looks
nor is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import dot_product_attention
from attnrec.models.features.embedding import MLP, FeatureEmbedding, sizes
from attnrec.typing import Array


@dataclass(frozen=True)
class ContextAttention:
    """Hyperparameters of attention by circumstances.

    Args:
        embedding_size: width of the vectors.
        num_heads: attention heads of each map; must divide `embedding_size`.
        hidden_sizes: widths of the network's layers.
        dropout_rate: share of activations dropped in training before each of them.
    """

    embedding_size: int = 16
    num_heads: int = 2
    hidden_sizes: Sequence[int] = (128, 64)
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("embedding_size", "num_heads"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.embedding_size % self.num_heads:
            raise AttnrecError(
                f"num_heads: {self.num_heads} does not divide embedding_size {self.embedding_size}"
            )
        object.__setattr__(self, "hidden_sizes", sizes("hidden_sizes", self.hidden_sizes, least=1))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> ContextAttentionModule:
        """The model for some fields, with fresh weights."""
        return ContextAttentionModule(self, schema, rngs=rngs)


class CrossAttention(nnx.Module):
    """Circumstances look at keys of another kind."""

    normalisation = "softmax"

    def __init__(
        self,
        config: ContextAttention,
        key_axis: str,
        queries: tuple[str, ...],
        keys: tuple[str, ...] = (),
        *,
        rngs: nnx.Rngs,
    ):
        self.num_heads = config.num_heads
        self.axes = ("context", key_axis)
        self.queries, self.keys = queries, keys
        self.attention_fn = dot_product_attention
        size = config.embedding_size

        def linear() -> nnx.Linear:
            init = nnx.initializers.xavier_uniform()
            return nnx.Linear(size, size, use_bias=False, kernel_init=init, rngs=rngs)

        self.query, self.key, self.value, self.out = linear(), linear(), linear(), linear()

    def __call__(
        self,
        context: Float[Array, "batch query embedding"],
        keys: Float[Array, "batch key embedding"],
        asks: Bool[Array, "batch query"],
        there: Bool[Array, "batch key"],
    ) -> Float[Array, "batch query embedding"]:
        def heads(x: Array) -> Array:  # [batch, place, head, size]
            return x.reshape(*x.shape[:2], self.num_heads, -1)

        mask = asks[:, :, None] & there[:, None]
        found = self.attention_fn(
            heads(self.query(context)),
            heads(self.key(keys)),
            heads(self.value(keys)),
            mask=mask[:, None],
        )
        found = self.out(found.reshape(context.shape))
        return jnp.where(mask.any(-1, keepdims=True), found, 0)  # nothing to look at


class ContextAttentionModule(nnx.Module):
    """Attention by circumstances with its weights.

    Raises:
        AttnrecError: no field of the circumstances, or none of the item.
    """

    def __init__(self, config: ContextAttention, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.context_fields = schema.of("context")
        self.other_fields = schema.of("user", "item")
        if not self.context_fields or not schema.of("item"):
            raise AttnrecError(
                "fields: this model needs some of the circumstances and some of the item, got "
                f"{list(schema.names)}; build the features with context=['hour'] or others"
            )
        size = config.embedding_size
        self.embedding = FeatureEmbedding(schema, size, rngs=rngs)
        queries, keys = (
            tuple(schema.names[field] for field in fields)
            for fields in (self.context_fields, self.other_fields)
        )
        shape = (schema.history, size)
        init = nnx.initializers.normal(0.01)  # as that of the fields' vectors
        self.places = nnx.Param(init(rngs.params(), shape)) if schema.history else None
        self.history_attention = (
            CrossAttention(config, "position", queries, rngs=rngs) if schema.history else None
        )
        self.field_attention = CrossAttention(config, "feature", queries, keys, rngs=rngs)
        self.network = MLP(
            (len(schema) + len(queries)) * size,
            config.hidden_sizes,
            dropout_rate=config.dropout_rate,
            rngs=rngs,
        )

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The network's, of all fields and of what the circumstances find."""
        vectors, present = self.embedding(inputs), self.embedding.present(inputs)
        of_context, of_others = np.array(self.context_fields), np.array(self.other_fields)
        context, asks = vectors[:, of_context], present[:, of_context]
        found = context
        if self.history_attention is not None:
            found += self._past(self.history_attention, inputs, context, asks)
        found += self.field_attention(context, vectors[:, of_others], asks, present[:, of_others])
        x = jnp.concatenate([vectors, found], axis=1)
        return self.network(x.reshape(x.shape[0], -1), rngs)[:, 0]

    def _past(
        self,
        attention: CrossAttention,
        inputs: Inputs,
        context: Float[Array, "batch query embedding"],
        asks: Bool[Array, "batch query"],
    ) -> Float[Array, "batch query embedding"]:
        """What circumstances find in the history: once a case, the same for its candidates."""
        vectors, there = self.embedding.history(inputs)
        items = vectors.sum(2)
        assert inputs.history is not None
        assert self.places is not None
        places = self.places[...]
        # Padding beyond the longest history says nothing, wherever it is said to stand.
        ages = np.minimum(np.arange(items.shape[1])[::-1], len(places) - 1)
        cases = items.shape[0]

        def of_cases(x: Array) -> Array:  # [case, candidate, ...], of which the first
            return x.reshape(cases, -1, *x.shape[1:])[:, 0]

        found = attention(of_cases(context), items + places[ages][None], of_cases(asks), there)
        candidates = 1 if inputs.chosen is None else inputs.chosen.shape[1]
        shape = (cases, candidates, *found.shape[1:])
        return jnp.broadcast_to(found[:, None], shape).reshape(context.shape)
