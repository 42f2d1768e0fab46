"""What each verb does: reads its arguments, calls the library, prints figures."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnrec.errors import AttnrecError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from attnrec.data import Histories, Split
    from attnrec.feature_run import FeatureRun
    from attnrec.features import Features
    from attnrec.results import Result
    from attnrec.run import Run

SIDES = ("user", "item", "context")
OF_FEATURES = (
    "AFM",
    "AutoInt",
    "ContextAttention",
    "DeepFM",
    "DIN",
    "DotGate",
    "FeatureAttention",
    "FeatureDNN",
    "FM",
    "GMF",
    "LogisticRegression",
    "MultiModalAttention",
    "NCF",
    "NeuMF",
    "XDeepFM",
)
MODELS = {name.lower(): name for name in ("SASRec", *OF_FEATURES)}
SPLITS = {
    "leave-one-out": "leave_one_out",
    "temporal": "temporal",
    "by-user": "by_user",
    "at-random": "at_random",
}
SHOWN = ("HR@10", "NDCG@10", "MRR@10", "Recall@10", "Precision@10", "MAP@10", "MRR", "cases")


def show_data(args: argparse.Namespace) -> None:
    """`attnrec data`: counts and the report, or the list of what is known."""
    if args.data is None:
        from attnrec.data import datasets

        known = datasets.available()
        _print(args, known.reset_index().to_dict("records"), known.to_string())
        return
    data = _load(args)
    lengths = data.sequences.lengths
    counts = {
        "name": data.name,
        "fingerprint": data.fingerprint,
        "interactions": len(data),
        "users": len(data.users),
        "items": len(data.items),
        "shortest history": int(lengths.min()),
        "mean history": round(float(lengths.mean()), 2),
        "longest history": int(lengths.max()),
        "seen items are": "filtered" if data.protocol.filter_seen else "recommended again",
    }
    report = [finding._asdict() for finding in data.report.rows]
    lines = [f"{name}: {_number(value)}" for name, value in counts.items()]
    _print(args, {**counts, "report": report}, "\n".join([*lines, "", str(data.report)]))


def train(args: argparse.Namespace) -> None:
    """`attnrec train`: fits, saves, and tells the validation figures."""
    import attnrec
    from attnrec.run_files import save_run
    from attnrec.training import fit

    out = Path(args.out)
    if out.exists() and not (out / "run.json").is_file() and (out.is_file() or any(out.iterdir())):
        raise AttnrecError(f"--out: {args.out} exists and is not a run; it is left as it is")
    run = fit(
        _recipe(getattr(attnrec, MODELS[args.model]), args),
        _learned(args, _load(args)),
        epochs=args.epochs,
        seed=args.seed,
        loss=args.loss,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        weight_decay=args.weight_decay,
        patience=args.patience,
        metric=args.metric,
        checkpoint_dir=args.checkpoints,
    )
    save_run(run, out)
    metric = run.provenance["fit"]["metric"]
    tables = {}
    if metric in run.history:  # not where validation has nothing to judge by
        among = metric.partition(" of ")[2]
        drawn = int(among) - 1 if among else None
        tables["validation"] = run.evaluate("validation", num_negatives=drawn)
    result = _result(run, tables, kind="training", command=args.command)
    told = _table(tables["validation"]) if tables else "no validation cases"
    _print(args, result.to_json(), f"{told}\nsaved to {out}")


def evaluate(args: argparse.Namespace) -> None:
    """`attnrec evaluate`: the table of metrics."""
    from attnrec.run_files import load_run

    run = load_run(args.run)
    table = run.evaluate(
        args.part, baselines=not args.no_baselines, num_negatives=args.num_negatives
    )
    result = _result(run, {args.part: table}, kind="evaluation", command=args.command)
    _print(args, result.to_json(), _table(table))


def recommend(args: argparse.Namespace) -> None:
    """`attnrec recommend`: rank, item, title, score."""
    from attnrec.run import Run
    from attnrec.run_files import load_run

    run = load_run(args.run)
    context = _pairs("--context", args.context)
    user = None if args.user is None else _id(args.user, run.users)
    items = None if args.history is None else _names(args.history)
    history = None if items is None else [_id(one, run.items) for one in items]
    if not isinstance(run, Run):
        if user is None:
            raise AttnrecError(f"--user: {run.name} recommends to a user")
        found = run.recommend(user=user, context=context, history=history, topn=args.topn)
    elif context:
        raise AttnrecError(f"--context: {run.name} looks at histories, and at no circumstances")
    elif (user is None) == (history is None):
        raise AttnrecError("--user, --history: expected one of them")
    elif user is not None:
        found = run.recommend(user=user, topn=args.topn)
    else:
        found = run.recommend(history=history, topn=args.topn)
    _print(args, found.to_dict("records"), found.round(4).to_string(index=False))


def reproduce(args: argparse.Namespace) -> None:
    """`attnrec reproduce`: trains, evaluates once, writes a result."""
    from attnrec import reproductions
    from attnrec.run_files import save_run

    if args.name is None:
        known = {name: one.what for name, one in reproductions.REPRODUCTIONS.items()}
        _print(args, known, "\n".join(f"{name:16} {what}" for name, what in known.items()))
        return
    reproductions.find(args.name)
    out = Path(args.out or f"{args.name}-seed{args.seed}.json")
    if out.is_dir():
        raise AttnrecError(f"--out: expected a file, and {out} is a folder")
    run, result = reproductions.reproduce(
        args.name, seed=args.seed, epochs=args.epochs, checkpoint_dir=args.checkpoints
    )
    result.write(out)
    if args.save:
        save_run(run, args.save)
    figures = result.metrics["test"]
    lines = [f"{result.name}, seed {result.seed}, {len(result.history)} epochs"]
    for name in ("HR@10", "NDCG@10"):
        line = f"{name:8} {figures[name]:.4f}"
        if published := result.published.get(name):
            line += f"  published {published:.4f} ({figures[name] / published - 1:+.1%})"
        lines.append(line)
    for model, row in result.baselines.items():
        lines.append(f"{model:16} HR@10 {row['HR@10']:.4f}  NDCG@10 {row['NDCG@10']:.4f}")
    lines += [result.notes] if result.notes else []
    _print(args, result.to_json(), "\n".join([*lines, f"written to {out}"]))


def lab(args: argparse.Namespace) -> int:
    """`attnrec lab`: JupyterLab, which prints its address."""
    if find_spec("jupyterlab") is None:
        raise AttnrecError('lab: JupyterLab is not installed; pip install "attnrec[lab]" adds it')
    folder = Path(args.folder) if args.folder else _notebooks()
    if not folder.exists():
        raise AttnrecError(f"folder: no such folder or notebook {str(folder)!r}")
    command = [sys.executable, "-m", "jupyterlab", str(folder)]
    if args.port is not None:
        command.append(f"--port={args.port}")
    if args.no_browser or not _has_screen():
        command.append("--no-browser")
    if getattr(os, "geteuid", lambda: None)() == 0:  # as in most containers
        command.append("--allow-root")
    return subprocess.call(command)


def _notebooks() -> Path:
    """The notebooks beside the working folder or the source tree; else the working folder."""
    for root in (Path.cwd(), Path(__file__).parents[1]):
        first = root / "notebooks" / "01_quickstart.ipynb"
        if first.is_file():
            return first
    return Path.cwd()


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _load(args: argparse.Namespace) -> Histories:
    from attnrec.data import Interactions, datasets

    data = datasets.load(args.data, **_pairs("--option", args.option))
    names = ("min_rating", "min_user_count", "min_item_count", "max_history")
    filters = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if not filters:
        return data
    if not isinstance(data, Interactions):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in filters)
        raise AttnrecError(f"{flags}: a prepared log is not filtered; filter what it is made of")
    return data.filter(**filters)


def _value(text: str) -> Any:
    """A number, true, false, null or list where it reads as JSON; else the text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _pairs(flag: str, texts: Sequence[str]) -> dict[str, Any]:
    """What NAME=VALUE says."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise AttnrecError(f"{flag}: expected NAME=VALUE, got {text!r}")
        found[name] = _value(value)
    return found


def _names(text: str | None) -> list[str]:
    """What stands between commas."""
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def _recipe(recipe: type, args: argparse.Namespace) -> Any:
    """The model's hyperparameters, of which it says itself what is wrong with them."""
    flags = ("embedding_size", "num_layers", "num_heads", "max_length", "dropout_rate")
    given = {name: getattr(args, name) for name in flags if getattr(args, name) is not None}
    given |= _pairs("--set", args.set)
    known = [one.name for one in fields(recipe)]
    for name in given:
        if name not in known:
            raise AttnrecError(
                f"{name}: {recipe.__name__} has no such hyperparameter{did_you_mean(name, known)}; "
                f"expected one of {', '.join(known)}"
            )
    return recipe(**given)


