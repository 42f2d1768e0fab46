"""A run: a trained model with its data, configuration and provenance. What users hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from attnrec.columns import Columns
from attnrec.data.histories import Histories
from attnrec.data.split import Split
from attnrec.errors import AttnrecError, whole_number
from attnrec.inspection import Inspection, Interventions, Request, top_indices, width_for
from attnrec.models.protocol import Recipe, SequenceModel
from attnrec.models.recorder import ModelInspector
from attnrec.models.scorer import ModelScorer

if TYPE_CHECKING:
    from attnrec.export import Kind, Portable


@dataclass(frozen=True, eq=False)
class Run:
    """A trained model and everything needed to use, judge and explain it.

    Made by `attnrec.fit` or `attnrec.load_run`.

    Attributes:
        model: the Flax module, with the weights that did best on validation.
        config: the recipe it was built from; None for a user's own module.
        split: the data, and which part of it trained the model.
        history: the course of training, a row an epoch: `epoch`, `loss` (mean
            over targets), `seconds`, `targets_per_second`, and the validation
            metrics.
        provenance: seed, arguments of `fit`, versions, device, wall time, date.
        graphs: graphs of its portable form that were saved with it.
    """

    model: SequenceModel
    config: Recipe | None
    split: Split
    history: pd.DataFrame
    provenance: dict[str, Any] = field(default_factory=dict)
    graphs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The model's name: that of its recipe, or of its class."""
        return type(self.config or self.model).__name__

    @property
    def data(self) -> Histories:
        return self.split.data

    @property
    def users(self) -> pd.Index:
        return self.data.users

    @property
    def items(self) -> pd.Index:
        return self.data.items

    @cached_property
    def scorer(self) -> ModelScorer:
        """The model as `attnrec.evaluation` wants it."""
        return ModelScorer(self.model, self.name)

    @cached_property
    def inspector(self) -> ModelInspector:
        """The model as explanations and widgets want it."""
        return ModelInspector(self.model, self.data.catalogue, self.name, graphs=self.graphs)

    @property
    def portable(self) -> Portable:
        """The model as ONNX graphs and weights, for pages; see `attnrec.export.portable`."""
        return self.inspector.portable

    def past(self, user: object) -> list:
        """What the model is asked with for a user: all items before the held-out test.

        Users who are not in the test: all their items. Ids, oldest first.
        """
        return self._known_and_held_out(user)[0]

    def held_out(self, user: object) -> list:
        """The user's test items, which `past` leaves out; empty for users not in the test."""
        return self._known_and_held_out(user)[1]

    def _known_and_held_out(self, user: object) -> tuple[list, list]:
        history = self.data.history(user)
        cases = self.split.cases("test")
        place = np.flatnonzero(cases.users == self.data.user_vocabulary.index(user))
        if not len(place):
            return history, []
        known = len(cases.histories[place[0]])
        return history[:known], self.data.catalogue.vocabulary.to_ids(cases.targets[place[0]])

    def evaluate(
        self,
        part: Literal["validation", "test"] = "test",
        cutoffs: Sequence[int] = (5, 10, 20),
        baselines: bool | Sequence[Any] = True,
        num_negatives: int | None = None,
    ) -> pd.DataFrame:
        """Ranks the true next items among the whole catalogue.

        Args:
            part: which cases.
            cutoffs: lengths of the lists that are looked at.
            baselines: popularity, recent popularity and item-kNN beside the
                model, since a number alone says nothing; or others in their place,
                such as `[EASE(), UserKNN()]` from `attnrec.models.baselines`.
            num_negatives: rank among so many drawn items instead, as older papers do; see
                `attnrec.evaluation.sampled`. The metrics' names say so: "HR@10 of 100".

        Returns:
            A row a model; HR, NDCG, MRR, recall, precision, F1 and MAP at each
            cut-off. Protocol and tie rule: `attnrec.evaluation.ranking`.
        """
        from attnrec.evaluation import compare
        from attnrec.models.baselines.usual import beside

        return compare(
            beside(self.scorer, baselines, self.split),
            self.split.cases(part),
            len(self.items),
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
        """Coverage, inequality, novelty, popularity lift and diversity of the lists.

        Args:
            part: which cases.
            topn: length of the lists.
            baselines: as for `evaluate`.
            vectors: of each item, for diversity; unless given, who has it.

        Returns:
            A row a model; definitions: `attnrec.evaluation.beyond_accuracy`.
        """
        from attnrec.evaluation import beyond_accuracy
        from attnrec.models.baselines.usual import beside

        return beyond_accuracy(
            beside(self.scorer, baselines, self.split), self.split, part, topn=topn, vectors=vectors
        )

    def recommend(
        self,
        *,
        user: object | None = None,
        history: Sequence | None = None,
        topn: int = 10,
        filter_seen: bool | None = None,
    ) -> pd.DataFrame:
        """The best items for a user or a history.

        Args:
            user: a user of the data; the model is asked with `past(user)`.
            history: or item ids, oldest first. The model reads the most recent
                `model.max_length` of them.
            topn: how many; the whole catalogue where it holds fewer.
            filter_seen: leave out items of the history; as the data's
                protocol says unless given.

        Returns:
            Columns rank (from 1), item, title, score. Equal scores stand in
            catalogue order.

        Raises:
            UnknownIdError: naming the nearest known id.
            AttnrecError: neither or both of user and history, an empty
                history, or `topn` below 1.
        """
        topn = whole_number("topn", topn)
        ids = self._history(user, history)
        indices = self.data.catalogue.vocabulary.indices(ids)
        scores = np.array(self.inspector.inspect(self._request([indices])).scores)
        if self.data.protocol.filter_seen if filter_seen is None else filter_seen:
            scores[0, indices] = -np.inf
        best = top_indices(scores, topn)[0]
        best = best[np.isfinite(scores[0, best])]
        items = self.data.catalogue.vocabulary.to_ids(best)
        return pd.DataFrame(
            {
                Columns.RANK: np.arange(1, len(best) + 1),
                Columns.ITEM: items,
                Columns.TITLE: [self.data.catalogue.titles[i - 1] for i in best],
                Columns.SCORE: scores[0, best],
            }
        )

    def inspect(
        self,
        *,
        user: object | None = None,
        users: Sequence | None = None,
        history: Sequence | None = None,
        interventions: Interventions = Interventions(),
    ) -> Inspection:
        """Scores and attention for a user, several users, or a history.

        Args:
            user, users: users of the data; the model is asked with `past(user)`.
            history: or item ids, oldest first.
            interventions: attention to put in place of the model's own; weights
                as wide as the history, or as the record of an earlier answer.

        Returns:
            Scores `[batch, item]` and the attention record; `.to_frame()` makes
            a table of it. Longer histories are cut to the most recent
            `model.max_length` items.
        """
        if sum(value is not None for value in (user, users, history)) != 1:
            raise AttnrecError("inspect: expected one of user, users and history")
        if users is not None:
            if isinstance(users, str) or not len(users):
                raise AttnrecError(f"users: expected a sequence of one user or more, got {users!r}")
            asked = tuple(users)
        else:
            asked = () if user is None else (user,)
        histories = [self._history(one, None) for one in asked] or [self._history(None, history)]
        vocabulary = self.data.catalogue.vocabulary
        request = self._request([vocabulary.indices(ids) for ids in histories], interventions)
        found = self.inspector.inspect(request)
        return Inspection(request, found.scores, found.record, found.catalogue, asked)

    def _request(
        self, histories: list[np.ndarray], interventions: Interventions = Interventions()
    ) -> Request:
        cut = [indices[-self.model.max_length :] for indices in histories]
        width = max(len(indices) for indices in cut)
        padded = width_for(self.inspector.lengths, width)
        given = {
            np.shape(w)[-1:] for w in interventions.attention.values() if not isinstance(w, str)
        }
        if given <= {(padded,)}:
            width = padded
        return Request.of(cut, length=width, interventions=interventions)

    def _history(self, user: object | None, history: Sequence | None) -> list:
        if (user is None) == (history is None):
            raise AttnrecError("expected one of user and history")
        ids = self.past(user) if history is None else history
        if isinstance(ids, (str, bytes)) or not hasattr(ids, "__len__"):
            raise AttnrecError(f"history: expected a sequence of item ids, got {ids!r}")
        if not len(ids):
            raise AttnrecError("history: empty; a model of histories needs at least one item")
        return list(ids)

    def export_onnx(
        self, path: str | Path, *, kind: Kind = "inspect", length: int | None = None
    ) -> Path:
        """Writes the model to one ONNX file that any ONNX runtime executes.

        The weights are inside, and the metadata tell a reader who has nothing
        but the file what it is and how to use it, the item ids in the order of
        their indices included. It is checked against JAX before it is written.

        Args:
            path: the file; an older one is replaced.
            kind: `"inspect"`, with attention as outputs and as inputs that
                replace it, or `"scores"`, without.
            length: columns of the history; default the most that the model
                reads. The number of histories is free.

        Returns:
            The path. `attnrec.export.portable` lists inputs and outputs.

        Raises:
            AttnrecError: a model that has no ONNX form, weights that are not
                float32, or a file that would disagree with JAX by more than 1e-4.

        Example:
            >>> path = run.export_onnx("model.onnx")  # doctest: +SKIP
            >>> session = onnxruntime.InferenceSession(path)  # doctest: +SKIP
        """
        from attnrec.export import write_onnx

        data = self.data
        return write_onnx(
            self.portable,
            path,
            kind=kind,
            length=self.model.max_length if length is None else length,
            items=data.catalogue.vocabulary.to_ids(np.arange(1, len(data.items) + 1)),
            about={
                "data": {"name": data.name, "fingerprint": data.fingerprint},
                "split": {"kind": self.split.kind, "parameters": self.split.parameters},
                "provenance": self.provenance,
            },
        )

    def save(self, path: str | Path) -> Path:
        """Writes the run to a new folder; see `attnrec.run_files.save_run`."""
        from attnrec.run_files import save_run

        return save_run(self, path)

    def __repr__(self) -> str:
        return f"Run({self.name} on {self.data.name!r}, {len(self.history)} epochs)"
