"""A proposed block added at a point of the scene, linked to what hangs loose there."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF

from app.plan import edits
from app.plan.document import TOKENS, Block, Plan
from app.plan.kinds import links_into, with_links
from app.ui.canvas.gestures.drag_link import with_link
from app.ui.canvas.new_blocks import free_place
from app.ui.canvas.scene import OUTPUT_LINK
from app.ui.canvas.shapes import shape_of
from app.ui.state.block_kinds import LinkEnd, layer_range


def with_linked_block(plan: Plan, block: Block, at: QPointF, end: LinkEnd) -> Plan:
    """The plan with the block, its first free input or its output linked to the loose end.

    The port that is linked stands at the point, or else the block around it. The first block of a
    plan is linked to both ends of the plan if it runs layers. Raises PlanError.
    """
    if not plan.blocks and layer_range(block) is not None:
        end = LinkEnd(TOKENS, OUTPUT_LINK)
    port = free_input(block)
    if end.source is not None and port is not None:
        links = list(links_into(block))
        links[port] = end.source
        block = with_links(block, links)
    shape = shape_of(block)
    middle = QPointF(shape.width / 2, shape.height / 2)
    corner = middle
    if end.source is not None:
        corner = shape.in_ports[0]
    elif end.target is not None and shape.out_port is not None:
        corner = shape.out_port
    block = replace(block, position=free_place(plan, block, at - corner + middle))
    after = edits.add_block(plan, block)
    return after if end.target is None else with_link(after, block.id, end.target)


def free_input(block: Block) -> int | None:
    """The first input of a block that nothing is linked to."""
    links = links_into(block)
    return links.index(None) if None in links else None
