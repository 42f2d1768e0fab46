"""How long the first answer takes: importing, loading a run, recommending.

Each time in a process of its own: `import jax` and then `import attnrec`; the
run that comes with the package loaded, `recommend` called for one user and then
for another of another length, and `inspect` once. The same with JAX's persistent
compilation cache on and filled, as JAX has it: compilations of under a second
are not kept there.

    python -m benchmarks.first_answer [--rounds 7] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.report import Report

PROGRAM = """
import json, time
times, began = {}, time.perf_counter()
def lap(name):
    global began
    now = time.perf_counter()
    times[name] = now - began
    began = time.perf_counter()
import jax
lap("import jax")
import attnrec as ar
lap("import attnrec")
run = ar.load_run("bazaar-sasrec")
lap("load a run")
run.recommend(user="u17")
lap("first answer")
run.recommend(user="u18")
lap("second answer")
run.inspect(user="u17")
lap("first inspection")
print(json.dumps(times))
"""


def seconds(cache: str | None) -> dict[str, float]:
    """Of each step, in a new process."""
    settings = {**os.environ}
    settings.pop("JAX_COMPILATION_CACHE_DIR", None)
    if cache:
        settings["JAX_COMPILATION_CACHE_DIR"] = cache
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=settings, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    told = parser.parse_args()
    if told.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {told.rounds}")
    report = Report("first_answer")
    took: dict[str, list[dict[str, float]]] = {"no cache": [], "cache": []}
    with tempfile.TemporaryDirectory() as cache:
        filling = seconds(cache)
        for _ in range(told.rounds):
            took["no cache"].append(seconds(None))
            took["cache"].append(seconds(cache))
    figures = {
        name: {
            step: {
                "median": round(float(np.median(each)), 3),
                "most": round(float(np.max(each)), 3),
            }
            for step in filling
            for each in [[one[step] for one in rounds]]
        }
        for name, rounds in took.items()
    }
    print(json.dumps(figures, indent=1))
    report.write(told.json, {"rounds": told.rounds, "seconds": figures})


if __name__ == "__main__":
    main()
