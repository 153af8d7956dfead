"""The kinds of block in the interface: one module each, with all that only this kind has.

Nothing but the window imports from here; all others ask `app.ui.state.block_kinds`. Another kind
is one more module like these, built from the canvas's sections and the inspector's fields.
"""

from __future__ import annotations

from app.ui.kinds.merge import MERGE
from app.ui.kinds.weight import WEIGHT
from app.ui.state.block_kinds import register


def install() -> None:
    """Let the interface know the kinds of the program. Call it before the first view is made."""
    register(WEIGHT)
    register(MERGE)
