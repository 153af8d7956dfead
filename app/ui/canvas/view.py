"""The canvas: shows the plan, moves about in it, and hands presses to gestures."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsView, QToolTip, QWidget

from app.ui import theme as themes
from app.ui.canvas import gestures
from app.ui.canvas.gestures import Gesture, Pan, Pointer
from app.ui.canvas.layer import Layer, View
from app.ui.canvas.scene import Hit, PlanScene
from app.ui.canvas.shapes import is_terminal
from app.ui.editor import PlanEditor

LEAST_ZOOM, MOST_ZOOM = 0.05, 4.0
_NOTCH = 120
_NOTCHES_TO_DOUBLE = 4
_IDLE_MS = 140
_FIT_MARGIN = 24

_HOVER_CURSORS = {
    "in": Qt.CursorShape.CrossCursor,
    "out": Qt.CursorShape.CrossCursor,
    "fader": Qt.CursorShape.SizeVerCursor,
    "number": Qt.CursorShape.IBeamCursor,
    "strip-start": Qt.CursorShape.SizeHorCursor,
    "strip-end": Qt.CursorShape.SizeHorCursor,
}


class PlanView(QGraphicsView):
    """Painting, panning, zooming, and the way from a press to a gesture.

    `selection_changed` carries the tuple of selected ids, `notice` a sentence for the status line.
    `opened` carries the Hit and the Pointer of a double click, `menu_wanted` those of a right one.
    """

    selection_changed = Signal(object)
    notice = Signal(str)
    opened = Signal(object, object)
    menu_wanted = Signal(object, object)
    zoom_changed = Signal(float)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.theme = themes.current()
        self.plan_scene = PlanScene(editor, self)
        self.gesture: Gesture | None = None
        self._layer = Layer(self.plan_scene, self.theme)
        self._exposed: list[QRect] = []
        self._space_held = False
        self._double_clicked = False
        self._fit_when_shown = True
        self._moving = False
        self._idle = QTimer(self, singleShot=True, interval=_IDLE_MS)
        self._idle.timeout.connect(self._come_to_rest)
        self.setScene(self.plan_scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Plan")
        self.setAccessibleDescription("The graph of blocks and links of the open plan.")
        self.plan_scene.touched.connect(self._repaint_scene_rect)
        self.plan_scene.selectionChanged.connect(self._tell_selection)
        editor.changed.connect(self._abandon_gesture)
        editor.replaced.connect(self._start_over)

    def selected_ids(self) -> tuple[str, ...]:
        """The selected blocks, in the plan's order."""
        return self.plan_scene.selected_ids()

    def show_block(self, block_id: str) -> None:
        """Select a block and bring it into sight."""
        if block_id not in self.editor.plan.blocks:
            return
        self.plan_scene.select((block_id,))
        bounds = self.plan_scene.bounds_of((block_id,))
        if not self.seen_rect().contains(bounds):
            self._look_at(bounds.center(), max(self.zoom, 0.5))
        self.setFocus()

    @property
    def zoom(self) -> float:
        """Pixels per scene pixel."""
        return self.transform().m11()

    def seen_rect(self) -> QRectF:
        """The part of the scene in sight."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def pan_by(self, pixels: QPointF) -> None:
        """Move what is seen by this many pixels."""
        self._start_moving()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - round(pixels.x()))
        down.setValue(down.value() - round(pixels.y()))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom with this point of the viewport kept in place, by default its centre."""
        centre = QPointF(self.viewport().rect().center())
        self.set_zoom(self.zoom * factor, centre if at is None else at)

    def set_zoom(self, zoom: float, at: QPointF) -> None:
        """Set the zoom, within its limits, with this point of the viewport kept in place."""
        zoom = min(MOST_ZOOM, max(LEAST_ZOOM, zoom))
        if abs(zoom - 1.0) < 0.004:
            zoom = 1.0
        if zoom == self.zoom:
            return
        self._start_moving()
        fixed = self._to_scene(at)
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.horizontalScrollBar().setValue(round(fixed.x() * zoom - at.x()))
        self.verticalScrollBar().setValue(round(fixed.y() * zoom - at.y()))
        self.viewport().update()
        self.zoom_changed.emit(zoom)

    def fit_all(self) -> None:
        """Bring the whole plan into sight, at its own size at most."""
        self._fit(self.plan_scene.bounds_of(self.plan_scene.blocks))

    def fit_selection(self) -> None:
        """Bring the selected blocks into sight, or the whole plan when none is."""
        self._fit(self.plan_scene.bounds_of(self.selected_ids() or self.plan_scene.blocks))

    def lift(self, ids: Iterable[str]) -> None:
        """Draw these blocks on top of the others, with a shadow, while they are dragged."""
        changed = self._layer.lifted.symmetric_difference(ids) & self.plan_scene.blocks.keys()
        self._layer.lifted = frozenset(ids)
        if changed:
            self._repaint_scene_rect(self.plan_scene.bounds_of(changed).adjusted(-24, -24, 24, 24))

    def hit(self, pointer: Pointer) -> Hit:
        """What lies under the pointer."""
        return self.plan_scene.hit(pointer.scene, min(16.0, max(0.0, 6 / self.zoom - 6)))

    def pointer_at(self, view: QPointF, keys: Qt.KeyboardModifier) -> Pointer:
        """The pointer at a point of the viewport."""
        return Pointer(self._to_scene(view), view, keys)

    def cancel_gesture(self) -> None:
        """Give up what is being dragged, if anything is."""
        if self.gesture is not None:
            gesture, self.gesture = self.gesture, None
            gesture.cancel()
            self.viewport().unsetCursor()

    def _abandon_gesture(self, _change: object = None) -> None:
        """End what is being dragged when something else changed the plan."""
        if self.gesture is not None and not self.gesture.applying:
            gesture, self.gesture = self.gesture, None
            gesture.abandon()
            self.viewport().unsetCursor()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        self._exposed = list(event.region())  # type: ignore[call-overload]
        super().paintEvent(event)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        to_scene = self.viewportTransform().inverted()[0]
        exposed = [to_scene.mapRect(QRectF(r).adjusted(-1, -1, 1, 1)) for r in self._exposed]
        view = View(self.zoom, self.devicePixelRatioF(), self._moving)
        self._layer.paint(painter, exposed or [QRectF(rect)], view)
        if self.gesture is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.gesture.paint(painter)

    def _repaint_scene_rect(self, rect: QRectF) -> None:
        seen = self.viewportTransform().mapRect(rect).adjusted(-2, -2, 2, 2)
        self.viewport().update(seen.toAlignedRect() & self.viewport().rect())

    def _start_moving(self) -> None:
        typing = QApplication.focusWidget()
        if typing is not None and self.viewport().isAncestorOf(typing):
            self.setFocus()
        self._moving = True
        self._idle.start()

    def _come_to_rest(self) -> None:
        self._moving = False
        self.viewport().update()

    def _tell_selection(self) -> None:
        self.viewport().update()
        self.selection_changed.emit(self.selected_ids())

    # Where one looks

    def _to_scene(self, view: QPointF) -> QPointF:
        return self.viewportTransform().inverted()[0].map(view)

    def _look_at(self, centre: QPointF, zoom: float) -> None:
        middle = QPointF(self.viewport().rect().center())
        self.set_zoom(zoom, middle)
        self.horizontalScrollBar().setValue(round(centre.x() * self.zoom - middle.x()))
        self.verticalScrollBar().setValue(round(centre.y() * self.zoom - middle.y()))
        self.viewport().update()

    def _fit(self, bounds: QRectF) -> None:
        room = self.viewport().size()
        across = max(1, room.width() - 2 * _FIT_MARGIN) / max(1.0, bounds.width())
        down = max(1, room.height() - 2 * _FIT_MARGIN) / max(1.0, bounds.height())
        self._look_at(bounds.center(), min(1.0, across, down))
        self._come_to_rest()

    def _start_over(self) -> None:
        """Forget what was going on in the document before and look at the new one."""
        self._abandon_gesture()
        self._fit_when_shown = not self.isVisible()
        if self.isVisible():
            self.fit_all()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fit_when_shown and self.isVisible():
            self.fit_all()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._fit_when_shown:
            self.fit_all()

    # From events to gestures

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._fit_when_shown = False
        if self.gesture is not None:
            return
        pointer = self.pointer_at(event.position(), event.modifiers())
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space_held and event.button() == Qt.MouseButton.LeftButton
        ):
            self._begin(Pan(self, pointer))
        elif event.button() == Qt.MouseButton.LeftButton:
            self._begin(gestures.begin(self, pointer, self.hit(pointer)))

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
        gesture.release(pointer)
        self._hover(pointer)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._space_held:
            self.mousePressEvent(event)
            return
        self._double_clicked = True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        at = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.menu_point()
        pointer = self.pointer_at(at, event.modifiers())
        self.menu_wanted.emit(self.hit(pointer), pointer)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._fit_when_shown = False
        is_touchpad = not event.pixelDelta().isNull()
        if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan_by(QPointF(event.pixelDelta()))
        else:
            notches = event.angleDelta().y() / _NOTCH
            self.zoom_by(2.0 ** (notches / _NOTCHES_TO_DOUBLE), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancel_gesture()
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() != Qt.Key.Key_Space:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space_held = False
            self.viewport().unsetCursor()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self.gesture is not None:
            event.accept()  # while something is dragged, keys mean nothing but to the gesture
            return True
        if _is_plain_tab(event):
            pointer = self.pointer_at(self.menu_point(), Qt.KeyboardModifier.NoModifier)
            self.menu_wanted.emit(Hit(), pointer)
            return True
        if event.type() == QEvent.Type.PaletteChange:
            self.theme = themes.current()
            self._renew_layer()
        if event.type() == QEvent.Type.FontChange:
            self._renew_layer()
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            self.zoom_by(1.0 + event.value(), event.position())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)
            return True
        return super().viewportEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space_held = False
        super().focusOutEvent(event)

    def _begin(self, gesture: Gesture) -> None:
        self.gesture = gesture
        if gesture.cursor is not None:
            self.viewport().setCursor(gesture.cursor)

    def _hover(self, pointer: Pointer) -> None:
        if self._space_held:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
            return
        part = self.hit(pointer).part
        cursor = None if part is None else _HOVER_CURSORS.get(part.kind)
        if cursor is None:
            self.viewport().unsetCursor()
        else:
            self.viewport().setCursor(cursor)

    def menu_point(self) -> QPointF:
        """Where a menu asked for by a key belongs: at the pointer if it is here, else midway."""
        at = self.viewport().mapFromGlobal(QCursor.pos())
        rect = self.viewport().rect()
        return QPointF(at if rect.contains(at) else rect.center())

    def _show_tip(self, event: QHelpEvent) -> None:
        hit = self.hit(self.pointer_at(QPointF(event.pos()), Qt.KeyboardModifier.NoModifier))
        sentences = []
        if hit.block_id is not None and not is_terminal(hit.block_id):
            wrong = [p for p in self.editor.problems if p.block_id == hit.block_id]
            sentences = [f"{p.message} {p.fix}" for p in wrong]
        QToolTip.showText(QPoint(event.globalPos()), "\n".join(sentences), self)

    def _renew_layer(self) -> None:
        self._layer = Layer(self.plan_scene, self.theme)
        self.viewport().update()


def _is_plain_tab(event: QEvent) -> bool:
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
        return False
    return event.key() == Qt.Key.Key_Tab and not event.modifiers()
