"""The explorer needs no model of ours: twenty lines of numpy, and no attention, will do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from attnrec_widgets import AttentionDistribution, HistoryExplorer, RankingBars

from attnrec.data import Catalogue
from attnrec.errors import AttnrecError
from attnrec.inspection import AttentionRecord, Capabilities, Inspection, Request


class CountTogether:
    """Scores an item by how often it stood in a basket with the items of the history."""

    name = "CountTogether"
    capabilities = Capabilities()
    lengths = ()

    def __init__(self, baskets: list[list[str]]):
        ids = pd.Index(sorted({item for basket in baskets for item in basket}))
        self.catalogue = Catalogue(pd.DataFrame(index=ids))
        self.together = np.zeros((len(ids) + 1, len(ids) + 1))
        for basket in baskets:
            indices = self.catalogue.vocabulary.indices(basket)
            self.together[np.ix_(indices, indices)] += 1

    def inspect(self, request: Request) -> Inspection:
        seen = self.together[request.items] * request.mask[..., None]  # [batch, key, item]
        scores = seen.sum(1)
        scores[:, 0] = -np.inf
        return Inspection(request, scores, AttentionRecord((), request.mask), self.catalogue)


@pytest.fixture
def explorer() -> HistoryExplorer:
    model = CountTogether([["bread", "butter"], ["bread", "butter", "jam"], ["tea"]])
    return HistoryExplorer(model, history=["bread"])


def test_it_ranks(explorer):
    assert explorer.recommendations["item"].tolist() == ["bread", "butter", "jam", "tea"]
    assert explorer.recommendations["score"].tolist() == [2, 2, 1, 0]
    explorer.add("tea")
    assert explorer.recommendations["score"].tolist() == [2, 2, 1, 1]
    explorer.undo()
    assert explorer.history == ["bread"]


def test_it_has_no_attention_and_says_so(explorer):
    panel = explorer._answer["panels"][0]
    assert (panel["layers"], panel["heads"], panel["normalisation"]) == (0, 0, "none")
    assert panel["row"] is panel["matrix"] is panel["thumbs"] is None
    assert explorer._answer["shown"]["layer"] is None
    assert repr(explorer) == "HistoryExplorer(CountTogether, history=1 item)"
    with pytest.raises(AttnrecError, match="layer: expected None, since no attention is recorded"):
        explorer.layer = 1
    with pytest.raises(AttnrecError, match="records no attention"):
        explorer.attention.to_frame()
    assert explorer.figure().texts[-1].get_text().endswith("no attention recorded")
    assert AttentionDistribution(explorer).title == "No attention"
    assert RankingBars(explorer).bars.y.tolist() == [0, 1, 2, 2]


def test_the_view_of_a_matrix_without_attention_is_drawn_as_a_ranking(explorer):
    explorer.view = "matrix"
    assert explorer._answer["error"] is None
    assert explorer.figure().axes
