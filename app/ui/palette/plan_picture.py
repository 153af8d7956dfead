"""A small picture of a plan that is not open: painted as the canvas paints it, all in sight."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.plan.document import Plan
from app.ui.canvas.layer import Layer, View
from app.ui.canvas.scene import PlanScene
from app.ui.state.editor import PlanEditor
from app.ui.widgets import theme as themes

_MARGIN = 12.0
_MOST_ZOOM = 0.8


class PlanPicture(QWidget):
    """Shows a plan, or nothing; it cannot be edited here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = PlanEditor(parent=self)
        self._scene = PlanScene(self._editor, self)
        self._layer = Layer(self._scene, themes.current())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture of the plan")

    def sizeHint(self) -> QSize:
        return QSize(680, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 140)

    def set_sources(self, n_weight_layers: int | None, source_starts: tuple[int, ...]) -> None:
        """Colour the layers by the sources that they are from."""
        self._editor.set_weight_layer_count(n_weight_layers, source_starts)

    def show_plan(self, plan: Plan | None) -> None:
        """Show another plan, None for none."""
        self._editor.replace_document(Plan() if plan is None else plan)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = themes.current(), QPainter(self)
        area = QRectF(self.rect())
        if not self._editor.plan.blocks:
            painter.fillRect(area, theme.canvas)
        else:
            whole = self._scene.bounds_of(self._scene.blocks)
            zoom = min(
                _MOST_ZOOM,
                (area.width() - 2 * _MARGIN) / max(1.0, whole.width()),
                (area.height() - 2 * _MARGIN) / max(1.0, whole.height()),
            )
            painter.translate(area.center())
            painter.scale(zoom, zoom)
            painter.translate(-whole.center())
            area_in_view = painter.transform().inverted()[0].mapRect(area)
            self._layer.paint(painter, [area_in_view], View(zoom, self.devicePixelRatioF(), False))
            painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(theme.edge, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._layer = Layer(self._scene, themes.current())
        super().changeEvent(event)
