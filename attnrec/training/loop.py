"""Training: from a recipe and a split to a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import UTC, datetime
from numbers import Real
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from flax import nnx
from jax.sharding import Mesh
from tqdm.auto import tqdm

from attnrec import losses, provenance
from attnrec.data.split import Cases, Split
from attnrec.errors import AttnrecError, DataError, whole_number
from attnrec.evaluation import metric as metric_by_name
from attnrec.evaluation import ranks
from attnrec.models.protocol import Recipe, SequenceModel, build, configuration_of
from attnrec.models.schema import Schema
from attnrec.models.scorer import ModelScorer
from attnrec.run import Run
from attnrec.sharding import Placement
from attnrec.training.batches import Batches
from attnrec.training.checkpoint import Checkpoints
from attnrec.training.step import TrainState, make_step

ALWAYS = ("HR@10", "NDCG@10")
RATES_TOLD_AT = (0, 100, 1_000, 10_000, 100_000)  # steps by which a schedule is known again


def fit(
    model: Recipe | SequenceModel,
    split: Split,
    epochs: int = 20,
    seed: int = 0,
    *,
    loss: str | losses.Loss = "softmax",
    batch_size: int = 128,
    learning_rate: float | optax.Schedule = 1e-3,
    patience: int | None = None,
    metric: str = "NDCG@10",
    checkpoint_dir: str | Path | None = None,
    checkpoint_every: int | None = None,
    mesh: Mesh | None = None,
    stream: bool | None = None,
    progress: bool = True,
) -> Run:
    """Trains a model on the train part, and keeps the weights that did best on validation.

    Every position of every history learns its next item, in one causal pass.
    The validation cases are ranked in full after each epoch; the test cases
    never are. Adam with beta2 = 0.98, as in SASRec's own code. Ctrl-C, or the
    notebook's stop button, ends the training and keeps the best weights so far.

    Equal seeds give equal results on one machine.

    Args:
        model: a recipe such as `SASRec()`, or a `flax.nnx.Module` of your own
            with `encode`, `item_embeddings` and `max_length`.
        split: from `attnrec.split`.
        epochs: visits to every training history, at most.
        seed: for initial weights, order, dropout and negatives.
        loss: `"softmax"` (cross-entropy over the whole catalogue),
            `"sampled_softmax"`, `"sce"`, `"bce"`, `"gbce"`, or one from `attnrec.losses`.
        batch_size: histories in a batch, on average: of long ones fewer make a batch,
            of short ones more, so that all teach about as much.
        learning_rate: Adam's step, or an optax schedule over steps.
        patience: epochs without a better validation metric after which
            training stops; None trains for all `epochs`.
        metric: what "best on validation" means.
        checkpoint_dir: where to keep a checkpoint of each epoch. A training
            that finds its own checkpoints there goes on from the newest.
        checkpoint_every: batches after which there is one within an epoch, too.
        mesh: from `attnrec.mesh`: several devices share each batch, or the
            catalogue, or both; `batch_size` is that of all together.
        stream: read each batch from the histories when its turn comes, in place
            of keeping all of them, padded, on the device; the results are the
            same. Unless given, where they would take more than a gigabyte.
        progress: show a bar with loss, metric, speed and time left.

    Returns:
        The run: model, data, configuration and the course of training.

    Raises:
        AttnrecError: an argument out of range, a mesh with other axes, a loss that
            is not finite, a checkpoint of another configuration, or one that cannot
            be written.
    """
    if not isinstance(split, Split):
        raise AttnrecError(
            "split: expected one from attnrec.split, such as leave_one_out(data), "
            f"got {type(split).__name__}"
        )
    epochs, batch_size = whole_number("epochs", epochs), whole_number("batch_size", batch_size)
    seed = whole_number("seed", seed, least=0)
    patience = None if patience is None else whole_number("patience", patience)
    if checkpoint_every is not None:
        checkpoint_every = whole_number("checkpoint_every", checkpoint_every)
        if checkpoint_dir is None:
            raise AttnrecError("checkpoint_every: says how often, and no checkpoint_dir says where")
    if stream not in (None, True, False):
        raise AttnrecError(f"stream: expected True, False or None, got {stream!r}")
    rate_told = _told_rate(learning_rate)
    loss = losses.resolve(loss)
    validation = Validation(split, metric, patience)
    schema = Schema(num_items=len(split.data.items), num_users=len(split.data.users))
    module = build(model, schema, seed)
    graphdef, params, rest = nnx.split(module, nnx.Param, ...)
    placement = Placement(mesh, params, batch_size)
    batches = Batches(
        split.train_sequences,
        module.max_length,
        batch_size,
        multiple=placement.multiple,
        place=lambda rows: placement.whole(jnp.asarray(rows)),
        stream=stream,
    )
    if not batches.num_targets:
        raise DataError("split: no training history has two items, so there is nothing to learn")

    optimizer = optax.adam(learning_rate, b2=0.98)
    params = placement.split(params)  # a copy: the steps write into it
    state = TrainState(params, placement.whole(optimizer.init(params)))
    targets_per_batch = batches.num_targets / len(batches)
    shardings = placement.shardings(state)
    step = placement.under(
        make_step(graphdef, rest, loss, optimizer, targets_per_batch, schema.num_items, shardings)
    )
    validate = placement.under(validation)
    key = jax.random.key(seed)
    course = Course()
    best = jax.tree.map(jnp.array, params)

    settings = {
        "loss": repr(loss)
        if is_dataclass(loss)
        else getattr(loss, "__qualname__", type(loss).__qualname__),
        "batch_size": batch_size,
        "learning_rate": rate_told,
        "seed": seed,
        "metric": metric,
    }
    checkpoints = None
    if checkpoint_dir is not None:
        told = {
            **settings,
            **placement.told,
            "model": configuration_of(model),
            "data": split.data.fingerprint,
            "split": [split.kind, split.parameters],
        }
        checkpoints = Checkpoints(checkpoint_dir, told)
        found = checkpoints.latest((state, best))
        if found:
            _, (state, best), saved = found
            course = Course(**saved)

    stopped = None
    bar = tqdm(
        total=epochs * len(batches),
        initial=course.epochs * len(batches) + course.batches,
        disable=not progress or jax.process_index() > 0,
        unit="batch",
        desc=course.describe(metric),
    )
    try:
        while course.epochs < epochs and not course.is_stale(patience):
            epoch = course.epochs + 1
            started = time.perf_counter() - course.seconds
            total: Any = np.float32(course.total)
            epoch_key = jax.random.fold_in(key, epoch)
            begin = course.batches
            for number, batch in enumerate(batches.epoch(seed, epoch, begin), begin + 1):
                step_key = placement.whole(jax.random.fold_in(epoch_key, number - 1))
                state, batch_total = step(state, batch.items, batch.rows, step_key, batch.length)
                total = total + batch_total
                bar.update()
                if (
                    checkpoints
                    and checkpoint_every
                    and number % checkpoint_every == 0
                    and number < len(batches)
                ):
                    course.batches, course.total = number, float(total)
                    course.seconds = time.perf_counter() - started
                    checkpoints.save(course.done(len(batches)), (state, best), asdict(course))
            mean_loss = float(total) / batches.num_targets
            seconds = time.perf_counter() - started
            if not np.isfinite(mean_loss):
                raise AttnrecError(
                    f"loss is {mean_loss} in epoch {epoch}: training diverged; "
                    f"learning_rate {learning_rate!r} is probably too large"
                )
            trained = nnx.merge(graphdef, state.params, placement.whole(rest))
            figures = validate(ModelScorer(trained, "model", schema.num_items))
            row = {
                "epoch": epoch,
                "loss": mean_loss,
                "seconds": seconds,
                "targets_per_second": batches.num_targets / seconds,
                **figures,
            }
            if course.add(row, figures.get(metric)):
                best = jax.tree.map(jnp.array, state.params)
            bar.set_description(course.describe(metric))
            if checkpoints:
                checkpoints.save(course.done(len(batches)), (state, best), asdict(course))
    except KeyboardInterrupt:
        stopped = f"interrupted in epoch {course.epochs + 1}"
        # The interrupted step may already have used up the weights it was given.
        if not course.rows and not any(leaf.is_deleted() for leaf in jax.tree.leaves(state)):
            best = state.params
    finally:
        bar.close()
        if checkpoints:
            checkpoints.close()

    if stopped is None and course.is_stale(patience):
        stopped = f"no better {metric} for {patience} epochs"
    return Run(
        model=nnx.merge(graphdef, placement.gathered(best), rest),
        config=model if isinstance(model, Recipe) else None,
        split=split,
        history=pd.DataFrame(course.rows),
        provenance={
            "fit": {**settings, **placement.told, "epochs": epochs, "patience": patience},
            "best_epoch": course.best_epoch,
            "stopped": stopped,
            "seed": seed,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_seconds": float(sum(row["seconds"] for row in course.rows)),
            **provenance.environment(),
        },
    )


@dataclass
class Course:
    """What has happened so far.

    Attributes:
        rows: of each finished epoch, its figures.
        best_epoch, best_figure: which did best on validation, and how well.
        batches: of the epoch under way, how many are done.
        total, seconds: their summed loss, and what they took.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_figure: float | None = None
    batches: int = 0
    total: float = 0.0
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        return len(self.rows)

    def add(self, row: dict[str, float], figure: float | None) -> bool:
        """Notes an epoch; says whether it is the best so far, or not measured."""
        self.rows.append(row)
        self.batches, self.total, self.seconds = 0, 0.0, 0.0
        if figure is not None and self.best_figure is not None and figure <= self.best_figure:
            return False
        self.best_epoch, self.best_figure = len(self.rows), figure
        return True

    def done(self, batches_an_epoch: int) -> int:
        """Batches since the beginning."""
        return self.epochs * batches_an_epoch + self.batches

    def is_stale(self, patience: int | None) -> bool:
        return patience is not None and self.epochs - self.best_epoch >= patience

    def describe(self, metric: str) -> str:
        if not self.rows:
            return "epoch 1"
        row = self.rows[-1]
        shown = f", {metric} {row[metric]:.4f}" if metric in row else ""
        return f"epoch {self.epochs} loss {row['loss']:.4f}{shown}"


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


def _told_rate(learning_rate: Any) -> float | str | list[float]:
    """The learning rate as JSON holds it; of a schedule without a name, the rate at some steps."""
    if callable(learning_rate):
        if is_dataclass(learning_rate):
            return repr(learning_rate)
        return [float(learning_rate(step)) for step in RATES_TOLD_AT]
    rate = float(learning_rate) if isinstance(learning_rate, Real) else float("nan")
    if not 0 < rate < float("inf"):
        raise AttnrecError(f"learning_rate: expected a positive number, got {learning_rate!r}")
    return rate
