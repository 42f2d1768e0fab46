"""Cross-validation: a training a fold, each judged by what it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import pandas as pd
from tqdm.auto import tqdm

from attnrec.data.parts import RowSplit, Split
from attnrec.errors import AttnrecError
from attnrec.features.examples import Features
from attnrec.models.features.protocol import FeatureModel, FeatureRecipe
from attnrec.models.protocol import Recipe, SequenceModel
from attnrec.training.repeated import check_arguments, fit_one


def cross_validate(
    model: Recipe | SequenceModel | FeatureRecipe | FeatureModel,
    folds: Iterable[Split] | Iterable[RowSplit],
    features: Callable[[Any], Features] | None = None,
    *,
    part: Literal["validation", "test"] = "test",
    cutoffs: Sequence[int] = (5, 10, 20),
    baselines: bool | Sequence[Any] = False,
    progress: bool = True,
    **fit_settings: Any,
) -> pd.DataFrame:
    """Trains a model anew on each fold, and judges it there.

    Each training begins with the same weights and keeps those that did best on
    its fold's validation. Ctrl-C, or the notebook's stop button, leaves the folds
    that were finished.

    Args:
        model: as for `fit`.
        folds: from `attnrec.split.k_fold` or `time_series`, or any splits.
        features: for a model of features, what makes them of a fold, such as `lambda fold:
            attnrec.features.build(fold, item=["price"])`, so that they are fitted
            on that fold's train part alone.
        part: what is judged by.
        cutoffs, baselines: as for `Run.evaluate`.
        progress: show a bar.
        fit_settings: arguments of `fit`: `epochs`, `learning_rate` and so on. Within a
            `checkpoint_dir` each fold has a folder of its own.

    Returns:
        A row a fold, from 1, with the columns of `run.evaluate`; with baselines a
        row for each fold and model. `.agg(["mean", "std"])` sums it up, or
        `.groupby("model").agg(["mean", "std"])`.

    Raises:
        AttnrecError: something other than folds, features of another split than the
            fold, and what `fit` and `evaluate` raise, with a note that says in which fold.

    Warns:
        UserWarning: interrupted; some folds are missing.

    Example:
        >>> folds = attnrec.split.time_series(data, k=3)  # doctest: +SKIP
        >>> cross_validate(attnrec.SASRec(), folds, epochs=5).agg(["mean", "std"])  # doctest: +SKIP
    """
    check_arguments(fit_settings)
    given = list(folds) if isinstance(folds, Iterable) else []
    wrong = [type(fold).__name__ for fold in given if not isinstance(fold, (Split, RowSplit))]
    if wrong or not given:
        raise AttnrecError(
            "folds: expected a list of splits, such as attnrec.split.k_fold(data) or "
            f"time_series(data), got {type(folds).__name__}" + (f" of {wrong[0]}" if wrong else "")
        )
    if part not in ("validation", "test"):
        raise AttnrecError(f"part: expected 'validation' or 'test', got {part!r}")
    if features is not None and not callable(features):
        raise AttnrecError(
            "features: expected a function of a fold, such as lambda fold: "
            f"attnrec.features.build(fold, item=['price']), got {type(features).__name__}"
        )
    if features is None and isinstance(given[0], RowSplit):
        raise AttnrecError(
            "features: needed for folds of rows, in which nothing can be ranked after a history; "
            "for a model of histories see time_series"
        )
    tables: list[pd.DataFrame] = []
    try:
        for number, fold in enumerate(
            tqdm(given, desc="cross-validation", unit="fold", disable=not progress), 1
        ):
            data: Any = fold if features is None else _features_of(fold, features)
            run = fit_one(model, data, f"fold-{number}", **fit_settings)
            tables.append(run.evaluate(part, cutoffs, baselines))
    except AttnrecError as error:
        error.add_note(f"in fold {len(tables) + 1} of {len(given)}")
        raise
    except KeyboardInterrupt:
        if not tables:
            raise
        warnings.warn(
            f"interrupted in fold {len(tables) + 1} of {len(given)}: only those before it are told",
            stacklevel=2,
        )
    table = pd.concat(dict(enumerate(tables, 1)), names=["fold"])
    return table.droplevel("model") if baselines is False else table


def _features_of(fold: Split | RowSplit, features: Callable[[Any], Features]) -> Features:
    made = features(fold)
    if not isinstance(made, Features) or made.split is not fold:
        told = "those of another split" if isinstance(made, Features) else type(made).__name__
        raise AttnrecError(
            "features: expected what attnrec.features.build makes of the fold that is given, "
            f"got {told}"
        )
    return made
