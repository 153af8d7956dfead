"""A hand on the canvas: presses, drags and types with real events, in scene coordinates."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.ui.canvas import Canvas
from app.ui.canvas.shapes import MergeShape, WeightShape

NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


class Hand:
    """Points at places of the scene and at parts of blocks."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def press(self, at: QPointF, keys: Qt.KeyboardModifier = NO_KEY, button=LEFT) -> None:
        QTest.mousePress(self.canvas.viewport(), button, keys, self._on_screen(at))

    def move(self, to: QPointF, keys: Qt.KeyboardModifier = NO_KEY, button=LEFT) -> None:
        viewport, at = self.canvas.viewport(), self._on_screen(to)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(at),
            QPointF(viewport.mapToGlobal(at)),
            Qt.MouseButton.NoButton,
            button,
            keys,
        )
        QApplication.sendEvent(viewport, event)

    def release(self, at: QPointF, keys: Qt.KeyboardModifier = NO_KEY, button=LEFT) -> None:
        QTest.mouseRelease(self.canvas.viewport(), button, keys, self._on_screen(at))

    def click(self, at: QPointF, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        self.press(at, keys)
        self.release(at, keys)

    def double_click(self, at: QPointF) -> None:
        QTest.mouseClick(self.canvas.viewport(), LEFT, NO_KEY, self._on_screen(at))
        QTest.mouseDClick(self.canvas.viewport(), LEFT, NO_KEY, self._on_screen(at))
        QTest.mouseRelease(self.canvas.viewport(), LEFT, NO_KEY, self._on_screen(at))

    def drag(self, start: QPointF, end: QPointF, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        self.drag_only(start, end, keys)
        self.release(end, keys)

    def drag_only(self, start: QPointF, end: QPointF, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        """Drag without letting go."""
        self.press(start, keys)
        for step in range(1, 6):
            self.move(start + (end - start) * step / 5, keys)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.canvas, key, keys)

    def body(self, block_id: str) -> QPointF:
        """A place on the block where there is nothing but the block."""
        item = self.canvas.plan_scene.blocks[block_id]
        return item.pos() + QPointF(item.block_shape.width / 2, item.block_shape.height - 6)

    def out_port(self, block_id: str) -> QPointF:
        return self.canvas.plan_scene.blocks[block_id].out_port()

    def in_port(self, block_id: str, port: int = 0) -> QPointF:
        return self.canvas.plan_scene.blocks[block_id].in_port(port)

    def fader(self, block_id: str, port: int) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, MergeShape)
        return item.pos() + item.block_shape.track(port).center()

    def number(self, block_id: str, port: int) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, MergeShape)
        return item.pos() + item.block_shape.number(port).center()

    def strip_edge(self, block_id: str, *, at_end: bool) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, WeightShape)
        strip = item.block_shape.strip
        return item.pos() + QPointF(strip.right() if at_end else strip.left(), strip.center().y())

    def cell(self, block_id: str, index: int) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, WeightShape)
        return item.pos() + item.block_shape.cells(index, 1).center()

    def range(self, block_id: str) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, WeightShape)
        return item.pos() + item.block_shape.range.center()

    def plus(self, block_id: str) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, MergeShape)
        assert item.block_shape.add_input is not None
        return item.pos() + item.block_shape.add_input.center()

    def lock(self, block_id: str) -> QPointF:
        item = self.canvas.plan_scene.blocks[block_id]
        assert isinstance(item.block_shape, MergeShape)
        return item.pos() + item.block_shape.lock.center()

    def middle_of_link(self, block_id: str, port: int = 0) -> QPointF:
        return self.canvas.plan_scene.links[block_id, port].line.center()

    def empty_place(self) -> QPointF:
        """A place in sight, away from everything."""
        return self.canvas.mapToScene(QPoint(20, self.canvas.viewport().height() - 20))

    def _on_screen(self, at: QPointF) -> QPoint:
        return self.canvas.viewportTransform().map(at).toPoint()
