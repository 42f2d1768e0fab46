r"""Metrics of single predictions: of the probability of a click, and of a rating.

Where other metrics judge a ranking of the catalogue, these judge rows, each an
impression or a rating of its own. Of row $i$ of $n$, $y_i$ is the label (what
came: 0 or 1, or a rating) and $p_i$ the prediction.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int, Real

from attnrec.errors import AttnrecError, did_you_mean, whole_number

Values = Real[np.ndarray, " row"] | Bool[np.ndarray, " row"]

TASKS = ("click", "rating")
LEAST = 1e-7  # a probability of 0 or 1 that is wrong would cost without limit


def prediction_metrics(
    labels: Values,
    predictions: Values,
    users: np.ndarray | pd.Series | None = None,
    *,
    task: Literal["click", "rating"],
) -> dict[str, float]:
    """All metrics of a task, under the names that papers use.

    Args:
        labels: 0 or 1 for clicks, or ratings.
        predictions: probabilities for clicks, or ratings.
        users: ids, one for each row; only for clicks.
        task: what is predicted.

    Returns:
        For clicks AUC, GAUC (where users are given, and any has both classes),
        LogLoss and ECE; for ratings RMSE and MAE.

    Raises:
        AttnrecError: another task, or what the single metrics refuse.

    Example:
        >>> prediction_metrics(np.array([4, 2]), np.array([3.0, 3.0]), task="rating")
        {'RMSE': 1.0, 'MAE': 1.0}
    """
    if task not in TASKS:
        raise AttnrecError(
            f"task: expected one of {TASKS}, got {task!r}{did_you_mean(task, TASKS)}"
        )
    if task == "rating":
        return {"RMSE": rmse(labels, predictions), "MAE": mae(labels, predictions)}
    found = {"AUC": auc(labels, predictions)}
    if users is not None:
        of_users = _mean_auc(labels, predictions, users, "users")
        found |= {} if np.isnan(of_users) else {"GAUC": of_users}
    found["LogLoss"] = log_loss(labels, predictions)
    found["ECE"] = calibration_error(labels, predictions)
    return found


def auc(labels: Values, predictions: Values) -> float:
    r"""Area under the ROC curve: how often a positive row stands above a negative one.

    $$\mathrm{AUC} = \frac{1}{|P|\,|N|} \sum_{i \in P} \sum_{j \in N}
        [p_i > p_j] + \tfrac{1}{2} [p_i = p_j]$$

    with $P$ the rows of label 1 and $N$ those of label 0: the statistic of
    [mann1947test]_ over the number of pairs, worked out from ranks. Ties count half.

    Args:
        labels: 0 or 1.
        predictions: probabilities or any other scores.

    Raises:
        AttnrecError: one class only, or arrays that are not as expected.

    Example:
        >>> auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
        0.875
    """
    labels, predictions = _read(labels, predictions, binary=True)
    value = _aucs(labels, predictions, np.zeros(len(labels), np.intp))[0][0]
    if np.isnan(value):
        raise AttnrecError(f"labels: expected 0 and 1, got {labels[0]:g} in every row: one class")
    return float(value)


def gauc(labels: Values, predictions: Values, groups: np.ndarray | pd.Series) -> float:
    r"""Grouped AUC: how well each user's own rows are ordered [zhu2017optimized]_.

    $$\mathrm{GAUC} = \frac{\sum_u n_u\,\mathrm{AUC}_u}{\sum_u n_u}$$

    over the groups $u$ (users) with both classes, each of $n_u$ rows
    ([zhou2018din]_, eq. 10). The others, whose AUC is not defined, are left out.

    Args:
        labels: 0 or 1.
        predictions: probabilities or any other scores.
        groups: ids, one for each row, in any order.

    Raises:
        AttnrecError: no group with both classes, or arrays that are not as expected.

    Example:
        >>> labels, users = np.array([0, 1, 0, 1, 1]), np.array(["a", "a", "b", "b", "c"])
        >>> gauc(labels, np.array([0.1, 0.2, 0.5, 0.5, 0.0]), users)
        0.75
    """
    value = _mean_auc(labels, predictions, groups, "groups")
    if np.isnan(value):
        raise AttnrecError(
            "groups: expected at least one with labels 0 and 1, got one class in each"
        )
    return value


def log_loss(labels: Values, predictions: Values) -> float:
    r"""Logarithmic loss, or binary cross-entropy, in nats.

    $$\mathrm{LogLoss} = -\frac{1}{n} \sum_i y_i \ln p_i + (1 - y_i) \ln (1 - p_i)$$

    with $p_i$ kept within $10^{-7}$ and $1 - 10^{-7}$.

    Args:
        labels: 0 or 1.
        predictions: probabilities.

    Example:
        >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 4)
        0.6931
    """
    labels, predictions = _read(labels, predictions, binary=True, probabilities=True)
    of_label = np.where(labels == 1, predictions, 1 - predictions)
    return float(-np.log(np.clip(of_label, LEAST, 1 - LEAST)).mean())


def rmse(labels: Values, predictions: Values) -> float:
    r"""Root mean squared error: $\sqrt{\frac{1}{n} \sum_i (p_i - y_i)^2}$, in units of the rating.

    Example:
        >>> rmse(np.array([1, 5]), np.array([4.0, 5.0])) == (9 / 2) ** 0.5
        True
    """
    labels, predictions = _read(labels, predictions)
    return float(np.sqrt(np.square(predictions - labels).mean()))


def mae(labels: Values, predictions: Values) -> float:
    r"""Mean absolute error: $\frac{1}{n} \sum_i |p_i - y_i|$, in units of the rating.

    Example:
        >>> mae(np.array([1, 5]), np.array([4.0, 5.0]))
        1.5
    """
    labels, predictions = _read(labels, predictions)
    return float(np.abs(predictions - labels).mean())


def calibration_error(labels: Values, predictions: Values, num_bins: int = 15) -> float:
    r"""Expected calibration error [guo2017calibration]_, eq. 3.

    $$\mathrm{ECE} = \sum_m \frac{|B_m|}{n}\,\Bigl|\,\frac{1}{|B_m|} \sum_{i \in B_m} y_i
        - \frac{1}{|B_m|} \sum_{i \in B_m} p_i\,\Bigr|$$

    over the bins $B_m$ of `reliability`. The paper compares the confidence in
    the predicted class with accuracy; here the probability of a click is
    compared with the share of clicks, as is usual where there are two classes.

    Args:
        labels: 0 or 1.
        predictions: probabilities.
        num_bins: bins of equal width.

    Example:
        >>> round(calibration_error(np.array([0, 1]), np.array([0.25, 0.75])), 4)
        0.25
    """
    bins = reliability(labels, predictions, num_bins)
    apart = (bins["share_positive"] - bins["mean_prediction"]).abs()
    return float((bins["cases"] * apart).sum() / bins["cases"].sum())


def reliability(labels: Values, predictions: Values, num_bins: int = 15) -> pd.DataFrame:
    """What was predicted beside what came, by bins of the prediction: a reliability diagram.

    Bin m of M holds the predictions above (m - 1) / M and up to m / M
    [guo2017calibration]_; the first holds 0 as well.

    Args:
        labels: 0 or 1.
        predictions: probabilities.
        num_bins: bins of equal width.

    Returns:
        A row for each bin that is not empty: from, to, cases (rows in it),
        mean_prediction and share_positive, both 0 to 1.
    """
    labels, predictions = _read(labels, predictions, binary=True, probabilities=True)
    num_bins = whole_number("num_bins", num_bins)
    edges = np.linspace(0, 1, num_bins + 1)
    of_row = np.searchsorted(edges[1:], predictions)
    cases = np.bincount(of_row, minlength=num_bins)
    some = cases > 0
    columns = {
        "from": edges[:-1][some],
        "to": edges[1:][some],
        "cases": cases[some],
        "mean_prediction": np.bincount(of_row, predictions, num_bins)[some] / cases[some],
        "share_positive": np.bincount(of_row, labels, num_bins)[some] / cases[some],
    }
    return pd.DataFrame(columns)


def _mean_auc(labels: Values, predictions: Values, ids: np.ndarray | pd.Series, name: str) -> float:
    """The mean AUC of groups, weighted by their rows; NaN where none has both classes."""
    labels, predictions = _read(labels, predictions, binary=True)
    if np.shape(ids) != labels.shape:
        raise AttnrecError(
            f"{name}: expected an id for each of {len(labels):,} rows, got shape {np.shape(ids)}"
        )
    group = pd.factorize(pd.Series(ids))[0]
    if (group < 0).any():
        raise AttnrecError(
            f"{name}: expected an id for each row, got a missing one at index {np.argmin(group)}"
        )
    aucs, rows = _aucs(labels, predictions, group)
    both = ~np.isnan(aucs)
    return float(np.average(aucs[both], weights=rows[both])) if both.any() else float("nan")


def _aucs(
    labels: Float[np.ndarray, " row"],
    predictions: Float[np.ndarray, " row"],
    group: Int[np.ndarray, " row"],
) -> tuple[Float[np.ndarray, " group"], Int[np.ndarray, " group"]]:
    """The AUC of each group 0, 1, ..., NaN where it has one class only, and its number of rows."""
    order = np.lexsort((predictions, group))  # group by group, each from its lowest prediction
    labels, predictions, group = labels[order], predictions[order], group[order]
    new = np.r_[True, (group[1:] != group[:-1]) | (predictions[1:] != predictions[:-1])]
    first = np.flatnonzero(new)
    ties = np.diff(np.r_[first, len(labels)])
    rank = np.repeat(first + (ties + 1) / 2, ties)  # those that tie share their mean rank, from 1
    rows, positive = np.bincount(group), np.bincount(group, labels)
    before = np.cumsum(rows) - rows  # ranks run on from group to group
    ranks = np.bincount(group, labels * (rank - before[group]))
    pairs = positive * (rows - positive)
    above = ranks - positive * (positive + 1) / 2
    return np.divide(above, pairs, out=np.full(len(rows), np.nan), where=pairs > 0), rows


def _read(
    labels: Any, predictions: Any, *, binary: bool = False, probabilities: bool = False
) -> tuple[Float[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    """Both as float64, checked."""
    read = []
    for name, values in (("labels", labels), ("predictions", predictions)):
        try:
            numbers = np.asarray(values, np.float64)
        except (TypeError, ValueError) as error:
            raise AttnrecError(f"{name}: expected numbers, one for each row ({error})") from error
        if numbers.ndim != 1 or not len(numbers):
            raise AttnrecError(
                f"{name}: expected one axis of at least one row, got shape {numbers.shape}"
            )
        _refuse(name, numbers, ~np.isfinite(numbers), "finite numbers")
        read.append(numbers)
    came, told = read
    if len(came) != len(told):
        raise AttnrecError(
            f"predictions: expected {len(came):,} rows, as many as labels, got {len(told):,}"
        )
    if binary:
        _refuse("labels", came, (came != 0) & (came != 1), "0 or 1")
    if probabilities:
        _refuse("predictions", told, (told < 0) | (told > 1), "probabilities, 0 to 1")
    return came, told


def _refuse(
    name: str,
    values: Float[np.ndarray, " row"],
    wrong: Bool[np.ndarray, " row"],
    expected: str,
) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        raise AttnrecError(f"{name}: expected {expected}, got {values[first]:g} at index {first}")
