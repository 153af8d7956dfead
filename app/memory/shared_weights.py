"""Which plans may be open at once: those over one copy of the weights.

The engine asks this before it opens a plan, and the window before it proposes one.
"""

from __future__ import annotations

from collections.abc import Sequence


def have_same_numbers(paths: Sequence[str], others: Sequence[str]) -> bool:
    """Whether weight layers have the same numbers over both lists of model files, as far as both
    go: one of them begins with the other."""
    n = min(len(paths), len(others))
    return n > 0 and list(paths[:n]) == list(others[:n])


def can_share_weights(
    paths: Sequence[str], use_mmap: bool, other_paths: Sequence[str], other_use_mmap: bool
) -> bool:
    """Whether plans over these model files, held in these ways, may be open at once."""
    return use_mmap == other_use_mmap and have_same_numbers(paths, other_paths)
