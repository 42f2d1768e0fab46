"""The arrays of a tree by name, for files that hold arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def named_leaves(tree: Any) -> dict[str, Any]:
    """Every array of a tree under its path, such as `blocks.0.attention.query.kernel`."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {_name(path): leaf for path, leaf in leaves}


def with_leaves(tree: Any, leaves: Mapping[str, Any]) -> Any:
    """A tree like `tree` with the arrays of `leaves`.

    Raises:
        KeyError: an array of the tree is not among them.
        ValueError: an array has another shape.
    """
    paths, structure = jax.tree_util.tree_flatten_with_path(tree)
    found = []
    for path, leaf in paths:
        array = leaves[_name(path)]
        if np.shape(array) != np.shape(leaf):
            raise ValueError(f"{_name(path)}: expected {np.shape(leaf)}, got {np.shape(array)}")
        found.append(jnp.asarray(array))
    return jax.tree_util.tree_unflatten(structure, found)


def _name(path: tuple) -> str:
    if isinstance(path[-1], jax.tree_util.GetAttrKey) and path[-1].name == "value":
        path = path[:-1]  # a Flax variable's own array
    return ".".join(jax.tree_util.keystr((key,), simple=True) for key in path)
