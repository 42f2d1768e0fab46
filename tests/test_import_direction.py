"""Imports go one way: from what is shown, through what is trained, down to what is stored."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

BASE = {"columns", "errors", "provenance", "typing"}
DATA = BASE | {"data", "features"}
MODELS = DATA | {"cores", "export", "inspection", "losses", "models", "sharding"}
OF_FEATURES = {"feature_explanations", "feature_inspection", "feature_run"}
RUN = MODELS | OF_FEATURES | {"evaluation", "run", "run_files"}
TRAINING = RUN | {"results", "training"}
EVERYTHING = TRAINING | {"explanations", "plots", "reproductions"}

# What each part of attnrec may import, besides itself.
MAY_IMPORT: dict[str, set[str]] = {
    "columns": set(),
    "cores": set(),
    "errors": set(),
    "typing": set(),
    "provenance": {"columns", "errors", "typing"},
    "data": BASE,
    "features": DATA,
    "inspection": DATA,
    "plots": DATA | {"inspection"},
    "sharding": {"errors"},
    "losses": DATA | {"inspection", "sharding"},
    "export": DATA | {"inspection"},  # functions and arrays; it knows no model
    "models": DATA | {"cores", "export", "inspection", "sharding"},
    "explanations": DATA | {"cores", "inspection", "models", "run"},
    "evaluation": MODELS,
    "feature_explanations": MODELS | {"explanations"},  # which know no run of features
    "feature_inspection": DATA | {"inspection"},
    "feature_run": RUN - {"run"},
    "run": RUN - {"feature_run"},
    "run_files": RUN,
    "results": RUN,
    "training": RUN,
    "reproductions": TRAINING,
    "cli": EVERYTHING | {"__init__"},
    "__main__": {"cli"},
    "__init__": EVERYTHING,
}
ONE_LAYER = ({"run", "run_files"}, {"feature_run", "run_files"})  # parts that may know each other
WIDGETS_MAY_IMPORT = {"columns", "data", "errors", "explanations", "export", "inspection", "plots"}
WIDGET_LIBRARIES = {"anywidget", "attnrec_widgets", "bqplot", "ipywidgets"}


def imported(source: str, package: str = "attnrec") -> set[str]:
    """The full names of all that a module of `package` imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(part for part in (package * bool(node.level), node.module) if part)
            names.update(f"{start}.{alias.name}" for alias in node.names)
    return names


def parts_of_attnrec(names: set[str], own: str = "") -> set[str]:
    """The parts of attnrec among `names`: `attnrec.data.split` is of `data`."""
    found = [name.split(".") for name in names if name.split(".")[0] == "attnrec"]
    return {name[1] if len(name) > 1 else "__init__" for name in found} - {own}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_the_reader_of_imports_sees_every_form():
    source = """
import attnrec.data.split as s, numpy
from attnrec import losses
def later():
    from attnrec.models.sasrec import SASRec
    import attnrec
"""
    assert parts_of_attnrec(imported(source)) == {"data", "losses", "models", "__init__"}
    assert parts_of_attnrec(imported("from attnrec.data import Split"), own="data") == set()
    assert "numpy" in imported(source)


@pytest.mark.parametrize("path", modules("attnrec"), ids=lambda path: str(path.relative_to(ROOT)))
def test_attnrec_imports_only_what_lies_below(path):
    part = path.relative_to(ROOT / "attnrec").parts[0].removesuffix(".py")
    assert part in MAY_IMPORT, f"say in MAY_IMPORT what {part!r} may import"
    names = imported(path.read_text(encoding="utf-8"))
    assert parts_of_attnrec(names, own=part) <= MAY_IMPORT[part]
    assert not {name.split(".")[0] for name in names} & WIDGET_LIBRARIES


@pytest.mark.parametrize(
    "path", modules("widgets/attnrec_widgets"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_widgets_reach_models_only_through_inspection(path):
    names = imported(path.read_text(encoding="utf-8"), package="attnrec_widgets")
    assert parts_of_attnrec(names) <= WIDGETS_MAY_IMPORT


def test_no_two_layers_may_import_each_other():
    for part, below in MAY_IMPORT.items():
        for other in below - {part}:
            if {part, other} not in ONE_LAYER:
                assert part not in MAY_IMPORT[other], (part, other)
