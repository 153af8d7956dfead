"""Blocks as layerBlocks text, for the clipboard: out of a plan and into another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from PySide6.QtCore import QPointF, QRectF

from app.plan import annotating, edits, layout
from app.plan.document import TOKENS, Block, Plan
from app.plan.kinds import links_into, with_links
from app.plan.problem import PlanError, Problem, errors
from app.plan.reader import read_plan
from app.plan.writer import write_document
from app.ui.canvas.grid import inside, on_grid
from app.ui.canvas.placement import sizes_of
from app.ui.widgets.theme import GRID

_COPY_SOME = "Copy some blocks, or a layerBlocks text."


def text_of(plan: Plan, ids: Collection[str]) -> str:
    """These blocks, frames and notes as text, with the links among them and from the tokens."""
    id_set = set(ids)
    names: dict[str | None, str] = {TOKENS: TOKENS, **{i: i for i in plan.blocks if i in id_set}}
    blocks = {i: _relinked(b, names) for i, b in plan.blocks.items() if i in names}
    sources = {source for block in blocks.values() for source in links_into(block)}
    ends = [i for i in blocks if i not in sources]
    output = plan.output if plan.output in blocks else (ends[0] if len(ends) == 1 else None)
    annotations = {i: a for i, a in plan.annotations.items() if i in id_set}
    copy_plan = Plan(MappingProxyType(blocks), output, annotations=MappingProxyType(annotations))
    return write_document(copy_plan)


def with_text(plan: Plan, text: str, centre: QPointF | None) -> tuple[Plan, tuple[str, ...]]:
    """The plan with the blocks, frames and notes of a text added, and their new ids.

    They are put around `centre`, or without one a little beside where the text says. Raises
    PlanError with the first reason why the text holds none.
    """
    if not text.strip():
        raise PlanError([Problem("no-text", "The clipboard holds no text.", _COPY_SOME)])
    answer = read_plan(text)
    read = answer.plan
    if read is None:
        raise PlanError(errors(answer.problems))
    if not read.blocks and not read.annotations:
        raise PlanError([Problem("no-blocks", "The text has no blocks.", _COPY_SOME)])
    new_ids: dict[str | None, str] = {TOKENS: TOKENS}
    new_ids.update(zip(read.blocks, edits.new_ids(plan), strict=False))
    places, offset = _places(read, centre)
    new_blocks = [
        replace(_relinked(block, new_ids), id=new_ids[old_id], position=places[old_id])
        for old_id, block in read.blocks.items()
    ]
    after, ids = plan.with_blocks(*new_blocks), [block.id for block in new_blocks]
    annotations = [
        replace(a, id=new_id, position=inside(a.position[0] + offset[0], a.position[1] + offset[1]))
        for new_id, a in zip(
            annotating.new_annotation_ids(plan), read.annotations.values(), strict=False
        )
    ]
    after = annotating.put_annotations(after, annotations)
    return after, (*ids, *(annotation.id for annotation in annotations))


def _places(
    read: Plan, centre: QPointF | None
) -> tuple[dict[str, tuple[float, float]], tuple[float, float]]:
    """The blocks' places, and how far all of it was moved from where the text says."""
    sizes = sizes_of(read)
    positions = {i: b.position for i, b in read.blocks.items() if b.position is not None}
    places = positions if len(positions) == len(sizes) else layout.arrange(read, sizes)
    dx = dy = 6.0 * GRID
    if centre is not None:
        whole = QRectF()
        for block_id, (x, y) in places.items():
            whole |= QRectF(x, y, *sizes[block_id])
        for annotation in read.annotations.values():
            whole |= QRectF(*annotation.position, *annotation.size)
        dx, dy = centre.x() - whole.center().x(), centre.y() - whole.center().y()
    dx, dy = on_grid(dx, dy)
    return {i: inside(x + dx, y + dy) for i, (x, y) in places.items()}, (dx, dy)


def _relinked(block: Block, new_ids: Mapping[str | None, str]) -> Block:
    """The block with its links translated; a link to what is not named is cut."""
    return with_links(block, [new_ids.get(source) for source in links_into(block)])
