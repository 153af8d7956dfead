"""What becomes of a block when layers are cut out of it: its pieces in a row where it stood."""

from __future__ import annotations

from collections.abc import Collection

from app.plan import edits, shaping
from app.plan.document import Plan
from app.ui.canvas.grid import inside
from app.ui.canvas.shapes import shape_of

_GAP = 40.0


def with_layers_cut(
    plan: Plan, block_id: str, layers: Collection[int]
) -> tuple[Plan, tuple[str, ...]]:
    """The plan with weight layers cut out of a block, and the ids of the pieces from left to right.

    Where the row of pieces would reach over other blocks, all that stands to the right moves on.
    """
    block = plan.blocks[block_id]
    after = shaping.cut_layers(plan, block_id, layers)
    pieces = [block_id, *(i for i in after.blocks if i not in plan.blocks)]
    if block.position is None:
        return after, tuple(pieces)
    (left, top), shape = block.position, shape_of(block)
    places: dict[str, tuple[float, float]] = {}
    x = left
    for piece in pieces:
        places[piece] = inside(x, top)
        x += shape_of(after.blocks[piece]).width + _GAP
    stays = left + shape.width
    beyond = {
        other.id: other.position
        for other in plan.blocks.values()
        if other.position is not None and other.position[0] >= stays
    }
    in_the_way = [
        at[0]
        for id_, at in beyond.items()
        if at[1] < top + shape.height and at[1] + shape_of(plan.blocks[id_]).height > top
    ]
    shift = max(0.0, x - min(in_the_way, default=x))
    if shift:
        places |= {id_: inside(at[0] + shift, at[1]) for id_, at in beyond.items()}
    return edits.move(after, places), tuple(pieces)
