"""Drag a merge's number onto another one: the two inputs change places, their scales stay."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from app.ui.canvas import block_commands
from app.ui.canvas.gestures.hint import Hint
from app.ui.canvas.sections.faders import FadersSection
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


class SwapInputs(Gesture):
    """A click only selects the block."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: GestureSurface, press: Pointer, block_id: str, port: int) -> None:
        super().__init__(canvas, press)
        self._block_id = block_id
        self._port = port
        self._other: int | None = None
        self._hint = Hint(canvas)
        canvas.plan_scene.select((block_id,))

    def move(self, to: Pointer) -> None:
        if not self.travelled(to):
            return
        item = self.canvas.plan_scene.blocks[self._block_id]
        faders = item.block_shape.section(FadersSection)
        assert faders is not None
        self._other = None
        if item.scene_rect().contains(to.scene):
            self._other = faders.column_at(to.scene.x() - item.left)
        words = "swap with another input"
        if self._other not in (None, self._port):
            words = f"swap input {self._port + 1} with input {self._other + 1}"
        self._hint.say(words, to.view)
        self.canvas.plan_scene.touched.emit(item.scene_bounds())

    def release(self, at: Pointer) -> None:
        self._hint.say(None, QPointF())
        if self._other is not None and self._other != self._port:
            block_commands.swap_inputs(self.canvas, self._block_id, self._port, self._other)

    def abandon(self) -> None:
        self._hint.say(None, QPointF())
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        item = self.canvas.plan_scene.blocks[self._block_id]
        faders = item.block_shape.section(FadersSection)
        if self._other is not None and faders is not None:
            painter.setPen(QPen(self.canvas.theme.accent, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for port in (self._port, self._other):
                number = faders.number(port).translated(item.pos())
                painter.drawRoundedRect(number.adjusted(1, 0, -1, 0), 4, 4)
        self._hint.paint(painter)
