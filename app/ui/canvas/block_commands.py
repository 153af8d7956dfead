"""What can be done to the selected blocks as they stand: mute, collapse, join, link, line up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from app.plan import edits, layout, shaping
from app.plan.clearing import Box
from app.plan.document import Block
from app.plan.kinds import links_into
from app.ui.canvas.alignment import Axis, Side, aligned, distributed
from app.ui.canvas.annotations.commands import framed_again
from app.ui.canvas.grid import inside
from app.ui.canvas.placement import sizes_of
from app.ui.canvas.surface import GestureSurface
from app.ui.state.block_kinds import VariableInputs, kind_ui


def turn_muted(canvas: GestureSurface) -> None:
    """Mute the selected blocks, or let them be heard again when all of them are muted."""
    plan, ids = canvas.editor.plan, canvas.selected_ids()
    muted = not all(plan.blocks[i].muted for i in ids)
    after = shaping.set_muted(plan, ids, muted)
    canvas.editor.apply(f"{'Mute' if muted else 'Unmute'} {blocks_in_words(ids)}", after)


def turn_collapsed(canvas: GestureSurface) -> None:
    """Collapse the selected blocks, or show them whole when all of them are collapsed."""
    plan, ids = canvas.editor.plan, canvas.selected_ids()
    collapsed = not all(plan.blocks[i].collapsed for i in ids)
    after = shaping.set_collapsed(plan, ids, collapsed)
    canvas.editor.apply(f"{'Collapse' if collapsed else 'Expand'} {blocks_in_words(ids)}", after)


def expand(canvas: GestureSurface, block_id: str) -> None:
    """Show a collapsed block whole."""
    after = shaping.set_collapsed(canvas.editor.plan, (block_id,), False)
    canvas.editor.apply("Expand block", after)


def join(canvas: GestureSurface) -> None:
    """Join what continues each other: the selected blocks, one with its neighbours, or all."""
    plan, selection = canvas.editor.plan, canvas.selected_ids()
    ids = selection or tuple(plan.blocks)
    if len(selection) == 1:
        chains = shaping.joinable(plan, plan.blocks)
        ids = next((chain for chain in chains if selection[0] in chain), selection)
    after = shaping.join(plan, ids)
    if after == plan:
        canvas.notice.emit(
            "No blocks to join: one must feed only the other, and end where that one starts."
        )
        return
    canvas.editor.apply("Join blocks", after)
    canvas.plan_scene.select(i for i in (*selection, *ids[:1]) if i in after.blocks and selection)


def join_two(canvas: GestureSurface, first: str, second: str) -> None:
    """Join a block with the one that continues it."""
    canvas.editor.apply("Join blocks", shaping.join(canvas.editor.plan, (first, second)))


def link_selected(canvas: GestureSurface) -> None:
    """Link the selected blocks one after the other, from left to right."""
    after = canvas.editor.plan
    items = canvas.plan_scene.blocks
    ids = sorted(canvas.selected_ids(), key=lambda i: (items[i].left, items[i].top))
    for source, target in pairwise(ids):
        if source in links_into(after.blocks[target]):
            continue
        reason = edits.why_not_connect(after, source, target)
        if reason is not None:
            canvas.notice.emit(reason)
            return
        after = edits.connect(after, source, target, free_port(after.blocks[target]))
    canvas.editor.apply("Link blocks", after)


def free_port(block: Block) -> int:
    """The first input that nothing feeds, or the last one."""
    links = links_into(block)
    return links.index(None) if None in links else len(links) - 1


def selected_sums(canvas: GestureSurface) -> dict[str, VariableInputs]:
    """The selected blocks to which inputs can be added, by id."""
    blocks = (canvas.editor.plan.blocks[i] for i in canvas.selected_ids())
    pairs = ((block.id, kind_ui(block).inputs) for block in blocks)
    return {id_: inputs for id_, inputs in pairs if inputs is not None}


def add_input(canvas: GestureSurface, ids: Iterable[str]) -> None:
    """Give each of these blocks one more input."""
    plan = canvas.editor.plan
    for id_ in ids:
        plan = edits.add_input(plan, id_)
    canvas.editor.apply("Add input", plan)


def remove_input(canvas: GestureSurface, merge_id: str, port: int) -> None:
    """Take an input of a merge away, with its link."""
    after = edits.remove_input(canvas.editor.plan, merge_id, port)
    canvas.editor.apply("Remove input", after)


def swap_inputs(canvas: GestureSurface, merge_id: str, port: int, other: int) -> None:
    """Let two inputs of a merge change places; the scales stay."""
    after = edits.swap_inputs(canvas.editor.plan, merge_id, port, other)
    canvas.editor.apply("Swap inputs", after)


def equalise(canvas: GestureSurface, ids: Iterable[str]) -> None:
    """Give all inputs of each of these blocks the same scale, with a sum of 1."""
    plan = canvas.editor.plan
    for id_ in ids:
        plan = shaping.equalise(plan, id_)
    canvas.editor.apply("Equalise scales", plan)


def turn_sum_lock(canvas: GestureSurface, ids: Iterable[str]) -> None:
    """Keep each block's sum at 1, or let go of it when all of them are kept."""
    plan, ids = canvas.editor.plan, tuple(ids)
    on = not all(keeps_sum(plan.blocks[i]) for i in ids)
    for id_ in ids:
        plan = shaping.set_sums_to_one(plan, id_, on)
    canvas.editor.apply("Keep the sum at 1" if on else "Unlock the sum", plan)


