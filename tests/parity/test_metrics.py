"""Hit rate, NDCG and MRR against a ranking by torch's own sort."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnrec.data import Cases, Sequences
from attnrec.evaluation import evaluate

ITEMS, USERS = 60, 40


@pytest.mark.parametrize("filter_seen", [False, True])
def test_metrics_of_random_scores(filter_seen):
    rng = np.random.default_rng(0)
    chosen = [rng.permutation(ITEMS)[: rng.integers(2, 50)] + 1 for _ in range(USERS)]
    histories, targets = [one[:-1] for one in chosen], [one[-1:] for one in chosen]
    cases = Cases(np.arange(1, USERS + 1, dtype=np.int32), *map(Sequences.of, (histories, targets)))
    table = rng.normal(size=(ITEMS + 1, ITEMS + 1)).astype(np.float32)  # after an item, the next
    scorer = lambda histories: table[histories[:, -1]]  # noqa: E731

    found = evaluate(scorer, cases, ITEMS, filter_seen=filter_seen, cutoffs=(10,), batch_size=16)

    ranks = []
    for history, target in zip(histories, targets, strict=True):
        scores = torch.tensor(table[history[-1]])
        scores[0] = -torch.inf
        if filter_seen:
            scores[torch.from_numpy(history)] = -torch.inf
        best = scores.argsort(descending=True)
        ranks.append((best == int(target[0])).nonzero().item() + 1)
    rank = torch.tensor(ranks, dtype=torch.float64)
    hit = (rank <= 10).double()
    expected = {
        "HR@10": hit.mean(),
        "NDCG@10": (hit / torch.log2(rank + 1)).mean(),
        "MRR@10": (hit / rank).mean(),
        "MRR": (1 / rank).mean(),
        "Precision@10": hit.mean() / 10,
    }
    assert {name: found[name] for name in expected} == pytest.approx(
        {name: value.item() for name, value in expected.items()}, rel=1e-9
    )
    assert 0.1 < found["HR@10"] < 0.9
