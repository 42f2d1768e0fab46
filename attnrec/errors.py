"""Errors that name the argument, what came, and what was expected."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any


class AttnrecError(ValueError):
    """A mistake in what the caller gave, told in one sentence."""


class DataError(AttnrecError):
    """A table, file or archive that cannot be read as asked."""


class UnknownIdError(AttnrecError, KeyError):
    """A user or item that the data does not hold."""

    __str__ = ValueError.__str__  # KeyError would print the sentence in quotes


def whole_number(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """`value` as a plain int; numpy's whole numbers are welcome, True and 2.0 are not.

    Raises:
        AttnrecError: naming the argument, what was expected and what came.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is not None and least <= number and (most is None or number <= most):
        return number
    wanted = f"a whole number from {least}" if most is None else f"{least} to {most}"
    raise AttnrecError(f"{name}: expected {wanted}, got {value!r}")


def share(name: str, value: Any) -> float:
    """`value` as a float from 0 to below 1, such as a dropout rate.

    Raises:
        AttnrecError: naming the argument, what was expected and what came.
    """
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else -1.0
    if not 0 <= number < 1:
        raise AttnrecError(f"{name}: expected 0 to below 1, got {value!r}")
    return number


def nearest(value: object, choices: Iterable[object], n: int = 3) -> list[str]:
    """Up to `n` of `choices` that read most like `value`, best first."""
    names = list(dict.fromkeys(str(choice) for choice in choices))
    by_folded = {name.casefold(): name for name in reversed(names)}
    found = difflib.get_close_matches(str(value).casefold(), by_folded, n=n, cutoff=0.5)
    return [by_folded[name] for name in found]


def did_you_mean(value: object, choices: Iterable[object]) -> str:
    """`"; did you mean 'x'?"` for the nearest of `choices`, or nothing."""
    found = nearest(value, choices, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
