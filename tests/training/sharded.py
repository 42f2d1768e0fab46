"""Small trainings, alone or over meshes: `python sharded.py CASES [PROCESS ADDRESS]`; says JSON.

A process of its own, as JAX is told at its start how many devices a processor
stands for; with PROCESS and ADDRESS it is one of two that meet there. CASES, by
name, have `loss` and, where they want any, `mesh`, `epochs`, `checkpoint_dir`,
`batch_size` and `own`, for a module that says nothing of meshes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

import attnrec as ar
from attnrec.training import sequences

NUM_ITEMS = 101
SMALL = ar.SASRec(embedding_size=8, num_layers=1, max_length=8, dropout_rate=0.2)
LOSSES = {
    "softmax": ar.losses.FullSoftmax(),
    "sampled_softmax": ar.losses.SampledSoftmax(16),
    "sce": ar.losses.SCE(16),
    "bce": ar.losses.BCE(),
    "gbce": ar.losses.GBCE(16),
}


class Own(nnx.Module):
    """A module of one's own, which says nothing of meshes: the mean of what came so far."""

    max_length = 8

    def __init__(self):
        self.item_embedding = nnx.Embed(NUM_ITEMS + 1, 8, rngs=nnx.Rngs(0))

    def encode(self, items, mask, *, rngs=None):
        real = mask[..., None]
        so_far = jnp.cumsum(jnp.where(real, self.item_embedding(items), 0), axis=1)
        return so_far / jnp.maximum(jnp.cumsum(real, axis=1), 1)

    def item_embeddings(self):
        return self.item_embedding.embedding[...]


def log() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 12, 90)
    user = np.repeat(np.arange(90), lengths)
    item = (7 * user + np.concatenate([np.arange(n) for n in lengths])) % NUM_ITEMS
    item[:NUM_ITEMS] = np.arange(NUM_ITEMS)  # so that all are met
    return pd.DataFrame({"user": user, "item": item, "timestamp": np.arange(len(user))})


def trained(
    loss: str,
    mesh: dict[str, int] | None = None,
    epochs: int = 3,
    batch_size: int = 32,
    own: bool = False,
    **more: str,
) -> dict[str, Any]:
    """The course of a training, its scores, and what each device held of the table."""
    split = ar.split.leave_one_out(ar.datasets.load(log(), timestamp="timestamp", name="small"))
    held = []

    class Watched(sequences.ModelScorer):
        def __init__(self, model, *args):
            super().__init__(model, *args)
            shards = model.item_embedding.embedding[...].addressable_shards
            held.append(sorted({shard.data.shape for shard in shards}))

    sequences.ModelScorer = Watched
    try:
        run = ar.fit(
            Own() if own else SMALL,
            split,
            epochs=epochs,
            batch_size=batch_size,
            loss=LOSSES[loss],
            learning_rate=0.01,
            mesh=None if mesh is None else ar.mesh(**mesh),
            progress=False,
            **more,
        )
    except ar.errors.AttnrecError as error:
        return {"error": str(error)}
    return {
        "losses": run.history["loss"].tolist(),
        "figures": run.history["NDCG@10"].tolist(),
        "scores": np.asarray(run.scorer(split.cases("test").histories.padded(8)))[:, 1:].tolist(),
        "held": held[-1],
        "weights": run.model.item_embedding.embedding[...].shape,
        "told": run.provenance["fit"].get("mesh"),
    }


def gradients(loss: str, over: bool) -> list[np.ndarray]:
    """A loss and its gradients, of a table of `NUM_ITEMS` + 1 rows on four devices or on one."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(32, 8, 8)).astype(np.float32)
    table = rng.normal(size=(NUM_ITEMS + 1, 8)).astype(np.float32)
    labels = jnp.array(rng.integers(0, NUM_ITEMS + 1, (32, 8)))

    @jax.value_and_grad
    def total(arrays):
        return LOSSES[loss](arrays[0], arrays[1][: NUM_ITEMS + 1], labels, jax.random.key(3))[0]

    if over:
        mesh = ar.mesh(data=2, catalogue=4)
        table = np.pad(table, ((0, 2), (0, 0)))
        with jax.set_mesh(mesh):
            by_row, by_item = (
                NamedSharding(mesh, PartitionSpec(axis)) for axis in ("data", "catalogue")
            )
            arrays = jax.device_put(hidden, by_row), jax.device_put(table, by_item)
            value, found = jax.jit(total)(arrays)
    else:
        value, found = jax.jit(total)((hidden, table))
    return [np.asarray(value), np.asarray(found[0]), np.asarray(found[1])[: NUM_ITEMS + 1]]


def main(cases: str, process: str | None = None, address: str | None = None) -> None:
    found: dict[str, Any] = {}
    if process is None:
        found["gradients"] = {
            loss: [
                float(np.abs(one - other).max() / np.abs(other).max())
                for one, other in zip(gradients(loss, True), gradients(loss, False), strict=True)
            ]
            for loss in LOSSES
        }
    else:
        jax.distributed.initialize(address, num_processes=2, process_id=int(process))
    found["cases"] = {name: trained(**case) for name, case in json.loads(cases).items()}
    found["devices"] = jax.device_count()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
