"""Training."""

from attnrec.training.loop import fit

__all__ = ["fit"]
