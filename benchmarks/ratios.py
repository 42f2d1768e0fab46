"""One table of how many times faster than its peers this project is, from benchmarks' results.

python -m benchmarks.ratios [FOLDER]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).with_name("results")
HEAD = "| benchmark | what | beside | times faster | rounds | load | date |"


class Ratio(NamedTuple):
    """One comparison.

    Attributes:
        what: the names under which it stands in the result.
        peer: who takes longer, or less long.
        times: seconds of the peer over ours; the median where there are several rounds.
        rounds: each of them.
    """

    what: str
    peer: str
    times: float
    rounds: list[float]


def ratios(figures: Any, what: tuple[str, ...] = ()) -> Iterator[Ratio]:
    """All of a result: wherever something is so many times faster."""
    if not isinstance(figures, dict):
        return
    for name, value in figures.items():
        if name == "times_faster" and isinstance(value, dict):
            for peer, found in value.items():
                yield Ratio(", ".join(what), peer, found["median"], found.get("rounds", []))
        elif name == "times_faster":
            [peer] = {"captum", "attnrec"} & set(figures) - {"attnrec"}
            yield Ratio(", ".join(what), peer, value, [])
        else:
            yield from ratios(value, (*what, name))


def table(folder: Path) -> str:
    """Of all results in a folder, as Markdown."""
    lines = [HEAD, "|---|---|---|---:|---|---|---|"]
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        if "benchmark" not in result:
            continue
        load = " to ".join(
            str(result[f"load_at_{end}"]) for end in ("start", "end") if f"load_at_{end}" in result
        )
        for one in ratios(result):
            what = (
                one.what.removeprefix("one_epoch, ")
                .removeprefix("beside_captum, ")
                .removeprefix("rankings, ")
            )
            rounds = ", ".join(f"{each:.2f}" for each in one.rounds)
            lines.append(
                f"| [{result['benchmark']}]({path.name}) | {what} | {one.peer} | {one.times:.2f} "
                f"| {rounds} | {load} | {str(result['date'])[:10]} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS), end="")


if __name__ == "__main__":
    main()
