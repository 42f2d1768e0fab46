"""Compiled questions about the score of one item, which explanations ask by the thousand."""

from __future__ import annotations

from functools import cached_property, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Bool, Float, Int

from attnrec.errors import AttnrecError
from attnrec.models.prefixes import Prefixes
from attnrec.models.views import Tape, inference_view, read_out, recording_view
from attnrec.typing import Array


class Ranked(NamedTuple):
    """An item's score and its place, from 1, in the ranking of each history."""

    score: Float[Array, " batch"]
    rank: Int[Array, " batch"]


class EmbeddingGradients(NamedTuple):
    r"""Of an item's score :math:`s` by the embedding :math:`e_p` at each position.

    Attributes:
        score: the score.
        norm: :math:`\lVert \partial s / \partial e_p \rVert_2`.
        product: :math:`e_p \cdot \partial s / \partial e_p`, with the whole
            embedding, however much of it was shown.
    """

    score: Float[Array, " batch"]
    norm: Float[Array, "batch key"]
    product: Float[Array, "batch key"]


class AttentionGradients(NamedTuple):
    """Of an item's score by the attention weights of each layer.

    Attributes:
        weights: the weights `[batch, head, query, key]` by map.
        gradients: the derivatives, alike.
    """

    weights: dict[str, Float[Array, "batch head query key"]]
    gradients: dict[str, Float[Array, "batch head query key"]]


