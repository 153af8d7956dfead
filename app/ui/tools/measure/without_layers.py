"""A plan without some weight layers, as the canvas cuts them out."""

from __future__ import annotations

from collections.abc import Collection

from app.plan import edits
from app.plan.document import Plan
from app.ui.canvas.layer_cut import with_layers_cut
from app.ui.state.block_kinds import layer_range


def with_layers_left_out(plan: Plan, layers: Collection[int]) -> Plan:
    """The plan in which no block that is heard borrows these layers.

    A block that loses all of them is removed, and its neighbours are linked.
    """
    after = plan
    for block in plan.blocks.values():
        borrowed = {*(layer_range(block) or ())}
        if not borrowed or block.muted:
            continue
        lost = borrowed.intersection(layers)
        if lost == borrowed:
            after = edits.remove(after, (block.id,), heal=True)
        elif lost:
            after, _ = with_layers_cut(after, block.id, lost)
    return after
