"""Blocks that nobody placed: below the others, or beside them where the canvas ends."""

from __future__ import annotations

from itertools import product

from PySide6.QtCore import QPointF, QRectF

from app.plan import edits, shaping
from app.plan.document import LAYER_LIMIT, Plan, WeightBlock
from app.ui.canvas.new_blocks import with_new_block
from app.ui.canvas.placement import placed, places_of_new
from app.ui.canvas.shapes import shape_of
from app.ui.kinds.weight import WEIGHT


def rect(plan: Plan, id_: str) -> QRectF:
    block = plan.blocks[id_]
    assert block.position is not None
    return shape_of(block).rect.translated(*block.position)


def with_loose(plan: Plan, n: int) -> Plan:
    """The plan with blocks cut out of “trunk” that have no place yet."""
    return shaping.cut_layers(plan, "trunk", range(2, 2 + 2 * n, 2))


def test_a_block_is_added_below_a_pile_of_many(plan):
    """Finding its place takes no longer the more blocks lie there."""
    pile = edits.move(plan, {i: (0.0, 150.0 * n) for n, i in enumerate(plan.blocks)})
    below = {f"x{n}": 150.0 * (n + 4) for n in range(3000)}
    pile = pile.with_blocks(
        *(WeightBlock(i, 0, 1, None, position=(0.0, y)) for i, y in below.items())
    )
    after, new = with_new_block(pile, WEIGHT, 40, (), QPointF(60, 60))
    assert rect(after, new).top() > rect(after, "x2999").bottom()
    assert not rect(after, new).intersects(rect(after, "x2999").adjusted(-11, -11, 11, 11))


def test_a_block_is_added_where_no_layer_follows_and_no_model_is_known(plan):
    end = edits.set_weights(plan, "left", LAYER_LIMIT - 2, 2)
    after, new = with_new_block(end, WEIGHT, None, ("left",), QPointF(60, 60))
    added = after.blocks[new]
    assert isinstance(added, WeightBlock)
    assert (added.weight_start, added.n_layers) == (20, 8)


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
