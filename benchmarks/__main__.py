"""Every benchmark in turn: `make bench`, or `python -m benchmarks`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FIGURES = ("kernel_latency", "bazaar_scale")  # each tells the machine's load beside its figures


def main() -> int:
    folder = Path(__file__).parent
    codes = []
    for name in FIGURES:
        print(f"== {name}", flush=True)
        codes.append(
            subprocess.run([sys.executable, folder / f"{name}.py"], check=False).returncode
        )
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
