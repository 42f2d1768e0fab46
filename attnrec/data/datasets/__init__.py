"""Data sets by name, and any table of the user's own."""

from attnrec.data.datasets.loading import available, load

__all__ = ["available", "load"]
