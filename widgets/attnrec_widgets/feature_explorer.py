"""FeatureExplorer: change what a case says, and watch attention, prediction and ranking move."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets
from ipywidgets import Layout

from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec_widgets import feature_page, page_model
from attnrec_widgets.case_frame import case_told, costs_told, ranking_told
from attnrec_widgets.choice import ENGINES
from attnrec_widgets.feature_page import FeaturePage, said_of
from attnrec_widgets.field_choices import Choices
from attnrec_widgets.figure import CHOICES, FigureWidget, plain, told_of
from attnrec_widgets.traits import Checked

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from attnrec.explanations.features import Case

STEPS = 16  # of the threshold, up to twice an even share
COST_ROWS = 200  # test rows by which a threshold's cost and the permutation importance are judged


def _check_user(self: FeatureExplorer, value: Any) -> Any:
    self.run.data.user_vocabulary.index(value)
    return plain(value)


def _check_changes(self: FeatureExplorer, value: Any) -> dict[str, Any]:
    from attnrec.explanations.features.case import checked_changes

    checked_changes(self.run.features, value)
    return {name: plain(said) for name, said in value.items()}


def _check_threshold(self: FeatureExplorer, value: Any) -> float:
    from attnrec.explanations.features.case import checked_threshold

    return checked_threshold(value)


def _check_pinned(self: FeatureExplorer, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"user", "item", "changes"}:
        raise AttnrecError(f"pinned: expected None or a user, an item and changes, got {value!r}")
    self._check_item(value["item"])
    changes = _check_changes(self, value["changes"])
    user = _check_user(self, value["user"])
    return {"user": user, "item": plain(value["item"]), "changes": changes}


def _check_topn(self: FeatureExplorer, value: Any) -> int:
    return whole_number("topn", value, most=50)


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
        engine: `"page"`: the model itself goes to the page, which answers in milliseconds and
            without a kernel; `"kernel"`: this process answers, as it can for any model; `"auto"`:
            the page where the model can be exported, has no history, no more than ten fields
            and is small enough.
        field, layer, head: what is chosen; the mean of layers and heads unless given.
        layout: as of any ipywidget.

    Raises:
        UnknownIdError: naming the nearest known user or item.
        AttnrecError: a field that is not there, a value that it never had in train, or
            `engine="page"` where that is impossible, with the reason.

    Example:
        >>> explorer = FeatureExplorer(run, user="u17", item="p3")   # doctest: +SKIP
        >>> explorer.changes = {"price": 12.5, "hour": 20}           # doctest: +SKIP
        >>> explorer.case.to_frame()                                 # doctest: +SKIP
    """

    kind = "feature-explorer"
    _traits = ("user", "changes", "threshold", "pinned", "topn")
    _saved = (*CHOICES, *_traits, "_setup", "_cost", "_said")

    user = Checked(_check_user).tag(sync=True)
    changes = Checked(_check_changes, {}).tag(sync=True)
    threshold = Checked(_check_threshold, 0.0).tag(sync=True)
    pinned = Checked(_check_pinned).tag(sync=True)
    topn = Checked(_check_topn, 8).tag(sync=True)
    _setup = traitlets.Dict().tag(sync=True)
    _cost: Any = traitlets.List().tag(sync=True)  # of each step of the threshold, once wanted
    _said: Any = traitlets.List().tag(sync=True)  # values as levels, for a page that lacks them
    _page_able = traitlets.Bool(False).tag(sync=True)
    _page = traitlets.Bool(False).tag(sync=True)  # the page answers by itself

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
        engine: str = "auto",
        field: str | None = None,
        layer: int | None = None,
        head: int | None = None,
        layout: Layout | dict | None = None,
    ):
        if not hasattr(run, "recorder") or not hasattr(run, "features"):
            raise AttnrecError(f"run: expected a run of features, got {type(run).__name__}")
        self.run = run
        self._rows = whole_number("rows", rows)
        reason = _refusal(engine, run)
        self._choices = Choices(run.features)
        self.fields = run.features.schema.names
        self.layers = self._choices.layers(run.recorder)
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
        self._page_able = reason is None
        self._said = said_of(run, self.known_values())
        super().__init__(layout=layout, field=field, layer=layer, head=head)
        self._follow_changes()
        self.observe(self._refresh, (*self._traits, "item", "layer", "head"))
        self.observe(self._follow_context, "context")
        self.on_msg(feature_page.on_message)

    @property
    def page(self) -> FeaturePage | None:
        """What a page is sent that answers by itself; None where none does."""
        return self._sent if self._page_able else None

    @cached_property
    def _sent(self) -> FeaturePage:
        return FeaturePage(self.run, self._choices.unit, self._of_importance())

    def known_values(self) -> dict[str, Any]:
        """What fields say now that a page may not offer."""
        return {**(self.pinned or {}).get("changes", {}), **self.changes}

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

    def _of_importance(self) -> str:
        if self.importance is None:
            return ""
        figure, rows = (self.importance.attrs[name] for name in ("figure", "rows"))
        return f" · shuffled: by how much {figure} worsens over {rows:,} test rows"

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
        if change.name in ("changes", "pinned"):
            self._said = said_of(self.run, self.known_values())
        if change.name == "changes":
            self._follow_changes()
        if self.threshold and not self._cost:
            self._cost = self._costs()
        if not self._page:
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
            "told": here.told(self.run.name) + self._of_importance(),
            "heads": self.num_heads,
            "layers": list(self.layers),
            "unit": self._choices.unit if here.prediction is not None else "score",
            **case_told(here),
            "ranking": ranking_told(self.run, here, self.topn),
            "total": len(self.run.items),
            "cost": self._cost_told(),
        }
        if self.pinned is not None:
            then = self._case(**self.pinned, threshold=0.0)
            title = self.run.data.catalogue.title(self.pinned["item"])
            ranks = {one["id"]: one["rank"] for one in ranking_told(self.run, then, self.topn)}
            frame["pinned"] = {
                "title": f"{title}, for {self.pinned['user']}",
                "ranks": [[id, rank] for id, rank in ranks.items()],
                **case_told(then),
            }
        return {"": frame}

    def _cost_told(self) -> dict[str, Any] | None:
        """What the threshold costs over the test part; None where nothing is left out."""
        if not self.threshold or not self._cost:
            return None
        return min(self._cost, key=lambda one: abs(one[0] - self.threshold))[1]

    def _costs(self) -> list:
        """The same of each step: the threshold, and what it costs."""
        if not self.layers:
            return []
        try:
            return costs_told(self.cost, min(self._rows, len(self.run.features.examples("test"))))
        except AttnrecError:  # the test part cannot be judged, or the model attends to no field
            return []

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """See `FigureWidget.set_state`; where the page ends to answer, the kernel does."""
        super().set_state(sync_data)
        if sync_data.get("_page") is False:
            self._show()

    def save_html(self, path: str | Path) -> Path:
        """Writes one file with the model inside, which answers without a kernel or a network.

        Args:
            path: ending in `.html`.

        Raises:
            AttnrecError: another ending, or a model that has no form that runs in a page, with
                the reason.
        """
        reason = feature_page.obstacle(self.run)
        if reason is not None:
            raise AttnrecError(f"save_html: {reason}")
        if not self._cost:
            self._cost = self._costs()
        self._show()
        return super().save_html(path)

    def _page_model(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        from attnrec import export

        page = self._sent
        worker, wasm = page_model.runtime()[1]
        weights, tables = page.packed(self.known_values())
        packed = {"worker": worker, "wasm": wasm, "weights-case": weights, "catalogue-case": tables}
        export.prepare()
        for kind in feature_page.KINDS:
            with export.tracing:
                packed[f"graph-case-{kind}-0"] = page.graph(kind)
        return {"models": [{"key": "case", "card": page.portable.card}]}, packed


def _refusal(engine: str, run: Any) -> str | None:
    """Why the kernel answers; None where the page does."""
    if engine not in ENGINES:
        hint = did_you_mean(engine, ENGINES)
        raise AttnrecError(f"engine: expected 'auto', 'page' or 'kernel', got {engine!r}{hint}")
    if engine == "kernel":
        return "the kernel was asked for"
    reason = feature_page.obstacle(run)
    if reason is not None and engine == "page":
        raise AttnrecError(f"engine='page': {reason}")
    return reason
