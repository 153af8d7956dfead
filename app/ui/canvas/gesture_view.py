"""From mouse and keys to gestures: finds what is under the pointer and lets a gesture follow it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QToolTip, QWidget

from app.ui.canvas.gestures.pan import Pan
from app.ui.canvas.gestures.press import begin
from app.ui.canvas.hover import Hover
from app.ui.canvas.links import LinkKey
from app.ui.canvas.shapes import PartKind, is_terminal
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer
from app.ui.state.block_kinds import layer_range
from app.ui.state.editor import PlanEditor

_HOVER_CURSORS = {
    "in": Qt.CursorShape.CrossCursor,
    "out": Qt.CursorShape.CrossCursor,
    "fader": Qt.CursorShape.SizeVerCursor,
    "number": Qt.CursorShape.IBeamCursor,
    "strip-start": Qt.CursorShape.SizeHorCursor,
    "strip-end": Qt.CursorShape.SizeHorCursor,
    "cell": Qt.CursorShape.SizeHorCursor,
    "range": Qt.CursorShape.IBeamCursor,
    "add-input": Qt.CursorShape.PointingHandCursor,
    "lock": Qt.CursorShape.PointingHandCursor,
}
_TIPS: dict[PartKind, str] = {
    "cell": "Drag to slide the layers.\nClick a cell of the selected block to leave that layer "
    "out; Alt+drag leaves out several.",
    "range": "Double-click to type the weight layers, such as 22-29.",
    "strip-start": "Drag to borrow more or fewer layers.",
    "strip-end": "Drag to borrow more or fewer layers.",
    "fader": "Drag to set the scale, with Shift for fine steps. Double-click to reset it.",
    "number": "Double-click to type the scale. Drag it onto another one to swap the two inputs.",
    "add-input": "Add an input. You can also drop a link here.",
    "lock": "Keep the sum of the scales at 1.",
}


class GestureView(GestureSurface):
    """A view of the plan in which things can be pressed and dragged.

    `opened` carries the Hit and the Pointer of a double click, `menu_wanted` those of a right click
    or of the key that asks for a menu.
    """

    opened = Signal(object, object)
    menu_wanted = Signal(object, object)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(editor, parent)
        self._space_held = False
        self._has_knife = False
        self._double_clicked = False
        self._last_click_acted = False
        self._hover_light = Hover(self)
        self.setMouseTracking(True)
        editor.changed.connect(self._abandon_gesture)
        editor.replaced.connect(self._abandon_gesture)

    def take_knife(self) -> None:
        """Let the next press cut as it does with Alt held, or put the knife away again."""
        self._has_knife = not self._has_knife
        if self._has_knife:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
            self.notice.emit("Drag across links to cut them, or click one. Esc cancels.")
        else:
            self.viewport().unsetCursor()

    def _point_of_selection(self) -> QPointF | None:
        """The title of what is selected first, where it is in sight."""
        selection = self.plan_scene.selection()
        if not selection:
            return None
        bounds = self.plan_scene.bounds_of(selection[:1])
        at = self.viewportTransform().map(QPointF(bounds.center().x(), bounds.top() + 18))
        return at if self.viewport().rect().contains(at.toPoint()) else None

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        super().drawBackground(painter, rect)
        self.join_marks.paint(painter, self.theme, self.editor.plan, self.zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.dropped_link.paint(painter)
        if self.gesture is None:
            self._hover_light.paint(painter)
        else:
            self.gesture.paint(painter)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.gesture is not None:
            event.accept()  # while something is dragged, keys mean nothing but to the gesture
            return True
        if _is_plain_tab(event):
            return True  # it asks what to add, and never leaves the canvas
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)
            return True
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.keep_view()
        if self.gesture is not None:
            return
        pointer = self.pointer_at(event.position(), event.modifiers())
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space_held and event.button() == Qt.MouseButton.LeftButton
        ):
            self._begin(Pan(self, pointer))
        elif event.button() == Qt.MouseButton.LeftButton:
            if self._has_knife:
                pointer = replace(pointer, modifiers=Qt.KeyboardModifier.AltModifier)
                self.take_knife()
            self._begin(begin(self, pointer, self.hit(pointer)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointer = self.pointer_at(event.position(), event.modifiers())
        if self.gesture is not None:
            self.gesture.move(pointer)
        else:
            self._hover(pointer)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pointer = self.pointer_at(event.position(), event.modifiers())
        if self._double_clicked:
            self._double_clicked = False  # a menu opened at the press would take the release
            self.opened.emit(self.hit(pointer), pointer)
            return
        if self.gesture is None or event.buttons() != Qt.MouseButton.NoButton:
            return
        gesture, self.gesture = self.gesture, None
        if not self.attempt(partial(gesture.release, pointer)):
            gesture.abandon()
        self._last_click_acted = gesture.acted
        self._hover(pointer)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        is_other = event.button() != Qt.MouseButton.LeftButton or self._space_held
        if is_other or self._last_click_acted:
            self.mousePressEvent(event)
            return
        self._double_clicked = True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        at = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self._point_of_selection() or self.menu_point()
        pointer = self.pointer_at(at, event.modifiers())
        self.menu_wanted.emit(self.hit(pointer), pointer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancel_gesture()
            if self._has_knife:
                self.take_knife()
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() != Qt.Key.Key_Space:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = False
            self.viewport().unsetCursor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space_held = False
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover_light.leave()
        super().leaveEvent(event)

    def _abandon_gesture(self, _change: object = None) -> None:
        """End what is being dragged when something else changed the plan."""
        if self.gesture is not None and not self.gesture.applying:
            gesture, self.gesture = self.gesture, None
            gesture.abandon()
            self.viewport().unsetCursor()

    def _begin(self, gesture: Gesture) -> None:
        self.gesture = gesture
        if gesture.cursor is not None:
            self.viewport().setCursor(gesture.cursor)

    def _hover(self, pointer: Pointer) -> None:
        if self._space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
            return
        if self._has_knife:
            return
        hit = self.hit(pointer)
        self._hover_light.follow(hit, pointer)
        cursor = None if hit.part is None else _HOVER_CURSORS.get(hit.part.kind)
        if hit.link is not None and self._is_join_mark(hit.link, pointer):
            cursor = Qt.CursorShape.PointingHandCursor
        if hit.annotation is not None:
            cursor = hit.annotation.part.cursor
        if cursor is None:
            self.viewport().unsetCursor()
        else:
            self.viewport().setCursor(cursor)

    def _is_join_mark(self, key: LinkKey, pointer: Pointer) -> bool:
        return self.join_marks.is_hit(key, self.editor.plan, pointer.scene, self.zoom)

    def _show_tip(self, event: QHelpEvent) -> None:
        pointer = self.pointer_at(QPointF(event.pos()), Qt.KeyboardModifier.NoModifier)
        hit = self.hit(pointer)
        sentences = []
        if hit.link is not None and self._is_join_mark(hit.link, pointer):
            sentences = ["Click to join these two blocks: one continues where the other ends."]
        if hit.part is not None and hit.part.kind in _TIPS:
            sentences = [_TIPS[hit.part.kind]]
        if hit.part is not None and hit.part.kind == "cell":
            sentences += self._words_of_cell(hit.block_id, hit.part.index)
        if hit.block_id is not None and not is_terminal(hit.block_id):
            wrong = [p for p in self.editor.problems if p.block_id == hit.block_id]
            sentences += [f"{p.message} {p.fix}" for p in wrong]
        QToolTip.showText(QPoint(event.globalPos()), "\n".join(sentences), self)

    def _words_of_cell(self, block_id: str | None, cell: int) -> list[str]:
        """Which weight layer a cell stands for, and how much it changes."""
        block = self.editor.plan.blocks.get(block_id or "")
        layers = None if block is None else layer_range(block)
        if layers is None:
            return []
        layer = layers.start + cell
        influence = self.plan_scene.influence
        influence_text = f": influence {influence[layer]:.4f}" if layer < len(influence) else ""
        return [f"Weight layer {layer}{influence_text}."]


def _is_plain_tab(event: QEvent) -> bool:
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
        return False
    return event.key() == Qt.Key.Key_Tab and not event.modifiers()
