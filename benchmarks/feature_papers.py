"""What AutoInt, AFM, DIN and NeuMF reach on the data at hand, beside other models.

    python -m benchmarks.feature_papers autoint|afm|din|neumf [--seeds 3] [--json FILE]

- `autoint`: ML-100K, ratings above 3 against those below, rows divided 80/10/10 at random; user
  and film, age, gender and occupation, year and genres, month and hour of the rating.
- `afm`: Frappe's log of apps, and beside each row two apps that its user did not use in these
  circumstances, drawn evenly; labels 1 and -1, rows divided 70/20/10 at random. So the paper
  drew and divided, too, but its files are not at hand.
- `din`: Amazon Beauty, the last product of each user against one drawn, as the authors' code
  does on Electronics, which is not at hand; products by id and attributes, no user id but
  for models that see no history. The base model sees what DIN sees, and adds it up.
- `neumf`: ML-1M in SASRec's form, the last film of each user among 99 drawn by ourselves, not the
  99 that the paper's authors published.

Figures are of the test part, with the weights that did best on validation, by mean and
deviation over seeds. The seed draws rows, parts and weights. Settings were chosen by the
validation part of seed 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import attnrec as ar
from attnrec.data import validate
from attnrec.feature_run import FeatureRun
from attnrec.features import Categorical, Features
from benchmarks.report import Report

CIRCUMSTANCES = [
    "daytime",
    "weekday",
    "isweekend",
    "homework",
    "cost",
    "weather",
    "country",
    "city",
]


@dataclass(frozen=True)
class Trial:
    """A recipe, its training, and which of a study's features it reads."""

    recipe: Any
    fit: Mapping[str, Any] = field(default_factory=dict)
    reads: str = "fields"


@dataclass(frozen=True)
class Study:
    """A paper's question on the data at hand."""

    features: Callable[[int], Mapping[str, Features]]
    trials: Mapping[str, Trial]
    judged: Callable[[FeatureRun], dict[str, float]]


def films(seed: int) -> dict[str, Features]:
    split = ar.split.at_random(ar.datasets.load("ml-100k"), seed=seed)
    return {
        "fields": ar.features.build(
            split,
            user=["age", "gender", "occupation"],
            item=["year", "genres"],
            context=["month", "hour"],
            label="rating",
            threshold=3,
        )
    }


def apps(seed: int) -> dict[str, Features]:
    log = ar.datasets.load("frappe").frame[["user", "item", *CIRCUMSTANCES]]
    drawn = pd.concat([log.assign(item=unused(log, seed, draw)) for draw in range(2)])
    rows = pd.concat([log.assign(rating=1), drawn.assign(rating=-1)], ignore_index=True)
    split = ar.split.at_random(validate(rows, name="frappe"), validation=0.2, test=0.1, seed=seed)
    context = [Categorical(name) for name in CIRCUMSTANCES]
    return {"fields": ar.features.build(split, context=context, label="rating")}


def unused(log: pd.DataFrame, seed: int, draw: int) -> np.ndarray:
    """For each row an app that its user did not use in these circumstances."""
    rng = np.random.default_rng([seed, draw])
    where, _ = pd.factorize(pd.MultiIndex.from_frame(log[["user", *CIRCUMSTANCES]]))
    item, names = pd.factorize(log["item"])
    used, found = where * len(names) + item, item
    while (taken := np.isin(where * len(names) + found, used)).any():
        found = np.where(taken, rng.integers(len(names), size=len(log)), found)
    return names[found].to_numpy()


def products(seed: int) -> dict[str, Features]:
    del seed  # the division is by time
    split = ar.split.leave_one_out(ar.datasets.load("beauty"))
    of_products = {"item": [Categorical("asin"), "attributes"], "ids": False}
    return {
        "history": ar.features.build(split, history=20, **of_products),
        "fields": ar.features.build(split, item=["attributes"]),
    }


def users_and_films(seed: int) -> dict[str, Features]:
    del seed  # the division is by time
    return {"fields": ar.features.build(ar.split.leave_one_out(ar.datasets.load("ml-1m-sasrec")))}


def of_ratings(run: FeatureRun) -> dict[str, float]:
    return run.evaluate(baselines=False).iloc[0].drop("rows").to_dict()


def of_pairs(run: FeatureRun) -> dict[str, float]:
    table = run.evaluate(cutoffs=(1,), baselines=False, num_negatives=1)
    return {"AUC of pairs": table["HR@1 of 2"].iloc[0]}


