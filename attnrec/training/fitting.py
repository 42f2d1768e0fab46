"""Training: from a recipe and data to a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import UTC, datetime
from numbers import Real
from pathlib import Path
from typing import Any, overload

import optax
import pandas as pd
from flax import nnx
from jax.sharding import Mesh

from attnrec import losses, provenance
from attnrec.data.split import Split
from attnrec.errors import AttnrecError, share, whole_number
from attnrec.feature_run import FeatureRun
from attnrec.features.examples import Features
from attnrec.models.features.protocol import FeatureModel, FeatureRecipe
from attnrec.models.protocol import Recipe, SequenceModel
from attnrec.run import Run
from attnrec.training.checkpoint import Checkpoints
from attnrec.training.features import Prediction
from attnrec.training.loop import Course, train
from attnrec.training.sequences import NextItem

ELSEWHERE = ("model", "data", "split", "features")  # in a run: of its own
RATES_TOLD_AT = (0, 100, 1_000, 10_000, 100_000)  # steps by which a schedule is known again


@overload
def fit(
    model: Recipe | SequenceModel,
    data: Split,
    epochs: int = 20,
    seed: int = 0,
    *,
    loss: str | losses.Loss | None = None,
    batch_size: int | None = None,
    learning_rate: float | optax.Schedule = 1e-3,
    weight_decay: float = 0.0,
    patience: int | None = None,
    metric: str | None = None,
    checkpoint_dir: str | Path | None = None,
    checkpoint_every: int | None = None,
    mesh: Mesh | None = None,
    stream: bool | None = None,
    on_epoch: Callable[[int, Run], object] | None = None,
    progress: bool = True,
) -> Run: ...


@overload
def fit(
    model: FeatureRecipe | FeatureModel,
    data: Features,
    epochs: int = 20,
    seed: int = 0,
    *,
    loss: str | None = None,
    num_negatives: int = 4,
    batch_size: int | None = None,
    learning_rate: float | optax.Schedule = 1e-3,
    weight_decay: float = 0.0,
    patience: int | None = None,
    metric: str | None = None,
    checkpoint_dir: str | Path | None = None,
    checkpoint_every: int | None = None,
    on_epoch: Callable[[int, FeatureRun], object] | None = None,
    progress: bool = True,
) -> FeatureRun: ...


def fit(
    model: Any,
    data: Split | Features,
    epochs: int = 20,
    seed: int = 0,
    *,
    loss: str | losses.Loss | None = None,
    num_negatives: int = 4,
    batch_size: int | None = None,
    learning_rate: float | optax.Schedule = 1e-3,
    weight_decay: float = 0.0,
    patience: int | None = None,
    metric: str | None = None,
    checkpoint_dir: str | Path | None = None,
    checkpoint_every: int | None = None,
    mesh: Mesh | None = None,
    stream: bool | None = None,
    on_epoch: Callable[[int, Any], object] | None = None,
    progress: bool = True,
) -> Run | FeatureRun:
    """Trains a model on the train part, and keeps the weights that did best on validation.

    Of a split, every position of every history learns its next item, in one
    causal pass, and the validation cases are ranked in full after each epoch. Of
    features, every row learns how it went: clicks, ratings, or which item was
    chosen. The test part is never looked at. Adam; of histories with beta2 =
    0.98, as in SASRec's own code. Ctrl-C, or the notebook's stop button, ends the
    training and keeps the best weights so far.

    Equal seeds give equal results on one machine.

    Args:
        model: a recipe, such as `SASRec()` of histories or `AutoInt()` of features, or a
            `flax.nnx.Module` of your own; see `attnrec.models.protocol` and
            `attnrec.models.features.protocol`.
        data: from `attnrec.split`, or from `attnrec.features.build`.
        epochs: visits to every training history or row, at most.
        seed: for initial weights, order, dropout and negatives.
        loss: of histories `"softmax"` (cross-entropy over the whole catalogue; unless
            another is given), `"sampled_softmax"`, `"sce"`, `"bce"`, `"gbce"`, or one from
            `attnrec.losses`; of features `"bce"` for clicks, `"mse"` for ratings, and
            `"bce"`, `"bpr"` or `"softmax"` for choices.
        num_negatives: of choices by features, the items drawn evenly beside each one chosen.
        batch_size: histories in a batch, on average, 128 unless given: of long ones
            fewer make a batch, of short ones more, so that all teach about as much.
            Of features rows, 1,024 unless given.
        learning_rate: Adam's step, or an optax schedule over steps.
        weight_decay: by which times the learning rate each step shrinks all weights (AdamW:
            Loshchilov and Hutter, 2019 [loshchilov2019decoupled]_); from 0 to below 1.
        patience: epochs without a better validation metric after which
            training stops; None trains for all `epochs`.
        metric: what "best on validation" means; NDCG@10 unless given, AUC for clicks,
            RMSE for ratings. Of choices by features "NDCG@10 of 100" ranks among 99 drawn
            items, for models that are slow to score a whole catalogue.
        checkpoint_dir: where to keep a checkpoint of each epoch. A training
            that finds its own checkpoints there goes on from the newest.
        checkpoint_every: batches after which there is one within an epoch, too.
        mesh: of histories, from `attnrec.mesh`: several devices share each batch, or the
            catalogue, or both; `batch_size` is that of all together.
        stream: of histories, read each batch from the histories when its turn comes, in place
            of keeping all of them, padded, on the device; the results are the
            same. Unless given, where they would take more than a gigabyte.
        on_epoch: called after every epoch with its number, from 1, and a run with the weights
            as they are then: to keep what figures play, such as `run.field_map()`.
        progress: show a bar with loss, metric, speed and time left.

    Returns:
        The run: model, data, configuration and the course of training.

    Raises:
        AttnrecError: an argument out of range, a mesh with other axes, a loss that
            is not finite, a checkpoint of another configuration, or one that cannot
            be written.
    """
    if not isinstance(data, (Split, Features)):
        raise AttnrecError(
            "data: expected a split from attnrec.split, such as leave_one_out(data), or "
            f"features from attnrec.features.build, got {type(data).__name__}"
        )
    epochs = whole_number("epochs", epochs)
    usual = 128 if isinstance(data, Split) else 1024
    batch_size = usual if batch_size is None else whole_number("batch_size", batch_size)
    seed = whole_number("seed", seed, least=0)
    if seed >= 2**32:
        raise AttnrecError(f"seed: expected less than 2**32, got {seed}")
    patience = None if patience is None else whole_number("patience", patience)
    if checkpoint_every is not None:
        checkpoint_every = whole_number("checkpoint_every", checkpoint_every)
        if checkpoint_dir is None:
            raise AttnrecError("checkpoint_every: says how often, and no checkpoint_dir says where")
    if stream not in (None, True, False):
        raise AttnrecError(f"stream: expected True, False or None, got {stream!r}")
    rate_told = _told_rate(learning_rate)
    weight_decay = share("weight_decay", weight_decay)
    task: NextItem | Prediction
    if isinstance(data, Split):
        metric = "NDCG@10" if metric is None else metric
        task = NextItem(
            model,
            data,
            seed=seed,
            loss="softmax" if loss is None else loss,
            batch_size=batch_size,
            optimizer=_adam(learning_rate, weight_decay, b2=0.98),
            metric=metric,
            patience=patience,
            mesh=mesh,
            stream=stream,
        )
    else:
        if mesh is not None or stream:
            raise AttnrecError("mesh, stream: of histories only, and these are features")
        task = Prediction(
            model,
            data,
            seed=seed,
            loss=loss,
            num_negatives=num_negatives,
            batch_size=batch_size,
            optimizer=_adam(learning_rate, weight_decay),
            metric=metric,
            patience=patience,
        )
        metric = task.metric
    task.settings |= {"learning_rate": rate_told, "seed": seed, "metric": metric}
    if weight_decay:
        task.settings["weight_decay"] = weight_decay

    def made(params: nnx.State, course: Course, stopped: str | None) -> Run | FeatureRun:
        origin = {
            "fit": {**of_fit, "epochs": epochs, "patience": patience},
            "best_epoch": course.best_epoch,
            "stopped": stopped,
            "seed": seed,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_seconds": float(sum(row["seconds"] for row in course.rows)),
            **provenance.environment(),
        }
        config, history = (
            None if isinstance(model, nnx.Module) else model,
            pd.DataFrame(course.rows),
        )
        if isinstance(task, NextItem):
            assert isinstance(data, Split)
            return Run(task.model(params), config, data, history, origin)
        assert isinstance(data, Features)
        return FeatureRun(task.model(params), config, data, history, origin)

    def each(course: Course, params: nnx.State) -> None:
        assert on_epoch is not None
        on_epoch(course.epochs, made(params, course, None))

    of_fit = {key: told for key, told in task.settings.items() if key not in ELSEWHERE}
    trained = train(
        task,
        epochs=epochs,
        seed=seed,
        metric=metric,
        patience=patience,
        checkpoints=None if checkpoint_dir is None else Checkpoints(checkpoint_dir, task.settings),
        checkpoint_every=checkpoint_every,
        progress=progress,
        each=None if on_epoch is None else each,
    )
    return made(trained.params, trained.course, trained.stopped)


def _adam(
    learning_rate: float | optax.Schedule, weight_decay: float, b2: float = 0.999
) -> optax.GradientTransformation:
    """Adam; with a decay, AdamW."""
    if not weight_decay:
        return optax.adam(learning_rate, b2=b2)
    return optax.adamw(learning_rate, b2=b2, weight_decay=weight_decay)


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
