"""A trained model of features with its data, configuration and provenance."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Int

from attnrec.columns import Columns
from attnrec.data.interactions import Interactions
from attnrec.data.parts import TEST, RowSplit, Split
from attnrec.data.sequences import Sequences
from attnrec.data.vocabulary import Vocabulary
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.feature_explanations import Context, Explained
from attnrec.feature_inspection import FeatureInspection
from attnrec.features.examples import Features
from attnrec.features.fields import Inputs, Levels
from attnrec.inspection import Interventions, top_indices
from attnrec.models.features.protocol import FeatureModel, FeatureRecipe
from attnrec.models.features.recorder import FeatureRecorder
from attnrec.models.features.scorer import FeatureScorer, centre_of, range_of
from attnrec.models.protocol import configuration_of

if TYPE_CHECKING:
    from attnrec.export import FeaturePortable, Kind


@dataclass(frozen=True, eq=False)
class FeatureRun(Explained):
    """A trained model of features and everything needed to use, judge and explain it.

    Made by `attnrec.fit` of `Features`, or by `attnrec.load_run`.

    Attributes:
        model: the Flax module, with the weights that did best on validation.
        config: the recipe it was built from; None for a user's own module.
        features: the data, which part of it trained the model, and its features.
        history: the course of training, a row an epoch, as in `Run`.
        provenance: seed, arguments of `fit`, versions, device, wall time, date.
    """

    model: FeatureModel
    config: FeatureRecipe | None
    features: Features
    history: pd.DataFrame
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's name: that of its recipe, or of its class."""
        return type(self.config or self.model).__name__

    @property
    def data(self) -> Interactions:
        return self.features.data

    @property
    def split(self) -> Split | RowSplit:
        """What trained the model, what chose its weights, and what judges it."""
        return self.features.split

    @property
    def users(self) -> pd.Index:
        return self.data.users

    @property
    def items(self) -> pd.Index:
        return self.data.items

    @cached_property
    def scorer(self) -> FeatureScorer:
        """The model as `attnrec.evaluation` wants it."""
        return FeatureScorer(self.model, self.features, self.name)

    @cached_property
    def recorder(self) -> FeatureRecorder:
        """The model with a view of what it attends to."""
        return FeatureRecorder(self.model, self.features.schema)

    @cached_property
    def portable(self) -> FeaturePortable:
        """The model as ONNX graphs and weights; see `attnrec.export.features`."""
        return self.recorder.portable(
            self.name, self.features.items, configuration_of(self.config or self.model)
        )

    def predict(
        self,
        *,
        user: object,
        item: object,
        context: Context | None = None,
        history: Sequence | None = None,
    ) -> float | np.ndarray:
        """The probability of a click or choice, or the rating, in some circumstances.

        Args:
            user, item: ids; or several of both, or of one of them.
            context: the circumstances, by name; those left out say nothing, nor do values
                that train never had, of which a warning tells. For several users or items
                one for all, or a table with a row for each.
            history: ids of items, the most recent last, in place of what the users have; for
                features with a history.

        Returns:
            A number; of several, float64[batch]. A rating lies within those of train. The
            probability of a click
            is that of a label above the threshold; that of a choice is the one among
            as many items, drawn evenly, as `fit` was given `num_negatives`.

        Raises:
            UnknownIdError: naming the nearest known id.
            AttnrecError: a model of choices that was not trained with `"bce"`: its scores
                rank and are no probabilities.
            AttnrecError: circumstances that are not among the features, or numbers of
                users, items and circumstances that do not go together.
        """
        if not self.predicts:
            raise AttnrecError(
                f"predict: scores of choices learned with loss={self._loss!r} rank, and are no "
                "probabilities; train with loss='bce', or see inspect(...).scores"
            )
        inputs, alone = self._inputs(user, item, context, history)
        found = self.scorer.predict(inputs)
        return float(found[0]) if alone else found

    def inspect(
        self,
        *,
        user: object,
        item: object,
        context: Context | None = None,
        history: Sequence | None = None,
        interventions: Interventions = Interventions(),
    ) -> FeatureInspection:
        """Scores, predictions and attention.

        Args:
            user, item, context, history: as for `predict`.
            interventions: attention to put in place of the model's own.

        Returns:
            With `.record`, as for models of histories; `.to_frame()` makes a table of it.
        """
        inputs, _ = self._inputs(user, item, context, history)
        scores, record = self.recorder.inspect(inputs, interventions)
        found = self.scorer.as_predictions(scores) if self.predicts else None
        return FeatureInspection(inputs, scores, found, record, self.features)

    @property
    def _loss(self) -> object:
        return self.provenance.get("fit", {}).get("loss")

    @property
    def predicts(self) -> bool:
        """Whether scores mean more than an order: a probability, or a rating."""
        return self.features.label != "choice" or self._loss == "bce"

    def evaluate(
        self,
        part: Literal["validation", "test"] = "test",
        cutoffs: Sequence[int] = (5, 10, 20),
        baselines: bool | Sequence[Any] = True,
        num_negatives: int | None = None,
    ) -> pd.DataFrame:
        """How good its predictions are, or where it ranks what was chosen.

        Args:
            part: which rows, or cases.
            cutoffs, baselines, num_negatives: of choices, as for `Run.evaluate`.

        Returns:
            A row a model. Of clicks AUC, GAUC, LogLoss and ECE, of ratings RMSE and
            MAE (`attnrec.evaluation.prediction_metrics`), beside what predicts the
            train part's mean for all; of choices the ranking metrics of the
            whole catalogue, in the circumstances of the first of
            a case's targets.
        """
        from attnrec.evaluation import compare
        from attnrec.evaluation.predictions import figures, figures_of_mean
        from attnrec.models.baselines.usual import beside

        features = self.features
        if features.label != "choice":
            if num_negatives is not None:
                raise AttnrecError(
                    f"num_negatives: only choices are ranked, and this is a {features.label}"
                )
            rows = [figures(self.scorer, features, part)]
            names = [self.name]
            if baselines is not False:
                rows.append(figures_of_mean(features, part))
                names.append("mean of train")
            table = pd.DataFrame(rows, index=pd.Index(names, name="model"))
            return table.assign(rows=len(features.examples(part)))
        split = self._ranked_split()
        return compare(
            beside(self.scorer, baselines, split),
            split.cases(part),
            len(self.data.items),
            filter_seen=self.data.protocol.filter_seen,
            cutoffs=cutoffs,
            num_negatives=num_negatives,
        )

    def beyond_accuracy(
        self,
        part: Literal["validation", "test"] = "test",
        *,
        topn: int = 10,
        baselines: bool | Sequence[Any] = True,
        vectors: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """Coverage, inequality, novelty, popularity lift and diversity of what it would recommend.

        Args:
            part, topn, baselines, vectors: as for `Run.beyond_accuracy`.

        Raises:
            AttnrecError: rows were divided at random, so that there are no cases to rank.
        """
        from attnrec.evaluation import beyond_accuracy
        from attnrec.models.baselines.usual import beside

        split = self._ranked_split()
        scorers = beside(self.scorer, baselines, split)
        return beyond_accuracy(scorers, split, part, topn=topn, vectors=vectors)

    def _ranked_split(self) -> Split:
        split = self.features.split
        if not isinstance(split, Split):
            raise AttnrecError(
                "features: rows divided at random have nothing to rank after a past; expected "
                "features of attnrec.split.temporal(data) or leave_one_out(data)"
            )
        return split

    def recommend(
        self,
        *,
        user: object,
        context: Context | None = None,
        history: Sequence | None = None,
        topn: int = 10,
        filter_seen: bool | None = None,
    ) -> pd.DataFrame:
        """The best items for a user in some circumstances.

        Args:
            user: a user of the data.
            context: the circumstances, by name; those left out say nothing.
            history: as for `predict`.
            topn: how many; the whole catalogue where it holds fewer.
            filter_seen: leave out what the user has, but for the test part; as the
                data's protocol says unless given.

        Returns:
            Columns rank (from 1), item, title, score: what the items are ranked by, and
            neither a probability nor a rating.
        """
        topn = whole_number("topn", topn)
        if isinstance(context, pd.DataFrame) and len(context) != 1:
            raise AttnrecError(f"context: expected one row, got {len(context)}")
        index = np.array([self.data.user_vocabulary.index(user)], np.int32)
        circumstances, past = self._circumstances(context, 1), self._past(history, 1)
        scores = np.array(self.scorer.of_cases(index, circumstances, past))
        scores[0, 0] = -np.inf
        scores[0, self.seen(int(index[0]), filter_seen)] = -np.inf
        best = top_indices(scores, topn)[0]
        best = best[np.isfinite(scores[0, best])]
        return pd.DataFrame(
            {
                Columns.RANK: np.arange(1, len(best) + 1),
                Columns.ITEM: self.data.catalogue.vocabulary.to_ids(best),
                Columns.TITLE: [self.data.catalogue.titles[i - 1] for i in best],
                Columns.SCORE: scores[0, best],
            }
        )

    def seen(self, user: int, filter_seen: bool | None = None) -> Int[np.ndarray, " item"]:
        """Indices of the items that are not recommended to a user: what they have, but for the
        test part, where the data's protocol or `filter_seen` says so.
        """
        if not (self.data.protocol.filter_seen if filter_seen is None else filter_seen):
            return np.zeros(0, np.int32)
        known = (self.data.user_indices == user) & (self.features.split.part != TEST)
        return self.data.item_indices[known]

    def seen_by_all(self) -> tuple[Int[np.ndarray, " edge"], Int[np.ndarray, " item"]]:
        """The same of every user: those of user index u stand from `[0][u]` to before the next."""
        rows = np.zeros(0, int)
        if self.data.protocol.filter_seen:
            rows = np.flatnonzero(self.features.split.part != TEST)
        users = self.data.user_indices[rows]
        counts = np.bincount(users, minlength=len(self.users) + 1)
        order = rows[np.argsort(users, kind="stable")]
        return np.append(0, counts.cumsum()), self.data.item_indices[order]

    def export_onnx(
        self, path: str | Path, *, kind: Kind = "inspect", length: int | None = None
    ) -> Path:
        """Writes the model to one ONNX file that any ONNX runtime executes.

        The weights are inside, and the metadata tell a reader who has nothing
        but the file what it is and how to use it, with the fields, their levels and
        what turns values into them where these are at most a thousand. It is checked
        against JAX before it is written.

        Args:
            path: the file; an older one is replaced.
            kind: `"inspect"`, with attention as outputs and as inputs that
                replace it, or `"scores"`, without.
            length: columns of the history; default, and at most, those of the features. The
                number of examples is free.

        Returns:
            The path. `attnrec.export.features` lists inputs and outputs, and
            `run.portable.feeds` makes the inputs of examples.

        Raises:
            AttnrecError: a model that has no ONNX form (one of your own asks for `x.shape[0]`,
                not `len(x)`), weights that are not float32, or a file that would
                disagree with JAX by more than 1e-4.

        Example:
            >>> path = run.export_onnx("model.onnx")  # doctest: +SKIP
            >>> session = onnxruntime.InferenceSession(path)  # doctest: +SKIP
        """
        from attnrec.export import write_onnx
        from attnrec.export.features import encoders_of

        data, features = self.data, self.features
        items = np.arange(1, len(data.items) + 1) if features.schema.history else np.array([], int)
        return write_onnx(
            self.portable,
            path,
            kind=kind,
            length=features.schema.history if length is None else length,
            items=data.catalogue.vocabulary.to_ids(items),
            about={
                "prediction": self._prediction,
                "encoders": encoders_of(features),
                "data": {"name": data.name, "fingerprint": data.fingerprint},
                "split": {"kind": features.split.kind, "parameters": features.split.parameters},
                "provenance": self.provenance,
            },
        )

    @property
    def _prediction(self) -> str:
        """What a score means, for who has nothing but the score."""
        if self.features.label == "rating":
            least, most = range_of(self.features)
            return (
                f"a rating: the score plus {centre_of(self.features):.9g}, "
                f"from {least:.9g} to {most:.9g} at most"
            )
        if not self.predicts:
            return "none: scores only rank"
        return f"the probability of a {self.features.label}: 1 / (1 + exp(-score))"

    def save(self, path: str | Path) -> Path:
        """Writes the run to a new folder; see `attnrec.run_files.save_run`."""
        from attnrec.run_files import save_run

        return save_run(self, path)

    def _inputs(
        self, user: object, item: object, context: Context | None, history: Sequence | None
    ) -> tuple[Inputs, bool]:
        data = self.data
        users = _indices("user", user, data.user_vocabulary)
        items = _indices("item", item, data.catalogue.vocabulary)
        given = len(context) if isinstance(context, pd.DataFrame) else 1
        if not given:
            raise AttnrecError("context: expected a row or more, got none")
        count = max(len(users), len(items), given)
        for name, found in (("user", len(users)), ("item", len(items)), ("context", given)):
            if found not in (1, count):
                raise AttnrecError(f"{name}: expected 1 or {count} of them, got {found}")
        alone = not any(map(_several, (user, item))) and not isinstance(context, pd.DataFrame)
        users, items = (np.broadcast_to(one, count) for one in (users, items))
        circumstances, past = self._circumstances(context, count), self._past(history, count)
        return self.features.of(users, items, circumstances, past), alone

    def _past(self, history: Sequence | None, count: int) -> Sequences | None:
        if history is None:
            return None
        if not self.features.schema.history:
            raise AttnrecError(
                "history: these features have none; build them with history=50 or another length"
            )
        if not _several(history):
            raise AttnrecError(f"history: expected a list of item ids, got {history!r}")
        items = self.data.catalogue.vocabulary.indices(list(history))
        return Sequences.of([items]).take(np.zeros(count, int))

    def _circumstances(self, context: Context | None, count: int) -> Levels:
        if isinstance(context, pd.DataFrame):
            table = context
        elif context is None or isinstance(context, Mapping | pd.Series):
            table = pd.DataFrame([{} if context is None else dict(context)])
        else:
            raise AttnrecError(
                f"context: expected names and values, such as {{'hour': 17}}, got {context!r}"
            )
        levels = self.features.encode_context(table)
        if not isinstance(context, pd.DataFrame):
            self._warn_of_the_unseen(table, levels)
        return levels.take(np.zeros(count, int)) if len(table) == 1 else levels

    def _warn_of_the_unseen(self, table: pd.DataFrame, levels: Levels) -> None:
        schema = self.features.schema
        start = 0
        for place in schema.of("context"):
            one = schema.fields[place]
            here = levels.levels[0, start : start + one.num_columns]
            start += one.num_columns
            value = table[one.name].iloc[0] if one.name in table else None
            if pd.api.types.is_scalar(value) and not pd.isna(value) and not here.any():
                warnings.warn(
                    f"context: {one.name} was never {value!r} in train, which says nothing"
                    + did_you_mean(value, one.labels),
                    stacklevel=4,
                )

    def __repr__(self) -> str:
        return f"FeatureRun({self.name} on {self.data.name!r}, {len(self.history)} epochs)"


def _several(ids: object) -> bool:
    return isinstance(ids, (Sequence, np.ndarray, pd.Series, pd.Index)) and not isinstance(
        ids, (str, bytes)
    )


def _indices(name: str, ids: Any, vocabulary: Vocabulary) -> np.ndarray:
    several = list(ids) if _several(ids) else [ids]
    if not several:
        raise AttnrecError(f"{name}: expected an id, or several, got none")
    return np.asarray(vocabulary.indices(several), np.int32)
