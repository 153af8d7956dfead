"""A new block of any kind: what it starts as, and a free place for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF

from app.plan import edits
from app.plan.clearing import way_down
from app.plan.document import Block, Plan
from app.plan.layout import boxes
from app.ui.canvas.grid import inside, on_grid
from app.ui.canvas.placement import sizes_of
from app.ui.canvas.shapes import shape_of
from app.ui.state.block_kinds import BlockKindUi

_STEP = 24
_CLEARANCE = 12


def with_new_block(
    plan: Plan,
    kind: BlockKindUi,
    n_weight_layers: int | None,
    selected: Sequence[str],
    centre: QPointF,
) -> tuple[Plan, str]:
    """The plan with a new block around a point, and the block's id.

    The first block of a plan feeds the output.
    """
    block = kind.new_block(plan, edits.new_id(plan), n_weight_layers, selected)
    block = replace(block, position=free_place(plan, block, centre))
    after = edits.add_block(plan, block)
    return (after if plan.blocks else edits.connect_output(after, block.id)), block.id


def free_place(plan: Plan, block: Block, centre: QPointF) -> tuple[float, float]:
    """A place for the block around a point, or the next below where it covers no other."""
    shape = shape_of(block)
    x, y = on_grid(centre.x() - shape.width / 2, centre.y() - shape.height / 2)
    places = {i: b.position for i, b in plan.blocks.items() if b.position is not None}
    obstacles = boxes(places, sizes_of(plan))
    down = way_down((x, y, x + shape.width, y + shape.height), obstacles, _CLEARANCE, _STEP)
    return inside(x, y + down)
