"""Where blocks go that nobody placed yet: all of them, or the new ones below the others."""

from __future__ import annotations

from app.plan import edits, layout
from app.plan.document import Plan
from app.ui.canvas.shapes import shape_of


def placed(plan: Plan) -> Plan:
    """The plan with a position for every block. Any thread may call it."""
    return edits.move(plan, places_of_new(plan))


def places_of_new(plan: Plan) -> dict[str, tuple[float, float]]:
    """Positions for the blocks that have none; where no block has one, the layout of them all."""
    new = [i for i, block in plan.blocks.items() if block.position is None]
    if not new:
        return {}
    sizes = {i: (shape_of(b).width, shape_of(b).height) for i, b in plan.blocks.items()}
    arranged = layout.arrange(plan, sizes)
    if len(new) == len(plan.blocks):
        return arranged
    places = [b for b in plan.blocks.values() if b.position is not None]
    below = max(b.position[1] + sizes[b.id][1] for b in places if b.position) + 48
    top = min(arranged[i][1] for i in new)
    return {i: (arranged[i][0], arranged[i][1] - top + below) for i in new}
