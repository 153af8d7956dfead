"""Where blocks go that nobody placed yet: all of them, or the new ones below the others."""

from __future__ import annotations

from app.plan import edits, layout
from app.plan.clearing import way_clear
from app.plan.document import POSITION_LIMIT, Plan
from app.ui.canvas.grid import inside
from app.ui.canvas.shapes import shape_of

_APART = 48.0


def sizes_of(plan: Plan) -> dict[str, tuple[float, float]]:
    """Width and height of every block."""
    shapes = ((i, shape_of(block)) for i, block in plan.blocks.items())
    return {i: (shape.width, shape.height) for i, shape in shapes}


def placed(plan: Plan) -> Plan:
    """The plan with a position for every block. Any thread may call it."""
    return edits.move(plan, places_of_new(plan))


def places_of_new(plan: Plan) -> layout.Places:
    """Positions for the blocks that have none; where no block has one, the layout of them all.

    Where there is no canvas left below the others, they stand beside them.
    """
    new = [i for i, block in plan.blocks.items() if block.position is None]
    if not new:
        return {}
    sizes = sizes_of(plan)
    arranged = layout.arrange(plan, sizes)
    dx = dy = 0.0
    if len(new) < len(plan.blocks):
        there = {i: b.position for i, b in plan.blocks.items() if b.position is not None}
        below = max(y + sizes[i][1] for i, (_, y) in there.items()) + _APART
        dy = below - min(arranged[i][1] for i in new)
        if max(arranged[i][1] for i in new) + dy > POSITION_LIMIT:
            beside = {i: arranged[i] for i in new}
            boxes = layout.boxes(beside, sizes), layout.boxes(there, sizes)
            dx, dy = way_clear(*boxes, _APART)
    return {i: inside(arranged[i][0] + dx, arranged[i][1] + dy) for i in new}
