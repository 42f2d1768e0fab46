"""One training over several devices: rows of a batch here, rows of the catalogue there.

A mesh has two axes. Along `"data"` lie the histories of a batch; along
`"catalogue"` the rows of every parameter that says so, as SASRec's item
embeddings do, which are the output layer too. JAX's compiler works out what
has to travel (GSPMD, Xu et al. 2021 [xu2021gspmd]_); where it would not do well
the losses say it themselves. Several processes are JAX's affair: after
`jax.distributed.initialize()` in each of them a mesh spans all their devices.

A model of one's own has its table over the catalogue where it says so:

    nnx.Embed(num_items + 1, size, embedding_metadata=OVER_CATALOGUE, rngs=rngs)

What says nothing is whole on every device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import AbstractMesh, AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from attnrec.errors import AttnrecError, whole_number

DATA, CATALOGUE = "data", "catalogue"
OVER_CATALOGUE = {"out_sharding": (CATALOGUE, None), "eager_sharding": False}

Tree = TypeVar("Tree")
Found = TypeVar("Found")
Given = ParamSpec("Given")


def mesh(*, data: int | None = None, catalogue: int = 1) -> Mesh:
    """A mesh over JAX's devices, those of other processes included.

    Args:
        data: devices along which the histories of a batch lie; all that are
            left unless given.
        catalogue: devices along which the rows of the catalogue lie.

    Raises:
        AttnrecError: more devices than there are, or a number that is none.
    """
    catalogue = whole_number("catalogue", catalogue)
    there = jax.device_count()
    if data is None:
        data = max(1, there // catalogue)
    data = whole_number("data", data)
    if data * catalogue > there:
        raise AttnrecError(
            f"mesh: {data} x {catalogue} devices asked for, and there are {there} "
            f"({jax.default_backend()})"
        )
    return jax.make_mesh(
        (data, catalogue),
        (DATA, CATALOGUE),
        axis_types=(AxisType.Auto,) * 2,
        devices=jax.devices()[: data * catalogue],
    )


def current() -> AbstractMesh | None:
    """The mesh under which this is traced; None without one."""
    found = jax.sharding.get_abstract_mesh()
    return None if found.empty or {DATA, CATALOGUE} - set(found.axis_names) else found


def everywhere(x: jax.Array) -> jax.Array:
    """The same on every device, under a mesh; as it is without one."""
    found = current()
    return x if found is None else jax.lax.with_sharding_constraint(x, NamedSharding(found, P()))


def by_row(x: jax.Array, axis: int = 0) -> jax.Array:
    """Rows of a batch along the mesh's data axis; as it is without one."""
    found = current()
    if found is None or x.shape[axis] % found.shape[DATA]:
        return x
    return jax.lax.with_sharding_constraint(x, NamedSharding(found, P(*[None] * axis, DATA)))


def rows_at_once(rows: int) -> int:
    """Rows of a batch that one device has."""
    found = current()
    return rows if found is None else -(-rows // found.shape[DATA])


class Placement:
    """Where the arrays of a training lie.

    Parameters over the catalogue are filled up with rows of zeros, so that
    every device has as many. These take no part in anything, and what is
    `gathered` is without them.

    Args:
        over: the mesh; None for the one device that JAX computes on.
        params: the model's.
        batch_size: histories in a batch, of all devices together.

    Raises:
        AttnrecError: a mesh with other axes, or one that a batch does not fill; a
            parameter that names an axis besides these.

    Attributes:
        told: the mesh as JSON holds it, by its name; nothing without one.
        multiple: devices along the histories, of which a batch's rows are a multiple.
    """

    def __init__(self, over: Mesh | None, params: nnx.State, batch_size: int):
        self._mesh, self.told, self.multiple = over, {}, 1
        if over is None:
            return
        axes = over.axis_names if isinstance(over, Mesh) else None
        if axes is None or set(axes) != {DATA, CATALOGUE}:
            raise AttnrecError(
                "mesh: expected one from attnrec.mesh, with the axes "
                f"{DATA!r} and {CATALOGUE!r}, got {axes or type(over).__name__}"
            )
        if batch_size % over.shape[DATA]:
            raise AttnrecError(
                f"batch_size: expected a multiple of {over.shape[DATA]}, the devices along "
                f"the mesh's {DATA!r}, got {batch_size}"
            )
        self.multiple = over.shape[DATA]
        self.told = {"mesh": {name: over.shape[name] for name in (DATA, CATALOGUE)}}
        self._shapes = [leaf.shape for leaf in jax.tree.leaves(params)]
        try:
            self._shardings = jax.tree.leaves(nnx.get_named_sharding(params, over))
        except ValueError as error:  # Flax: an axis that this mesh has not
            raise AttnrecError(f"model: a parameter names another axis: {error}") from None
        self._everywhere = NamedSharding(over, P())

    def under(self, function: Callable[Given, Found]) -> Callable[Given, Found]:
        """A function that is traced and called under the mesh."""
        if self._mesh is None:
            return function

        def called(*args: Given.args, **options: Given.kwargs) -> Found:
            with jax.set_mesh(self._mesh):
                return function(*args, **options)

        return called

    def split(self, params: Tree) -> Tree:
        """A copy of the parameters, in parts where they say so."""
        if self._mesh is None:
            return jax.tree.map(jnp.array, params)
        leaves, tree = jax.tree.flatten(params)
        return jax.tree.unflatten(tree, map(self._placed, leaves, self._shardings))

    def whole(self, arrays: Tree) -> Tree:
        """Arrays that every device has whole, but for those that are split already."""

        def placed(leaf: jax.Array) -> jax.Array:
            if self._mesh is None or isinstance(leaf.sharding, NamedSharding):
                return leaf
            if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
                return jax.random.wrap_key_data(placed(jax.random.key_data(leaf)))
            # Of other processes' devices JAX takes what is in no device's memory yet.
            return jax.device_put(np.asarray(leaf), self._everywhere)

        return jax.tree.map(placed, arrays)

    def shardings(self, arrays: Tree) -> Tree | None:
        """Where arrays lie, for a compiled function that returns such."""
        return None if self._mesh is None else jax.tree.map(lambda leaf: leaf.sharding, arrays)

    def gathered(self, params: Tree) -> Tree:
        """Parameters as one device has them, in every process."""
        if self._mesh is None:
            return params
        leaves, tree = jax.tree.flatten(params)
        everywhere = jax.jit(lambda x: x, out_shardings=self._everywhere)(leaves)
        cut = [
            jnp.asarray(np.asarray(leaf)[tuple(map(slice, shape))])
            for leaf, shape in zip(everywhere, self._shapes, strict=True)
        ]
        return jax.tree.unflatten(tree, cut)

    def _placed(self, leaf: jax.Array, sharding: NamedSharding) -> jax.Array:
        devices = [sharding.mesh.shape[axis] if axis else 1 for axis in sharding.spec]
        devices += [1] * (leaf.ndim - len(devices))
        spare = [(0, -size % count) for size, count in zip(leaf.shape, devices, strict=True)]
        return jax.device_put(np.pad(np.asarray(leaf), spare), sharding)
