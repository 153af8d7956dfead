"""Which gesture a press begins, by what lies under the pointer."""

from __future__ import annotations

from app.ui.canvas import block_commands as commands
from app.ui.canvas.annotations.gestures import begin_on_annotation
from app.ui.canvas.gestures.click import Click
from app.ui.canvas.gestures.cut_cells import CutCells
from app.ui.canvas.gestures.drag_fader import DragFader
from app.ui.canvas.gestures.drag_link import DragLink, port_is_linked
from app.ui.canvas.gestures.drag_range import DragRange
from app.ui.canvas.gestures.drag_strip import DragStrip
from app.ui.canvas.gestures.knife import Knife
from app.ui.canvas.gestures.move_blocks import MoveBlocks
from app.ui.canvas.gestures.select_box import SelectBox
from app.ui.canvas.gestures.swap_inputs import SwapInputs
from app.ui.canvas.links import LinkKey
from app.ui.canvas.scene import Hit
from app.ui.canvas.shapes import Part, is_terminal
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer
from app.ui.state.block_kinds import kind_ui


def begin(canvas: GestureSurface, press: Pointer, hit: Hit) -> Gesture:
    """The gesture that a press of the left button on this begins."""
    if hit.link is not None:
        return _press_link(canvas, press, hit.link)
    if hit.annotation is not None:
        return begin_on_annotation(canvas, press, hit.annotation)
    if hit.block_id is None or hit.part is None:
        return Knife(canvas, press, None) if press.alt else SelectBox(canvas, press)
    part = hit.part
    if part.kind == "out":
        return DragLink(canvas, press, source=hit.block_id)
    if part.kind == "in":
        key = hit.block_id, part.index
        if port_is_linked(canvas.editor.plan, key):
            if press.alt:
                return Knife(canvas, press, key)
            link = canvas.plan_scene.links[key]
            return DragLink(canvas, press, source=link.source, moved=key)
        return DragLink(canvas, press, target=key)
    if is_terminal(hit.block_id):
        return SelectBox(canvas, press)
    return _press_part(canvas, press, hit.block_id, part)


def _press_part(canvas: GestureSurface, press: Pointer, block_id: str, part: Part) -> Gesture:
    if part.kind == "fader":
        return DragFader(canvas, press, block_id, part.index)
    if part.kind == "add-input":
        return Click(canvas, press, lambda: commands.add_input(canvas, (block_id,)))
    if part.kind == "lock":
        return Click(canvas, press, lambda: commands.turn_sum_lock(canvas, (block_id,)))
    if part.kind == "cell" and press.alt:
        return CutCells(canvas, press, block_id, part.index)
    if press.shift or press.ctrl:
        return MoveBlocks(canvas, press, block_id)
    selected = canvas.plan_scene.selection()
    if len(selected) > 1 and block_id in selected:
        return MoveBlocks(canvas, press, block_id)
    if part.kind == "cell":
        return DragStrip(canvas, press, block_id, part.index)
    if part.kind in ("strip-start", "strip-end"):
        return DragRange(canvas, press, block_id, at_end=part.kind == "strip-end")
    if part.kind == "number" and kind_ui(canvas.editor.plan.blocks[block_id]).inputs is not None:
        return SwapInputs(canvas, press, block_id, part.index)
    return MoveBlocks(canvas, press, block_id)


def _press_link(canvas: GestureSurface, press: Pointer, key: LinkKey) -> Gesture:
    if press.alt:
        return Knife(canvas, press, key)
    link = canvas.plan_scene.links[key]
    if canvas.join_marks.is_hit(key, canvas.editor.plan, press.scene, canvas.zoom):
        return Click(canvas, press, lambda: commands.join_two(canvas, link.source, key[0]))
    return _take_link_end(canvas, press, key)


def _take_link_end(canvas: GestureSurface, press: Pointer, key: LinkKey) -> Gesture:
    link = canvas.plan_scene.links[key]
    canvas.plan_scene.select(())
    if link.nearer_end_is_target(press.scene):
        return DragLink(canvas, press, source=link.source, moved=link.key)
    return DragLink(canvas, press, target=link.key, moved=link.key)
