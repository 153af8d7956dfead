"""Drag over empty space: what the box touches is selected."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from app.ui.canvas.shapes import is_terminal
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


class SelectBox(Gesture):
    """Shift adds what is touched, Ctrl turns it over; a plain click selects nothing."""

    def __init__(self, canvas: GestureSurface, press: Pointer) -> None:
        super().__init__(canvas, press)
        self._before = frozenset(canvas.plan_scene.selection())
        self._box: QRectF | None = None
        if not press.shift and not press.ctrl:
            canvas.plan_scene.select(())

    def move(self, to: Pointer) -> None:
        if self._box is None and not self.travelled(to):
            return
        self._box = QRectF(self.press.scene, to.scene).normalized()
        scene = self.canvas.plan_scene
        ids = {
            i
            for i, item in scene.blocks.items()
            if not is_terminal(i) and item.scene_rect().intersects(self._box)
        }
        ids |= scene.annotations.taken_by(self._box)
        if self.press.shift:
            ids |= self._before
        elif self.press.ctrl:
            ids ^= self._before
        scene.select(ids)
        self.canvas.viewport().update()

    def release(self, at: Pointer) -> None:
        self.canvas.viewport().update()

    def cancel(self) -> None:
        self.canvas.plan_scene.select(self._before)
        self.abandon()

    def abandon(self) -> None:
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if self._box is None:
            return
        accent = self.canvas.theme.accent
        pen = QPen(accent, 1.0)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), 28))
        painter.drawRect(self._box)
