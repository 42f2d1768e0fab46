"""What every test meets: strict arrays, the real data where it is at hand, no unnoticed skip."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

# What was compiled once, by any of the test processes or a kernel that a test starts, is not
# compiled again. A cache of limited size is one that JAX locks while it reads or writes. It also
# looks through all of it before each write: what is compiled in no time is not worth its place.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    compiled = tempfile.mkdtemp(prefix="attnrec-compiled-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled
os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"] = str(1 << 33)
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

import jax
import matplotlib
import numpy as np
import pandas as pd
import pytest
from jaxtyping import config as annotations
from jaxtyping import install_import_hook

jax.config.update("jax_numpy_rank_promotion", "raise")
matplotlib.use("Agg")  # here, not in the environment, which the notebooks' kernels inherit

# Array annotations are checked at every call in the modules that trust their
# callers. The modules at the edge (data, run, cli, requests) raise errors of
# their own, and their tests hand them nonsense on purpose.
INSIDE = [
    "attnrec.evaluation",
    "attnrec.explanations",
    "attnrec.losses",
    "attnrec.features.fields",
    "attnrec.models.attention",
    "attnrec.models.features",
    "attnrec.models.prefixes",
    "attnrec.models.sasrec",
    "attnrec.models.scorer",
    "attnrec.training.batches",
    "attnrec.training.step",
]
install_import_hook(INSIDE, "beartype.beartype")

from attnrec import Run, SASRec, datasets, fit, split
from attnrec.data import Interactions, Protocol, Split

# Under CI a skip fails the run, except where the beginning of its node id
# stands here, each with the reason why it cannot run there.
SKIPS_ALLOWED_IN_CI: dict[str, str] = {}


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data; for tests marked `needs_data`."""
    return Path(os.environ["ATTNREC_DATA"])


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations as in use: not checked. For what a signature does not allow and people give."""
    annotations.update("jaxtyping_disable", True)
    yield
    annotations.update("jaxtyping_disable", False)


def _turn(item: pytest.Item) -> int:
    """Tests of the browser come last, and of these last the ones that open no notebook."""
    if item.get_closest_marker("browser") is None:
        return 0
    # Playwright keeps an event loop running in its process, which others would take for theirs.
    # Files that open notebooks take longest; behind them short ones fill both processes.
    return 1 if "jupyter" in item.fixturenames else 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
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


@pytest.fixture(scope="session")
def chain() -> Interactions:
    """Data whose answer is known: after item i comes item i + 1, and after the last the first.

    60 users, 12 items, histories of 5 to 20 items; ids are words and numbers
    that are not indices.
    """
    rng = np.random.default_rng(0)
    rows = []
    for user in range(60):
        start, length = rng.integers(12), rng.integers(5, 21)
        rows += [(f"u{user}", f"i{(start + step) % 12:02}", step) for step in range(length)]
    frame = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return datasets.load(frame, protocol=Protocol(filter_seen=False))


@pytest.fixture(scope="session")
def chain_split(chain: Interactions) -> Split:
    return split.leave_one_out(chain)


@pytest.fixture(scope="session")
def chain_run(chain_split: Split) -> Run:
    """A small SASRec that has learned the chain."""
    recipe = SASRec(embedding_size=16, num_layers=2, num_heads=2, max_length=32, dropout_rate=0.0)
    return fit(recipe, chain_split, epochs=30, batch_size=8, learning_rate=1e-2, progress=False)