class Probe:
    """A `SequenceModel` as explanations ask it: about one target, for a batch of histories.

    Every method is one compiled call. Items are right-aligned and masks as in
    a `Request`, save that a mask may hide everything: what is read out then
    has looked at nothing. Variants of one history may come as their `prefixes` in
    place of items, if the model `shares_prefixes`.

    Args:
        graphdef, state: the model, as `nnx.split` gives it; kept under these
            names.
        names: of its attention maps, first to last.
        name: how errors call it.
    """

    def __init__(self, graphdef: nnx.GraphDef, state: nnx.State, names: tuple[str, ...], name: str):
        self.name = name
        self.graphdef, self.state = graphdef, state

        self._leaves, structure = jax.tree.flatten(state)  # a state's own way takes longer

        def merged(leaves: list[Array]) -> nnx.Module:
            return nnx.merge(graphdef, jax.tree.unflatten(structure, leaves))

        def view(leaves: list[Array], tape: Tape) -> nnx.Module:
            return recording_view(merged(leaves), tape)

        def last(leaves, items, mask, prefixes):
            model = view(leaves, Tape())
            found = read_out(model, items, mask, last_only=True, prefixes=prefixes)
            return found, model.item_embeddings()

        @jax.jit
        def scores(leaves, items, mask, prefixes, target):
            found, table = last(leaves, items, mask, prefixes)
            return found @ table[target]

        @jax.jit
        def ranked(leaves, items, mask, prefixes, target, candidates):
            found, table = last(leaves, items, mask, prefixes)
            every = found @ table.T
            own = every[:, target]
            above = jnp.where(candidates[None], every > own[:, None], False)
            return Ranked(own, 1 + above.sum(1))

        @jax.jit
        def every(leaves, items, mask, prefixes):
            found, table = last(leaves, items, mask, prefixes)
            return found @ table.T

        @jax.jit
        def by_embedding(leaves, items, mask, target, scale):
            def score(added):
                model = inference_view(merged(leaves))  # whose attention has quicker derivatives
                embeddings = _through(model, items, scale, added)
                last = read_out(model, items, mask, last_only=True)
                own = last @ model.item_embeddings()[target]
                return own.sum(), (own, embeddings())

            size = jax.eval_shape(lambda s: view(s, Tape()).item_embeddings(), leaves).shape[1]
            zeros = jnp.zeros((*items.shape, size))
            gradients, (own, embeddings) = jax.grad(score, has_aux=True)(zeros)
            seen = mask.astype(gradients.dtype)
            norm = jnp.linalg.norm(gradients, axis=-1) * seen
            return EmbeddingGradients(own, norm, (gradients * embeddings).sum(-1) * seen)

        @jax.jit
        def by_attention(leaves, items, mask, target):
            def score(added):
                tape = Tape(added=added)
                model = view(leaves, tape)
                own = read_out(model, items, mask) @ model.item_embeddings()[target]
                return own.sum(), {name: tape.layers[name].weights for name in names}

            def shapes(leaves):
                tape = Tape()
                read_out(view(leaves, tape), items, mask)
                return {name: tape.layers[name].weights for name in names}

            zeros = jax.tree.map(
                lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(shapes, leaves)
            )
            gradients, weights = jax.grad(score, has_aux=True)(zeros)
            real = mask[:, None, :, None]
            clean = partial(jax.tree.map, lambda part: jnp.where(real, part, 0))
            return AttentionGradients(clean(weights), clean(gradients))

        self._scores, self._ranked, self._every = scores, ranked, every
        self._by_embedding, self._by_attention = by_embedding, by_attention

    @cached_property
    def shares_prefixes(self) -> bool:
        """Whether it can be asked about `prefixes`."""
        return hasattr(nnx.merge(self.graphdef, self.state), "encode_variants")

    def scores(
        self,
        items: Int[Array, "batch key"] | None,
        mask: Bool[Array, "batch key"],
        target: int,
        prefixes: Prefixes | None = None,
    ) -> Float[Array, " batch"]:
        """The target's score after each history."""
        return self._scores(self._leaves, items, mask, prefixes, target)

    def ranked(
        self,
        items: Int[Array, "batch key"] | None,
        mask: Bool[Array, "batch key"],
        target: int,
        candidates: Bool[Array, " item"],
        prefixes: Prefixes | None = None,
    ) -> Ranked:
        """The target's score and its rank among `candidates`; ties count for it."""
        return self._ranked(self._leaves, items, mask, prefixes, target, candidates)

    def every(
        self,
        items: Int[Array, "batch key"] | None,
        mask: Bool[Array, "batch key"],
        prefixes: Prefixes | None = None,
    ) -> Float[Array, "batch item"]:
        """The scores of the whole catalogue; what stands at padding, entry 0, means nothing."""
        return self._every(self._leaves, items, mask, prefixes)

    def by_embedding(
        self,
        items: Int[Array, "batch key"],
        mask: Bool[Array, "batch key"],
        target: int,
        scale: Float[Array, " batch"],
    ) -> EmbeddingGradients:
        """Derivatives by what each position puts in, of which `scale` is shown (1: all).

        Of a mask that hides everything score and derivatives mean nothing.

        Raises:
            AttnrecError: a model that looks its items up without an `nnx.Embed`.
        """
        return self._by_embedding(self._leaves, items, mask, target, scale)

    def by_attention(
        self, items: Int[Array, "batch key"], mask: Bool[Array, "batch key"], target: int
    ) -> AttentionGradients:
        """Derivatives by attention weights, each taken as free to move by itself."""
        return self._by_attention(self._leaves, items, mask, target)

    def item_embeddings(self) -> Float[Array, "item embedding"]:
        """The output layer's table, in whose product with what is read out a score lies."""
        return nnx.merge(self.graphdef, self.state).item_embeddings()


class _Open(nnx.Embed):
    """An embedding that lets what it gives be scaled and added to."""

    def __call__(self, inputs: Array) -> Array:
        found = super().__call__(inputs)
        if inputs.shape != self.open["shape"]:
            return found
        self.open["found"].append(found)
        return found * self.open["scale"][:, None, None] + self.open["added"]


def _through(model: nnx.Module, items: Array, scale: Array, added: Array):
    """Opens the model's embedding of items; returns how to get what it gave."""
    rows, size = model.item_embeddings().shape
    found: list[Array] = []
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Embed) and module.embedding.shape == (rows, size):
            opened = {"shape": items.shape, "scale": scale, "added": added, "found": found}
            object.__setattr__(module, "__class__", _Open)
            object.__setattr__(module, "open", opened)

    def embeddings() -> Array:
        if len(found) != 1:
            raise AttnrecError(
                f"gradients: the model looks items up {len(found)} times by an nnx.Embed of the "
                "catalogue's size; expected once"
            )
        return found[0]

    return embeddings
