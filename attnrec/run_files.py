"""Runs as folders: JSON, Parquet and safetensors; nothing that executes when read."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flax import nnx

from attnrec.data import Catalogue, Interactions, Protocol, Report, Split, Words
from attnrec.data.log import Log, is_log
from attnrec.data.parts import RowSplit
from attnrec.data.report import Finding
from attnrec.data.split import again
from attnrec.errors import AttnrecError, did_you_mean
from attnrec.feature_run import FeatureRun
from attnrec.features.build import people_of, restore, state_of
from attnrec.models import SASRec
from attnrec.models import features as feature_models
from attnrec.models.features.protocol import FeatureModel
from attnrec.models.features.protocol import build as build_of_features
from attnrec.models.protocol import SequenceModel, build, configuration_of
from attnrec.models.schema import Schema
from attnrec.models.weights import named_leaves, with_leaves
from attnrec.run import Run

FORMAT = 1
RECIPES = {"SASRec": SASRec} | {
    name: found
    for name in feature_models.__all__
    if hasattr(found := getattr(feature_models, name), "build")
}
CARD, WEIGHTS = "run.json", "weights.safetensors"
GRAPHS, GRAPH = "portable", ".onnx.gz"  # a folder of graphs of the model, each compressed
INTERACTIONS, CATALOGUE = "interactions.parquet", "catalogue.parquet"
PEOPLE = "people.parquet"  # where anything is known of the users


def save_run(run: Run | FeatureRun, path: str | Path) -> Path:
    """Writes a run to a folder, whole or not at all.

    Args:
        run: the run.
        path: a folder that does not exist, or one that holds an older run,
            which is replaced.

    Returns:
        The folder.

    Raises:
        AttnrecError: the path holds something that is not a run.
    """
    from safetensors.numpy import save_file

    path = Path(path).expanduser().resolve()
    if path.exists() and not (path / CARD).is_file() and not _is_empty_folder(path):
        raise AttnrecError(f"path: {path} exists and is not a run; it is left as it is")
    path.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    older = new.with_name(f"{new.name}.older")
    try:
        arrays = {name: np.array(leaf) for name, leaf in named_leaves(nnx.state(run.model)).items()}
        save_file(arrays, new / WEIGHTS)
        if isinstance(run.data, Interactions):
            people = run.data.people if isinstance(run, Run) else people_of(run.features)
            _write_data(run.data, _split_of(run), people, new)
        if isinstance(run, Run):
            _write_graphs(run, new / GRAPHS)
        (new / CARD).write_text(json.dumps(_card(run), indent=1, default=_plain) + "\n")
        os.chmod(new, 0o755)
        if path.exists():
            path.rename(older)
        new.rename(path)
        shutil.rmtree(older, ignore_errors=True)
    except BaseException:
        if older.exists() and not path.exists():
            older.rename(path)
        shutil.rmtree(new, ignore_errors=True)
        raise
    return path


def _split_of(run: Run | FeatureRun) -> Split | RowSplit:
    return run.split if isinstance(run, Run) else run.features.split


def _write_data(
    data: Interactions, split: Split | RowSplit, people: pd.DataFrame | None, folder: Path
) -> None:
    column = _free_name(data.frame)
    data.frame.assign(**{column: split.part}).to_parquet(folder / INTERACTIONS)
    data.catalogue.frame.to_parquet(folder / CATALOGUE)
    if people is not None:
        people.to_parquet(folder / PEOPLE)


def _write_graphs(run: Run, folder: Path) -> None:
    """The graphs made so far, so that they need not be made again.

    Not those of a user's own module, whose code may be another when it is read.
    """
    graphs = run.inspector.graphs if run.config is not None else {}
    if graphs:
        folder.mkdir()
    for name, graph in graphs.items():
        (folder / f"{name}{GRAPH}").write_bytes(gzip.compress(graph, mtime=0))


def _read_graphs(folder: Path) -> dict[str, bytes]:
    return {
        path.name.removesuffix(GRAPH): gzip.decompress(path.read_bytes())
        for path in sorted(folder.glob(f"*{GRAPH}"))
    }


def _free_name(frame: pd.DataFrame) -> str:
    """A name for the column of parts, which comes last, that none of the data's columns has."""
    name = "part"
    while name in frame:
        name = f"_{name}"
    return name


def _plain(value: Any) -> Any:
    """What JSON does not know: numpy's numbers are numbers, the rest is told."""
    return value.item() if isinstance(value, np.generic) else str(value)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _card(run: Run | FeatureRun) -> dict[str, Any]:
    data, split = run.data, _split_of(run)
    of_features = {} if isinstance(run, Run) else {"features": state_of(run.features)}
    return {
        "format": FORMAT,
        "name": run.name,
        "model": configuration_of(run.config or run.model),
        "data": {
            "name": data.name,
            "fingerprint": data.fingerprint,
            "log": str(data.folder) if isinstance(data, Log) else None,
            "protocol": asdict(data.protocol),
            "words": asdict(data.catalogue.words),
            "detail": data.catalogue.detail,
            "report": data.report.rows,
        },
        "split": {"kind": split.kind, "parameters": split.parameters},
        **of_features,
        "provenance": run.provenance,
        "history": run.history.to_dict("records"),
    }


