"""Blocks to add where a link hangs loose: the layers they borrow, their place, and the link."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF

from app.plan import edits
from app.plan.document import TOKENS, Block, MergeBlock, MergeInput, Plan, WeightBlock
from app.plan.kinds import kind_of, links_into
from app.ui.canvas.gestures.drag_link import with_link
from app.ui.canvas.links import LinkKey
from app.ui.canvas.new_blocks import free_place, layers_from
from app.ui.canvas.shapes import OUTPUT, shape_of

_N_LAYERS = 8


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """A link that waits for a block: it comes from `source`, or it leads into `target`.

    With neither there is no link, and the block is added by itself.
    """

    source: str | None = None
    target: LinkKey | None = None


def layers_at(plan: Plan, n_weight_layers: int | None, loose: LooseEnd) -> tuple[int, int]:
    """The first and the number of weight layers that go on from, or lead up to, the link's end."""
    target = None if loose.target is None else plan.blocks.get(loose.target[0])
    if isinstance(target, WeightBlock) and target.weight_start > 0:
        start = max(0, target.weight_start - _N_LAYERS)
        return start, target.weight_start - start
    if loose.source is not None:
        return layers_from(plan, n_weight_layers, _end_before(plan, loose.source))
    ends = (b.weight_end for b in plan.blocks.values() if isinstance(b, WeightBlock))
    return layers_from(plan, n_weight_layers, max(ends, default=0))


def with_weight_block(
    plan: Plan, start: int, n_layers: int, at: QPointF, loose: LooseEnd
) -> tuple[Plan, str]:
    """The plan with a WeightBlock at a point of the scene, linked, and the block's id.

    The first block of a plan is linked to both ends. Raises PlanError.
    """
    source = loose.source if plan.blocks else TOKENS
    block = WeightBlock(edits.new_id(plan), start, n_layers, source)
    if not plan.blocks:
        loose = LooseEnd(source, (OUTPUT, 0))
    return _added(plan, block, at, loose)


def with_merge_block(
    plan: Plan, n_inputs: int, sources: tuple[str, ...], at: QPointF, loose: LooseEnd
) -> tuple[Plan, str]:
    """The plan with a MergeBlock of equal scales, fed by `sources`, and the block's id."""
    fed = (loose.source,) if loose.source is not None else sources[:n_inputs]
    links = (*fed, *(None,) * (n_inputs - len(fed)))
    inputs = tuple(MergeInput(link, 1.0 / n_inputs) for link in links)
    return _added(plan, MergeBlock(edits.new_id(plan), inputs), at, loose)


def free_input(block: Block) -> int | None:
    """The first input of a block that nothing is linked to."""
    links = links_into(block)
    return links.index(None) if None in links else None


def _added(plan: Plan, block: Block, at: QPointF, loose: LooseEnd) -> tuple[Plan, str]:
    """Put the port that is linked where the link ends, or else the block around the point."""
    shape = shape_of(block)
    middle = QPointF(shape.width / 2, shape.height / 2)
    port = middle
    if loose.source is not None:
        port = shape.in_ports[0]
    elif loose.target is not None and shape.out_port is not None:
        port = shape.out_port
    placed = replace(block, position=free_place(plan, block, at - port + middle))
    after = edits.add_block(plan, placed)
    return (after if loose.target is None else with_link(after, block.id, loose.target)), block.id


def _end_before(plan: Plan, source: str) -> int:
    """Where the weight layers end that a block puts out: a merge's go as far as its inputs'."""
    end, seen, ahead = 0, {TOKENS}, [source]
    while ahead:
        block_id = ahead.pop()
        if block_id in seen:
            continue
        seen.add(block_id)
        block = plan.blocks[block_id]
        layers = kind_of(block).layers(block)
        if layers:
            end = max(end, layers[-1] + 1)
        else:
            ahead += [link for link in links_into(block) if link is not None]
    return end
