"""Which settings a search tries: all of a grid, some by lot, or those that look promising."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal, TypeAlias, get_args

import numpy as np

from attnrec.errors import AttnrecError, did_you_mean, whole_number

Sampler = Literal["grid", "random", "optuna"]
Choice: TypeAlias = tuple[int, ...]  # of each list of values, the place of the one that is tried
TRIALS = 20  # unless given


def choices(
    lengths: Sequence[int],
    trials: int | None,
    seed: int,
    sampler: Sampler,
    found: Mapping[Choice, float],
    lower_is_better: bool,
) -> tuple[int, Iterable[Choice]]:
    """How many choices there are at most, and these one by one.

    Args:
        lengths: of each list of values.
        trials, seed, sampler: as for `attnrec.search`.
        found: of each choice that has been tried, what came of it, NaN where nothing did; whoever
            takes the choices writes into it before taking the next.
        lower_is_better: of these figures.

    Raises:
        AttnrecError: another sampler, a number of trials of a grid, or no Optuna.
    """
    if sampler not in get_args(Sampler):
        raise AttnrecError(
            f"sampler: expected one of {get_args(Sampler)}, got {sampler!r}"
            + did_you_mean(sampler, get_args(Sampler))
        )
    size = math.prod(lengths)
    if sampler == "grid":
        if trials is not None:
            raise AttnrecError(
                f"trials: this grid has {size:,}, and all are made; for {trials!r} of them "
                "expected sampler='random' or 'optuna'"
            )
        return size, product(*map(range, lengths))
    count = min(whole_number("trials", TRIALS if trials is None else trials), size)
    if sampler == "random":
        return count, _at_random(lengths, count, seed)
    return count, _by_optuna(lengths, count, seed, found, lower_is_better)


def _at_random(lengths: Sequence[int], count: int, seed: int) -> list[Choice]:
    """Different choices, drawn evenly."""
    rng = np.random.default_rng(seed)
    drawn: dict[Choice, None] = {}
    while len(drawn) < count:
        drawn[tuple(rng.integers(lengths).tolist())] = None
    return list(drawn)


def _by_optuna(
    lengths: Sequence[int],
    count: int,
    seed: int,
    found: Mapping[Choice, float],
    lower_is_better: bool,
) -> Iterator[Choice]:
    """Proposals of the tree-structured Parzen estimator, those that are new."""
    try:
        import optuna
    except ImportError as error:
        raise AttnrecError("sampler: 'optuna' needs Optuna: pip install optuna") from error
    told = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it greets
    try:
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=seed),
            direction="minimize" if lower_is_better else "maximize",
        )
    finally:
        optuna.logging.set_verbosity(told)
    for _ in range(count):
        trial = study.ask()
        # Places, not values: these may be of any type, and need not be unlike.
        choice = tuple(
            trial.suggest_categorical(str(number), range(length))
            for number, length in enumerate(lengths)
        )
        if choice not in found:
            yield choice
        if math.isnan(found[choice]):
            # Optuna forgets what failed and would propose it again, and takes what was
            # pruned for the worst.
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, found[choice])
