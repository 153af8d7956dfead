"""A number of things in words."""

from __future__ import annotations


def quantity(n: int, word: str) -> str:
    """The number with its word, which takes an s for all but one."""
    return f"1 {word}" if n == 1 else f"{n} {word}s"
