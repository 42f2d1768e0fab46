"""Named reproductions: what they promise, and one run small."""

import inspect

import pytest

from attnrec.data import datasets
from attnrec.data.bazaar import simulate
from attnrec.data.datasets.registry import DATASETS
from attnrec.errors import AttnrecError
from attnrec.losses import resolve
from attnrec.models import SASRec
from attnrec.reproductions import REPRODUCTIONS, Reproduction, find, reproduce
from attnrec.results import Result
from attnrec.training import fit


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_names_data_loss_and_arguments_that_exist(name):
    one = REPRODUCTIONS[name]
    assert one.data == "bazaar" or one.data in DATASETS
    assert set(one.fit) <= set(inspect.signature(fit).parameters) - {"seed", "split", "model"}
    resolve(one.fit["loss"])
    assert bool(one.published) == bool(one.source)


def test_published_figures():
    figures = {name: one.published for name, one in REPRODUCTIONS.items() if one.published}
    assert figures == {
        "sasrec-ml1m": {"HR@10": 0.3152, "NDCG@10": 0.1821},
        "sasrec-ml1m-bce": {"HR@10": 0.2500, "NDCG@10": 0.1341},
        "sasrec-beauty": {"HR@10": 0.0605, "NDCG@10": 0.0318},
    }


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(AttnrecError, match="got 'sasrec-ml1n'; did you mean 'sasrec-ml1m'"):
        find("sasrec-ml1n")


def test_reproduce(monkeypatch, tmp_path):
    tiny = Reproduction(
        what="tiny",
        data="bazaar",
        recipe=SASRec(embedding_size=8, num_layers=1, max_length=16),
        fit={"loss": "softmax", "epochs": 200},
        published={"HR@10": 0.5, "NDCG@10": 0.25},
        source="nobody",
        notes="Simulated.",
    )
    monkeypatch.setitem(REPRODUCTIONS, "tiny", tiny)
    monkeypatch.setattr(datasets, "load", lambda name: simulate(60, 20, min_events=20))
    run, result = reproduce("tiny", seed=3, epochs=2, progress=False)
    assert (result.name, result.kind, result.seed) == ("tiny", "reproduction", 3)
    assert result.command == "attnrec reproduce tiny --seed 3 --epochs 2"
    best = run.data.truth.best_metrics(run.split)["NDCG@10"]
    share = result.metrics["test"]["NDCG@10"] / best
    assert result.notes == (
        "Simulated. At most 2 epochs instead of 200. "
        f"NDCG@10 on test is {share:.1%} of the simulator's own."
    )
    assert result.config["fit"]["epochs"] == len(result.history) == 2
    assert result.published == {"HR@10": 0.5, "NDCG@10": 0.25, "source": "nobody"}
    assert result.data["fingerprint"] == run.data.fingerprint
    table = run.evaluate("test")
    assert result.metrics["test"] == table.loc["SASRec"].to_dict()
    assert list(result.baselines) == ["Popularity", "RecentPopularity", "ItemKNN", "Simulator"]
    assert result.baselines["Simulator"]["NDCG@10"] == best
    assert result.baselines["ItemKNN"] == table.loc["ItemKNN"].to_dict()
    kept = max(row["NDCG@10"] for row in result.history)  # the weights of the best epoch
    assert result.metrics["validation"]["NDCG@10"] == pytest.approx(kept, abs=1e-9)
    assert Result.read(result.write(tmp_path / "tiny.json")) == result