def shipped_runs() -> list[str]:
    """Names of the runs that come with the package."""
    folder = resources.files("attnrec") / "runs"
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if (entry / CARD).is_file())


def load_run(
    path: str | Path,
    *,
    model: SequenceModel | FeatureModel | None = None,
    log: str | Path | None = None,
) -> Run | FeatureRun:
    """Reads a run.

    Args:
        path: a folder that `Run.save` wrote, or the name of a run that comes
            with the package, such as `"bazaar-sasrec"`.
        model: for a run of your own module: a module of the same shape, whose
            weights are replaced by the saved ones.
        log: for a run of a prepared log, which it names but does not hold: the
            folder of the log, if that is no longer where it was.

    Raises:
        AttnrecError: no such run, a file that is missing or damaged, or
            weights that do not fit the model.
    """
    folder = Path(path).expanduser()
    if not folder.exists() and str(path) in shipped_runs():
        with resources.as_file(resources.files("attnrec") / "runs" / str(path)) as inside:
            return _read(inside, model, log)
    if not (folder / CARD).is_file():
        shipped = shipped_runs()
        raise AttnrecError(
            f"path: no run at {str(path)!r}; expected a folder written by Run.save, "
            f"or one of {shipped}{did_you_mean(path, shipped)}"
        )
    return _read(folder, model, log)


def _read_split(
    folder: Path, about: dict[str, Any], divided: dict[str, Any], log: str | Path | None
) -> Split | RowSplit:
    kind, parameters = divided["kind"], divided["parameters"]
    if about.get("log") is None:
        frame = pd.read_parquet(folder / INTERACTIONS)
        data = Interactions(
            frame.iloc[:, :-1],
            Catalogue(
                pd.read_parquet(folder / CATALOGUE), Words(**about["words"]), about["detail"]
            ),
            Protocol(**about["protocol"]),
            about["name"],
            Report(tuple(Finding(*row) for row in about.get("report", ()))),
            people=pd.read_parquet(folder / PEOPLE) if (folder / PEOPLE).is_file() else None,
        )
        part = frame.iloc[:, -1].to_numpy(np.int8)
        if kind in ("at_random", "k_fold"):
            return RowSplit(data, part, kind, parameters)
        return Split.of_rows(data, part, kind, parameters)
    where = Path(about["log"] if log is None else log)
    if not is_log(where):
        raise AttnrecError(f"log: this run is of the log in {where}, which is not there; name it")
    found = Log(where)
    if found.fingerprint != about["fingerprint"]:
        raise AttnrecError(
            f"log: {where} holds {found.fingerprint}, and this run is of {about['fingerprint']}"
        )
    return again(found, kind, parameters)


def _read(folder: Path, model: Any, log: str | Path | None) -> Run | FeatureRun:
    from safetensors.numpy import load_file

    try:
        card = json.loads((folder / CARD).read_text())
        if card["format"] != FORMAT:
            raise AttnrecError(f"path: {folder} has format {card['format']}, expected {FORMAT}")
        split = _read_split(folder, card["data"], card["split"], log)
        arrays = load_file(folder / WEIGHTS)
        graphs = _read_graphs(folder / GRAPHS) if model is None else {}
        history, origin = pd.DataFrame(card["history"]), card["provenance"]
        features = restore(split, card["features"]) if "features" in card else None
        name, settings = card.get("name"), dict(card["model"])
    except AttnrecError:
        raise
    except Exception as error:
        raise AttnrecError(
            f"path: the run in {folder} cannot be read ({type(error).__name__}: {error})"
        ) from error
    config = None if model is not None else _recipe(settings, name, folder)
    chosen: Any = config if model is None else model
    if features is not None:
        module = build_of_features(chosen, features.schema, seed=0)
        _put(arrays, module)
        return FeatureRun(module, config, features, history, origin)
    assert isinstance(split, Split)
    data = split.data
    built = build(chosen, Schema(len(data.items), len(data.users)), seed=0)
    _put(arrays, built)
    return Run(built, config, split, history, origin, graphs)


def _recipe(settings: dict[str, Any], name: object, folder: Path) -> Any:
    recipe = settings.pop("recipe", None)
    if recipe not in RECIPES:
        raise AttnrecError(
            f"model: this run holds a {name}, which attnrec cannot build; "
            "pass a module of the same shape as model="
        )
    try:
        return RECIPES[recipe](**settings)
    except TypeError as error:  # a hyperparameter of another version
        raise AttnrecError(f"model: the run in {folder} cannot be built ({error})") from error


def _put(arrays: dict[str, np.ndarray], module: Any) -> None:
    """The saved weights in the place of the module's."""
    try:
        nnx.update(module, with_leaves(nnx.state(module), arrays))
    except (KeyError, ValueError) as error:
        raise AttnrecError(f"model: the saved weights do not fit ({error})") from error
