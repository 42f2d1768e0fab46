"""Training."""

from attnrec.training.fitting import fit

__all__ = ["fit"]
