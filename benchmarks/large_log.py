"""Logs that stay on disk: what preparing and streaming them takes, in time and memory.

A synthetic log, 50 events a user in shuffled order, as Parquet. It is prepared
within a limit of memory, and the same rows are loaded into memory, each in a
process of its own; both must have the same fingerprint. Then an epoch of
SASRec (64 wide, 2 blocks, histories of 50, sampled softmax with 1,024 negatives,
batches of 512) on a smaller log: held on the device, and streamed from disk, in
turn. Memory is the peak of what is anonymous, which no file backs, read every
tenth of a second; pages of the mapped log come on top and can be given back.

    python -m benchmarks.large_log [--events 100000000] [--loaded 20000000]
        [--trained 2500000] [--memory 2GB] [--rounds 2] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import attnrec as ar
from attnrec import losses
from benchmarks.report import Report

ITEMS, A_USER = 100_000, 50
COLUMNS = {"user": "user", "item": "item", "timestamp": "time"}


def write(events: int, folder: Path) -> None:
    """The log, in four files; who and what are hashes, so that nothing is in order."""
    import duckdb

    folder.mkdir()
    size = events // 4
    for number in range(4):
        rows = f"range({number * size}, {(number + 1) * size}) AS rows(i)"
        popular = f"floor(pow(hash(i + 17) % 1000003 / 1000003.0, 3) * {ITEMS})"
        duckdb.execute(
            f"COPY (SELECT hash(i) % {events // A_USER} AS user, {popular}::INTEGER AS item, "
            f"TIMESTAMP '2024-01-01' + to_seconds(i) AS time FROM {rows}) "
            f"TO '{folder / f'part-{number}.parquet'}' (FORMAT parquet)"
        )


def watched(*arguments: str) -> dict[str, Any]:
    """What this script says in a process of its own, and the memory that it took."""
    command = [sys.executable, "-m", "benchmarks.large_log", "--one", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status")
        try:
            told = dict(line.split(":", 1) for line in status.read_text().splitlines())
            peak = max(peak, int(told["RssAnon"].split()[0]))
        except (OSError, KeyError):
            break
        time.sleep(0.1)
    said = process.stdout.read()
    if process.wait():
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    found = json.loads(said.splitlines()[-1]) | {"anonymous_gb": round(peak / 1e6, 2)}
    print(*arguments, found, flush=True)
    return found


def one(what: str, folder: Path, more: str) -> dict[str, Any]:
    """A part of the benchmark, in this process."""
    files = sorted(folder.glob("*.parquet"))
    began = time.perf_counter()
    if what == "prepare":
        data = ar.datasets.prepare(files, folder / "log", **COLUMNS, memory=more)
        on_disk = sum(path.stat().st_size for path in data.folder.iterdir())
        size = {"log_gb": round(on_disk / 1e9, 2)}
    elif what == "load":
        import pandas as pd

        table = pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)
        data, size = ar.datasets.load(table, **COLUMNS), {}
    else:
        data, size = ar.datasets.load(folder / "log"), {}
        split = ar.split.by_user(data, 0.01, 0.01)
        recipe = ar.SASRec(embedding_size=64, num_layers=2, max_length=A_USER, dropout_rate=0.1)
        run = ar.fit(
            recipe,
            split,
            epochs=2,
            batch_size=512,
            loss=losses.SampledSoftmax(1024),
            stream=more == "streamed",
            progress=False,
        )
        return {
            "seconds": round(run.history["seconds"].iloc[1], 1),
            "loss": run.history["loss"].iloc[1],
        }
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "events": len(data),
        "users": len(data.users),
        "items": len(data.items),
        "fingerprint": data.fingerprint,
        **size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000_000, help="prepared")
    parser.add_argument("--loaded", type=int, default=20_000_000, help="prepared, and loaded, too")
    parser.add_argument("--trained", type=int, default=2_500_000)
    parser.add_argument("--memory", default="2GB", help="DuckDB's limit")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        what, folder, more = told.one
        print(json.dumps(one(what, Path(folder), more)))
        return
    report = Report("large_log")
    figures: dict[str, Any] = {"memory_limit": told.memory, "prepared": [], "loaded": []}
    with tempfile.TemporaryDirectory() as folder:
        for events in (told.events, told.loaded):
            source = Path(folder) / str(events)
            write(events, source)
            parquet = sum(path.stat().st_size for path in source.iterdir())
            found = watched("prepare", str(source), told.memory)
            figures["prepared"].append({"parquet_gb": round(parquet / 1e9, 2), **found})
            if events == told.loaded:
                figures["loaded"].append(watched("load", str(source), ""))
        if figures["prepared"][-1]["fingerprint"] != figures["loaded"][-1]["fingerprint"]:
            sys.exit("the log on disk is another than the one in memory")
        source = Path(folder) / "trained"
        write(told.trained, source)
        watched("prepare", str(source), told.memory)
        epochs: dict[str, list[dict[str, Any]]] = {"resident": [], "streamed": []}
        for number in range(told.rounds):
            for how in list(epochs)[:: -1 if number % 2 else 1]:
                epochs[how].append(watched("train", str(source), how))
        figures["epochs"] = epochs
    if len({epoch["loss"] for each in epochs.values() for epoch in each}) > 1:
        sys.exit("streamed and resident losses differ")
    report.write(told.json, figures)


if __name__ == "__main__":
    main()
