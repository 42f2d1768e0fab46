"""Data sets by name, and any table of the user's own."""

from attnrec.data.datasets.loading import available, load
from attnrec.data.prepare import prepare

__all__ = ["available", "load", "prepare"]
