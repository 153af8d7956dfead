"""A link with one end at a port and the other anywhere, as it is drawn while it is being made."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.ui.canvas.links import LinkKey, curve
from app.ui.canvas.view import PlanView

_END = 4.5


def anchor_of(canvas: PlanView, source: str | None, target: LinkKey | None) -> QPointF:
    """The port of the end that is known: what the link comes from, or what it leads into."""
    blocks = canvas.plan_scene.blocks
    if source is not None:
        return blocks[source].out_port()
    assert target is not None
    return blocks[target[0]].in_port(target[1])


def paint_loose(
    painter: QPainter, colour: QColor, start: QPointF, end: QPointF, *, refused: bool = False
) -> None:
    """Draw a link from start to end, dashed where it may not be."""
    pen = QPen(colour, 2.0)
    if refused:
        pen.setDashPattern([3.0, 3.0])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(curve(start, end))


def paint_end(painter: QPainter, colour: QColor, at: QPointF) -> None:
    """Draw the end that follows the pointer, or lies where it was dropped."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(at, _END, _END)


class DroppedLink:
    """A link dropped into empty space, shown until it is known what it leads to."""

    def __init__(self, canvas: PlanView) -> None:
        self._canvas = canvas
        self._ends: tuple[str | None, LinkKey | None] | None = None
        self._at = QPointF()

    def show(self, at: QPointF, source: str | None, target: LinkKey | None) -> None:
        """Draw it between a point of the scene and the end that is known."""
        self._ends, self._at = (source, target), at
        self._canvas.viewport().update()

    def hide(self) -> None:
        """Draw it no longer."""
        self._ends = None
        self._canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """Draw it on top of the canvas."""
        if self._ends is None:
            return
        source, target = self._ends
        colour, anchor = self._canvas.theme.accent, anchor_of(self._canvas, source, target)
        start, end = (self._at, anchor) if source is None else (anchor, self._at)
        paint_loose(painter, colour, start, end)
        paint_end(painter, colour, self._at)
