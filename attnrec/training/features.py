"""Learning to predict clicks, ratings and choices from features."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jaxtyping import Float

from attnrec.data.parts import Cases, Split
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.evaluation import metric as metric_by_name
from attnrec.evaluation import ranks, sampled_ranks
from attnrec.evaluation.predictions import figures
from attnrec.features.build import state_of
from attnrec.features.examples import Features, Label
from attnrec.features.fields import History, Inputs
from attnrec.models.features.protocol import FeatureModel, FeatureRecipe, build
from attnrec.models.features.scorer import FeatureScorer, centre_of
from attnrec.models.protocol import configuration_of
from attnrec.training.step import TrainState
from attnrec.typing import Array

Loss = Literal["bce", "mse", "bpr", "softmax"]
LOSSES: dict[Label, tuple[Loss, ...]] = {
    "click": ("bce",),
    "rating": ("mse",),
    "choice": ("bce", "bpr", "softmax"),
}
METRICS: dict[Label, str] = {"click": "AUC", "rating": "RMSE", "choice": "NDCG@10"}
LEARNED = nnx.Any(nnx.Param, nnx.BatchStat)  # by its gradient, or by counting
RANKED = 1_000  # validation cases of choices, at most: each asks for the whole catalogue


def loss_of(
    kind: Loss, scores: Float[Array, "batch candidate"], labels: Float[Array, " batch"]
) -> Float[Array, " batch"]:
    r"""The loss of each example.

    * `"bce"`: $-y \log \sigma(s) - (1 - y) \log(1 - \sigma(s))$, the mean over the
      candidates, of which the first has the label and the others, drawn, have 0;
    * `"mse"`: $(s - y)^2$;
    * `"bpr"`: $-\log \sigma(s_0 - s_j)$, the mean over the others (Rendle et al., 2009
      [rendle2009bpr]_);
    * `"softmax"`: $-\log \mathrm{softmax}(s)_0$.

    Args:
        kind: one of them.
        scores: of each candidate, the first being the example's own.
        labels: of the first.
    """
    if kind == "mse":
        return (scores[:, 0] - labels) ** 2
    if kind == "bpr":
        return -jax.nn.log_sigmoid(scores[:, :1] - scores[:, 1:]).mean(1)
    if kind == "softmax":
        return -jax.nn.log_softmax(scores)[:, 0]
    given = jnp.zeros_like(scores).at[:, 0].set(labels)
    return optax.sigmoid_binary_cross_entropy(scores, given).mean(1)


class Prediction:
    """A `Task`: from who, what and when, by their features, to how it went.

    Args:
        model, seed, batch_size, metric, patience: as for `attnrec.fit`.
        features: from `attnrec.features.build`.
        loss: one of `LOSSES` for what is predicted; the first unless given.
        num_negatives: of choices, the items drawn evenly beside each that was chosen.
        optimizer: from optax.

    Raises:
        AttnrecError: an argument out of range, or of another kind of label.

    Attributes:
        loss, metric: as given, or what is usual.
    """

    def __init__(
        self,
        model: FeatureRecipe | FeatureModel,
        features: Features,
        *,
        seed: int,
        loss: Any,
        num_negatives: int,
        batch_size: int,
        optimizer: optax.GradientTransformation,
        metric: str | None,
        patience: int | None,
    ):
        possible = LOSSES[features.label]
        self.loss: Loss = possible[0] if loss is None else loss
        if self.loss not in possible:
            raise AttnrecError(
                f"loss: expected one of {possible} for a {features.label}, got {loss!r}"
                + did_you_mean(loss, possible)
            )
        self.metric = METRICS[features.label] if metric is None else metric
        num_negatives = whole_number("num_negatives", num_negatives)
        self._negatives = num_negatives if features.label == "choice" else 0
        self._validation = _validation(features, self.metric, patience, seed)
        self._features = features
        module = build(model, features.schema, seed)
        self._graphdef, params, self._rest = nnx.split(module, LEARNED, ...)
        self._train = features.examples("train")
        self.num_targets = len(self._train)
        self._batch_size = min(batch_size, self.num_targets)
        weights, _ = nnx.split_state(params, nnx.Param, ...)
        self.state = TrainState(jax.tree.map(jnp.array, params), optimizer.init(weights))
        self._step = self._make_step(optimizer)
        self.settings = {
            "loss": self.loss,
            "num_negatives": self._negatives,
            "batch_size": batch_size,
            "model": configuration_of(model),
            "data": features.data.fingerprint,
            "split": [features.split.kind, features.split.parameters],
            "features": state_of(features),
        }

    def __len__(self) -> int:
        return math.ceil(self.num_targets / self._batch_size)

    def epoch(self, seed: int, epoch: int, first: int) -> Iterator[np.ndarray]:
        """Places among the train examples; past their number, one that only fills a batch."""
        order = np.random.default_rng([seed, epoch]).permutation(self.num_targets)
        spare = order[: -len(order) % self._batch_size] + len(order)
        filled = np.concatenate([order, spare]).astype(np.int32)
        return iter(filled.reshape(-1, self._batch_size)[first:])

    def step(
        self, state: TrainState, batch: np.ndarray, key: jax.Array
    ) -> tuple[TrainState, jax.Array]:
        return self._step(state, self._arrays, batch, key)

    def _make_step(self, optimizer: optax.GradientTransformation) -> Callable[..., Any]:
        features, train = self._features, self._train
        arrays: dict[str, Any] = {
            "users": features.users,
            "items": features.items,
            "context": features.context.take(train.rows),
            "user": train.users,
            "item": train.items,
            "label": train.labels - np.float32(centre_of(features)),
        }
        length = features.schema.history
        if length:
            before = features.before.take(train.rows)
            source = np.append(before.source, 0)  # never empty
            arrays |= {"source": source, "start": before.starts, "stop": before.stops}
        self._arrays = jax.tree.map(jnp.asarray, arrays)
        num_items, negatives, kind = len(features.data.items), self._negatives, self.loss

        @partial(jax.jit, donate_argnums=0)
        def step(state: TrainState, arrays: dict[str, Any], rows: Array, key: Array):
            draw, drop = jax.random.split(key)
            real = rows < len(arrays["label"])
            rows = jnp.where(real, rows, rows - len(arrays["label"]))
            chosen = arrays["item"][rows][:, None]
            if negatives:
                drawn = jax.random.randint(draw, (len(rows), negatives), 1, num_items + 1)
                chosen = jnp.concatenate([chosen, drawn], axis=1)
            candidates = chosen
            items = arrays["items"]
            if num_items >= chosen.size:  # fewer are asked about than there are
                items = items.take(chosen.ravel())
                candidates = jnp.arange(chosen.size).reshape(chosen.shape)
            history = None
            if length:
                places = arrays["stop"][rows][:, None] + jnp.arange(-length, 0)[None]
                there = places >= arrays["start"][rows][:, None]
                before = jnp.where(there, arrays["source"][places], 0)
                history = History(before, arrays["items"])
            inputs = Inputs(
                arrays["users"].take(arrays["user"][rows]),
                items,
                arrays["context"].take(rows),
                candidates,
                history,
            )
            weights, statistics = nnx.split_state(state.params, nnx.Param, ...)

            def objective(weights: nnx.State) -> tuple[Array, Any]:
                model = nnx.merge(self._graphdef, weights, statistics, self._rest, copy=True)
                scores = model.score(inputs, rngs=nnx.Rngs(dropout=drop)).reshape(chosen.shape)
                each = loss_of(kind, scores, arrays["label"][rows])
                total = jnp.where(real, each, 0).sum()
                return total / len(rows), (total, nnx.state(model, nnx.BatchStat))

            gradients, (total, counted) = jax.grad(objective, has_aux=True)(weights)
            updates, kept = optimizer.update(gradients, state.optimizer, weights)
            params = nnx.merge_state(optax.apply_updates(weights, updates), counted)
            return TrainState(params, kept), total

        return step

    def validate(self, params: nnx.State) -> dict[str, float]:
        return self._validation(FeatureScorer(self.model(params), self._features, "model"))

    def model(self, params: nnx.State) -> FeatureModel:
        """The model with these parameters."""
        return nnx.merge(self._graphdef, params, self._rest)


def _validation(
    features: Features, metric: str, patience: int | None, seed: int
) -> Callable[[FeatureScorer], dict[str, float]]:
    """Figures of a scorer on the validation part."""
    if features.label == "choice":
        if not isinstance(features.split, Split):
            raise AttnrecError(
                "features: choices are ranked, which a split at random does not allow; expected "
                "features of attnrec.split.temporal(data) or leave_one_out(data), or a label"
            )
        name, _, among = metric.partition(" of ")
        if among and not (among.isdigit() and int(among) > 1):
            raise AttnrecError(f"metric: expected a number after 'of', got {metric!r}")
        metrics = {one: metric_by_name(one) for one in dict.fromkeys(("HR@10", name))}
        suffix = f" of {among}" if among else ""
        cases = _some(features.split.cases("validation"), seed)
        data = features.data

        def of_cases(scorer: FeatureScorer) -> dict[str, float]:
            if not len(cases):
                return {}
            if among:
                ranked = sampled_ranks(scorer, cases, len(data.items), num_negatives=int(among) - 1)
            else:
                filter_seen = data.protocol.filter_seen
                ranked = ranks(scorer, cases, len(data.items), filter_seen=filter_seen)
            return {f"{name}{suffix}": float(figure(ranked)) for name, figure in metrics.items()}

        empty, found = not len(cases), of_cases
    else:
        part = features.examples("validation")
        known = ("AUC", "LogLoss", "ECE") if features.label == "click" else ("RMSE", "MAE")
        if metric not in known:
            raise AttnrecError(
                f"metric: expected one of {known} for a {features.label}, got {metric!r}"
                + did_you_mean(metric, known)
            )

        # Of clicks with one outcome there is nothing to tell apart.
        enough = len(part) > 0 and (features.label == "rating" or np.ptp(part.labels) > 0)

        def of_rows(scorer: FeatureScorer) -> dict[str, float]:
            return figures(scorer, features, "validation") if enough else {}

        empty, found = not enough, of_rows
    if patience is not None and empty:
        raise AttnrecError("patience: needs validation cases, and this split has none to judge by")
    return found


def _some(cases: Cases, seed: int) -> Cases:
    """At most `RANKED` cases, drawn."""
    if len(cases) <= RANKED:
        return cases
    drawn = np.sort(np.random.default_rng(seed).choice(len(cases), RANKED, replace=False))
    return Cases(cases.users[drawn], cases.histories.take(drawn), cases.targets.take(drawn))
