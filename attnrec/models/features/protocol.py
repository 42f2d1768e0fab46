"""What training, prediction and recording ask of a model of features."""

from __future__ import annotations

from inspect import signature
from typing import Protocol, runtime_checkable

from flax import nnx
from jaxtyping import Float

from attnrec.errors import AttnrecError
from attnrec.features.fields import FeatureSchema, Inputs
from attnrec.typing import Array


@runtime_checkable
class FeatureRecipe(Protocol):
    """A frozen set of hyperparameters that builds a model of features, cheap to make."""

    def build(self, schema: FeatureSchema, rngs: nnx.Rngs) -> FeatureModel: ...


@runtime_checkable
class FeatureModel(Protocol):
    """A Flax NNX module that scores a user, an item and circumstances by their features.

    One defined in a notebook cell needs no more than this method, in which
    `levels, weights = inputs.flat()` gives the columns of each example; a
    `FeatureEmbedding` of the inputs makes vectors of them, and looks up once what
    several candidates share. What it
    attends to is recorded where the weights go through a function that can be
    exchanged: `attention_fn`, as in `attnrec.models.attention`, or
    `weigh_fn(weights, value, mask)`, which is `weighted_values` but for that. Beside
    it `normalisation`, `axes` and `keys` say what the map is; see `AttentionMap`.
    """

    def score(self, inputs: Inputs, *, rngs: nnx.Rngs | None = None) -> Float[Array, " batch"]:
        """A score, any real number, for each example; no `rngs`, no dropout."""
        ...


def build(model: FeatureRecipe | FeatureModel, schema: FeatureSchema, seed: int) -> FeatureModel:
    """The module that a recipe makes, or a user's own module as it is.

    Raises:
        AttnrecError: neither a recipe nor a module that can `score`.
    """
    if isinstance(model, type):
        raise AttnrecError(
            f"model: got the class {model.__name__}; did you mean {model.__name__}()?"
        )
    built: object = model
    if isinstance(model, FeatureRecipe) and not isinstance(model, nnx.Module):
        try:
            built = model.build(schema, nnx.Rngs(seed))
        except AttributeError as error:
            if error.obj is not schema:
                raise
            raise AttnrecError(
                f"model: {type(model).__name__} is not built from features ({error}); expected "
                "a recipe of a model of features such as AutoInt()"
            ) from error
    if isinstance(built, FeatureModel) and "rngs" not in signature(built.score).parameters:
        raise AttnrecError(
            f"model: expected score(inputs, *, rngs=None), got score{signature(built.score)}"
        )
    if not isinstance(built, nnx.Module) or not isinstance(built, FeatureModel):
        raise AttnrecError(
            "model: expected a recipe of a model of features such as AutoInt(), or a "
            f"flax.nnx.Module with score; got {type(model).__name__}"
        )
    return built
