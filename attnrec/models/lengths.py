"""The few widths that histories are padded to, so that nothing compiles anew when one changes."""

from __future__ import annotations

SHORTEST = 16


def fixed_lengths(max_length: int) -> tuple[int, ...]:
    """16, 32, 64, ... and `max_length` itself."""
    lengths = []
    length = SHORTEST
    while length < max_length:
        lengths.append(length)
        length *= 2
    return (*lengths, max_length)
