r"""AutoInt: features that attend to each other (Song et al., CIKM 2019).

In each interacting layer the vector $e_f$ of every field looks at those of all,
in several heads, and keeps itself by a residual connection (eqs. 5 to 8):

$$\alpha^{(h)}_{fg} = \mathrm{softmax}_g\;
    \frac{\langle W^{(h)}_Q e_f,\, W^{(h)}_K e_g\rangle}{\sqrt{d_h}},\qquad
  e'_f = \mathrm{ReLU}\Big(\big\Vert_h \sum_g \alpha^{(h)}_{fg} W^{(h)}_V e_g + W_R\, e_f\Big),$$

and the score is a weighted sum of all that the last layer gives (eq. 9). The
division by the root of a head's width is not in the paper but in its authors'
code. With `hidden_sizes` it is AutoInt+: a feed-forward network beside it
(section 5.5). [song2019autoint]_

`layer="transformer"` is the form that RecBole gives the model: one projection
of the vectors, attention with biases and an output projection as in Vaswani et
al. (2017), and one residual around all layers (there, where `has_residual` is
set; there, first order and a network always stand beside).

Each layer records a map $\alpha$, field by field. A field that says nothing
neither looks nor is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Bool, Float

from attnrec.errors import AttnrecError, did_you_mean, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.attention import MultiHeadAttention, dot_product_attention
from attnrec.models.dropout import Dropout
from attnrec.models.features.embedding import MLP, FeatureEmbedding, Linear, sizes
from attnrec.typing import Array

Layer = Literal["interacting", "transformer"]


@dataclass(frozen=True)
class AutoInt:
    """Hyperparameters of AutoInt.

    Args:
        embedding_size: width of the fields' vectors.
        attention_size: width of a layer, of all heads together.
        num_heads: attention heads of each layer; must divide `attention_size`.
        num_layers: layers of attention.
        hidden_sizes: layers of a network beside attention (AutoInt+); none, none.
        dropout_rate: share of the vectors' components, and of activations in that
            network, dropped in training.
        first_order: add the weight of each level itself.
        layer: `"interacting"`, the paper's, or `"transformer"`, RecBole's.
    """

    embedding_size: int = 16
    attention_size: int = 64
    num_heads: int = 2
    num_layers: int = 3
    hidden_sizes: Sequence[int] = ()
    dropout_rate: float = 0.0
    first_order: bool = False
    layer: Layer = "interacting"

    def __post_init__(self) -> None:
        for name in ("embedding_size", "attention_size", "num_heads", "num_layers"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.attention_size % self.num_heads:
            raise AttnrecError(
                f"num_heads: {self.num_heads} does not divide attention_size {self.attention_size}"
            )
        object.__setattr__(self, "hidden_sizes", sizes("hidden_sizes", self.hidden_sizes))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))
        if self.layer not in get_args(Layer):
            raise AttnrecError(
                f"layer: expected one of {get_args(Layer)}, got {self.layer!r}"
                + did_you_mean(self.layer, get_args(Layer))
            )

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> AutoIntModule:
        """The model for some fields, with fresh weights."""
        return AutoIntModule(self, schema, rngs=rngs)


class Interacting(nnx.Module):
    """Every field looks at all fields (eqs. 5 to 8)."""

    normalisation = "softmax"
    axes = ("feature", "feature")

    def __init__(self, num_inputs: int, size: int, num_heads: int, *, rngs: nnx.Rngs):
        self.num_heads = num_heads
        self.attention_fn = dot_product_attention

        def linear() -> nnx.Linear:
            init = nnx.initializers.xavier_uniform()
            return nnx.Linear(num_inputs, size, use_bias=False, kernel_init=init, rngs=rngs)

        self.query, self.key, self.value, self.residual = linear(), linear(), linear(), linear()

    def __call__(
        self,
        x: Float[Array, "batch feature embedding"],
        mask: Bool[Array, "batch 1 feature feature"],
    ) -> Float[Array, "batch feature size"]:
        def heads(y: Array) -> Array:  # [batch, feature, head, size]
            return y.reshape(*y.shape[:2], self.num_heads, -1)

        layers = (self.query, self.key, self.value, self.residual)
        kernel = jnp.concatenate([layer.kernel[...] for layer in layers], axis=1)
        query, key, value, residual = jnp.split(x @ kernel, 4, axis=-1)  # at once, not one by one
        attended = self.attention_fn(heads(query), heads(key), heads(value), mask=mask)
        return nnx.relu(attended.reshape(*x.shape[:2], -1) + residual)


class Transformer(nnx.Module):
    """All layers in RecBole's form."""

    def __init__(self, config: AutoInt, *, rngs: nnx.Rngs):
        init = nnx.initializers.xavier_normal()
        sizes = (config.embedding_size, config.attention_size)
        self.projection = nnx.Linear(*sizes, kernel_init=init, rngs=rngs)
        self.residual = nnx.Linear(*sizes, kernel_init=init, rngs=rngs)
        self.layers = nnx.List(
            MultiHeadAttention(config.attention_size, config.num_heads, rngs=rngs)
            for _ in range(config.num_layers)
        )

    def __call__(
        self,
        x: Float[Array, "batch feature embedding"],
        mask: Bool[Array, "batch 1 feature feature"],
    ) -> Float[Array, "batch feature size"]:
        found = self.projection(x)
        for layer in self.layers:
            found = layer(found, found, mask)
        return nnx.relu(found + self.residual(x))


class AutoIntModule(nnx.Module):
    """AutoInt with its weights."""

    def __init__(self, config: AutoInt, schema: FeatureSchema, *, rngs: nnx.Rngs):
        self.config = config
        self.embedding = FeatureEmbedding(schema, config.embedding_size, rngs=rngs)
        self.linear = Linear(schema, rngs=rngs) if config.first_order else None
        if config.layer == "transformer":
            self.layers = nnx.List([Transformer(config, rngs=rngs)])
        else:
            widths = [config.embedding_size] + [config.attention_size] * (config.num_layers - 1)
            self.layers = nnx.List(
                Interacting(width, config.attention_size, config.num_heads, rngs=rngs)
                for width in widths
            )
        self.out = nnx.Linear(
            len(schema) * config.attention_size,
            1,
            kernel_init=nnx.initializers.xavier_normal(),
            rngs=rngs,
        )
        self.network = (
            MLP(
                len(schema) * config.embedding_size,
                config.hidden_sizes,
                dropout_rate=config.dropout_rate,
                rngs=rngs,
            )
            if config.hidden_sizes
            else None
        )
        self.dropout = Dropout(config.dropout_rate)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """A weighted sum of what the last layer gives (eq. 9), and what stands beside it."""
        vectors = self.embedding(inputs)
        present = self.embedding.present(inputs)
        mask = (present[:, None, :] & present[:, :, None])[:, None]
        x = vectors = self.dropout(vectors, deterministic=rngs is None, rngs=rngs)
        for layer in self.layers:
            x = layer(x, mask) * present[..., None]
        found = self.out(x.reshape(x.shape[0], -1))[:, 0]
        if self.network is not None:
            found += self.network(vectors.reshape(x.shape[0], -1), rngs)[:, 0]
        return found if self.linear is None else found + self.linear(inputs)
