"""The benchmarks beside peers in turn, and one table of ratios: `make bench`.

    python -m benchmarks [--rectools PYTHON] [--recbole PYTHON] [--pmixer CHECKOUT]
        [--captum PYTHON] [--into FOLDER]

Peers have environments of their own, see `benchmarks.training_speed` and
`evaluation_speed`; captum's is that of `make parity`. A peer that is not named is
left out. Each result is a file in FOLDER, with the machine and its load beside.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.ratios import table

ROOT = Path(__file__).parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for peer, what in {"rectools": "PYTHON", "recbole": "PYTHON", "pmixer": "CHECKOUT"}.items():
        parser.add_argument(f"--{peer}", metavar=what)
    parser.add_argument("--captum", metavar="PYTHON", default=str(ROOT / ".venv-parity/bin/python"))
    parser.add_argument("--into", type=Path, metavar="FOLDER", default=ROOT / "build" / "bench")
    told = parser.parse_args()
    told.into.mkdir(parents=True, exist_ok=True)

    def given(*peers: str) -> list[str]:
        found = ((f"--{peer}", getattr(told, peer)) for peer in peers)
        return [part for pair in found if pair[1] for part in pair]

    captum = told.captum if os.access(told.captum, os.X_OK) else sys.executable
    commands = {
        "inference_speed": [sys.executable],
        "explanation_speed": [captum],
        "evaluation_speed": [sys.executable, *given("rectools", "recbole")],
        "training_speed": [sys.executable, *given("rectools", "pmixer")],
        "feature_training": [sys.executable, *given("recbole")],
        "first_answer": [sys.executable],
        "edit_latency": [sys.executable],
    }
    codes = []
    for name, (python, *options) in commands.items():
        print(f"== {name}", flush=True)
        command = [python, "-m", f"benchmarks.{name}", "--json", str(told.into / f"{name}.json")]
        done = subprocess.run([*command, *options], cwd=ROOT, check=False)
        codes.append(done.returncode)
    print(table(told.into), end="")
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
