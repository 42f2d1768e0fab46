"""The command line: `attnrec data|train|evaluate|recommend|reproduce|lab`."""

from attnrec.cli.entry import main

__all__ = ["main"]
