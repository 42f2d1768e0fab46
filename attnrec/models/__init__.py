"""Models: one paper a file."""

from attnrec.models.attention import MultiHeadAttention
from attnrec.models.protocol import Recipe, SequenceModel
from attnrec.models.sasrec import SASRec, SASRecModule
from attnrec.models.schema import Schema

__all__ = ["MultiHeadAttention", "Recipe", "SASRec", "SASRecModule", "Schema", "SequenceModel"]
