"""How fast the simulated shop sells: `python benchmarks/bazaar_scale.py --events 1000000`.

Prints one JSON object: purchases drawn, the seconds of the fastest of several
repetitions, purchases a second, the seconds that `best_metrics` takes, and the
peak memory of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time

import numpy as np
import pandas as pd

from attnrec.data.bazaar import simulate

MEAN_EVENTS = 27


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()

    seconds = []
    for _ in range(arguments.repetitions):
        start = time.perf_counter()
        data = simulate(arguments.events // MEAN_EVENTS, arguments.items, mean_events=MEAN_EVENTS)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    best = data.truth.best_metrics()
    print(
        json.dumps(
            {
                "events": len(data),
                "users": len(data.users),
                "items": len(data.items),
                "seconds": round(min(seconds), 2),
                "events_per_second": round(len(data) / min(seconds)),
                "best_metrics_seconds": round(time.perf_counter() - start, 2),
                "best_ndcg@10": round(best["NDCG@10"], 4),
                "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "cores": os.cpu_count(),
                "load": [round(load, 1) for load in os.getloadavg()],
                "numpy": np.__version__,
                "pandas": pd.__version__,
                "python": platform.python_version(),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
