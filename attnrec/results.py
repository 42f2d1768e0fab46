"""One schema for every figure that is kept: reproductions, benchmarks, evaluations.

A result is a JSON file with the fields of `Result`, read back and checked by
`Result.read`. Figures of a model, of the baselines beside it and of the paper
it is held against share one shape: metric name to number.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnrec.errors import AttnrecError, DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from attnrec.feature_run import FeatureRun
    from attnrec.run import Run

SCHEMA = "attnrec-result/1"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A figure and where it comes from.

    Attributes:
        name: what was done, such as `"sasrec-ml1m"`.
        kind: `"reproduction"`, `"benchmark"`, `"training"` or `"evaluation"`.
        command: what repeats it.
        config: the model's hyperparameters and the arguments of training.
        seed: of everything random.
        data: name, fingerprint, users, items, interactions.
        split: kind and parameters.
        metrics: for each part (`"validation"`, `"test"`), metric to figure.
        baselines: for each baseline, metric to figure, on the last part of `metrics`.
        published: metric to figure as published, and `source`; empty if none.
        history: the course of training, an epoch an entry.
        wall_seconds: of the training epochs, without the validation between them.
        device, cores: what it ran on.
        versions: of Python and packages.
        date: ISO 8601, with time zone.
        notes: anything a reader should know.
        schema: this layout's name and version.
    """

    name: str
    kind: str
    command: str
    config: dict[str, Any]
    seed: int
    data: dict[str, Any]
    split: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    wall_seconds: float
    device: str
    cores: int
    versions: dict[str, str]
    date: str
    notes: str = ""
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise DataError(f"schema: expected {SCHEMA!r}, got {self.schema!r}")
        for name in ("name", "kind", "command", "device", "notes"):
            _check(name, getattr(self, name), str, "text")
        for name in ("config", "published"):
            _check(name, getattr(self, name), dict, "an object")
        _check("seed", self.seed, int, "a whole number")
        _check("cores", self.cores, int, "a whole number")
        _check_number("wall_seconds", self.wall_seconds)
        _check_keys("data", self.data, ("name", "fingerprint", "users", "items", "interactions"))
        _check_keys("split", self.split, ("kind", "parameters"))
        fingerprint = self.data["fingerprint"]
        if not re.fullmatch(r"[0-9a-f]{16}", str(fingerprint)):
            raise DataError(
                f"data.fingerprint: expected 16 hexadecimal digits, got {fingerprint!r}"
            )
        for name in ("metrics", "baselines"):
            groups = getattr(self, name)
            _check(name, groups, dict, "an object")
            for group, figures in groups.items():
                _check(f"{name}.{group}", figures, dict, "an object")
                for metric, value in figures.items():
                    _check_number(f"{name}.{group}.{metric}", value)
        _check("history", self.history, list, "a list")
        for row in self.history:
            _check("history", row, dict, "a list of objects")
        _check_keys("versions", self.versions, ("python",))
        try:
            zoned = datetime.fromisoformat(self.date).tzinfo is not None
        except (TypeError, ValueError):
            zoned = False
        if not zoned:
            raise DataError(f"date: expected ISO 8601 with a time zone, got {self.date!r}")

    def to_json(self) -> str:
        """The result as JSON, fields in a fixed order."""
        try:
            return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            raise DataError(f"result {self.name!r} does not fit into JSON: {error}") from error

    @classmethod
    def from_json(cls, text: str) -> Result:
        """The result that `to_json` wrote.

        Raises:
            DataError: text that is no JSON, fields that are missing, unknown
                or of the wrong kind.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise DataError(f"result: expected JSON, and {error}") from error
        _check("result", values, dict, "an object")
        known = [one.name for one in fields(cls)]
        for name in values:
            if name not in known:
                raise DataError(f"result: unknown field {name!r}{did_you_mean(name, known)}")
        missing = [name for name in known if name not in values]
        if missing:
            raise DataError(f"result: missing {', '.join(missing)}")
        return cls(**values)

    def write(self, path: str | Path) -> Path:
        """Writes the result to a file, making its folder where needed."""
        path, text = Path(path), self.to_json()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str | Path) -> Result:
        """Reads a result from a file."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"path: cannot read {str(path)!r} ({error})") from error
        return cls.from_json(text)


def result_of(
    run: Run | FeatureRun,
    tables: Mapping[str, pd.DataFrame],
    *,
    name: str,
    kind: str,
    command: str,
    published: Mapping[str, Any] | None = None,
    notes: str = "",
) -> Result:
    """The result of a run.

    Args:
        run: the trained model.
        tables: for each part, what `run.evaluate(part)` gave.
        name, kind, command, published, notes: fields of `Result`.
    """
    from attnrec import provenance
    from attnrec.models.protocol import configuration_of

    if not set(tables) <= {"validation", "test"}:
        raise AttnrecError(f"tables: expected validation and test, got {sorted(tables)}")
    about = {**provenance.environment(), **run.provenance}
    figures = {part: table.to_dict("index") for part, table in tables.items()}
    last = list(figures.values())[-1] if figures else {}
    beside = {model: row for model, row in last.items() if model != run.name}
    return Result(
        name=name,
        kind=kind,
        command=command,
        config={"model": configuration_of(run.config or run.model), "fit": about.get("fit", {})},
        seed=about.get("seed", 0),
        data={
            "name": run.data.name,
            "fingerprint": run.data.fingerprint,
            "users": len(run.data.users),
            "items": len(run.data.items),
            "interactions": len(run.data),
        },
        split={"kind": run.split.kind, "parameters": run.split.parameters},
        metrics={part: rows[run.name] for part, rows in figures.items()},
        baselines=beside,
        published=dict(published or {}),
        history=run.history.to_dict("records"),
        wall_seconds=about.get("wall_seconds", 0.0),
        device=about["device"],
        cores=about["cores"],
        versions=about["versions"],
        date=about["date"],
        notes=notes,
    )


def _check(name: str, value: object, kind: type, expected: str) -> None:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise DataError(f"{name}: expected {expected}, got {value!r}")


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DataError(f"{name}: expected a finite number, got {value!r}")


def _check_keys(name: str, value: object, keys: tuple[str, ...]) -> None:
    _check(name, value, dict, "an object")
    missing = [key for key in keys if key not in value]  # type: ignore[operator]
    if missing:
        raise DataError(f"{name}: missing {', '.join(missing)}")
