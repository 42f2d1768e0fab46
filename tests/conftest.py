"""What every test meets: strict arrays, the real data where it is at hand, no unnoticed skip."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

import jax
import pytest
from jaxtyping import install_import_hook

jax.config.update("jax_numpy_rank_promotion", "raise")

# Array annotations are checked at every call in the modules that trust their
# callers. The modules at the edge (data, run, cli, requests) raise errors of
# their own, and their tests hand them nonsense on purpose.
INSIDE = [
    "attnrec.evaluation",
    "attnrec.explanations",
    "attnrec.inspection.record",
    "attnrec.losses",
    "attnrec.models",
    "attnrec.training",
]
install_import_hook(INSIDE, "beartype.beartype")

# Under CI a skip fails the run, except where the beginning of its node id
# stands here, each with the reason why it cannot run there.
SKIPS_ALLOWED_IN_CI: dict[str, str] = {}


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data; for tests marked `needs_data`."""
    return Path(os.environ["ATTNREC_DATA"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = os.environ.get("ATTNREC_DATA")
    if folder and not Path(folder).is_dir():
        raise pytest.UsageError(f"ATTNREC_DATA: no folder {folder!r}")
    if not folder:
        for item in items:
            if item.get_closest_marker("needs_data"):
                item.add_marker(pytest.mark.skip(reason="ATTNREC_DATA is not set"))


def _skips(config: pytest.Config) -> list[tuple[str, str]]:
    """Node id and reason of every skip so far; nothing in an xdist worker."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return []
    return [
        (report.nodeid, str(report.longrepr[-1]).removeprefix("Skipped: "))
        for report in reporter.stats.get("skipped", [])
    ]


def _unexpected(skips: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if not os.environ.get("CI"):
        return []
    return [skip for skip in skips if not skip[0].startswith(tuple(SKIPS_ALLOWED_IN_CI))]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _unexpected(_skips(session.config)) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skips = _skips(config)
    for nodeid, reason in _unexpected(skips):
        terminalreporter.write_line(f"unexpected skip under CI: {nodeid}: {reason}", red=True)
    counts = Counter(reason for _, reason in skips)
    told = "; ".join(f"{count} ({reason})" for reason, count in counts.most_common())
    terminalreporter.write_line(f"left out: {told or 'nothing'}")
