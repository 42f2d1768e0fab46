"""What a model must know about the data to be built."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schema:
    """Sizes of the data.

    Args:
        num_items: items in the catalogue; embedding tables hold one more, for padding.
        num_users: users in the data.
    """

    num_items: int
    num_users: int = 0
