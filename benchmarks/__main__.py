"""Every benchmark in turn: `make bench`, or `python -m benchmarks`."""

from __future__ import annotations

import subprocess
import sys

# Each tells the load of the machine beside its figures.
FIGURES = (
    *("kernel_latency", "explanation_speed", "edit_latency", "bazaar_scale", "training_speed"),
    *("evaluation_speed", "first_answer"),
)


def main() -> int:
    codes = []
    for name in FIGURES:
        print(f"== {name}", flush=True)
        codes.append(
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
        )
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
