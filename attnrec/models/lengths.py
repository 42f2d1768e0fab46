"""The few sizes that arrays are padded to, so that nothing compiles anew when a history changes."""

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


def few_sizes(count: int) -> int:
    """The next of 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 ...: four to each doubling."""
    step = 1 << max(0, (count - 1).bit_length() - 3)
    return -(-count // step) * step
