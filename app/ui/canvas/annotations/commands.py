"""What can be done to frames and notes: add, recolour, select and fit to contents, by one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QPointF, QRectF

from app.plan import annotating
from app.plan.document import Annotation, Plan
from app.ui.canvas.annotations.move_set import contents
from app.ui.canvas.annotations.shapes import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    NEW_FRAME,
    NEW_NOTE,
    frame_around,
    rect_of,
)
from app.ui.canvas.annotations.text_edit import type_text
from app.ui.canvas.grid import on_grid
from app.ui.canvas.shapes import shape_of
from app.ui.canvas.surface import GestureSurface
from app.ui.widgets.theme import GRID

COLOURS = ("Blue", "Orange", "Green", "Pink", "Light blue", "Red", "Yellow", "Grey")
"""The colours of the sources in words."""

_NOTE_COLOUR = COLOURS.index("Yellow")


def frame_selection(canvas: GestureSurface) -> None:
    """Put a frame around what is selected, or an empty one midway, and let its title be typed."""
    scene = canvas.plan_scene
    selection = scene.selection()
    if selection:
        place, size = frame_around([scene.bounds_of((i,)) for i in selection])
        _add(canvas, "frame", place, size)
    else:
        add_frame(canvas, canvas.seen_rect().center())


def add_frame(canvas: GestureSurface, at: QPointF) -> None:
    """Add an empty frame around a point of the scene and let its title be typed."""
    _add(canvas, "frame", _around(at, NEW_FRAME), NEW_FRAME)


def add_note(canvas: GestureSurface, at: QPointF) -> None:
    """Add a note around a point of the scene and let its text be typed."""
    _add(canvas, "note", _around(at, NEW_NOTE), NEW_NOTE)


def _add(
    canvas: GestureSurface,
    kind: Literal["frame", "note"],
    place: tuple[float, float],
    size: tuple[float, float],
) -> None:
    plan = canvas.editor.plan
    text, colour = ("Frame", _next_colour(plan)) if kind == "frame" else ("", _NOTE_COLOUR)
    id_ = annotating.new_annotation_id(plan)
    annotation = Annotation(id_, kind, text, place, size, colour)
    canvas.editor.apply(f"Add {kind}", annotating.add_annotation(plan, annotation))
    canvas.plan_scene.select((id_,))
    type_text(canvas, id_)


def recolour(canvas: GestureSurface, colour: int) -> None:
    """Give the selected frames and notes another colour."""
    plan = canvas.editor.plan
    recoloured = (plan.annotations[i] for i in canvas.plan_scene.annotations.selected)
    after = annotating.put_annotations(plan, (replace(a, colour=colour) for a in recoloured))
    canvas.editor.apply("Change colour", after)


def select_contents(canvas: GestureSurface) -> None:
    """Select what stands wholly inside the selected frames, instead of them."""
    scene = canvas.plan_scene
    scene.select(set().union(*(contents(scene, i) for i in selected_frames(canvas))))


def fit_to_contents(canvas: GestureSurface) -> None:
    """Make the selected frames as large as what stands wholly inside them asks."""
    plan, scene = canvas.editor.plan, canvas.plan_scene
    for id_ in selected_frames(canvas):
        inside = contents(scene, id_)
        if inside:
            place, size = frame_around([scene.bounds_of((i,)) for i in inside])
            plan = annotating.change_annotation(plan, id_, position=place, size=size)
    canvas.editor.apply("Fit frame to contents", plan)


def grow(canvas: GestureSurface, across: float, down: float) -> None:
    """Make the selected frames and notes wider and taller by this many steps of the grid."""
    plan, ids = canvas.editor.plan, canvas.plan_scene.annotations.selected
    for id_ in ids:
        width, height = plan.annotations[id_].size
        size = (
            max(LEAST_WIDTH, width + 2 * GRID * across),
            max(LEAST_HEIGHT, height + 2 * GRID * down),
        )
        plan = annotating.change_annotation(plan, id_, size=size)
    canvas.editor.apply("Resize", plan, merge_key=("grow", ids))


def selected_frames(canvas: GestureSurface) -> list[str]:
    """The frames among what is selected."""
    annotations = canvas.plan_scene.annotations
    return [i for i in annotations.selected if annotations.shown[i].kind == "frame"]


def framed_again(before: Plan, after: Plan) -> Plan:
    """`after` with each frame drawn around the blocks again that it held in `before`."""
    rects_before, rects_after = _block_rects(before), _block_rects(after)
    for frame in before.annotations.values():
        area = rect_of(frame)
        inside = [i for i, rect in rects_before.items() if area.contains(rect)]
        if frame.kind == "frame" and any(rects_before[i] != rects_after.get(i) for i in inside):
            place, size = frame_around([rects_after[i] for i in inside if i in rects_after])
            after = annotating.change_annotation(after, frame.id, position=place, size=size)
    return after


def _block_rects(plan: Plan) -> Mapping[str, QRectF]:
    return {
        i: shape_of(block).rect.translated(*block.position)
        for i, block in plan.blocks.items()
        if block.position is not None
    }


def _around(at: QPointF, size: tuple[float, float]) -> tuple[float, float]:
    return on_grid(at.x() - size[0] / 2, at.y() - size[1] / 2)


def _next_colour(plan: Plan) -> int:
    """The first colour that no frame has yet."""
    colours_used = {a.colour % len(COLOURS) for a in plan.annotations.values() if a.kind == "frame"}
    return next((i for i in range(len(COLOURS)) if i not in colours_used), 0)
