"""What training, scoring and recording ask of a model."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Any, Protocol, runtime_checkable

from flax import nnx
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError
from attnrec.models.schema import Schema
from attnrec.typing import Array


@runtime_checkable
class Recipe(Protocol):
    """A frozen set of hyperparameters that builds a model, cheap to make."""

    def build(self, schema: Schema, rngs: nnx.Rngs) -> SequenceModel: ...


@runtime_checkable
class SequenceModel(Protocol):
    """A Flax NNX module that reads a history and scores what comes next.

    One defined in a notebook cell needs no more than these three. The score
    of item i after position q is `encode(...)[:, q] @ item_embeddings()[i]`.
    Each attention layer whose function can be exchanged is recorded: ours,
    and Flax's own `nnx.MultiHeadAttention`.

    One that has `encode_last(items, mask)`, equal to `encode(...)[:, -1]`, is
    asked by it where nothing else is wanted. One that is causal and has
    `encode_variants(mask, prefixes)`, equal to `encode_last` of many variants
    of one history, is asked by it about these; see `attnrec.models.prefixes`.

    Attributes:
        max_length: the most recent items that it can read.
    """

    max_length: int

    def encode(
        self,
        items: Int[Array, "batch key"],
        mask: Bool[Array, "batch key"],
        *,
        rngs: nnx.Rngs | None = None,
    ) -> Float[Array, "batch key embedding"]:
        """What each position has gathered. Items are right-aligned; no `rngs`, no dropout."""
        ...

    def item_embeddings(self) -> Float[Array, "item embedding"]:
        """The output layer's table, entry 0 being padding."""
        ...


def last_of(
    model: SequenceModel, items: Int[Array, "batch key"], mask: Bool[Array, "batch key"]
) -> Float[Array, "batch embedding"]:
    """What a model's last position has gathered, by `encode_last` where it has that."""
    if hasattr(model, "encode_last"):
        return model.encode_last(items, mask)
    return model.encode(items, mask)[:, -1]


def build(model: Recipe | SequenceModel, schema: Schema, seed: int) -> SequenceModel:
    """The module that a recipe makes, or a user's own module as it is.

    Raises:
        AttnrecError: neither a recipe nor a module with the methods above, or
            a table of another size than the catalogue.
    """
    if isinstance(model, type):
        raise AttnrecError(
            f"model: got the class {model.__name__}; did you mean {model.__name__}()?"
        )
    built = model
    if isinstance(model, Recipe) and not isinstance(model, nnx.Module):
        try:
            built = model.build(schema, nnx.Rngs(seed))
        except AttributeError as error:
            if error.obj is not schema:
                raise
            raise AttnrecError(
                f"model: {type(model).__name__} is not built for histories ({error}); expected "
                "a recipe such as SASRec(), or for this one features from attnrec.features.build"
            ) from error
    needed = ("encode", "item_embeddings", "max_length")
    missing = [name for name in needed if not hasattr(built, name)]
    if missing or not isinstance(built, nnx.Module):
        raise AttnrecError(
            "model: expected a recipe such as SASRec(), or a flax.nnx.Module with encode, "
            f"item_embeddings and max_length; got {type(model).__name__}"
            + (f", which lacks {', '.join(missing)}" if missing else "")
        )
    rows = built.item_embeddings().shape[0]
    if rows != schema.num_items + 1:
        raise AttnrecError(
            f"model: item_embeddings() has {rows} rows, expected {schema.num_items + 1}: "
            f"{schema.num_items} items and padding"
        )
    return built


def configuration_of(model: object) -> dict[str, Any]:
    """A model's hyperparameters as JSON holds them; for a user's own module, its class."""
    if is_dataclass(model) and not isinstance(model, type):
        return {"recipe": type(model).__name__, **asdict(model)}
    return {"module": type(model).__name__}
