"""The minimap: the whole plan small in the canvas's corner, with what is in sight to drag about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui.canvas.annotations.shapes import rect_of
from app.ui.canvas.block_painting import BlockPainting
from app.ui.widgets import theme as themes

if TYPE_CHECKING:
    from app.ui.canvas.view import PlanView

_MOST_WIDTH, _MOST_HEIGHT = 192.0, 120.0
_LEAST_SIDE = 32.0
_PAD, _MARGIN = 6, 12
_LEAST_ROOM = 420, 240
_LEAST_SIGHT = 8.0
_LEAST_BLOCK = 2.0
_REDRAW_MS = 120


class Minimap(QWidget):
    """Stands in the view's lower right corner while a part of the plan is out of sight.

    As a child of the viewport it is scrolled with it and put back: beside the viewport it would
    have all of that painted anew for each step of a pan. Its picture is drawn when the plan has
    come to rest, so that panning only moves the rectangle of what is in sight.
    """

    def __init__(self, view: PlanView) -> None:
        super().__init__(view.viewport())
        self._view = view
        self._is_on = True
        self._bounds = QRectF()
        self._scale = 1.0
        self._corner = QPointF()
        self._picture = QPixmap()
        self._grab: QPointF | None = None
        self.setAccessibleName("Minimap")
        self.setAccessibleDescription("The whole plan, and the part of it in view.")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.hide()
        self._rest = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._rest.timeout.connect(self.redraw)
        view.plan_scene.touched.connect(self._redraw_soon)
        view.horizontalScrollBar().valueChanged.connect(self._follow)
        view.verticalScrollBar().valueChanged.connect(self._follow)
        view.zoom_changed.connect(self._follow)
        view.viewport().installEventFilter(self)
        self._redraw_soon()

    def set_wanted(self, on: bool) -> None:
        """Show it where it is of use, or never."""
        self._is_on = on
        self._follow()

    def redraw(self) -> None:
        """Take a new look at the plan, at once."""
        scene = self._view.plan_scene
        self._bounds = scene.bounds_of((*scene.blocks, *scene.annotations.shown))
        self._fit()
        self._follow()

    def sight(self) -> QRectF:
        """What is in sight, in the minimap's pixels; never too small to be seen or held."""
        in_view, room = self._view.seen_rect(), QRectF(self.rect()).adjusted(1, 1, -1, -1)
        start, end = self._to_map(in_view.topLeft()), self._to_map(in_view.bottomRight())
        left, right = _at_least(start.x(), end.x(), room.left(), room.right())
        top, bottom = _at_least(start.y(), end.y(), room.top(), room.bottom())
        return QRectF(left, top, right - left, bottom - top)

    def to_scene(self, at: QPointF) -> QPointF:
        """The point of the scene that a point of the minimap stands for."""
        return self._bounds.topLeft() + (at - self._corner) / self._scale

    def _to_map(self, at: QPointF) -> QPointF:
        return self._corner + (at - self._bounds.topLeft()) * self._scale

    def _redraw_soon(self, _rect: object = None) -> None:
        self._rest.start()

    def _fit(self) -> None:
        """Take the plan's proportions, and the place in the corner."""
        room, bounds = self._view.viewport(), self._bounds
        most_width, most_height = min(_MOST_WIDTH, 0.3 * room.width()), _MOST_HEIGHT
        width, height = max(1.0, bounds.width()), max(1.0, bounds.height())
        self._scale = min(most_width / width, most_height / height)
        size = QPointF(width * self._scale, height * self._scale)
        across = round(max(_LEAST_SIDE, size.x())) + 2 * _PAD
        down = round(max(_LEAST_SIDE, size.y())) + 2 * _PAD
        self._corner = QPointF((across - size.x()) / 2, (down - size.y()) / 2)
        self.resize(across, down)
        self._picture = QPixmap()

    def _follow(self, _value: float = 0) -> None:
        """Show what is in sight now; keep away where everything is, and while there is no room."""
        view, room = self._view, self._view.viewport()
        has_room = room.width() >= _LEAST_ROOM[0] and room.height() >= _LEAST_ROOM[1]
        is_grabbed, bounds = self._grab is not None, self._bounds
        is_known, everything = not bounds.isEmpty(), view.seen_rect().contains(bounds)
        self.move(room.width() - self.width() - _MARGIN, room.height() - self.height() - _MARGIN)
        self.setVisible(self._is_on and has_room and is_known and (is_grabbed or not everything))
        self.update()

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture.isNull() or self._picture.devicePixelRatio() != ratio:
            self._picture = self._draw(ratio)
        accent = themes.current().accent
        tint = QColor(accent)
        tint.setAlphaF(0.14)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setPen(QPen(accent, 1.0))
        painter.setBrush(tint)
        painter.drawRect(self.sight().toRect().adjusted(0, 0, -1, -1))

    def _draw(self, ratio: float) -> QPixmap:
        """The plan without what is in sight: frames and notes as areas, blocks in their colour."""
        theme, scene = themes.current(), self._view.plan_scene
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(theme.raised)
        painter = QPainter(picture)
        for annotation in scene.annotations.shown.values():
            share = 0.75 if annotation.kind == "frame" else 0.5
            colour = themes.mixed(theme.source(annotation.colour), theme.raised, share)
            painter.fillRect(self._on_map(rect_of(annotation)), colour)
        painting = BlockPainting(theme)
        for item in scene.blocks.values():
            painter.fillRect(self._on_map(item.scene_rect()), painting.colour_of(item.face))
        painter.setPen(theme.edge)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
        return picture

    def _on_map(self, rect: QRectF) -> QRectF:
        width = max(_LEAST_BLOCK, rect.width() * self._scale)
        height = max(_LEAST_BLOCK, rect.height() * self._scale)
        corner = self._to_map(rect.topLeft())
        return QRectF(corner.x(), corner.y(), width, height)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at, sight = event.position(), self.sight()
        self._view.keep_view()
        self._grab = QPointF()
        if sight.contains(at):
            self._grab = self._to_map(self._view.seen_rect().center()) - at
        else:
            self._view.centre_on(self.to_scene(at))
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None:
            self._view.centre_on(self.to_scene(event.position() + self._grab))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grab is not None:
            self._grab = None
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self._follow()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.zoom_by_wheel(event)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
            self._follow()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._picture = QPixmap()
            self.update()
        super().changeEvent(event)


def _at_least(start: float, end: float, low: float, high: float) -> tuple[float, float]:
    """The part of a span within limits; beyond them, and where it is tiny, a sliver of it."""
    if end - start < _LEAST_SIGHT:
        start = (start + end - _LEAST_SIGHT) / 2
        end = start + _LEAST_SIGHT
    start = min(max(low, start), high - _LEAST_SIGHT)
    return start, max(min(high, end), start + _LEAST_SIGHT)