def _learned(args: argparse.Namespace, data: Histories) -> Split | Features:
    """What the model learns from: histories, or features."""
    from attnrec import features
    from attnrec.data import split

    asked: dict[str, Any] = {side: _names(getattr(args, side)) for side in SIDES}
    asked |= {name: getattr(args, name) for name in ("label", "threshold", "history")}
    asked = {name: value for name, value in asked.items() if value not in (None, [])}
    of_features = MODELS[args.model] in OF_FEATURES
    if asked and not of_features:
        flags = ", ".join(f"--{name}" for name in asked)
        raise AttnrecError(f"{flags}: for a model of features, such as --model autoint")
    usual = "at-random" if args.label else "leave-one-out"
    divided = getattr(split, SPLITS[args.split or usual])(data)
    return features.build(divided, **asked) if of_features else divided


def _id(text: str, ids: pd.Index) -> Any:
    """The id that the shell's text stands for; the text itself where none reads like it."""
    if text in ids:
        return text
    place = ids.astype(str).get_indexer([text])
    return ids[place].tolist()[0] if place[0] >= 0 else text


def _result(
    run: Run | FeatureRun, tables: dict[str, pd.DataFrame], *, kind: str, command: str
) -> Result:
    from attnrec.results import result_of

    return result_of(run, tables, name=f"{run.name} on {run.data.name}", kind=kind, command=command)


def _table(table: pd.DataFrame) -> str:
    shown = [name for name in table if name.partition(" of ")[0] in SHOWN]
    return table[shown or list(table)].round(4).to_string()


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _print(args: argparse.Namespace, figures: Any, text: str) -> None:
    """JSON where it was asked for, text for people otherwise."""
    if not args.json:
        print(text)
    elif isinstance(figures, str):
        print(figures, end="")
    else:
        print(json.dumps(figures, indent=1, ensure_ascii=False, default=str))
