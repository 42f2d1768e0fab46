"""Published results that `attnrec reproduce NAME` repeats.

A reproduction names everything a figure depends on but the seed. The test
part is ranked once, with the weights that did best on validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.models.sasrec import SASRec
from attnrec.results import Result, result_of
from attnrec.run import Run
from attnrec.training.schedules import StepDecay

RECSYS23 = (
    "Klenitskiy and Vasilev, Turning Dross Into Gold Loss: is BERT4Rec really better than "
    "SASRec? RecSys 2023 [klenitskiy2023dross]; repository antklen/sasrec-bert4rec-recsys23"
)
S3REC = (
    "Zhou et al., S3-Rec: Self-Supervised Learning for Sequential Recommendation with Mutual "
    "Information Maximization. CIKM 2020 [zhou2020s3rec]; full ranking"
)


@dataclass(frozen=True)
class Reproduction:
    """A training and the figures it is held against.

    Args:
        what: one line for people.
        data: a name that `attnrec.datasets.load` knows. Split leave-one-out.
        recipe: the model.
        fit: arguments of `attnrec.fit`, without the seed.
        published: metric to figure on the test part; empty where no paper
            reports this protocol.
        source: who published them.
        notes: what a reader of the result should know.
    """

    what: str
    data: str
    recipe: SASRec
    fit: Mapping[str, Any]
    published: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    notes: str = ""


_BATCHES = (
    "Batches of 32 histories where the reference takes 128: more steps an epoch, "
    "and so far fewer epochs to the same figure."
)
_ML1M = SASRec(embedding_size=64, num_layers=2, num_heads=1, dropout_rate=0.1, max_length=200)

REPRODUCTIONS = {
    "sasrec-ml1m": Reproduction(
        what="SASRec with full softmax cross-entropy on ML-1M",
        data="ml-1m-sasrec",
        recipe=_ML1M,
        fit={"loss": "softmax", "epochs": 40, "patience": 10, "batch_size": 32},
        published={"HR@10": 0.3152, "NDCG@10": 0.1821},
        source=RECSYS23,
        notes=_BATCHES,
    ),
    "sasrec-ml1m-bce": Reproduction(
        what="SASRec as its paper trains it, BCE with one negative, on ML-1M",
        data="ml-1m-sasrec",
        recipe=_ML1M,
        fit={
            "loss": "bce",
            "epochs": 55,
            "patience": 15,
            "batch_size": 32,
            "learning_rate": StepDecay(1e-3, factor=0.2, step=43 * 189),  # after 43 epochs
        },
        published={"HR@10": 0.2500, "NDCG@10": 0.1341},
        source=RECSYS23,
        notes=_BATCHES,
    ),
    "sasrec-beauty": Reproduction(
        what="SASRec, BCE with one negative, on Amazon Beauty",
        data="beauty",
        recipe=SASRec(
            embedding_size=64, num_layers=2, num_heads=2, dropout_rate=0.5, max_length=50
        ),
        fit={"loss": "bce", "epochs": 200, "patience": 10, "batch_size": 256},
        published={"HR@10": 0.0605, "NDCG@10": 0.0318},
        source=S3REC,
        notes="Heads, dropout, length and batch size are our choice.",
    ),
    "sasrec-ml100k": Reproduction(
        what="SASRec with full softmax cross-entropy on ML-100K",
        data="ml-100k",
        recipe=SASRec(embedding_size=64, num_layers=2, dropout_rate=0.3, max_length=200),
        fit={"loss": "softmax", "epochs": 30, "patience": 6, "batch_size": 32},
        notes="No published figure for this protocol is known to us; compare the baselines.",
    ),
    "sasrec-bazaar": Reproduction(
        what="SASRec on Bazaar, the simulated shop whose best possible score is known",
        data="bazaar",
        recipe=SASRec(
            embedding_size=64, num_layers=2, num_heads=2, dropout_rate=0.3, max_length=64
        ),
        fit={"loss": "softmax", "epochs": 40, "patience": 6, "batch_size": 64},
        notes="The simulator's own ranking, among the baselines, is the best possible.",
    ),
}


def find(name: str) -> Reproduction:
    """The reproduction of that name.

    Raises:
        AttnrecError: no such name.
    """
    if name not in REPRODUCTIONS:
        raise AttnrecError(
            f"name: expected one of {', '.join(REPRODUCTIONS)}, got {name!r}"
            + did_you_mean(name, REPRODUCTIONS)
        )
    return REPRODUCTIONS[name]


def reproduce(
    name: str,
    *,
    seed: int = 0,
    epochs: int | None = None,
    checkpoint_dir: str | Path | None = None,
    progress: bool = True,
) -> tuple[Run, Result]:
    """Trains, ranks the test part once, and tells the result.

    Args:
        name: a key of `REPRODUCTIONS`.
        seed: of weights, order, dropout and negatives.
        epochs: fewer or more than the reproduction's own; the result says so.
        checkpoint_dir: where a training that was cut off goes on from.
        progress: show a bar.

    Returns:
        The run, and its result in the one schema. For simulated data the
        simulator's own ranking stands among the baselines.
    """
    from attnrec.data import datasets, split
    from attnrec.training import fit

    chosen = find(name)
    settings = dict(chosen.fit)
    command, notes = f"attnrec reproduce {name} --seed {seed}", chosen.notes
    if epochs is not None and epochs != settings["epochs"]:
        notes = f"{notes} At most {epochs} epochs instead of {settings['epochs']}.".strip()
        command = f"{command} --epochs {epochs}"
        settings["epochs"] = epochs
    run = fit(
        chosen.recipe,
        split.leave_one_out(datasets.load(chosen.data)),
        seed=seed,
        checkpoint_dir=checkpoint_dir,
        progress=progress,
        **settings,
    )
    tables = {"validation": run.evaluate("validation", baselines=False), "test": run.evaluate()}
    published = {**chosen.published, "source": chosen.source} if chosen.published else {}
    result = result_of(
        run,
        tables,
        name=name,
        kind="reproduction",
        command=command,
        published=published,
        notes=notes,
    )
    return run, result if run.data.truth is None else _beside_the_simulator(run, result)


def _beside_the_simulator(run: Run, result: Result) -> Result:
    """The result with the best possible figures among the baselines, and the share reached."""
    best = run.data.truth.best_metrics(run.split.cases("test"))
    share = result.metrics["test"]["NDCG@10"] / best["NDCG@10"]
    told = f"{result.notes} NDCG@10 on test is {share:.1%} of the simulator's own.".strip()
    return replace(result, baselines={**result.baselines, "Simulator": best}, notes=told)
