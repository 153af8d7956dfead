"""Drag the canvas itself, with the middle button or with Space held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.ui.canvas.gestures.gesture import Gesture, Pointer

if TYPE_CHECKING:
    from app.ui.canvas.gesture_view import GestureView


class Pan(Gesture):
    """The point that was pressed stays under the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: GestureView, press: Pointer) -> None:
        super().__init__(canvas, press)
        self._last = press.view

    def move(self, to: Pointer) -> None:
        self.canvas.pan_by(to.view - self._last)
        self._last = to.view
