r"""NeuMF: a product and a network of user and item (He et al., WWW 2017).

Of who and what alone, without other features. With vectors of their own in
each part,

$$s(u, i) = h^\top \big[\, p_u \circ q_i \;;\; \mathrm{MLP}([p'_u; q'_i]) \,\big] + b$$

(eqs. 8 to 12; the departures are $b$ and that the output's sigmoid belongs to the
loss). `GMF` is the first part alone, `NCF` the second, which the paper calls
MLP. [he2017ncf]_
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Float

from attnrec.errors import AttnrecError, share, whole_number
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.models.features.embedding import MLP, FeatureEmbedding, sizes
from attnrec.typing import Array


@dataclass(frozen=True)
class GMF:
    """Hyperparameters of generalised matrix factorisation.

    Args:
        embedding_size: width of the vectors.
    """

    embedding_size: int = 32

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "embedding_size", whole_number("embedding_size", self.embedding_size)
        )

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> NeuMFModule:
        """The model for some users and items, with fresh weights."""
        return NeuMFModule(schema, self.embedding_size, 0, (), 0.0, rngs=rngs)


@dataclass(frozen=True)
class NCF:
    """Hyperparameters of the network of user and item alone.

    Args:
        embedding_size: width of the vectors.
        hidden_sizes: widths of the network's layers.
        dropout_rate: share of activations dropped in training before each of them.
    """

    embedding_size: int = 32
    hidden_sizes: Sequence[int] = (64, 32, 16)
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "embedding_size", whole_number("embedding_size", self.embedding_size)
        )
        object.__setattr__(self, "hidden_sizes", sizes("hidden_sizes", self.hidden_sizes, least=1))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> NeuMFModule:
        """The model for some users and items, with fresh weights."""
        return NeuMFModule(
            schema, 0, self.embedding_size, self.hidden_sizes, self.dropout_rate, rngs=rngs
        )


@dataclass(frozen=True)
class NeuMF:
    """Hyperparameters of NeuMF.

    Args:
        embedding_size: width of the vectors that are multiplied.
        network_embedding_size: width of those that go through the network.
        hidden_sizes: widths of the network's layers.
        dropout_rate: share of activations dropped in training before each of them.
    """

    embedding_size: int = 32
    network_embedding_size: int = 32
    hidden_sizes: Sequence[int] = (64, 32, 16)
    dropout_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("embedding_size", "network_embedding_size"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        object.__setattr__(self, "hidden_sizes", sizes("hidden_sizes", self.hidden_sizes, least=1))
        object.__setattr__(self, "dropout_rate", share("dropout_rate", self.dropout_rate))

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> NeuMFModule:
        """The model for some users and items, with fresh weights."""
        return NeuMFModule(
            schema,
            self.embedding_size,
            self.network_embedding_size,
            self.hidden_sizes,
            self.dropout_rate,
            rngs=rngs,
        )


class Pair(nnx.Module):
    """A vector for each user, and one for each item."""

    def __init__(self, schema: FeatureSchema, size: int, *, rngs: nnx.Rngs):
        self.embedding = FeatureEmbedding(schema, size, rngs=rngs)
        self.user, self.item = schema.index("user"), schema.index("item")

    def __call__(
        self, inputs: Inputs
    ) -> tuple[Float[Array, "batch embedding"], Float[Array, "batch embedding"]]:
        vectors = self.embedding(inputs)
        return vectors[:, self.user], vectors[:, self.item]


class NeuMFModule(nnx.Module):
    """NeuMF, or one of its parts, with its weights.

    Args:
        schema: with the fields `user` and `item`.
        size: width of the vectors that are multiplied; 0, without them.
        network_size: width of those that go through the network; 0, without it.
        hidden_sizes, dropout_rate: of the network.
        rngs: for the initial weights.

    Raises:
        AttnrecError: fields without the ids of users and items.
    """

    def __init__(
        self,
        schema: FeatureSchema,
        size: int,
        network_size: int,
        hidden_sizes: Sequence[int],
        dropout_rate: float,
        *,
        rngs: nnx.Rngs,
    ):
        if not {"user", "item"} <= set(schema.names):
            raise AttnrecError(
                f"fields: this model needs 'user' and 'item', got {list(schema.names)}; "
                "build the features with ids=True"
            )
        self.product = Pair(schema, size, rngs=rngs) if size else None
        self.pair = Pair(schema, network_size, rngs=rngs) if network_size else None
        self.network = (
            MLP(2 * network_size, hidden_sizes, None, dropout_rate=dropout_rate, rngs=rngs)
            if network_size
            else None
        )
        width = size + (hidden_sizes[-1] if network_size else 0)
        init = nnx.initializers.xavier_normal()
        self.out = nnx.Linear(width, 1, kernel_init=init, rngs=rngs)

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """The parts there are, side by side, and a weighted sum of them."""
        parts = []
        if self.product is not None:
            user, item = self.product(inputs)
            parts.append(user * item)
        if self.pair is not None and self.network is not None:
            parts.append(self.network(jnp.concatenate(self.pair(inputs), axis=1), rngs))
        return self.out(jnp.concatenate(parts, axis=1))[:, 0]
