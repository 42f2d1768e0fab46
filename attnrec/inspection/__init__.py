"""The inspection protocol: what models answer, and what explanations and widgets ask."""

from attnrec.inspection.protocol import Capabilities, Inspector, width_for
from attnrec.inspection.record import (
    AttentionMap,
    AttentionRecord,
    Inspection,
    top_indices,
)
from attnrec.inspection.request import UNIFORM, Interventions, Request, check_weights

__all__ = [
    "UNIFORM",
    "AttentionMap",
    "AttentionRecord",
    "Capabilities",
    "Inspection",
    "Inspector",
    "Interventions",
    "Request",
    "check_weights",
    "top_indices",
    "width_for",
]
