"""Notebooks whose data is neither at hand nor ours to ship are left out, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

NEEDS = {
    "02_movielens.ipynb": "ml-100k",
    "04_features_and_context.ipynb": "online-retail",
    "05_gallery.ipynb": "online-retail",
    "afm.ipynb": "frappe",
    "autoint.ipynb": "ml-100k",
    "din.ipynb": "ml-100k",
}


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "nbval_sanitize_with", "") is None:
        config.option.nbval_sanitize_with = str(Path(__file__).with_name("nbval_sanitize.cfg"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from attnrec import datasets

    cells = [item for item in items if item.path.name in NEEDS]
    at_hand = datasets.available()["at hand"] if cells else {}
    for cell in cells:
        name = NEEDS[cell.path.name]
        if not at_hand[name]:
            reason = f"{cell.path.name}: no {name} under ATTNREC_DATA or among the downloads"
            cell.add_marker(pytest.mark.skip(reason=reason))
