"""The view of the plan: paints what is seen and moves about in it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsView, QWidget

from app.ui.canvas.items import View
from app.ui.canvas.layer import Layer
from app.ui.canvas.scene import PlanScene
from app.ui.state.document import ViewState
from app.ui.state.editor import PlanEditor
from app.ui.widgets import theme as themes

LEAST_ZOOM, MOST_ZOOM = 0.05, 4.0
_NOTCH = 120
_NOTCHES_TO_DOUBLE = 4
_IDLE_MS = 140
_FIT_MARGIN = 24


class PlanView(QGraphicsView):
    """Paints the plan, pans and zooms. `selection_changed` carries the tuple of selected ids."""

    selection_changed = Signal(object)
    zoom_changed = Signal(float)

    def __init__(self, editor: PlanEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.theme = themes.current()
        self.plan_scene = PlanScene(editor, self)
        self._layer = Layer(self.plan_scene, self.theme)
        self._exposed: list[QRect] = []
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
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Plan")
        self.setAccessibleDescription("The graph of blocks and links of the open plan.")
        self.plan_scene.touched.connect(self._repaint_scene_rect)
        self.plan_scene.selectionChanged.connect(self._tell_selection)
        editor.replaced.connect(self._fit_soon)

    def selected_ids(self) -> tuple[str, ...]:
        """The selected blocks, in the plan's order."""
        return self.plan_scene.selected_ids()

    def show_block(self, block_id: str) -> None:
        """Select a block, bring it into sight and give the canvas the keys."""
        if block_id in self.editor.plan.blocks:
            self.look_at_block(block_id)
            self.setFocus()

    def look_at_block(self, block_id: str) -> None:
        """Select a block and bring it into sight; the keys stay where they are."""
        if block_id not in self.editor.plan.blocks:
            return
        self.plan_scene.select((block_id,))
        self.bring_into_sight(self.plan_scene.bounds_of((block_id,)))

    def bring_into_sight(self, rect: QRectF) -> None:
        """Look at a part of the scene, unless all of it is seen already."""
        if not self.seen_rect().contains(rect):
            self._look_at(rect.center(), max(self.zoom, 0.5))

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

    def centre_on(self, at: QPointF) -> None:
        """Bring this point of the scene to the middle of what is seen."""
        middle = QPointF(self.viewport().rect().center())
        self.pan_by(middle - self.viewportTransform().map(at))

    def zoom_by_wheel(self, event: QWheelEvent, at: QPointF | None = None) -> None:
        """Zoom as far as the wheel was turned, as `zoom_by`."""
        self.keep_view()
        notches = event.angleDelta().y() / _NOTCH
        self.zoom_by(2.0 ** (notches / _NOTCHES_TO_DOUBLE), at)
        event.accept()

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
        scene_point = self.to_scene(at)
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.horizontalScrollBar().setValue(round(scene_point.x() * zoom - at.x()))
        self.verticalScrollBar().setValue(round(scene_point.y() * zoom - at.y()))
        self.viewport().update()
        self.zoom_changed.emit(zoom)

    def fit_all(self) -> None:
        """Bring the whole plan into sight, at its own size at most."""
        scene = self.plan_scene
        self._fit(scene.bounds_of((*scene.blocks, *scene.annotations.shown)))

    def fit_selection(self) -> None:
        """Bring what is selected into sight, or the whole plan when nothing is."""
        selection = self.plan_scene.selection()
        if selection:
            self._fit(self.plan_scene.bounds_of(selection))
        else:
            self.fit_all()

    def view_state(self) -> ViewState | None:
        """Where one looks, to come back to; None while the canvas has not been seen."""
        if self._fit_when_shown:
            return None
        centre = self.to_scene(QPointF(self.viewport().rect().center()))
        return ViewState((centre.x(), centre.y()), self.zoom, self.selected_ids())

    def restore_view(self, state: ViewState) -> None:
        """Look where one looked before."""
        self.keep_view()
        self.plan_scene.select(i for i in state.selected if i in self.editor.plan.blocks)
        self._look_at(QPointF(*state.centre), state.zoom)

    def keep_view(self) -> None:
        """Leave what is in sight as it is from now on, also when the canvas gets its size."""
        self._fit_when_shown = False

    def lift(self, ids: Iterable[str]) -> None:
        """Draw these blocks on top of the others, with a shadow, while they are dragged."""
        changed = self._layer.lifted.symmetric_difference(ids) & self.plan_scene.blocks.keys()
        self._layer.lifted = frozenset(ids)
        if changed:
            self._repaint_scene_rect(self.plan_scene.bounds_of(changed).adjusted(-24, -24, 24, 24))
        if not self._layer.lifted:
            self._come_to_rest()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        self._exposed = list(event.region())  # type: ignore[call-overload]
        super().paintEvent(event)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        to_scene = self.viewportTransform().inverted()[0]
        areas = [to_scene.mapRect(QRectF(r).adjusted(-1, -1, 1, 1)) for r in self._exposed]
        view = View(self.zoom, self.devicePixelRatioF(), self._moving or bool(self._layer.lifted))
        self._layer.paint(painter, areas or [QRectF(rect)], view)

    def _repaint_scene_rect(self, rect: QRectF) -> None:
        on_screen = self.viewportTransform().mapRect(rect).adjusted(-2, -2, 2, 2)
        self.viewport().update(on_screen.toAlignedRect() & self.viewport().rect())

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

    def to_scene(self, view: QPointF) -> QPointF:
        """The point of the scene under a point of the viewport."""
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

    def _fit_soon(self) -> None:
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

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.keep_view()
        is_touchpad = not event.pixelDelta().isNull()
        if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan_by(QPointF(event.pixelDelta()))
        else:
            self.zoom_by_wheel(event, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
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
        return super().viewportEvent(event)

    def _renew_layer(self) -> None:
        self._layer = Layer(self.plan_scene, self.theme)
        self.viewport().update()
