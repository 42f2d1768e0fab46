"""A search among settings: each is trained on train and judged on validation, never on test."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from flax import nnx
from jax.errors import JaxRuntimeError
from tqdm.auto import tqdm

from attnrec.data.parts import Split
from attnrec.errors import AttnrecError, did_you_mean, whole_number
from attnrec.evaluation import LOWER_IS_BETTER
from attnrec.feature_run import FeatureRun
from attnrec.features.examples import Features
from attnrec.run import Run
from attnrec.training.features import METRICS
from attnrec.training.repeated import ARGUMENTS, check_arguments, fit_one
from attnrec.training.samplers import Choice, Sampler, choices

# The same for all trials, so that these can be compared and run alike.
FOR_ALL = ("metric", "checkpoint_dir", "checkpoint_every", "mesh", "stream")


@dataclass(frozen=True, eq=False)
class Search:
    """What came of a search.

    Attributes:
        table: a row a trial, the best first, indexed by `trial`, from 1 in the order in which
            they were made: what was set, the metric on validation, the best epoch, seconds
            from beginning to end, and `error`: why a trial came to nothing,
            otherwise empty.
        best: the run that did best.
        settings: what was set for it.
        metric: what trials are judged by.
        stopped: why it ended before its last trial; or None.
    """

    table: pd.DataFrame
    best: Run | FeatureRun
    settings: dict[str, Any]
    metric: str
    stopped: str | None

    def __repr__(self) -> str:
        count, failed = len(self.table), int((self.table["error"] != "").sum())
        return (
            f"Search({self.best.name} on {self.best.data.name!r}: {count} trial"
            + ("" if count == 1 else "s")
            + (f", {failed} failed" if failed else "")
            + (f", {self.stopped}" if self.stopped else "")
            + f"; best {self.metric} on validation {self.table[self.metric].iloc[0]:.4f} with "
            + f"{_in_words(self.settings)})"
        )


def search(
    model: Any,
    data: Split | Features,
    space: Mapping[str, Sequence[Any]],
    *,
    trials: int | None = None,
    seed: int = 0,
    sampler: Sampler = "grid",
    progress: bool = True,
    **fit_settings: Any,
) -> Search:
    """Trains a model with one setting after another, and keeps the run that does best.

    A trial is judged by its best epoch on validation; the test part is not
    looked at. A training that diverges, or a setting that the recipe refuses, is a
    trial that failed, and the search goes on. Ctrl-C, or the notebook's stop
    button, leaves the trials that were finished.

    Args:
        model: a recipe or its class, such as `SASRec`, whose hyperparameters are replaced; or
            a module of your own, for which arguments of `fit` can be searched.
        data: as for `fit`.
        space: names, each with a list of values: hyperparameters of the recipe, or
            arguments of `fit` such as `learning_rate`.
        trials: how many, at most; 20 unless given. Of a grid, all.
        seed: of every training that is not given another, and of what is drawn.
        sampler: `"grid"`, every combination of values; `"random"`, combinations drawn
            evenly, none twice [bergstra2012random]_; `"optuna"`, those that a tree-structured
            Parzen estimator [bergstra2011algorithms]_ proposes by what was found so far, of
            which it may propose one again: that is not trained again.
        progress: show a bar.
        fit_settings: arguments of `fit` for all trials, such as `epochs`, `patience` and `metric`.
            Within a `checkpoint_dir` each trial has a folder of its own.

    Raises:
        AttnrecError: a name that neither the recipe nor `fit` has, a list without
            values, nothing to judge by on validation, no Optuna, or no trial that succeeds.
        KeyboardInterrupt: interrupted before any trial succeeded.

    Example:
        >>> space = {"num_layers": [1, 2, 3], "learning_rate": [1e-3, 1e-2]}
        >>> found = search(attnrec.SASRec, split, space, epochs=5)  # doctest: +SKIP
        >>> found.table, found.best.evaluate()  # doctest: +SKIP
    """
    if not isinstance(data, (Split, Features)):
        raise AttnrecError(
            "data: expected a split from attnrec.split, or features from attnrec.features.build, "
            f"got {type(data).__name__}"
        )
    check_arguments(fit_settings)
    values = _checked(space, model, fit_settings)
    seed = whole_number("seed", seed, least=0, most=2**32 - 1)
    usual = METRICS[data.label] if isinstance(data, Features) else "NDCG@10"
    metric = fit_settings.get("metric") or usual
    settings = {"seed": seed, **fit_settings, "metric": metric}
    sign = -1 if metric in LOWER_IS_BETTER else 1
    lengths = [len(of_one) for of_one in values.values()]
    found: dict[Choice, float] = {}
    count, chosen = choices(lengths, trials, seed, sampler, found, sign < 0)
    rows: list[dict[str, Any]] = []
    best: tuple[Run | FeatureRun, dict[str, Any]] | None = None
    best_figure, stopped = -math.inf, None
    with tqdm(total=count, unit="trial", disable=not progress) as bar:
        try:
            for choice in chosen:
                pairs = zip(values.items(), choice, strict=True)
                of_trial = {name: of_one[place] for (name, of_one), place in pairs}
                bar.set_description(_in_words(of_trial))
                run, row = _trial(model, data, of_trial, f"trial-{len(rows) + 1}", settings)
                rows.append(of_trial | row)
                found[choice] = row[metric]
                if run is not None and sign * row[metric] > best_figure:
                    best, best_figure = (run, of_trial), sign * row[metric]
                    bar.set_postfix_str(f"best {metric} {row[metric]:.4f}")
                bar.update()
        except KeyboardInterrupt:
            if best is None:
                raise
            stopped = f"interrupted in trial {len(rows) + 1} of {count}"
    if best is None:
        raise AttnrecError(
            f"search: none of {len(rows)} trials succeeded; the first: {rows[0]['error']}"
        )
    table = _table(rows).sort_values(metric, ascending=sign < 0, kind="stable")
    return Search(table, *best, metric, stopped)


def _trial(
    model: Any, data: Split | Features, chosen: dict[str, Any], place: str, settings: dict[str, Any]
) -> tuple[Run | FeatureRun | None, dict[str, Any]]:
    """A training, and its row of the table but for what was chosen."""
    started, metric, run = time.perf_counter(), settings["metric"], None
    figure, best_epoch, error = math.nan, None, ""
    of_recipe = {name: chosen[name] for name in chosen if name in _hyperparameters(model)}
    of_fit = {name: chosen[name] for name in chosen if name not in of_recipe}
    try:
        if isinstance(model, type):
            recipe = model(**of_recipe)
        else:
            recipe = replace(model, **of_recipe) if of_recipe else model
        run = fit_one(recipe, data, place, **(settings | of_fit))
    except (AttnrecError, JaxRuntimeError) as failed:  # the latter where memory does not suffice
        error = str(failed)
    if run is not None:
        if metric not in run.history:
            raise AttnrecError("data: its validation part has nothing to judge by")
        best_epoch = run.provenance["best_epoch"]
        figure = float(run.history[metric].iloc[best_epoch - 1])
    seconds = time.perf_counter() - started
    return run, {metric: figure, "best_epoch": best_epoch, "seconds": seconds, "error": error}


def _hyperparameters(model: Any) -> list[str]:
    if not is_dataclass(model) or isinstance(model, nnx.Module):
        return []
    return [one.name for one in fields(model) if one.init]


def _checked(space: Any, model: Any, fit_settings: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values of each name, as lists."""
    if isinstance(model, type) and (not is_dataclass(model) or issubclass(model, nnx.Module)):
        raise AttnrecError(
            f"model: expected a recipe or its class, such as SASRec, got the class {model.__name__}"
        )
    if not isinstance(space, Mapping) or not space:
        raise AttnrecError(
            f"space: expected names and values, such as {{'num_layers': [1, 2]}}, got {space!r}"
        )
    known = [*_hyperparameters(model), *(name for name in ARGUMENTS if name not in FOR_ALL)]
    made = {}
    for name, values in space.items():
        if name not in known:
            if name in FOR_ALL:
                raise AttnrecError(f"space: {name} is one for all trials; give it beside the space")
            of = model.__name__ if isinstance(model, type) else type(model).__name__
            raise AttnrecError(
                f"space: neither {of} nor fit has {name!r}{did_you_mean(name, known)}"
            )
        if name in fit_settings:
            raise AttnrecError(f"{name}: stands in the space, and beside it")
        if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
            raise AttnrecError(f"space: expected a list of values of {name}, got {values!r}")
        if not len(values):
            raise AttnrecError(f"space: expected a value of {name}, or several, got none")
        made[name] = [one.item() if isinstance(one, np.generic) else one for one in values]
    return made


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    trial = pd.RangeIndex(1, len(rows) + 1, name="trial")
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        columns[name] = pd.Series(values, trial, dtype=object)
        if None not in values:  # which pandas would take for a number that is missing
            columns[name] = columns[name].infer_objects()
    columns["best_epoch"] = columns["best_epoch"].astype("Int64")
    return pd.DataFrame(columns)


def _in_words(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}"
        for name, value in settings.items()
    )
