"""FeatureExplorer: change what a case says, and watch attention, prediction and ranking move."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from ipywidgets import Layout

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.inspection import top_indices
from attnrec_widgets.field_choices import Choices
from attnrec_widgets.figure import CHOICES, FigureWidget, told_of
from attnrec_widgets.traits import Checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from attnrec.explanations.features import Case

STEPS = 16  # of the threshold, up to twice an even share
COST_ROWS = 200  # test rows by which a threshold's cost and the permutation importance are judged
_OWN = ("user", "item", "changes", "threshold", "pinned", "topn", "layer", "head")


def _check_user(self: FeatureExplorer, value: Any) -> Any:
    self.run.data.user_vocabulary.index(value)
    return value


def _check_changes(self: FeatureExplorer, value: Any) -> dict[str, Any]:
    from attnrec.explanations.features.case import said_by

    if not isinstance(value, Mapping):
        raise AttnrecError(f"changes: expected fields and values, got {value!r}")
    schema = self.run.features.schema
    for name, said in value.items():
        if name not in schema.names:
            hint = did_you_mean(name, schema.names)
            raise AttnrecError(f"changes: no field {name!r} among {list(schema.names)}{hint}")
        said_by(self.run.features, schema.index(name), said)
    return {name: _plain(said) for name, said in value.items()}


def _check_threshold(self: FeatureExplorer, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise AttnrecError(f"threshold: expected a number from 0 to 1, got {value!r}")
    return float(value)


def _check_pinned(self: FeatureExplorer, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"user", "item", "changes"}:
        raise AttnrecError(f"pinned: expected None or a user, an item and changes, got {value!r}")
    self._check_item(value["item"])
    changes = _check_changes(self, value["changes"])
    return {"user": _check_user(self, value["user"]), "item": value["item"], "changes": changes}


def _check_topn(self: FeatureExplorer, value: Any) -> int:
    return whole_number("topn", value, most=50)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


class FeatureExplorer(FigureWidget):
    """One case of a model of features, whose fields can be changed.

    Beside each field stands what it gets of the attention, and whether to believe that: its
    Shapley value in this case, and what shuffling it costs over the test part. Attention
    that disagrees with the Shapley value is hatched. A case can be pinned, to be held against the
    next; a threshold leaves out the fields of low attention, and says what that costs, here and
    over the test part.

    Everything on the screen is a trait, so that a hand and a script do the same.

    Args:
        run: a run of features.
        user, item: ids; the first test case unless given.
        context: the circumstances, by name; those of that case unless a user or item is given.
        changes: what fields say in place of what the data say: values, labels, or None for
            nothing.
        threshold: leave out the fields that get less attention.
        topn: length of the ranking.
        rows: test rows by which permutation importance and the threshold's cost are judged.
        field, layer, head: what is chosen; the mean of layers and heads unless given.
        layout: as of any ipywidget.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError: a field that is not there, or a value that it never had in train.

    Example:
        >>> explorer = FeatureExplorer(run, user="u17", item="p3")   # doctest: +SKIP
        >>> explorer.changes = {"price": 12.5, "hour": 20}           # doctest: +SKIP
        >>> explorer.case.to_frame()                                 # doctest: +SKIP
    """

    kind = "feature-explorer"
    _saved = (*CHOICES, "user", "changes", "threshold", "pinned", "topn", "_setup")

    user = Checked(_check_user).tag(sync=True)
    changes = Checked(_check_changes, {}).tag(sync=True)
    threshold = Checked(_check_threshold, 0.0).tag(sync=True)
    pinned = Checked(_check_pinned).tag(sync=True)
    topn = Checked(_check_topn, 8).tag(sync=True)
    _setup = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        run: Any,
        user: Any = None,
        item: Any = None,
        *,
        context: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
        threshold: float = 0.0,
        topn: int = 8,
        rows: int = COST_ROWS,
        field: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        layout: Layout | dict | None = None,
    ):
        if not hasattr(run, "recorder") or not hasattr(run, "features"):
            raise AttnrecError(f"run: expected a run of features, got {type(run).__name__}")
        self.run = run
        self._rows = whole_number("rows", rows)
        self._choices = Choices(run.features)
        self.fields = run.features.schema.names
        self.layers = tuple(range(1, len(run.recorder.names) + 1))
        self.num_heads = self._choices.num_heads(run.recorder)
        self.circumstances = self._choices.circumstances
        self._cases: dict[str, Case] = {}
        said = {**(context or {}), **(changes or {})}
        if user is None or item is None:
            first = self._choices.first()
            if user is None and item is None and not context:
                said = {**first["changes"], **said}
            user = first["user"] if user is None else user
            item = first["item"] if item is None else item
        self.user, self.item, self.changes = user, item, said
        self.threshold, self.topn = threshold, topn
        self._setup = self._choices.setup(self.importance, STEPS)
        super().__init__(layout=layout, field=field, layer=layer, head=head)
        self._follow_changes()
        self.observe(self._refresh, _OWN)
        self.observe(self._follow_context, "context")

    @property
    def case(self) -> Case:
        """What the model makes of the case on the screen."""
        return self._case(self.user, self.item, self.changes, self.threshold)

    def pin(self) -> None:
        """Keeps the present case beside those that follow; `pinned = None` lets it go."""
        self.pinned = {"user": self.user, "item": self.item, "changes": dict(self.changes)}

    def to_frame(self) -> pd.DataFrame:
        """A row a field; see `attnrec.explanations.features.Case.to_frame`."""
        return self.case.to_frame()

    @cached_property
    def cost(self) -> pd.DataFrame:
        """What predictions of the test part lose at each step of the threshold.

        See `FeatureRun.drop_low_attention`; of `rows` test rows.
        """
        levels = [(step + 1) / STEPS * self._choices.most for step in range(STEPS)]
        return self.run.drop_low_attention(
            threshold=levels, rows=self._rows, samples=None, repeats=1
        )

    def figure(self) -> Figure:
        """The case for paper: attention beside Shapley values."""
        from attnrec import plots

        return plots.feature_case(
            self.case, title=self._title(), provenance=" · ".join(self._provenance())
        )

    def _case(self, user: Any, item: Any, changes: Mapping, threshold: float) -> Case:
        from attnrec.explanations.features import case

        key = repr((user, item, sorted(changes.items()), threshold, self.layer, self.head))
        if key not in self._cases:
            if len(self._cases) > 64:
                self._cases.clear()
            data = self.run.data
            self._cases[key] = case(
                self.run,
                data.user_vocabulary.index(user),
                data.catalogue.vocabulary.index(item),
                changes,
                threshold=threshold,
                layer=self.layer,
                head=self.head,
            )
        return self._cases[key]

    @cached_property
    def importance(self) -> pd.DataFrame | None:
        """By permutation, over test rows; None where the test part cannot be judged."""
        try:
            return self.run.importance(rows=self._rows, repeats=2).reindex(self.fields)
        except AttnrecError:
            return None

    def _told(self, here: Case) -> str:
        told, found = here.told(self.run.name), self.importance
        if found is not None:
            figure, rows = found.attrs["figure"], found.attrs["rows"]
            told += f" · shuffled: by how much {figure} worsens over {rows:,} test rows"
        return told

    def _check_item(self, item: Any) -> None:
        self.run.data.catalogue.vocabulary.index(item)

    def _title(self) -> str:
        return f"{self.run.data.catalogue.title(self.item)}, for {self.user}"

    def _provenance(self) -> list[str]:
        return told_of({"": self.run})

    def _refresh(self, change: traitlets.Bunch) -> None:
        if change.name == "item" and change.new is None:  # a link chose nothing: the case stays
            self.item = change.old
            return
        if change.name == "changes":
            self._follow_changes()
        self._show()

    def _follow_changes(self) -> None:
        """The circumstances that are said are those that are chosen."""
        known = self.circumstances
        said = {n: str(v) for n, v in self.changes.items() if n in known and str(v) in known[n]}
        self.context = said or None

    def _follow_context(self, change: traitlets.Bunch) -> None:
        said = {
            name: self._choices.value(name, level) for name, level in (change.new or {}).items()
        }
        if any(self.changes.get(name, self) != level for name, level in said.items()):
            self.changes = {**self.changes, **said}

    def _drawn(self) -> dict[str, dict[str, Any]]:
        here = self.case
        frame = {
            "title": self._title(),
            "told": self._told(here),
            "heads": self.num_heads,
            "layers": list(self.layers),
            "unit": self._choices.unit if here.prediction is not None else "score",
            **self._told_of_case(here),
            "ranking": self._ranking(here),
            "total": len(self.run.items),
            "cost": self._cost_told(),
        }
        if self.pinned is not None:
            then = self._case(**self.pinned, threshold=0.0)
            title = self.run.data.catalogue.title(self.pinned["item"])
            ranks = {one["id"]: one["rank"] for one in self._ranking(then)}
            frame["pinned"] = {
                "title": f"{title}, for {self.pinned['user']}",
                "ranks": [[id, rank] for id, rank in ranks.items()],
                **self._told_of_case(then),
            }
        return {"": frame}

    def _told_of_case(self, one: Case) -> dict[str, Any]:
        return {
            "names": list(one.names),
            "sides": list(one.sides),
            "words": list(one.words),
            "changed": one.changed.tolist(),
            "attention": one.attention,
            "shapley": one.shapley,
            "off": one.off.tolist(),
            "dropped": one.dropped.tolist(),
            "score": one.score,
            "prediction": one.prediction,
            "scoreWithout": one.score_without,
            "predictionWithout": one.prediction_without,
            "rank": one.rank,
        }

    def _ranking(self, one: Case) -> list[dict[str, Any]]:
        """The best items in this case, as `FeatureRun.recommend` has them."""
        scores = np.array(one.scores)
        scores[self.run.seen(one.user)] = -np.inf
        best = top_indices(scores[None], self.topn)[0]
        catalogue = self.run.data.catalogue
        ids = catalogue.vocabulary.to_ids(best)
        return [
            {
                "id": _plain(id),
                "title": catalogue.titles[i - 1],
                "rank": rank,
                "score": float(scores[i]),
            }
            for rank, (i, id) in enumerate(zip(best.tolist(), ids, strict=True), 1)
            if np.isfinite(scores[i])
        ]

    def _cost_told(self) -> dict[str, Any] | None:
        """What the threshold costs over the test part; None where nothing is left out."""
        if not self.threshold or not self.layers:
            return None
        try:
            table = self.cost
        except AttnrecError:
            return None
        levels = table.index.get_level_values(0).to_numpy(float)
        level = levels[np.abs(levels - self.threshold).argmin()]
        if level == 0:
            return None
        figure = table.columns[-1]
        row, before = table.loc[(level, "lowest attention")], table.loc[(0.0, "nothing")]
        return {
            "fields": float(row["fields"]),
            "change": float(row["change"]),
            "figure": figure,
            "before": float(before[figure]),
            "after": float(row[figure]),
            "random": float(table.loc[(level, "at random"), figure]),
            "rows": min(self._rows, len(self.run.features.examples("test"))),
        }
