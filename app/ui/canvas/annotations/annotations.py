"""The frames and notes that a scene shows: follows the plan, knows what is selected and hit."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from app.plan.document import Annotation
from app.ui.canvas.annotations.shapes import AnnotationPart, part_at, rect_of

_OUTLINE = 6.0
"""How far the outline of a selected one may reach beyond it."""


@dataclass(frozen=True, slots=True)
class AnnotationHit:
    """The part of a frame or a note under a point."""

    id: str
    part: AnnotationPart


class Annotations:
    """`shown` holds the records by id, frames first; while one is dragged it is ahead of the plan.

    `selected` names those that are selected, in that order.
    """

    def __init__(self) -> None:
        self.shown: dict[str, Annotation] = {}
        self.selected: tuple[str, ...] = ()

    def follow(self, annotations: Mapping[str, Annotation]) -> QRectF:
        """Show what the plan says now. Returns what has to be painted again."""
        before = self.shown
        if before == annotations:
            return QRectF()
        frames = [a for a in annotations.values() if a.kind == "frame"]
        notes = [a for a in annotations.values() if a.kind == "note"]
        self.shown = {a.id: a for a in (*frames, *notes)}
        self.selected = tuple(i for i in self.selected if i in self.shown)
        dirty = QRectF()
        for id_ in before.keys() | self.shown.keys():
            if before.get(id_) != self.shown.get(id_):
                dirty |= _painted(before.get(id_)) | _painted(self.shown.get(id_))
        return dirty

    def preview(self, annotations: Iterable[Annotation]) -> QRectF:
        """Show these otherwise than the plan says. Returns what has to be painted again."""
        dirty = QRectF()
        for annotation in annotations:
            dirty |= _painted(self.shown[annotation.id]) | _painted(annotation)
            self.shown[annotation.id] = annotation
        return dirty

    def select(self, ids: Container[str]) -> bool:
        """Select these and nothing else. Returns whether that changed anything."""
        before, self.selected = self.selected, tuple(i for i in self.shown if i in ids)
        return before != self.selected

    def hit(self, at: QPointF, slop: float) -> AnnotationHit | None:
        """What lies under a point: notes before frames, the smaller before the larger."""
        hits = []
        for annotation in self.shown.values():
            part = part_at(annotation, at, slop)
            if part is not None:
                width, height = annotation.size
                order = annotation.kind == "frame", width * height
                hits.append((order, annotation.id, part))
        if not hits:
            return None
        _, id_, part = min(hits, key=lambda hit: hit[0])
        return AnnotationHit(id_, part)

    def taken_by(self, box: QRectF) -> set[str]:
        """What a selection box takes in: the notes it touches, the frames it holds wholly."""
        return {
            a.id
            for a in self.shown.values()
            if (box.contains if a.kind == "frame" else box.intersects)(rect_of(a))
        }

    def within(self, frame_id: str) -> set[str]:
        """The frames and notes that stand wholly inside a frame."""
        area = rect_of(self.shown[frame_id])
        return {a.id for a in self.shown.values() if a.id != frame_id and area.contains(rect_of(a))}


def _painted(annotation: Annotation | None) -> QRectF:
    if annotation is None:
        return QRectF()
    return rect_of(annotation).adjusted(-_OUTLINE, -_OUTLINE, _OUTLINE, _OUTLINE)
