"""Hands: presses, drags, drops and keys as real events, on any widget and on the canvas."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from app.ui.canvas import Canvas
from app.ui.canvas.sections.faders import FadersSection
from app.ui.canvas.sections.strip import StripSection
from app.ui.canvas.sections.sum_bar import SumBar

SectionT = TypeVar("SectionT")

NO_KEY = Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL_SHIFT = CTRL | SHIFT
LEFT = Qt.MouseButton.LeftButton
NO_BUTTON = Qt.MouseButton.NoButton


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """Click in the middle of a widget, or at a place of it."""
    QTest.mouseClick(widget, LEFT, NO_KEY, widget.rect().center() if at is None else at)


def click_button(parent: QWidget, words: str) -> None:
    """Click the button with these words, which has to be in sight."""
    QApplication.processEvents()  # shows what was just put into a layout
    buttons = parent.findChildren(QAbstractButton)
    (button,) = [b for b in buttons if b.text() == words and b.isVisible()]
    click(button)


def choose(menu: QMenu, words: str) -> None:
    """Trigger the action with these words, also in a submenu."""
    actions = menu.actions() + [a for m in menu.findChildren(QMenu) for a in m.actions()]
    (action,) = [a for a in actions if a.text().replace("&", "") == words]
    action.trigger()
    menu.close()


def move_pointer(
    widget: QWidget,
    to: QPoint,
    button: Qt.MouseButton = NO_BUTTON,
    keys: Qt.KeyboardModifier = NO_KEY,
) -> None:
    """Move the mouse over a widget, with a button down or without."""
    at, on_screen = QPointF(to), QPointF(widget.mapToGlobal(to))
    event = QMouseEvent(QEvent.Type.MouseMove, at, on_screen, NO_BUTTON, button, keys)
    QApplication.sendEvent(widget, event)


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    """Press, move there and let go."""
    QTest.mousePress(widget, LEFT, NO_KEY, start)
    move_pointer(widget, end, LEFT)
    QTest.mouseRelease(widget, LEFT, NO_KEY, end)


def drop(target: QWidget, *paths: Path) -> bool:
    """Drop files on a widget; whether it takes them."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return drop_data(target, mime, QPoint(10, 10), Qt.DropAction.CopyAction)


def drop_data(
    target: QWidget, mime: QMimeData, at: QPoint, action: Qt.DropAction = Qt.DropAction.MoveAction
) -> bool:
    """Drag something over a widget and drop it there; whether it takes it."""
    enter = QDragEnterEvent(at, action, mime, LEFT, NO_KEY)
    move = QDragMoveEvent(at, action, mime, LEFT, NO_KEY)
    drop = QDropEvent(QPointF(at), action, mime, LEFT, NO_KEY)
    for event in (enter, move, drop):
        QApplication.sendEvent(target, event)
    return enter.isAccepted() and drop.isAccepted()


def type_into(field: QWidget, text: str) -> None:
    """Type in place of what stands in a field, and press Enter."""
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


class Hand:
    """Points at parts of blocks on the canvas, presses and drags; places are of the scene."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def press(self, at: QPointF, keys: Qt.KeyboardModifier = NO_KEY, button=LEFT) -> None:
        QTest.mousePress(self.canvas.viewport(), button, keys, self._on_screen(at))

    def move(self, to: QPointF, keys: Qt.KeyboardModifier = NO_KEY, button=LEFT) -> None:
        move_pointer(self.canvas.viewport(), self._on_screen(to), button, keys)

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
        return self._on(block_id, self.section(block_id, FadersSection).track(port).center())

    def number(self, block_id: str, port: int) -> QPointF:
        return self._on(block_id, self.section(block_id, FadersSection).number(port).center())

    def strip_edge(self, block_id: str, *, at_end: bool) -> QPointF:
        strip = self.section(block_id, StripSection).strip
        x = strip.right() if at_end else strip.left()
        return self._on(block_id, QPointF(x, strip.center().y()))

    def cell(self, block_id: str, index: int) -> QPointF:
        return self._on(block_id, self.section(block_id, StripSection).cells(index, 1).center())

    def range(self, block_id: str) -> QPointF:
        return self._on(block_id, self.section(block_id, StripSection).range.center())

    def plus(self, block_id: str) -> QPointF:
        area = self.section(block_id, SumBar).add_input
        assert area is not None
        return self._on(block_id, area.center())

    def lock(self, block_id: str) -> QPointF:
        return self._on(block_id, self.section(block_id, SumBar).lock.center())

    def middle_of_link(self, block_id: str, port: int = 0) -> QPointF:
        return self.canvas.plan_scene.links[block_id, port].line.center()

    def empty_place(self) -> QPointF:
        """A place in sight, away from everything."""
        return self.canvas.mapToScene(QPoint(20, self.canvas.viewport().height() - 20))

    def section(self, block_id: str, kind: type[SectionT]) -> SectionT:
        """The section of this class in a block's body."""
        section = self.canvas.plan_scene.blocks[block_id].block_shape.section(kind)
        assert section is not None
        return section

    def _on(self, block_id: str, at: QPointF) -> QPointF:
        """A place of the block in scene coordinates."""
        return self.canvas.plan_scene.blocks[block_id].pos() + at

    def _on_screen(self, at: QPointF) -> QPoint:
        return self.canvas.viewportTransform().map(at).toPoint()
