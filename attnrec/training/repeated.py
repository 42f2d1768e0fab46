"""What trainings have in common that are repeated, over folds or over settings."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature
from pathlib import Path
from typing import Any

from attnrec.data.split import Split
from attnrec.errors import AttnrecError, did_you_mean
from attnrec.feature_run import FeatureRun
from attnrec.features.examples import Features
from attnrec.run import Run
from attnrec.training.fitting import fit

# What may be said of every one of them; `progress` is that of all together.
ARGUMENTS = tuple(
    name for name in signature(fit).parameters if name not in ("model", "data", "progress")
)


def check_arguments(names: Iterable[str]) -> None:
    """Raises AttnrecError for what is no argument of `fit`, naming the nearest that is."""
    for name in names:
        if name not in ARGUMENTS:
            raise AttnrecError(f"{name}: no argument of fit{did_you_mean(name, ARGUMENTS)}")


def fit_one(model: Any, data: Split | Features, place: str, **settings: Any) -> Run | FeatureRun:
    """One of the trainings.

    Args:
        model, data: as for `fit`.
        place: the folder within `checkpoint_dir`, if there is any, for this one's checkpoints.
        settings: other arguments of `fit`.

    Raises:
        KeyboardInterrupt: interrupted, where `fit` by itself would give what there is so far.
    """
    if settings.get("checkpoint_dir") is not None:
        settings["checkpoint_dir"] = Path(settings["checkpoint_dir"]) / place
    run = fit(model, data, **settings, progress=False)
    if str(run.provenance["stopped"]).startswith("interrupted"):
        raise KeyboardInterrupt
    return run
