"""What explains a model of features: the methods of `FeatureRun` that ask about its fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from attnrec.errors import AttnrecError
from attnrec.features.examples import Features
from attnrec.features.fields import Inputs
from attnrec.inspection.field_map import FieldMap, field_map
from attnrec.models.features.recorder import FeatureRecorder
from attnrec.models.features.scorer import FeatureScorer

if TYPE_CHECKING:
    from attnrec.explanations.features import (
        AttentionLife,
        Case,
        ContextGrid,
        FeatureAgreement,
        FeatureShapley,
    )
    from attnrec.explanations.features.spread import AttentionSpread

Context: TypeAlias = Mapping[str, Any] | pd.Series | pd.DataFrame


class Explained(ABC):
    """A run whose fields can be asked about.

    Attributes:
        features: its data, and what is said of them.
    """

    features: Features

    @property
    @abstractmethod
    def scorer(self) -> FeatureScorer: ...

    @property
    @abstractmethod
    def recorder(self) -> FeatureRecorder: ...

    @property
    @abstractmethod
    def predicts(self) -> bool: ...

    @abstractmethod
    def _inputs(
        self, user: object, item: object, context: Any, history: Sequence | None
    ) -> tuple[Inputs, bool]: ...

    def importance(
        self,
        part: Literal["train", "validation", "test"] = "test",
        method: Literal["permutation", "ablation"] = "permutation",
        *,
        repeats: int = 5,
        seed: int = 0,
        **options: Any,
    ) -> pd.DataFrame:
        """How much worse a part is predicted without each field.

        Arguments, table and errors as of `attnrec.explanations.features.importance`.
        """
        from attnrec.explanations.features import importance

        return importance(
            self.scorer.scores, self.features, part, method, repeats=repeats, seed=seed, **options
        )

    def shapley(
        self,
        *,
        user: object,
        item: object,
        context: Context | None = None,
        history: Sequence | None = None,
        background: int = 100,
        groups: Mapping[str, Sequence[str]] | None = None,
        scale: Literal["score", "prediction"] = "score",
        samples: int = 4096,
        seed: int = 0,
    ) -> FeatureShapley:
        """What each field adds to a prediction, or to several: Shapley values.

        Args:
            user, item, context, history: as for `predict`.
            background: how many examples of the train part lend what a coalition lacks.
            groups: fields to be taken as one, by name.
            scale: of what the values are: scores, or predictions as `predict` gives them.
            samples: coalitions asked about; exact where there are no more, as of 12 fields.
            seed: of the background, and of permutations.

        Returns:
            See `attnrec.explanations.features.shapley`; `.to_frame()` makes a table of it.

        Raises:
            UnknownIdError, AttnrecError: as `predict`; or an argument out of range.
        """
        from attnrec.explanations.features.players import Players
        from attnrec.explanations.features.shapley import background_of, explained

        if scale not in ("score", "prediction"):
            raise AttnrecError(f"scale: expected 'score' or 'prediction', got {scale!r}")
        if scale == "prediction" and not self.predicts:
            raise AttnrecError("scale: scores of this model only rank; expected 'score'")
        inputs, _ = self._inputs(user, item, context, history)
        return explained(
            self.scorer.scores if scale == "score" else self.scorer.predict,
            self.features,
            Players.of(self.features.schema, groups),
            inputs,
            background_of(self.features, background, seed),
            samples=samples,
            seed=seed,
        )

    def attention_importance(
        self, part: Literal["train", "validation", "test"] = "test", **options: Any
    ) -> pd.DataFrame:
        """What each field gets of the attention, over the rows of a part.

        Arguments, table and errors as of `attnrec.explanations.features.attention_importance`.
        """
        from attnrec.explanations.features import attention_importance

        return attention_importance(self.recorder, self.features, part, **options)

    def attention_spread(
        self, part: Literal["train", "validation", "test"] = "test", **options: Any
    ) -> AttentionSpread:
        """What each field gets of the attention in each row of a part, and how far these lie apart.

        `plots.feature_bars` and `plots.feature_distribution` draw it. Arguments and errors as of
        `attnrec.explanations.features.spread.attention_spread`.
        """
        from attnrec.explanations.features.spread import attention_spread

        return attention_spread(self.recorder, self.features, part, **options)

    def field_map(
        self,
        part: Literal["train", "validation", "test"] = "test",
        *,
        layer: int | str | None = None,
        head: int | None = None,
        rows: int | None = None,
        seed: int = 0,
    ) -> FieldMap:
        """Where each field looks, or what each pair of fields gets: the mean over a part's rows.

        `plots.field_heatmap` draws it.

        Args:
            part: which rows; of choices, what was chosen.
            layer, head: from 1; all layers, the mean of heads unless given.
            rows: so many at most, drawn with `seed`; all unless given.

        Raises:
            AttnrecError: a model in which fields do not look at fields.
        """
        from attnrec.explanations.features.attention import recorded
        from attnrec.explanations.features.judged import some

        inputs = self.features.of_rows(some(self.features, part, rows, seed).rows)
        records = recorded(self.recorder, inputs)
        return field_map(records, self.features.schema, layer=layer, head=head)

    def attention_by_context(
        self,
        by: Sequence[str] = ("month", "hour"),
        part: Literal["train", "validation", "test"] = "test",
        **options: Any,
    ) -> ContextGrid:
        """What each field gets of the attention, by two circumstances, such as month and hour.

        `plots.seasonality` draws it. Arguments and errors as of
        `attnrec.explanations.features.attention_by_context`.
        """
        from attnrec.explanations.features import attention_by_context

        return attention_by_context(self.recorder, self.features, by, part, **options)

    def attention_over_life(self, user: object, **options: Any) -> AttentionLife:
        """What each field gets of the attention in each event of a user, the earliest first.

        `plots.attention_stream` draws it. Arguments and errors as of
        `attnrec.explanations.features.attention_over_life`.
        """
        from attnrec.explanations.features import attention_over_life

        return attention_over_life(self.recorder, self.features, user, **options)

    def case(
        self,
        *,
        user: object,
        item: object,
        changes: Mapping[str, Any] | None = None,
        threshold: float = 0.0,
        layer: int | str | None = None,
        head: int | None = None,
    ) -> Case:
        """One case taken apart: attention and Shapley values by field, score, rank.

        `plots.feature_case` draws it, and the widget `FeatureExplorer` lets a hand change it.

        Args:
            user, item: ids.
            changes: what fields say: the circumstances, and what the user or the item shall say in
                place of what the data say of them; None, nothing.
            threshold: what is lost without the fields that get less attention is told, too.
            layer, head: of attention; the mean of all unless given.

        Raises:
            UnknownIdError: naming the nearest known id.
            AttnrecError: a field that is not there, or a value that it never had in train.
        """
        from attnrec.explanations.features import case

        data = self.features.data
        return case(
            self,
            data.user_vocabulary.index(user),
            data.catalogue.vocabulary.index(item),
            changes or {},
            threshold=threshold,
            layer=layer,
            head=head,
        )

    def agreement(
        self, part: Literal["train", "validation", "test"] = "test", **options: Any
    ) -> FeatureAgreement:
        """Whether attention, permutation, Shapley values and ablation name the same fields.

        Arguments and errors as of `attnrec.explanations.features.feature_agreement`.
        """
        from attnrec.explanations.features import feature_agreement

        return feature_agreement(self.scorer.scores, self.recorder, self.features, part, **options)

    def drop_low_attention(
        self, part: Literal["train", "validation", "test"] = "test", **options: Any
    ) -> pd.DataFrame:
        """What predictions lose without the fields of low attention.

        Arguments, table and errors as of `attnrec.explanations.features.drop_low_attention`.
        """
        from attnrec.explanations.features import drop_low_attention

        scorer = self.scorer
        return drop_low_attention(
            scorer.scores,
            scorer.predict if self.predicts else scorer.scores,
            self.recorder,
            self.features,
            part,
            **options,
        )