def keeps_sum(block: Block) -> bool:
    """Whether a block keeps the sum of its scales at 1."""
    inputs = kind_ui(block).inputs
    return inputs is not None and inputs.sums_to_one(block)


def reset_scale(canvas: GestureSurface, block_id: str, index: int) -> None:
    """Put a fader where its kind has it at first: an input of a merge to its equal share."""
    plan = canvas.editor.plan
    reset = kind_ui(plan.blocks[block_id]).reset_scale
    if reset is not None:
        scale = reset(plan.blocks[block_id], index)
        canvas.editor.apply("Reset scale", edits.set_scale(plan, block_id, index, scale))


def align(canvas: GestureSurface, side: Side) -> None:
    """Put the selected blocks' sides, or their middles, in one line."""
    _place(canvas, "Align", aligned(_selected_boxes(canvas), side))


def distribute(canvas: GestureSurface, axis: Axis) -> None:
    """Make the gaps between the selected blocks equal."""
    _place(canvas, "Distribute", distributed(_selected_boxes(canvas), axis))


def arrange(canvas: GestureSurface) -> None:
    """Lay out the selected blocks from left to right where there is room, or all blocks.

    Frames are drawn again around what stood in them.
    """
    plan, ids = canvas.editor.plan, canvas.selected_ids()
    only = ids if len(ids) > 1 else None
    places = layout.arrange(plan, sizes_of(plan), only=only)
    positions = {i: inside(*at) for i, at in places.items()}
    after = framed_again(plan, edits.move(plan, positions))
    canvas.editor.apply("Arrange blocks", after)


def blocks_in_words(ids: Sequence[str], what: str = "block") -> str:
    """Such as "block" or "3 blocks"."""
    return what if len(ids) == 1 else f"{len(ids)} {what}s"


def _selected_boxes(canvas: GestureSurface) -> dict[str, Box]:
    rects = {i: canvas.plan_scene.blocks[i].scene_rect() for i in canvas.selected_ids()}
    return {i: (r.left(), r.top(), r.right(), r.bottom()) for i, r in rects.items()}


def _place(canvas: GestureSurface, label: str, places: layout.Places) -> None:
    plan, words = canvas.editor.plan, blocks_in_words(tuple(places))
    positions = {i: inside(*at) for i, at in places.items()}
    canvas.editor.apply(f"{label} {words}", edits.move(plan, positions))
