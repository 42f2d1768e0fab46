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
GROUPS = {"one_epoch", "beside_captum", "rankings", "faster"}  # names that say nothing to a reader
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
        if name == "times_faster":
            for peer, found in value.items():
                yield Ratio(", ".join(what), peer, found["median"], found.get("rounds", []))
        else:
            yield from ratios(value, what if name in GROUPS else (*what, name))


def table(folder: Path, links: str = "") -> str:
    """Of all results in a folder, as Markdown.

    Args:
        folder: of JSON files.
        links: what stands before their names in links.
    """
    lines = [HEAD, "|---|---|---|---:|---|---|---|"]
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        loads = [result.get(f"load_at_{end}") for end in ("start", "end")]
        told = " to ".join(str(load) for load in loads if load is not None)
        for one in ratios(result):
            rounds = ", ".join(f"{each:.2f}" for each in one.rounds)
            lines.append(
                f"| [{result['benchmark']}]({links}{path.name}) | {one.what} | {one.peer} "
                f"| {one.times:.2f} | {rounds} | {told} | {str(result['date'])[:10]} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS), end="")


if __name__ == "__main__":
    main()