def among_drawn(run: FeatureRun) -> dict[str, float]:
    table = run.evaluate(cutoffs=(10,), baselines=False, num_negatives=99)
    return table.iloc[0][["HR@10 of 100", "NDCG@10 of 100"]].to_dict()


CLICKS = {"epochs": 40, "patience": 4, "learning_rate": 0.002, "weight_decay": 0.2}
RATINGS = {
    "epochs": 60,
    "patience": 4,
    "learning_rate": 0.003,
    "batch_size": 2048,
    "weight_decay": 0.3,
}
PAIRS = {
    "epochs": 20,
    "patience": 3,
    "loss": "bce",
    "num_negatives": 1,
    "metric": "HR@1 of 2",
    "batch_size": 512,
}
STUDIES = {
    "autoint": Study(
        films,
        {
            "LR": Trial(ar.LogisticRegression(), CLICKS | {"learning_rate": 0.01}),
            "FM": Trial(ar.FM(embedding_size=16), CLICKS),
            "AutoInt": Trial(ar.AutoInt(num_layers=2, attention_size=32, dropout_rate=0.3), CLICKS),
            "AutoInt+": Trial(
                ar.AutoInt(
                    num_layers=2,
                    attention_size=32,
                    hidden_sizes=(64,),
                    dropout_rate=0.3,
                    first_order=True,
                ),
                CLICKS,
            ),
        },
        of_ratings,
    ),
    "afm": Study(
        apps,
        {
            "LR": Trial(ar.LogisticRegression(), RATINGS),
            "FM": Trial(ar.FM(embedding_size=64, dropout_rate=0.2), RATINGS),
            "AFM": Trial(ar.AFM(embedding_size=64, attention_size=32, dropout_rate=0.2), RATINGS),
        },
        of_ratings,
    ),
    "din": Study(
        products,
        {
            "GMF": Trial(ar.GMF(embedding_size=32), PAIRS, "fields"),
            "FM": Trial(ar.FM(embedding_size=16), PAIRS, "fields"),
            "base model": Trial(ar.DIN(embedding_size=16, attention_sizes=()), PAIRS, "history"),
            "DIN": Trial(ar.DIN(embedding_size=16, attention_sizes=(40, 20)), PAIRS, "history"),
        },
        of_pairs,
    ),
    "neumf": Study(
        users_and_films,
        {
            "NeuMF": Trial(
                ar.NeuMF(
                    embedding_size=64,
                    network_embedding_size=64,
                    hidden_sizes=(128, 64, 32),
                    dropout_rate=0.3,
                ),
                {
                    "epochs": 20,
                    "patience": 4,
                    "loss": "bce",
                    "num_negatives": 4,
                    "metric": "NDCG@10 of 100",
                    "batch_size": 4096,
                    "learning_rate": 0.003,
                    "weight_decay": 0.1,
                },
            )
        },
        among_drawn,
    ),
}


def studied(study: Study, seeds: int) -> dict[str, Any]:
    """Figures of every model, by mean and deviation over seeds, and of each training."""
    trainings: dict[str, list[dict[str, Any]]] = {name: [] for name in study.trials}
    for seed in range(seeds):
        features = study.features(seed)
        for name, trial in study.trials.items():
            run = ar.fit(
                trial.recipe, features[trial.reads], seed=seed, progress=False, **trial.fit
            )
            figures = {key: round(float(one), 4) for key, one in study.judged(run).items()}
            told = {"best_epoch": run.provenance["best_epoch"], **figures}
            trainings[name].append({"seed": seed, **told})
            print(name, trainings[name][-1], flush=True)
    table = {}
    for name, runs in trainings.items():
        frame = pd.DataFrame(runs).drop(columns=["seed", "best_epoch"])
        deviation = frame.std() if seeds > 1 else dict.fromkeys(frame)
        table[name] = {
            key: {"mean": round(float(frame[key].mean()), 4), "deviation": _rounded(deviation[key])}
            for key in frame
        }
    return {
        "test, mean and deviation": table,
        "models": {
            name: {"recipe": type(one.recipe).__name__, **asdict(one.recipe), "fit": dict(one.fit)}
            for name, one in study.trials.items()
        },
        "trainings": trainings,
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(float(figure), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    report = Report("feature_papers")
    found = studied(STUDIES[told.study], told.seeds)
    for name, figures in found["test, mean and deviation"].items():
        print(name, figures)
    report.write(told.json, {"study": told.study, **found})


if __name__ == "__main__":
    main()
