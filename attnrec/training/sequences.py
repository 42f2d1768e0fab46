"""Learning to tell the next item of every history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import Mesh

from attnrec import losses
from attnrec.data.split import Cases, Split
from attnrec.errors import AttnrecError, DataError
from attnrec.evaluation import metric as metric_by_name
from attnrec.evaluation import ranks
from attnrec.models.protocol import Recipe, SequenceModel, build, configuration_of
from attnrec.models.schema import Schema
from attnrec.models.scorer import ModelScorer
from attnrec.sharding import Placement
from attnrec.training.batches import Batch, Batches
from attnrec.training.step import TrainState, make_step

ALWAYS = ("HR@10", "NDCG@10")


class NextItem:
    """A `Task`: every position of every history learns its next item, in one causal pass.

    Args:
        model, split, seed, loss, batch_size, metric, patience, mesh, stream: as for
            `attnrec.fit`.
        optimizer: from optax.

    Raises:
        AttnrecError: an argument out of range, or a mesh with other axes.
    """

    def __init__(
        self,
        model: Recipe | SequenceModel,
        split: Split,
        *,
        seed: int,
        loss: str | losses.Loss,
        batch_size: int,
        optimizer: optax.GradientTransformation,
        metric: str,
        patience: int | None,
        mesh: Mesh | None,
        stream: bool | None,
    ):
        loss = losses.resolve(loss)
        validation = Validation(split, metric, patience)
        self._num_items = len(split.data.items)
        module = build(model, Schema(self._num_items, len(split.data.users)), seed)
        self._graphdef, params, self._rest = nnx.split(module, nnx.Param, ...)
        self._placement = placement = Placement(mesh, params, batch_size)
        self._batches = batches = Batches(
            split.train_sequences,
            module.max_length,
            batch_size,
            multiple=placement.multiple,
            place=lambda rows: placement.whole(jnp.asarray(rows)),
            stream=stream,
        )
        self.num_targets = batches.num_targets
        if not self.num_targets:
            raise DataError(
                "split: no training history has two items, so there is nothing to learn"
            )
        params = placement.split(params)  # a copy: the steps write into it
        self.state = TrainState(params, placement.whole(optimizer.init(params)))
        self._step = placement.under(
            make_step(
                self._graphdef,
                self._rest,
                loss,
                optimizer,
                self.num_targets / len(batches),
                self._num_items,
                placement.shardings(self.state),
            )
        )
        self._validate = placement.under(validation)
        self.settings = {
            "loss": repr(loss)
            if is_dataclass(loss)
            else getattr(loss, "__qualname__", type(loss).__qualname__),
            "batch_size": batch_size,
            **placement.told,
            "model": configuration_of(model),
            "data": split.data.fingerprint,
            "split": [split.kind, split.parameters],
        }

    def __len__(self) -> int:
        return len(self._batches)

    def epoch(self, seed: int, epoch: int, first: int) -> Iterator[Batch]:
        return self._batches.epoch(seed, epoch, first)

    def step(self, state: TrainState, batch: Batch, key: jax.Array) -> tuple[TrainState, jax.Array]:
        return self._step(state, batch.items, batch.rows, self._placement.whole(key), batch.length)

    def validate(self, params: nnx.State) -> dict[str, float]:
        trained = nnx.merge(self._graphdef, params, self._placement.whole(self._rest))
        return self._validate(ModelScorer(trained, "model", self._num_items))

    def model(self, params: nnx.State) -> SequenceModel:
        """The model with these parameters, on one device."""
        return nnx.merge(self._graphdef, self._placement.gathered(params), self._rest)


class Validation:
    """Figures of a scorer on the validation cases, ranked in full.

    Raises:
        AttnrecError: a metric that is not known; patience without cases to judge by.
    """

    def __init__(self, split: Split, metric: str, patience: int | None):
        self.cases: Cases = split.cases("validation")
        self.metrics: dict[str, Callable[..., float]] = {
            name: metric_by_name(name) for name in dict.fromkeys((*ALWAYS, metric))
        }
        self.num_items = len(split.data.items)
        self.filter_seen = split.data.protocol.filter_seen
        if patience is not None and not len(self.cases):
            raise AttnrecError("patience: needs validation cases, and this split has none")

    def __call__(self, scorer: ModelScorer) -> dict[str, float]:
        if not len(self.cases):
            return {}
        found = ranks(scorer, self.cases, self.num_items, filter_seen=self.filter_seen)
        return {name: float(metric(found)) for name, metric in self.metrics.items()}
