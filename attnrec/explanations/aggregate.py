r"""Attention averaged over many histories.

Two means, both as in Kang and McAuley, Self-Attentive Sequential
Recommendation (2018) [kang2018sasrec]: between positions (Fig. 4) and between
items (Fig. 5). A history enters with every weight :math:`A_{qk}` whose query
:math:`q` and key :math:`k` are real and where :math:`q` may see :math:`k`; the
denominator counts exactly these.

Histories stream through the inspector in batches, of which none is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int

from attnrec.data.sequences import Sequences
from attnrec.errors import AttnrecError
from attnrec.inspection import Inspection, Inspector, Interventions, Request, width_for


def mean_attention(
    inspector: Inspector,
    sequences: Sequences,
    *,
    last: int = 15,
    interventions: Interventions = Interventions(),
    batch_size: int = 64,
) -> Float[np.ndarray, "layer head query key"]:
    r"""Mean attention between the last positions of many histories.

    .. math::
        \bar A_{qk} = \frac{\sum_b A^{(b)}_{qk}}
                           {\sum_b [q \text{ and } k \text{ real in } b]},
        \qquad k \le q,

    with positions counted from the recent end.

    Args:
        inspector: the model; `run.inspector`.
        sequences: the histories; `run.split.train_sequences` for all that
            trained it. The model reads the most recent items of each.
        last: how many positions, from the recent end.
        interventions: attention to put in place of the model's own; what
            `"uniform"` gives is what lengths of histories alone would show.
        batch_size: histories in a request.

    Returns:
        For each layer and head `[last, last]`, whose last row and column are
        the most recent position. NaN where no history has both positions, and
        where the query may not see the key.

    Raises:
        AttnrecError: `last` below 1, no histories, or a model that records
            no attention between positions.

    Example:
        >>> import attnrec as ar
        >>> run = ar.load_run("bazaar-sasrec")                                  # doctest: +SKIP
        >>> mean_attention(run.inspector, run.split.train_sequences).shape     # doctest: +SKIP
        (2, 2, 15, 15)
    """
    if last < 1:
        raise AttnrecError(f"last: expected a whole number from 1, got {last!r}")
    total: np.ndarray | float = 0.0
    count = np.zeros((last, last), np.int64)
    for inspection in _inspections(inspector, sequences, interventions, batch_size):
        weights = _weights(inspection)
        n = min(last, weights.shape[-1])
        pairs = _pairs(inspection)[:, -n:, -n:]
        sums = np.zeros((*weights.shape[1:3], last, last))
        sums[..., -n:, -n:] = np.where(pairs[:, None, None], weights[..., -n:, -n:], 0).sum(
            0, dtype=float
        )
        total = total + sums
        count[-n:, -n:] += pairs.sum(0)
    return _ratio(total, count)


def attention_between(
    inspector: Inspector,
    sequences: Sequences,
    queries: Sequence,
    keys: Sequence,
    *,
    interventions: Interventions = Interventions(),
    batch_size: int = 64,
) -> tuple[Float[np.ndarray, "layer head query key"], Int[np.ndarray, "query key"]]:
    r"""Mean attention from some items to others, wherever one history holds both.

    .. math::
        \bar A_{ij} = \frac{\sum_b \sum_{q, k} [x^{(b)}_q = i, x^{(b)}_k = j] A^{(b)}_{qk}}
                           {\sum_b \sum_{q, k} [x^{(b)}_q = i, x^{(b)}_k = j]},
        \qquad k \le q.

    Args:
        inspector: the model; `run.inspector`.
        sequences: the histories; the model reads the most recent items of each.
        queries: ids of the items that look.
        keys: ids of the items that are looked at.
        interventions: attention to put in place of the model's own.
        batch_size: histories in a request.

    Returns:
        The means, a row for each of `queries` and a column for each of `keys`,
        NaN where no query came after that key; and the number of weights that
        entered each.

    Raises:
        UnknownIdError: naming the nearest known id.
        AttnrecError: an id given twice, no histories, or a model that records
            no attention between positions.
    """
    vocabulary = inspector.catalogue.vocabulary
    rows = _places("queries", vocabulary.indices(queries), len(vocabulary))
    columns = _places("keys", vocabulary.indices(keys), len(vocabulary))
    total: np.ndarray | float = 0.0
    count = np.zeros((len(queries), len(keys)), np.int64)
    for inspection in _inspections(inspector, sequences, interventions, batch_size):
        weights = _weights(inspection)
        items = inspection.request.items
        asked = (rows[items] >= 0)[:, :, None] & (columns[items] >= 0)[:, None, :]
        batch, query, key = np.nonzero(asked & _pairs(inspection))
        cell = rows[items[batch, query]], columns[items[batch, key]]
        np.add.at(count, cell, 1)
        sums = np.zeros((*count.shape, *weights.shape[1:3]))
        np.add.at(sums, cell, weights[batch, :, :, query, key])
        total = total + sums.transpose(2, 3, 0, 1)
    return _ratio(total, count), count


def _inspections(
    inspector: Inspector, sequences: Sequences, interventions: Interventions, batch_size: int
) -> Iterator[Inspection]:
    """Inspections of all histories that hold an item, the short ones together and first."""
    if not inspector.capabilities.attention:
        raise AttnrecError(f"inspector: {inspector.name} records no attention")
    lengths = inspector.lengths
    if lengths:
        sequences = sequences.latest(lengths[-1])
    order = np.argsort(sequences.lengths, kind="stable")
    order = order[sequences.lengths[order] > 0]
    if not len(order):
        raise AttnrecError("sequences: expected at least one history with an item, got none")
    for start in range(0, len(order), batch_size):
        histories = list(sequences.take(order[start : start + batch_size]))
        width = width_for(lengths, len(histories[-1]))
        yield inspector.inspect(Request.of(histories, length=width, interventions=interventions))


def _weights(inspection: Inspection) -> Float[np.ndarray, "batch layer head query key"]:
    maps = inspection.record.maps
    if any(map_.query_axis != "position" or map_.key_axis != "position" for map_ in maps):
        raise AttnrecError("inspector: expected maps from position to position only")
    return np.stack([map_.weights for map_ in maps], axis=1)


def _pairs(inspection: Inspection) -> np.ndarray:
    """bool[batch, query, key], both real, and the key not after the query where maps are causal."""
    real = inspection.record.real
    pairs = real[:, :, None] & real[:, None, :]
    if all(map_.causal for map_ in inspection.record.maps):
        pairs &= np.tri(real.shape[1], dtype=bool)
    return pairs


def _places(name: str, indices: np.ndarray, num_items: int) -> Int[np.ndarray, " item"]:
    """For each item index its place in `indices`, from 0, or -1."""
    if len(np.unique(indices)) < len(indices):
        raise AttnrecError(f"{name}: expected each id once")
    places = np.full(num_items + 1, -1)
    places[indices] = np.arange(len(indices))
    return places


def _ratio(total: np.ndarray | float, count: np.ndarray) -> np.ndarray:
    total = np.asarray(total)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
