"""The data layer: interactions, their catalogue, validation, filters and splits."""

from attnrec.data.catalogue import FILMS, MUSIC, SHOP, Catalogue, Words
from attnrec.data.histories import Histories, Protocol
from attnrec.data.interactions import Interactions
from attnrec.data.parts import Cases, Split
from attnrec.data.report import Finding, Report
from attnrec.data.sequences import Sequences
from attnrec.data.validation import validate
from attnrec.data.vocabulary import Vocabulary

__all__ = [
    "FILMS",
    "MUSIC",
    "SHOP",
    "Cases",
    "Catalogue",
    "Finding",
    "Histories",
    "Interactions",
    "Protocol",
    "Report",
    "Sequences",
    "Split",
    "Vocabulary",
    "Words",
    "validate",
]
