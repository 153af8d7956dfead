"""Blocks that nobody placed: below the others, or beside them where the canvas ends."""

from __future__ import annotations

from itertools import product

from PySide6.QtCore import QRectF

from app.plan import edits
from app.plan.document import Plan
from app.ui.canvas.placing import placed, places_of_new
from app.ui.canvas.shapes import shape_of


def rect(plan: Plan, id_: str) -> QRectF:
    block = plan.blocks[id_]
    assert block.position is not None
    return shape_of(block).rect.translated(*block.position)


def with_loose(plan: Plan, n: int) -> Plan:
    """The plan with blocks cut out of “trunk” that have no place yet."""
    from app.plan.shaping import cut_layers

    return cut_layers(plan, "trunk", range(2, 2 + 2 * n, 2))


def test_new_blocks_stand_below_the_others(plan):
    grown = with_loose(plan, 3)
    new = [*places_of_new(grown)]
    assert len(new) == 3
    grown = placed(grown)
    lowest = max(rect(plan, i).bottom() for i in plan.blocks)
    assert all(rect(grown, i).top() > lowest for i in new)


def test_new_blocks_stand_beside_the_others_where_the_canvas_ends(plan):
    grown = with_loose(edits.move(plan, {"m": (1e7, 1e7), "left": (-1e7, -1e7)}), 3)
    new = [*places_of_new(grown)]
    grown = placed(grown)
    pairs = [(a, b) for a, b in product(new, grown.blocks) if a != b]
    assert not any(rect(grown, a).intersects(rect(grown, b)) for a, b in pairs)
    assert all(abs(c) <= 1e7 for i in new for c in grown.blocks[i].position)
