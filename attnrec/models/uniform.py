"""A model that looks at everything alike: what attention has to beat."""

from __future__ import annotations

from typing import TypeVar

import jax.numpy as jnp
from flax import nnx

from attnrec.errors import AttnrecError
from attnrec.models.attention import MultiHeadAttention

Model = TypeVar("Model", bound=nnx.Module)


def with_uniform_attention(model: Model) -> Model:
    r"""A copy of a model whose attention is uniform, in every layer, head and query.

    Its query and key projections are zero, so that all logits are. There they
    stay in training: the derivative of :math:`q \cdot k` by either is a
    multiple of the other. A trained model shows what its own attention is worth
    to it; a fresh one, trained like this, what attention is worth to the task
    [wiegreffe2019attention].

    Args:
        model: one whose attention layers are `MultiHeadAttention`; it stays as
            it is.

    Raises:
        AttnrecError: no such layer.

    Example:
        >>> fresh = ar.SASRec().build(schema, nnx.Rngs(0))          # doctest: +SKIP
        >>> run = ar.fit(with_uniform_attention(fresh), split)      # doctest: +SKIP
    """
    copy = nnx.clone(model)
    layers = [layer for _, layer in nnx.iter_modules(copy) if isinstance(layer, MultiHeadAttention)]
    if not layers:
        raise AttnrecError(f"model: {type(model).__name__} has no MultiHeadAttention")
    for layer in layers:
        for projection in (layer.query, layer.key):
            for weights in (projection.kernel, projection.bias):
                weights[...] = jnp.zeros_like(weights[...])
    return copy
