"""The loop of training: epochs, validation, checkpoints, and the best weights so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from tqdm.auto import tqdm

from attnrec.errors import AttnrecError
from attnrec.evaluation import LOWER_IS_BETTER
from attnrec.training.checkpoint import Checkpoints
from attnrec.training.step import TrainState


@runtime_checkable
class Task(Protocol):
    """What there is to learn, from which data: all that the loop does not know.

    Attributes:
        settings: what decides the result, as JSON holds it.
        state: parameters and optimizer at the beginning; the steps write into it.
        num_targets: labels in an epoch.
    """

    settings: dict[str, Any]
    state: TrainState
    num_targets: int

    def __len__(self) -> int:
        """Batches in an epoch."""
        ...

    def epoch(self, seed: int, epoch: int, first: int) -> Iterator[Any]:
        """The batches of an epoch, from number `first` on, in an order that the seed decides."""
        ...

    def step(self, state: TrainState, batch: Any, key: jax.Array) -> tuple[TrainState, jax.Array]:
        """One step, and the summed loss of its labels."""
        ...

    def validate(self, params: nnx.State) -> dict[str, float]:
        """Figures on the validation part; nothing where there is none."""
        ...


class Trained(NamedTuple):
    """What came of it.

    Attributes:
        params: those that did best on validation, or the last where nothing was measured.
        course: what happened.
        stopped: why it ended before its last epoch; or None.
    """

    params: nnx.State
    course: Course
    stopped: str | None


def train(
    task: Task,
    *,
    epochs: int,
    seed: int,
    metric: str,
    patience: int | None = None,
    checkpoints: Checkpoints | None = None,
    checkpoint_every: int | None = None,
    progress: bool = True,
    each: Callable[[Course, nnx.State], object] | None = None,
) -> Trained:
    """Trains until all epochs are done, patience ends, or somebody interrupts it.

    Args:
        task: what to learn.
        epochs, seed, metric, patience, checkpoint_every, progress: as for `attnrec.fit`.
        checkpoints: where to keep them; a training found there goes on.
        each: called after every epoch with what happened so far and a copy of the parameters.

    Raises:
        AttnrecError: a loss that is not finite, or a checkpoint that cannot be written.
    """
    state, course, key = task.state, Course(), jax.random.key(seed)
    best = jax.tree.map(jnp.array, state.params)
    found = checkpoints.latest((state, best)) if checkpoints else None
    if found:
        _, (state, best), saved = found
        course = Course(**saved)

    def save() -> None:
        if checkpoints:
            checkpoints.save(course.done(len(task)), (state, best), asdict(course))

    stopped = None
    bar = tqdm(
        total=epochs * len(task),
        initial=course.done(len(task)),
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
            for number, batch in enumerate(task.epoch(seed, epoch, begin), begin + 1):
                state, added = task.step(state, batch, jax.random.fold_in(epoch_key, number - 1))
                total = total + added
                bar.update()
                if checkpoint_every and number % checkpoint_every == 0 and number < len(task):
                    course.batches, course.total = number, float(total)
                    course.seconds = time.perf_counter() - started
                    save()
            mean_loss = float(total) / task.num_targets
            seconds = time.perf_counter() - started
            if not np.isfinite(mean_loss):
                raise AttnrecError(
                    f"loss is {mean_loss} in epoch {epoch}: training diverged; learning_rate "
                    f"{task.settings.get('learning_rate')!r} is probably too large"
                )
            figures = task.validate(state.params)
            row = {
                "epoch": epoch,
                "loss": mean_loss,
                "seconds": seconds,
                "targets_per_second": task.num_targets / seconds,
                **figures,
            }
            figure = figures.get(metric)
            if figure is not None and metric in LOWER_IS_BETTER:
                figure = -figure
            if course.add(row, figure):
                best = jax.tree.map(jnp.array, state.params)
            bar.set_description(course.describe(metric))
            save()
            if each is not None:
                each(course, jax.tree.map(jnp.array, state.params))
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
    return Trained(best, course, stopped)


@dataclass
class Course:
    """What has happened so far.

    Attributes:
        rows: of each finished epoch, its figures.
        best_epoch, best_figure: which did best on validation, and how well: more is better.
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
