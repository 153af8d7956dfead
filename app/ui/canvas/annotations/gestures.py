"""Drag a frame by its title or a note by its card; drag their edges to make them larger."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF

from app.plan import annotating
from app.plan.document import Annotation
from app.ui.canvas.annotations.annotations import AnnotationHit
from app.ui.canvas.annotations.move_set import MoveSet
from app.ui.canvas.annotations.shapes import LEAST_HEIGHT, LEAST_WIDTH, AnnotationPart
from app.ui.canvas.grid import inside, on_grid
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


def begin_on_annotation(canvas: GestureSurface, press: Pointer, hit: AnnotationHit) -> Gesture:
    """The gesture that a press on a frame's title, a note or an edge of either begins."""
    if hit.part.kind == "edge":
        return ResizeAnnotation(canvas, press, hit)
    return MoveAnnotation(canvas, press, hit.id)


def select_pressed(canvas: GestureSurface, press: Pointer, id_: str) -> None:
    """Select at a press: Shift and Ctrl add to what is selected."""
    scene = canvas.plan_scene
    if press.shift or press.ctrl:
        scene.select({*scene.selection(), id_})
    elif id_ not in scene.annotations.selected:
        scene.select((id_,))


class MoveAnnotation(Gesture):
    """Selects as a click on a block does. What stands inside a frame moves with it."""

    def __init__(self, canvas: GestureSurface, press: Pointer, id_: str) -> None:
        super().__init__(canvas, press)
        self._id = id_
        self._was_selected = id_ in canvas.plan_scene.annotations.selected
        self._anchor = QPointF(*canvas.plan_scene.annotations.shown[id_].position)
        self._move_set: MoveSet | None = None
        self._offset = QPointF()
        select_pressed(canvas, press, id_)

    def move(self, to: Pointer) -> None:
        scene = self.canvas.plan_scene
        if self._move_set is None:
            if not self.travelled(to):
                return
            self._move_set = MoveSet(scene, scene.selection())
            self.canvas.lift(self._move_set.block_ids)
        self._offset = to.scene - self.press.scene
        if not to.alt:
            x, y = self._anchor.x() + self._offset.x(), self._anchor.y() + self._offset.y()
            self._offset = QPointF(*on_grid(x, y)) - self._anchor
        self._move_set.preview(self._offset)

    def release(self, at: Pointer) -> None:
        scene, editor = self.canvas.plan_scene, self.canvas.editor
        if self._move_set is not None:
            self.canvas.lift(())
            kind = editor.plan.annotations[self._id].kind
            label = f"Move {kind}" if len(self._move_set) == 1 else f"Move {kind} and contents"
            editor.apply(label, self._move_set.moved(editor.plan, self._offset))
        elif self.press.ctrl and self._was_selected:
            scene.select({*scene.selection()} - {self._id})
        elif not self.press.ctrl and not self.press.shift:
            scene.select((self._id,))

    def abandon(self) -> None:
        self.canvas.lift(())
        if self._move_set is not None:
            self._move_set.put_back(self.canvas.editor.plan)


class ResizeAnnotation(Gesture):
    """Edges keep to the grid, and a frame or note stays large enough to be seen."""

    def __init__(self, canvas: GestureSurface, press: Pointer, hit: AnnotationHit) -> None:
        super().__init__(canvas, press)
        self._part = hit.part
        self._before = canvas.plan_scene.annotations.shown[hit.id]
        self._after = self._before
        self._dragging = False
        self.cursor = hit.part.cursor
        select_pressed(canvas, press, hit.id)

    def move(self, to: Pointer) -> None:
        self._dragging = self._dragging or self.travelled(to)
        if self._dragging:
            self._after = resized(self._before, self._part, to.scene - self.press.scene)
            self.canvas.plan_scene.preview_annotations((self._after,))

    def release(self, at: Pointer) -> None:
        if self._dragging:
            editor, after = self.canvas.editor, self._after
            after_resize = annotating.change_annotation(
                editor.plan, after.id, position=after.position, size=after.size
            )
            editor.apply(f"Resize {after.kind}", after_resize)

    def abandon(self) -> None:
        annotations = self.canvas.editor.plan.annotations
        if self._before.id in annotations:
            self.canvas.plan_scene.preview_annotations((annotations[self._before.id],))


def resized(annotation: Annotation, part: AnnotationPart, offset: QPointF) -> Annotation:
    """The frame or note with this edge or corner dragged."""
    (left, top), (width, height) = annotation.position, annotation.size
    right, bottom = left + width, top + height
    if part.across < 0:
        left = min(on_grid(left + offset.x(), 0)[0], right - LEAST_WIDTH)
    elif part.across > 0:
        right = max(on_grid(right + offset.x(), 0)[0], left + LEAST_WIDTH)
    if part.down < 0:
        top = min(on_grid(0, top + offset.y())[1], bottom - LEAST_HEIGHT)
    elif part.down > 0:
        bottom = max(on_grid(0, bottom + offset.y())[1], top + LEAST_HEIGHT)
    return replace(annotation, position=inside(left, top), size=(right - left, bottom - top))
