"""Training."""

from attnrec.training.fit import fit

__all__ = ["fit"]
