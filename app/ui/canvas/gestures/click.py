"""A press on something that acts when it is let go where it was pressed: a plus, a lock, a mark."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


class Click(Gesture):
    """Moving away before letting go means nothing."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, canvas: GestureSurface, press: Pointer, run: Callable[[], object]) -> None:
        super().__init__(canvas, press)
        self._run = run

    def release(self, at: Pointer) -> None:
        if not self.travelled(at):
            self.acted = True
            self._run()
