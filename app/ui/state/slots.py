"""The engine's slots, in which plans are open side by side: one place gives them out.

A slot is never given out twice: what the engine still says of a plan that was closed can't be taken
for another one's. The engine frees what a slot holds with `ClosePlan`.
"""

from __future__ import annotations

from itertools import count

_numbers = count()


def new_slot() -> int:
    """A slot that nothing else has or had: of a document, a column, or another plan's use."""
    return next(_numbers)
