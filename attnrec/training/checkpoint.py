"""Checkpoints of a training, written by Orbax: atomic, never pickle."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding

from attnrec.errors import AttnrecError
from attnrec.models.weights import named_leaves, with_leaves

KEPT = 2  # should the newest be unreadable, the one before it is not


class Checkpoints:
    """The checkpoints of one training in a folder.

    Args:
        folder: made if it is not there.
        configuration: what the training was asked to do, JSON-like. A folder
            that holds checkpoints of another configuration is refused.

    Raises:
        AttnrecError: the path is that of a file.
    """

    def __init__(self, folder: str | Path, configuration: dict[str, Any]):
        import orbax.checkpoint as ocp

        self.folder = Path(folder).expanduser().resolve()
        if self.folder.exists() and not self.folder.is_dir():
            raise AttnrecError(f"checkpoint_dir: expected a folder, and {self.folder} is a file")
        self._ocp = ocp
        self._failed = False
        self._configuration = json.loads(json.dumps(configuration, default=repr))
        self._manager = ocp.CheckpointManager(
            self.folder,
            options=ocp.CheckpointManagerOptions(max_to_keep=KEPT, create=True),
        )

    def save(self, step: int, arrays: Any, course: dict[str, Any]) -> None:
        """Writes the state after `step`, in the background.

        Args:
            step: finished batches.
            arrays: any tree of arrays; copied before this returns. What is split over
                devices is written in its parts.
            course: what JSON can hold: history so far, best score, ...

        Raises:
            AttnrecError: this one, or the one before it, cannot be written.
        """
        args = self._ocp.args
        note = {"configuration": self._configuration, "course": course}
        leaves = {name: _copy(leaf) for name, leaf in named_leaves(arrays).items()}
        of = args.Composite(arrays=args.StandardSave(leaves), note=args.JsonSave(note))
        self._written(lambda: self._manager.save(step, args=of))

    def latest(self, like: Any) -> tuple[int, Any, dict[str, Any]] | None:
        """The newest readable checkpoint: its step, its arrays (a tree as `like`), its course.

        Raises:
            AttnrecError: it belongs to another configuration, or none can be read.
        """
        args = self._ocp.args
        failures = []
        for step in sorted(self._manager.all_steps(), reverse=True):
            shapes = {
                name: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=_split(leaf))
                for name, leaf in named_leaves(like).items()
            }
            try:
                note = self._manager.restore(
                    step, args=args.Composite(note=args.JsonRestore())
                ).note
                self._check(note["configuration"])
                restored = self._manager.restore(
                    step, args=args.Composite(arrays=args.StandardRestore(shapes))
                )
            except AttnrecError:
                raise
            except Exception as error:  # noqa: BLE001 - Orbax raises what the file system did
                told = str(error).splitlines() or [""]
                failures.append(f"batch {step}: {type(error).__name__} {told[0][:200]}")
                continue
            return step, with_leaves(like, restored.arrays), note["course"]
        if failures:
            raise AttnrecError(
                f"checkpoint_dir: none of the checkpoints in {self.folder} can be read "
                f"({'; '.join(failures)}); name another folder, or remove this one to begin anew"
            )
        return None

    def close(self) -> None:
        """Waits until all is written.

        Raises:
            AttnrecError: it cannot be, and `save` has not said so.
        """
        if self._failed:
            with suppress(Exception):
                self._manager.close()
            return
        self._written(self._manager.wait_until_finished)
        self._manager.close()

    def _written(self, write: Callable[[], Any]) -> None:
        try:
            write()
        except Exception as error:
            self._failed = True
            kept = [str(step) for step in sorted(self._manager.all_steps())]
            there = f"those after {' and '.join(kept)} batches are" if kept else "none is"
            told = (str(error).splitlines() or [""])[0]
            raise AttnrecError(
                f"checkpoint_dir: nothing more can be written to {self.folder}; of this training "
                f"{there} there ({type(error).__name__}: {told[:300]})"
            ) from error

    def _check(self, theirs: dict[str, Any]) -> None:
        ours = self._configuration
        differing = [key for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)]
        if differing:
            told = "; ".join(
                f"{key}: {theirs.get(key)} there, {ours.get(key)} here" for key in differing
            )
            raise AttnrecError(
                f"checkpoint_dir: {self.folder} holds a training of another configuration "
                f"({told}); name another folder, or remove this one to begin anew"
            )


def _split(leaf: jax.Array) -> NamedSharding | None:
    """How an array is split over the devices of a mesh, if it is."""
    return leaf.sharding if isinstance(leaf.sharding, NamedSharding) else None


def _copy(leaf: jax.Array) -> jax.Array | np.ndarray:
    return np.array(leaf) if _split(leaf) is None else jnp.array(leaf)
