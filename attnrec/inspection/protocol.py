"""The one protocol between models and everything that explains or shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attnrec.inspection.record import Inspection
from attnrec.inspection.request import Request

if TYPE_CHECKING:
    from attnrec.data import Catalogue


@dataclass(frozen=True)
class Capabilities:
    """What a model can be asked for.

    Args:
        attention: it records attention.
        interventions: its attention can be replaced and positions masked in place.
        gradients: scores can be differentiated with respect to its inputs.
        page_export: it can be exported to run inside a page.
    """

    attention: bool = False
    interventions: bool = False
    gradients: bool = False
    page_export: bool = False


@runtime_checkable
class Inspector(Protocol):
    """A model that can be explored and explained.

    Anything with these attributes will do: one of ours, a PyTorch model, or
    twenty lines of numpy. Widths may be fixed (`lengths`) so that a compiled
    model meets few shapes; then a request has one of these widths.

    Attributes:
        name: what to call it on the screen.
        catalogue: ids and labels; index i of a request is catalogue row i - 1.
        capabilities: what it can be asked for.
        lengths: the widths it accepts, ascending; empty where any will do.
            The last is the longest history it sees.
    """

    name: str
    catalogue: Catalogue
    capabilities: Capabilities
    lengths: tuple[int, ...]

    def inspect(self, request: Request) -> Inspection:
        """Scores and, where the model has it, attention."""
        ...


def width_for(lengths: tuple[int, ...], longest: int) -> int:
    """The narrowest of `lengths` that holds `longest` items, else the widest."""
    return (
        next((length for length in lengths if length >= longest), lengths[-1])
        if (lengths)
        else max(longest, 1)
    )
