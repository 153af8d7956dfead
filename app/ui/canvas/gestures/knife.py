"""Cut links: with Alt held a click cuts one, a drag all that it crosses."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from app.ui.canvas.gestures.drag_link import without_link
from app.ui.canvas.links import LinkKey
from app.ui.canvas.surface import Gesture, GestureSurface, Pointer


class Knife(Gesture):
    """All that one cut takes is one undo step."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: GestureSurface, press: Pointer, link: LinkKey | None) -> None:
        super().__init__(canvas, press)
        self._link = link
        self._blade: QLineF | None = None
        self._cut_links: list[LinkKey] = []

    def move(self, to: Pointer) -> None:
        if self._blade is None and not self.travelled(to):
            return
        self._blade = QLineF(self.press.scene, to.scene)
        reach = QRectF(self._blade.p1(), self._blade.p2()).normalized().adjusted(-1, -1, 1, 1)
        self._cut_links = [
            key
            for key, link in self.canvas.plan_scene.links.items()
            if link.bounds.intersects(reach) and link.is_crossed_by(self._blade)
        ]
        self.canvas.viewport().update()

    def release(self, at: Pointer) -> None:
        self.canvas.viewport().update()
        links = self._cut_links
        if self._blade is None and self._link is not None:
            links = [self._link]
            self.acted = True
        plan = self.canvas.editor.plan
        for key in links:
            plan = without_link(plan, key)
        what = "link" if len(links) == 1 else f"{len(links)} links"
        self.canvas.editor.apply(f"Cut {what}", plan)

    def abandon(self) -> None:
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        if self._blade is None:
            return
        error = self.canvas.theme.error
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for key in self._cut_links:
            link = self.canvas.plan_scene.links[key]
            painter.setPen(QPen(error, link.width + 1.5))
            painter.drawPath(link.path)
        pen = QPen(error, 1.5)
        pen.setCosmetic(True)
        pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        painter.drawLine(self._blade)
