"""What a new block starts as: the layers it borrows, its links, and a free place for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QPointF

from app.plan import edits
from app.plan.clearing import way_down
from app.plan.document import LAYER_LIMIT, TOKENS, Block, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.layout import boxes
from app.ui.canvas.places import inside, on_grid
from app.ui.canvas.placing import sizes_of
from app.ui.canvas.shapes import shape_of

Kind = Literal["weight", "merge"]

_N_LAYERS = 8
_STEP = 24
_CLEARANCE = 12


def with_new_block(
    plan: Plan, kind: Kind, n_weight_layers: int | None, selected: Sequence[str], centre: QPointF
) -> tuple[Plan, str]:
    """The plan with a new block around a point, and the block's id.

    A WeightBlock goes on where the only selected one ends, or else takes weight layers that no
    block borrows. In an empty plan it takes the whole model and is linked to both ends. A
    MergeBlock is fed by the selected blocks when there are several.
    """
    block_id = edits.new_id(plan)
    block: Block
    if kind == "merge":
        block = _merge(block_id, selected)
    elif not plan.blocks:
        block = WeightBlock(block_id, 0, n_weight_layers or _N_LAYERS, TOKENS)
    else:
        start, n_layers = _next_layers(plan, n_weight_layers, selected)
        block = WeightBlock(block_id, start, n_layers, None)
    block = replace(block, position=free_place(plan, block, centre))
    after = edits.add_block(plan, block)
    return (after if plan.blocks else edits.connect_output(after, block_id)), block_id


def free_place(plan: Plan, block: Block, centre: QPointF) -> tuple[float, float]:
    """A place for the block around a point, or the next below where it covers no other."""
    shape = shape_of(block)
    x, y = on_grid(centre.x() - shape.width / 2, centre.y() - shape.height / 2)
    places = {i: b.position for i, b in plan.blocks.items() if b.position is not None}
    taken = boxes(places, sizes_of(plan))
    down = way_down((x, y, x + shape.width, y + shape.height), taken, _CLEARANCE, _STEP)
    return inside(x, y + down)


def _merge(block_id: str, selected: Sequence[str]) -> MergeBlock:
    sources: Sequence[str | None] = selected if len(selected) >= 2 else (None, None)
    share = 1.0 / len(sources)
    return MergeBlock(block_id, tuple(MergeInput(source, share) for source in sources))


def _next_layers(
    plan: Plan, n_weight_layers: int | None, selected: Sequence[str]
) -> tuple[int, int]:
    """The first weight layer and the number of layers that a further WeightBlock borrows."""
    blocks = [b for b in plan.blocks.values() if isinstance(b, WeightBlock)]
    parts = [b for b in blocks if b.id in selected]
    end = parts[0].weight_end if len(parts) == 1 else max((b.weight_end for b in blocks), default=0)
    return layers_from(plan, n_weight_layers, end)


def layers_from(plan: Plan, n_weight_layers: int | None, end: int) -> tuple[int, int]:
    """The first and the number of weight layers from `end` on, or of some that no block borrows."""
    blocks = [b for b in plan.blocks.values() if isinstance(b, WeightBlock)]
    n = LAYER_LIMIT if n_weight_layers is None else n_weight_layers
    if end < n:
        return end, min(_N_LAYERS, n - end)
    ranges = (range(b.weight_start, min(b.weight_end, n)) for b in blocks)
    layers_used = {layer for layers in ranges for layer in layers}
    start = next((layer for layer in range(n) if layer not in layers_used), 0)
    stop = start
    while stop < min(start + _N_LAYERS, n) and (stop not in layers_used or start in layers_used):
        stop += 1
    return start, max(1, stop - start)
