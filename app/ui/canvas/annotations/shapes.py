"""Where the parts of a frame or a note lie, and which of them lies under a point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt

from app.plan.document import Annotation
from app.ui.canvas.grid import inside
from app.ui.widgets.theme import GRID

TITLE_HEIGHT = 28.0
"""How tall a frame's title strip is, in scene pixels."""

NEW_FRAME, NEW_NOTE = (320.0, 200.0), (200.0, 96.0)
LEAST_WIDTH, LEAST_HEIGHT = 80.0, 40.0
PADDING = 24.0
"""The room a frame leaves around what it was made for."""

_GRIP = 6.0
_CORNER = 14.0

_CURSORS = {
    (-1, -1): Qt.CursorShape.SizeFDiagCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (-1, 1): Qt.CursorShape.SizeBDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
    (-1, 0): Qt.CursorShape.SizeHorCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, -1): Qt.CursorShape.SizeVerCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
}


@dataclass(frozen=True, slots=True)
class AnnotationPart:
    """A part that can be pressed. An edge is -1 or 1 where it is left or right, top or bottom."""

    kind: Literal["title", "card", "edge"]
    across: int = 0
    down: int = 0

    @property
    def cursor(self) -> Qt.CursorShape | None:
        """The pointer's shape over an edge."""
        return _CURSORS.get((self.across, self.down))


def rect_of(annotation: Annotation) -> QRectF:
    """The whole of a frame or a note in the scene."""
    return QRectF(*annotation.position, *annotation.size)


def title_of(annotation: Annotation) -> QRectF:
    """A frame's title strip in the scene."""
    (left, top), (width, height) = annotation.position, annotation.size
    return QRectF(left, top, width, min(TITLE_HEIGHT, height))


def part_at(annotation: Annotation, at: QPointF, slop: float) -> AnnotationPart | None:
    """What lies under a point. Within a frame, below its title, there is nothing."""
    rect, grip = rect_of(annotation), _GRIP + slop
    if not rect.adjusted(-grip, -grip, grip, grip).contains(at):
        return None
    inner = min(_GRIP, rect.width() / 4, rect.height() / 4)
    across, down = _side(at.x(), rect.left(), rect.right(), inner), 0
    down = _side(at.y(), rect.top(), rect.bottom(), inner)
    if across and not down:
        down = _side(at.y(), rect.top(), rect.bottom(), min(_CORNER, rect.height() / 3))
    elif down and not across:
        across = _side(at.x(), rect.left(), rect.right(), min(_CORNER, rect.width() / 3))
    if across or down:
        return AnnotationPart("edge", across, down)
    if annotation.kind == "note":
        return AnnotationPart("card")
    strip = title_of(annotation).adjusted(0, 0, 0, slop)
    return AnnotationPart("title") if strip.contains(at) else None


def frame_around(rects: Iterable[QRectF]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Position and size of the frame on the grid that leaves room around these rectangles."""
    whole = QRectF()
    for rect in rects:
        whole |= rect
    left, top = inside(_down(whole.left() - PADDING), _down(whole.top() - PADDING - TITLE_HEIGHT))
    right, bottom = _up(whole.right() + PADDING), _up(whole.bottom() + PADDING)
    return (left, top), (right - left, bottom - top)


def _side(at: float, low: float, high: float, grip: float) -> int:
    if at <= low + grip:
        return -1
    return 1 if at >= high - grip else 0


def _down(coordinate: float) -> float:
    return float(floor(coordinate / GRID) * GRID)


def _up(coordinate: float) -> float:
    return float(ceil(coordinate / GRID) * GRID)
