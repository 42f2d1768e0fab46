"""What a benchmark found, with the machine and its load beside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attnrec import provenance


class Report:
    """A benchmark's figures, to be written once all are at hand.

    Args:
        benchmark: its name.
    """

    def __init__(self, benchmark: str):
        self._benchmark = benchmark
        self._load = os.getloadavg()[0]

    def write(self, path: Path | None, figures: Mapping[str, Any]) -> None:
        """As JSON, where a path is given."""
        if path is None:
            return
        told = {
            "benchmark": self._benchmark,
            "load_at_start": round(self._load, 2),
            "load_at_end": round(os.getloadavg()[0], 2),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            **provenance.environment(),
            **figures,  # which may tell versions of more packages
        }
        path.write_text(json.dumps(told, indent=1) + "\n")
