"""Drag the canvas itself, with the middle button or with Space held."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


class Pan(Gesture):
    """The point that was pressed stays under the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: GestureSurface, press: Pointer) -> None:
        super().__init__(canvas, press)
        self._last = press.view

    def move(self, to: Pointer) -> None:
        self.canvas.pan_by(to.view - self._last)
        self._last = to.view
