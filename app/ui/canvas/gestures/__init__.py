"""What a drag on the canvas does: one class for each gesture, and which one a press begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.canvas.annotations.gestures import begin_on_annotation
from app.ui.canvas.gestures.drag_fader import DragFader
from app.ui.canvas.gestures.drag_link import DragLink, port_is_linked
from app.ui.canvas.gestures.drag_range import DragRange
from app.ui.canvas.gestures.gesture import Gesture, Pointer
from app.ui.canvas.gestures.move_blocks import MoveBlocks
from app.ui.canvas.gestures.pan import Pan
from app.ui.canvas.gestures.select_box import SelectBox
from app.ui.canvas.scene import Hit
from app.ui.canvas.shapes import is_terminal

if TYPE_CHECKING:
    from app.ui.canvas.gesture_view import GestureView

__all__ = ["DragLink", "Gesture", "Pan", "Pointer", "begin"]


def begin(canvas: GestureView, press: Pointer, hit: Hit) -> Gesture:
    """The gesture that a press of the left button on this begins."""
    if hit.link is not None:
        return _take_link_end(canvas, press, hit)
    if hit.annotation is not None:
        return begin_on_annotation(canvas, press, hit.annotation)
    if hit.block_id is None or hit.part is None:
        return SelectBox(canvas, press)
    part = hit.part
    if part.kind == "out":
        return DragLink(canvas, press, source=hit.block_id)
    if part.kind == "in":
        key = hit.block_id, part.index
        if port_is_linked(canvas.editor.plan, key):
            link = canvas.plan_scene.links[key]
            return DragLink(canvas, press, source=link.source, moved=key)
        return DragLink(canvas, press, target=key)
    if is_terminal(hit.block_id):
        return SelectBox(canvas, press)
    if part.kind == "fader":
        return DragFader(canvas, press, hit.block_id, part.index)
    if press.shift or press.ctrl:
        return MoveBlocks(canvas, press, hit.block_id)
    if part.kind in ("strip-start", "strip-end"):
        return DragRange(canvas, press, hit.block_id, at_end=part.kind == "strip-end")
    return MoveBlocks(canvas, press, hit.block_id)


def _take_link_end(canvas: GestureView, press: Pointer, hit: Hit) -> Gesture:
    assert hit.link is not None
    link = canvas.plan_scene.links[hit.link]
    canvas.plan_scene.select(())
    if link.nearer_end_is_target(press.scene):
        return DragLink(canvas, press, source=link.source, moved=link.key)
    return DragLink(canvas, press, target=link.key, moved=link.key)
